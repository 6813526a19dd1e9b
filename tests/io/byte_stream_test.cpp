#include "hoist/io/byte_stream.hpp"

#include <gtest/gtest.h>
#include <zlib.h>

#include <fstream>

#include "hoist/base/error.hpp"
#include "support/own_folder.hpp"

namespace hoist {
namespace {

/// Bytes that tell where they lie.
std::string numbered_bytes(Index count) {
    std::string bytes;
    for (Index i = 0; i < count; ++i) {
        bytes.push_back(static_cast<char>(i * 7 % 251));
    }
    return bytes;
}

char byte_at(ByteStream& stream, Index position) {
    char byte = 0;
    stream.read(position, std::span(&byte, 1), "a byte");
    return byte;
}

/// What this process has read from files so far.
Index bytes_read() {
    std::ifstream figures("/proc/self/io");
    std::string name;
    Index count = -1;
    figures >> name >> count;
    EXPECT_EQ(name, "rchar:");
    return count;
}

class ByteStreamOf : public testing::TestWithParam<bool> {
  protected:
    std::filesystem::path written(const std::string& bytes) const {
        const auto path = folder_.path() / "bytes";
        const gzFile file = gzopen(path.c_str(), GetParam() ? "wb" : "wbT");
        EXPECT_EQ(gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size())),
                  static_cast<int>(bytes.size()));
        gzclose(file);
        return path;
    }

    const OwnFolder folder_;
};

TEST_P(ByteStreamOf, reads_at_any_position_forward_and_back) {
    const std::string bytes = numbered_bytes(1 << 20);
    const auto stream = open_bytes(written(bytes));
    for (const Index position : {0, 1, 5000, 4999, 700000, 700001, 3, 1048575}) {
        EXPECT_EQ(byte_at(*stream, position), bytes[static_cast<std::size_t>(position)]);
    }
    stream->expect_end();
    EXPECT_THROW(byte_at(*stream, 1 << 20), DataError);
    EXPECT_THROW(byte_at(*stream, 1 << 22), DataError);
}

TEST_P(ByteStreamOf, steps_forward_do_not_read_anything_twice) {
    constexpr Index size = 4 << 20;
    const auto stream = open_bytes(written(numbered_bytes(size)));
    const Index before = bytes_read();
    for (Index position = 0; position < size; position += 3073) {
        byte_at(*stream, position);
    }
    EXPECT_LT(bytes_read() - before, size + (1 << 20));
}

INSTANTIATE_TEST_SUITE_P(files, ByteStreamOf, testing::Bool(),
                         [](const auto& test) { return test.param ? "packed" : "plain"; });

}  // namespace
}  // namespace hoist
