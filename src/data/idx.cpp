#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <optional>

#include "class_names.hpp"
#include "formats.hpp"
#include "hoist/base/error.hpp"
#include "hoist/io/whole_file.hpp"
#include "part.hpp"

namespace hoist {

namespace {

/// The bytes of a file, gzip or not.
class ByteStream {
  public:
    explicit ByteStream(const std::filesystem::path& path) : path_(path), file_(open(path)) {
        if (file_ == nullptr) {
            throw MissingError("cannot read the data file " + path.string(), std::strerror(errno),
                               "check its permissions");
        }
        gzbuffer(file_, 1U << 18);
    }
    ~ByteStream() { gzclose(file_); }
    ByteStream(const ByteStream&) = delete;
    ByteStream& operator=(const ByteStream&) = delete;

    /// Fills `bytes` with what is at `position`. @throws DataError where it ends before, naming
    /// `what`.
    void read(Index position, std::span<std::uint8_t> bytes, const std::string& what) {
        const bool there =
            gztell(file_) == position || gzseek(file_, position, SEEK_SET) == position;
        const int count =
            there ? gzread(file_, bytes.data(), static_cast<unsigned>(bytes.size())) : -1;
        if (count != std::ssize(bytes)) {
            throw DataError(path_.string() + " is truncated or damaged", why(what),
                            "get the file again");
        }
    }

    /// @throws DataError unless the file ends here and its checksum is right.
    void expect_end() {
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

    const std::filesystem::path& path() const { return path_; }
    bool plain() const { return gzdirect(file_) == 1; }

  private:
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
};

/// Reads the whole numbers that open a file, the magic first, and checks that as many bytes as they
/// promise can follow. @return the other numbers.
template <std::size_t Count>
std::array<Index, Count> read_header(ByteStream& stream, Index magic, const char* what) {
    std::array<std::uint8_t, 4 * (Count + 1)> bytes;
    stream.read(0, bytes, "its header is complete");
    const auto number = [&](std::size_t i) {
        Index value = 0;
        for (std::size_t k = 0; k < 4; ++k) {
            value = value * 256 + bytes[4 * i + k];
        }
        return value;
    };
    if (number(0) != magic) {
        throw DataError(stream.path().string() + " is not an IDX file of " + what,
                        "it begins with " + std::to_string(number(0)) + " in the place of " +
                            std::to_string(magic),
                        "check data.path");
    }
    std::error_code error;
    const auto size = static_cast<Index>(std::filesystem::file_size(stream.path(), error));
    if (error) {
        throw MissingError("cannot read the data file " + stream.path().string(), error.message(),
                           "check data.path");
    }
    // Deflate never shrinks data by more than a factor of 1032.
    const Index most = stream.plain() ? size : size * 1032;
    const Index header = std::ssize(bytes);
    std::array<Index, Count> numbers;
    Index room = most - header;
    Index needed = 1;
    for (std::size_t i = 0; i < Count; ++i) {
        numbers[i] = number(i + 1);
        if (numbers[i] == 0) {
            throw DataError(stream.path().string() + " is empty", "its header has a size of 0",
                            "name data with samples");
        }
        room /= numbers[i];
        needed = room > 0 ? needed * numbers[i] : needed;
    }
    if (room == 0) {
        throw DataError(stream.path().string() + " is truncated",
                        "it has " + std::to_string(size) + " bytes, too few for the " +
                            std::to_string(numbers[0]) + " " + what + " of its header",
                        "get the file again");
    }
    if (stream.plain() && needed != size - header) {
        throw DataError(stream.path().string() + " is damaged",
                        "it has " + std::to_string(size) + " bytes in the place of " +
                            std::to_string(header + needed),
                        "get the file again");
    }
    return numbers;
}

class IdxPart : public Part {
  public:
    IdxPart(std::unique_ptr<ByteStream> stream, std::array<Index, 3> sizes, Targets targets)
        : Part(stream->path(), std::move(targets)),
          stream_(std::move(stream)),
          sizes_(sizes),
          bytes_(static_cast<std::size_t>(sizes[1] * sizes[2])) {}

