#include "user_block.hpp"

#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "hoist/base/text.hpp"

namespace hoist {

namespace {

constexpr std::string_view opening = "hoist file 1, HDF5 after 512 bytes\nlength ";
constexpr std::string_view closing = "\nend of the hoist header\n";

/// As many bytes as there are, up to the size of `bytes`; negative where reading fails.
ssize_t read_at(int file, std::span<char> bytes, Index offset) {
    std::size_t done = 0;
    while (done < bytes.size()) {
        const ssize_t count = ::pread(file, bytes.data() + done, bytes.size() - done,
                                      static_cast<off_t>(offset + static_cast<Index>(done)));
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            return count;
        }
        if (count == 0) {
            break;
        }
        done += static_cast<std::size_t>(count);
    }
    return static_cast<ssize_t>(done);
}

UserBlock compose(Index length, std::uint64_t checksum) {
    UserBlock block;
    block.fill(' ');
    auto end = std::ranges::copy(opening, block.begin()).out;
    char numbers[80];
    const int count =
        std::snprintf(numbers, sizeof numbers, "%" PRId64 "\nxxh3-64 %016" PRIx64 "\n",
                      static_cast<std::int64_t>(length), checksum);
    std::copy_n(numbers, count, end);
    std::ranges::copy(closing, block.end() - closing.size());
    return block;
}

}  // namespace

std::optional<UserBlock> expected_user_block(int file) {
    const std::unique_ptr<XXH3_state_t, decltype(&XXH3_freeState)> state(XXH3_createState(),
                                                                         XXH3_freeState);
    XXH3_64bits_reset(state.get());
    std::vector<char> buffer(std::size_t{1} << 20);
    Index position = std::tuple_size_v<UserBlock>;
    while (true) {
        const ssize_t count = read_at(file, buffer, position);
        if (count < 0) {
            return std::nullopt;
        }
        if (count == 0) {
            return compose(position, XXH3_64bits_digest(state.get()));
        }
        XXH3_64bits_update(state.get(), buffer.data(), static_cast<std::size_t>(count));
        position += count;
    }
}

std::optional<UserBlock> stored_user_block(int file) {
    UserBlock block{};
    if (read_at(file, block, 0) < 0) {
        return std::nullopt;
    }
    return block;
}

bool is_user_block(const UserBlock& block) {
    // One damaged place cannot hide both ends.
    const std::string_view text(block.data(), block.size());
    return text.starts_with(opening) || text.ends_with(closing);
}

std::optional<Index> length_in(const UserBlock& block) {
    const std::string_view text(block.data(), block.size());
    const auto end = text.find('\n', opening.size());
    return to_whole_number(text.substr(opening.size(), end - opening.size()));
}

}  // namespace hoist
