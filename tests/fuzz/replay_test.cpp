#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <random>

#include "fuzz/scratch_folder.hpp"
#include "fuzz/targets.hpp"

namespace hoist {
namespace {

std::vector<std::string> stored_inputs(const std::string& target) {
    std::vector<std::string> inputs;
    const auto folder = std::filesystem::path(HOIST_FUZZ_CORPUS) / target;
    if (std::filesystem::exists(folder)) {
        for (const auto& entry : std::filesystem::directory_iterator(folder)) {
            std::ifstream stream(entry.path(), std::ios::binary);
            inputs.emplace_back(std::istreambuf_iterator<char>(stream),
                                std::istreambuf_iterator<char>());
        }
    }
    return inputs;
}

/// One to four bytes changed, removed, repeated or added, or the end cut off.
std::string damaged(std::string input, std::mt19937_64& random) {
    for (auto edits = random() % 4; edits < 4; ++edits) {
        const std::size_t place = random() % (input.size() + 1);
        const char byte = static_cast<char>(random());
        switch (random() % 8) {
            case 0:
                input.resize(place);
                break;
            case 1:
                input.erase(place, 1);
                break;
            case 2:
            case 3:
                input.insert(place, random() % 16, byte);
                break;
            default:
                if (place < input.size()) {
                    input[place] = byte;
                }
        }
    }
    return input;
}

/// Refuses this process more memory than it has and 256 MiB, which no small file may take. (The
/// address sanitizer maps more than any limit.)
void limit_memory() {
#ifndef __SANITIZE_ADDRESS__
    std::size_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    const rlim_t most =
        pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)) + (std::size_t{256} << 20);
    const rlimit limit{most, most};
    ASSERT_EQ(::setrlimit(RLIMIT_AS, &limit), 0);
#endif
}

class Replay : public testing::TestWithParam<FuzzTarget> {
  protected:
    static void SetUpTestSuite() { limit_memory(); }

    void read(const std::string& input) {
        try {
            GetParam().read(bytes_of(input));
        } catch (const std::exception& error) {
            ADD_FAILURE() << error.what() << "\nfor " << testing::PrintToString(input);
        }
    }
};

TEST_P(Replay, EveryStoredInputIsReadOrRefusedInOrder) {
    for (const std::string& input : stored_inputs(GetParam().name)) {
        read(input);
    }
}

TEST_P(Replay, DamagedInputsAreReadOrRefusedInOrder) {
    constexpr int variants = 150;
    std::vector<std::string> inputs = GetParam().seeds();
    std::ranges::move(stored_inputs(GetParam().name), std::back_inserter(inputs));
    std::ranges::sort(inputs);
    std::mt19937_64 random(1);
    for (const std::string& input : inputs) {
        read(input);
        for (int i = 0; i < variants && !HasFailure(); ++i) {
            read(damaged(input, random));
        }
    }
}

// Those whose bytes choose what is wrong: each object of the file gets each kind of damage.
TEST_P(Replay, EveryByteAloneIsReadOrRefusedInOrder) {
    if (GetParam().seeds() != undamaged()) {
        return;
    }
    constexpr std::size_t objects = 30;
    constexpr int kinds = 18;
    for (std::size_t object = 0; object < objects; ++object) {
        for (int kind = 0; kind < kinds; ++kind) {
            for (const char detail : {'\0', '\3', '\x35'}) {
                std::string input(object, '\0');
                input += static_cast<char>(kind);
                read(input + detail);
            }
        }
    }
}

// What the HDF5 library itself does with hostile files is not hoist's to test.
std::vector<FuzzTarget> replayed_targets() {
    std::vector<FuzzTarget> targets = fuzz_targets();
    std::erase_if(targets, [](const FuzzTarget& t) { return t.name == "checked_bytes"; });
    return targets;
}

INSTANTIATE_TEST_SUITE_P(Readers, Replay, testing::ValuesIn(replayed_targets()),
                         [](const auto& instance) { return instance.param.name; });

// The readers get further than the first check: what the program itself writes is accepted.
TEST(FuzzSeeds, AreReadWithoutError) {
    for (const FuzzTarget& target : fuzz_targets()) {
        for (const std::string& seed : target.seeds()) {
            EXPECT_NO_THROW(target.reader(bytes_of(seed))) << target.name;
        }
    }
}

}  // namespace
}  // namespace hoist
