#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include "hoist/base/types.hpp"

namespace hoist {

/// Bytes read from any position of a file, or of what is packed in one. Reading forward is cheap;
/// going back in what is compressed starts over.
class ByteStream {
  public:
    virtual ~ByteStream() = default;

    /// Fills `bytes` with what is at `position`. @throws DataError where it ends before, naming
    /// `what`.
    virtual void read(Index position, std::span<char> bytes, const std::string& what) = 0;
    /// @throws DataError unless the bytes end where the last read did and their checksum, if they
    /// have one, is right.
    virtual void expect_end() = 0;
    /// How many bytes there are, or where that is not known, can be at most.
    virtual Index most_bytes() const = 0;
    virtual bool size_is_known() const = 0;
};

/// Deflate never shrinks data by more than this factor.
constexpr Index most_expansion = 1032;

/// The bytes of a file, plain or gzip. @throws MissingError.
std::unique_ptr<ByteStream> open_bytes(const std::filesystem::path& path);

}  // namespace hoist
