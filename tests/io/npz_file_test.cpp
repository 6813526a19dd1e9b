#include "hoist/io/npz_file.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "hoist/base/error.hpp"
#include "hoist/io/whole_file.hpp"
#include "support/own_folder.hpp"

namespace hoist {
namespace {

using Texts = std::vector<std::string>;

/// An NPY file of format 1.0, whose header is padded to 128 bytes as numpy does.
std::string npy(std::string header, const std::string& numbers) {
    header.resize(117, ' ');
    return std::string("\x93NUMPY\x01\x00\x76\x00", 10) + header + "\n" + numbers;
}

template <typename Number>
std::string bytes_of(const std::vector<Number>& numbers) {
    return {reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(Number)};
}

const std::vector<float> six{1, 2, 3, 4, 5, 6};

class Folder : public ::testing::Test {
  protected:
    const OwnFolder folder_;
    const std::filesystem::path path_ = folder_.path();
};

TEST(NumpyArray, IsReadInBothOrders) {
    const auto read = [](const std::string& order) {
        return parse_npy(npy("{'descr': '<f4', 'fortran_order': " + order + ", 'shape': (2, 3), }",
                             bytes_of(six)),
                         "a");
    };
    EXPECT_EQ(read("False").shape, (std::vector<Index>{2, 3}));
    EXPECT_EQ(std::get<std::vector<float>>(read("False").values), six);
    // The first column is 1, 2, the next 3, 4.
    EXPECT_EQ(std::get<std::vector<float>>(read("True").values),
              (std::vector<float>{1, 3, 5, 2, 4, 6}));
}

TEST(NumpyArray, HasTextsOfFixedWidth) {
    const std::vector<char32_t> letters{'r', 'e', 'l', 'u', 't', 'a', 'n', 0};
    const auto array = parse_npy(
        npy("{'descr': '<U4', 'fortran_order': False, 'shape': (2,), }", bytes_of(letters)), "a");
    EXPECT_EQ(std::get<Texts>(array.values), (Texts{"relu", "tan"}));
}

TEST(NumpyArray, StartsItsNumbersAtAMultipleOf64) {
    for (const Index rows : {1, 100, 10000}) {
        const std::string bytes =
            npy_bytes({{rows}, std::vector<double>(static_cast<std::size_t>(rows))});
        EXPECT_EQ((bytes.size() - static_cast<std::size_t>(rows) * sizeof(double)) % 64, 0U);
    }
}

TEST(NumpyArray, IsRefusedWhereItIsDamagedOrOfAnotherType) {
    const std::string shape = ", 'fortran_order': False, 'shape': ";
    for (const std::string& header : Texts{
             "{'descr': '>f4'" + shape + "(6,), }", "{'descr': '<f2'" + shape + "(6,), }",
             "{'descr': [('x', '<f4')]" + shape + "(6,), }", "{'descr': '<f4'" + shape + "(7,), }",
             "{'descr': '<f4'" + shape + "(-6,), }", "{'descr': '<f4'" + shape + "(1, 2, 3), }",
             "{'descr': '<f4'" + shape + "(4611686018427387904, 4611686018427387904), }",
             "{'descr': '<U99999999999'" + shape + "(6,), }", "{'descr': '<f4'}", ""}) {
        EXPECT_THROW(parse_npy(npy(header, bytes_of(six)), "a"), DataError) << header;
    }
    const std::string whole = npy("{'descr': '<f4'" + shape + "(6,), }", bytes_of(six));
    for (std::size_t size = 0; size < whole.size(); ++size) {
        EXPECT_THROW(parse_npy(whole.substr(0, size), "a"), DataError) << size;
    }
}

TEST_F(Folder, ReturnsWhatWasWrittenToAnNpzFile) {
    write_npz(path_ / "a.npz", {{"single", {{2, 3}, six}},
                                {"full", {{2}, std::vector<double>{0.1, -1e300}}},
                                {"texts", {{2}, Texts{"relu", "leaky_relu(0.1)"}}}});
    const NpzReader file(path_ / "a.npz");
    EXPECT_EQ(file.names(), (Texts{"single", "full", "texts"}));
    EXPECT_EQ(std::get<std::vector<float>>(file.read("single").values), six);
    EXPECT_EQ(file.read("single").shape, (std::vector<Index>{2, 3}));
    EXPECT_EQ(std::get<std::vector<double>>(file.read("full").values),
              (std::vector<double>{0.1, -1e300}));
    EXPECT_EQ(std::get<Texts>(file.read("texts").values), (Texts{"relu", "leaky_relu(0.1)"}));
    EXPECT_THROW(file.read("other"), DataError);
}

TEST_F(Folder, NoticesEveryFlippedBitOfAnArray) {
    write_npz(path_ / "a.npz", {{"single", {{2, 3}, six}}});
    const std::string whole = read_whole_file(path_ / "a.npz");
    const std::size_t first = whole.find("\x93NUMPY");
    for (std::size_t at = first; at < first + 128 + 24; at += 5) {
        std::string damaged = whole;
        damaged[at] = static_cast<char>(damaged[at] ^ 4);
        std::ofstream(path_ / "b.npz", std::ios::binary) << damaged;
        EXPECT_THROW(NpzReader(path_ / "b.npz").read("single"), DataError) << at;
    }
}

TEST_F(Folder, LeavesNothingBehindWhereAFileCannotTakeItsName) {
    std::filesystem::create_directory(path_ / "taken");
    EXPECT_THROW(write_whole_file(path_ / "taken", "text"), OutputError);
    EXPECT_FALSE(std::filesystem::exists(temporary_name(path_ / "taken")));
    EXPECT_THROW(read_whole_file(path_ / "taken"), MissingError);
    EXPECT_THROW(read_whole_file(path_ / "none"), MissingError);
}

TEST_F(Folder, HoldsAFileWholeWhileSeveralProcessesWriteIt) {
    const std::string mine(20000, 'a');
    const std::string others(30000, 'b');
    const pid_t other = ::fork();
    ASSERT_GE(other, 0);
    if (other == 0) {
        int status = 0;
        try {
            for (int i = 0; i < 100; ++i) {
                write_whole_file(path_ / "page", others);
            }
        } catch (const OutputError&) {
            status = 1;
        }
        ::_exit(status);
    }
    for (int i = 0; i < 100; ++i) {
        EXPECT_NO_THROW(write_whole_file(path_ / "page", mine));
        const std::string whole = read_whole_file(path_ / "page");
        EXPECT_TRUE(whole == mine || whole == others);
    }
    int status = 1;
    ASSERT_EQ(::waitpid(other, &status, 0), other);
    EXPECT_EQ(status, 0);
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(path_), {}), 1);
}

}  // namespace
}  // namespace hoist
