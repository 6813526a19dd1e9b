#include "hoist/io/byte_stream.hpp"

#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "hoist/base/error.hpp"
#include "hoist/io/whole_file.hpp"

namespace hoist {

namespace {

class FileBytes : public ByteStream {
  public:
    explicit FileBytes(const std::filesystem::path& path) : path_(path), file_(open(path)) {
        std::error_code error;
        size_ = static_cast<Index>(std::filesystem::file_size(path, error));
        if (file_ == nullptr || error) {
            const std::string why = error ? error.message() : std::strerror(errno);
            gzclose(file_);
            throw MissingError("cannot read the data file " + path.string(), why,
                               "check its permissions");
        }
        gzbuffer(file_, ahead);
    }
    ~FileBytes() override { gzclose(file_); }
    FileBytes(const FileBytes&) = delete;
    FileBytes& operator=(const FileBytes&) = delete;

    void read(Index position, std::span<char> bytes, const std::string& what) override {
        constexpr std::size_t most_at_once = std::size_t{1} << 30;
        bool there = go_to(position);
        while (there && !bytes.empty()) {
            const auto wanted = static_cast<unsigned>(std::min(bytes.size(), most_at_once));
            there = gzread(file_, bytes.data(), wanted) == static_cast<int>(wanted);
            bytes = bytes.subspan(wanted);
        }
        if (!there) {
            throw DataError(path_.string() + " is truncated or damaged", why(what),
                            "get the file again");
        }
    }

    void expect_end() override {
        if (gzgetc(file_) != -1) {
            throw DataError(path_.string() + " is damaged", "it goes on after its last sample",
                            "get the file again");
        }
        int status = Z_OK;
        gzerror(file_, &status);
        if (status != Z_OK && status != Z_STREAM_END) {
            throw DataError(path_.string() + " is truncated or damaged", why("the end of the file"),
                            "get the file again");
        }
    }

    Index most_bytes() const override { return size_is_known() ? size_ : size_ * most_expansion; }
    bool size_is_known() const override { return gzdirect(file_) == 1; }

  private:
    static constexpr unsigned ahead = 1U << 18;

    // In a file that is not packed gzseek() throws away what has been read ahead.
    bool go_to(Index position) {
        const Index gap = position - gztell(file_);
        if (gap > 0 && gap <= ahead) {
            std::string passed(static_cast<std::size_t>(gap), '\0');
            return gzread(file_, passed.data(), static_cast<unsigned>(gap)) == gap;
        }
        return gap == 0 || gzseek(file_, position, SEEK_SET) == position;
    }

    static gzFile open(const std::filesystem::path& path) {
        refuse_other_than_file(path);
        return gzopen(path.c_str(), "rb");
    }

    std::string why(const std::string& what) const {
        int status = Z_OK;
        const char* message = gzerror(file_, &status);
        const bool known = status != Z_OK && status != Z_BUF_ERROR && message != nullptr;
        return known ? message : "it ends before " + what;
    }

    std::filesystem::path path_;
    gzFile file_;
    Index size_ = 0;
};

}  // namespace

std::unique_ptr<ByteStream> open_bytes(const std::filesystem::path& path) {
    return std::make_unique<FileBytes>(path);
}

}  // namespace hoist