    Index samples() const override { return sizes_[0]; }
    Index features() const override { return sizes_[1] * sizes_[2]; }
    std::pair<Index, Index> image_size() const override { return {sizes_[1], sizes_[2]}; }

  private:
    void read_run(Index first, std::span<double> columns) override {
        constexpr Index header = 16;
        const Index end = first + std::ssize(columns) / features();
        auto out = columns.begin();
        for (Index sample = first; sample < end; ++sample) {
            stream_->read(header + sample * features(), bytes_,
                          "the end of sample " + std::to_string(sample));
            out = std::ranges::transform(bytes_, out, [](std::uint8_t byte) {
                      return byte / 255.0;
                  }).out;
        }
        if (end == samples()) {
            stream_->expect_end();
        }
    }

    std::unique_ptr<ByteStream> stream_;
    std::array<Index, 3> sizes_;
    std::vector<std::uint8_t> bytes_;
};

std::vector<Index> read_labels(ByteStream& stream, Index count) {
    constexpr Index header = 8;
    constexpr Index piece = Index{1} << 16;
    std::vector<Index> labels;
    std::vector<std::uint8_t> bytes;
    // The count is the header's word only: memory grows with what is really there.
    for (Index done = 0; done < count; done += std::ssize(bytes)) {
        bytes.resize(static_cast<std::size_t>(std::min(piece, count - done)));
        stream.read(header + done, bytes, "its last label");
        labels.insert(labels.end(), bytes.begin(), bytes.end());
    }
    stream.expect_end();
    return labels;
}

/// The first of the usual names that is in the folder.
std::optional<std::filesystem::path> find_file(const std::filesystem::path& folder,
                                               const std::string& stem, const std::string& kind) {
    for (const char* dot : {"-", "."}) {
        for (const char* ending : {"", ".gz"}) {
            const auto path = folder / (stem + dot + kind + ending);
            std::error_code error;
            if (std::filesystem::exists(path, error)) {
                return path;
            }
            if (error) {
                throw MissingError("cannot look for the data file " + path.string(),
                                   error.message(), "check data.path and its permissions");
            }
        }
    }
    return std::nullopt;
}

std::unique_ptr<Dataset> open_part(const std::filesystem::path& folder, const std::string& name,
                                   const DataUse& use) {
    const auto image_file = find_file(folder, name + "-images", "idx3-ubyte");
    if (!image_file) {
        return nullptr;
    }
    auto images = std::make_unique<ByteStream>(*image_file);
    const std::array<Index, 3> sizes = read_header<3>(*images, 2051, "images");
    Targets targets{.task = use.task};
    if (const auto label_file = find_file(folder, name + "-labels", "idx1-ubyte")) {
        ByteStream stream(*label_file);
        const Index count = read_header<1>(stream, 2049, "labels")[0];
        if (count != sizes[0]) {
            throw DataError("images and labels differ in number",
                            image_file->string() + " has " + std::to_string(sizes[0]) + ", " +
                                label_file->string() + " has " + std::to_string(count),
                            "get both files again");
        }
        targets = numbered_targets(use.task, read_labels(stream, count),
                                   std::ssize(use.class_names), *label_file);
        targets.class_names = names_worth_showing(use.class_names);
    }
    return std::make_unique<IdxPart>(std::move(images), sizes, std::move(targets));
}

}  // namespace

DataParts open_idx(const DataConfig& config, const DataUse& use) {
    const std::filesystem::path folder = config.path.empty() ? "." : config.path;
    DataParts parts;
    parts.train = open_part(folder, "train", use);
    parts.test = open_part(folder, "t10k", use);
    if (!parts.train && !parts.test) {
        throw MissingError("there are no IDX files in " + folder.string(),
                           "neither train-images-idx3-ubyte nor t10k-images-idx3-ubyte is there, "
                           "plain or as .gz",
                           "set data.path to the folder that holds them");
    }
    return parts;
}

}  // namespace hoist
