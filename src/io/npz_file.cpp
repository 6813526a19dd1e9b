#include "hoist/io/npz_file.hpp"

#include <zip.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "hoist/base/error.hpp"
#include "hoist/io/whole_file.hpp"

namespace hoist {

namespace {

constexpr std::string_view ending = ".npy";

/// An error of libzip, with its text.
class ZipError {
  public:
    ZipError() { zip_error_init(&error_); }
    ~ZipError() { zip_error_fini(&error_); }
    ZipError(const ZipError&) = delete;
    ZipError& operator=(const ZipError&) = delete;

    zip_error_t* address() { return &error_; }
    std::string text() { return zip_error_strerror(&error_); }

  private:
    zip_error_t error_;
};

struct CloseFile {
    void operator()(zip_file_t* file) const { zip_fclose(file); }
};
struct DiscardArchive {
    void operator()(zip_t* archive) const { zip_discard(archive); }
};
struct FreeSource {
    void operator()(zip_source_t* source) const { zip_source_free(source); }
};

}  // namespace

struct NpzReader::State {
    std::filesystem::path path;
    zip_uint64_t size = 0;
    std::unique_ptr<zip_t, DiscardArchive> archive;

    [[noreturn]] void refuse(const std::string& problem, const std::string& why) const {
        throw DataError(problem, why, "write the file again");
    }
};

namespace {

/// What one member of an archive holds.
class MemberBytes : public ByteStream {
  public:
    MemberBytes(zip_t* archive, std::shared_ptr<const void> owner, const zip_stat_t& stat,
                std::string problem)
        : archive_(archive), owner_(std::move(owner)), stat_(stat), problem_(std::move(problem)) {
        start();
    }

    void read(Index position, std::span<char> bytes, const std::string& what) override {
        go_to(position, what);
        while (!bytes.empty()) {
            const zip_int64_t got = zip_fread(file_.get(), bytes.data(), bytes.size());
            if (got <= 0) {
                refuse(got < 0 ? zip_file_strerror(file_.get()) : "it ends before " + what);
            }
            bytes = bytes.subspan(static_cast<std::size_t>(got));
            position_ += got;
        }
    }

    void expect_end() override {
        // The read that meets the end compares the checksum.
        char beyond = 0;
        const zip_int64_t rest = zip_fread(file_.get(), &beyond, 1);
        if (rest != 0) {
            refuse(rest < 0 ? zip_file_strerror(file_.get()) : "it goes on after its last element");
        }
    }

    Index most_bytes() const override { return static_cast<Index>(stat_.size); }
    bool size_is_known() const override { return true; }

  private:
    [[noreturn]] void refuse(const std::string& why) const {
        throw DataError(problem_, why, "write the file again");
    }

    void start() {
        file_.reset(zip_fopen_index(archive_, stat_.index, 0));
        if (!file_) {
            refuse(zip_strerror(archive_));
        }
        position_ = 0;
    }

    void go_to(Index position, const std::string& what) {
        if (position == position_) {
            return;
        }
        if (stat_.comp_method == ZIP_CM_STORE && zip_fseek(file_.get(), position, SEEK_SET) == 0) {
            position_ = position;
            return;
        }
        if (position < position_) {
            start();
        }
        std::string skipped;
        while (position_ < position) {
            constexpr Index piece = Index{1} << 18;
            skipped.resize(static_cast<std::size_t>(std::min(piece, position - position_)));
            read(position_, skipped, what);
        }
    }

    zip_t* archive_;
    std::shared_ptr<const void> owner_;
    zip_stat_t stat_;
    std::string problem_;
    std::unique_ptr<zip_file_t, CloseFile> file_;
    Index position_ = 0;
};

}  // namespace

NpzReader::NpzReader(const std::filesystem::path& path) : state_(std::make_shared<State>()) {
    state_->path = path;
    refuse_other_than_file(path);
    if (!std::ifstream(path)) {
        throw MissingError("cannot read " + path.string(), std::strerror(errno), "check the path");
    }
    state_->size = std::filesystem::file_size(path);
    ZipError error;
    std::unique_ptr<zip_source_t, FreeSource> source(
        zip_source_file_create(path.c_str(), 0, -1, error.address()));
    if (source) {
        state_->archive.reset(zip_open_from_source(source.get(), ZIP_RDONLY, error.address()));
    }
    if (!state_->archive) {
        state_->refuse(path.string() + " is not an NPZ file", error.text());
    }
    source.release();  // the archive owns it now
}

NpzReader::~NpzReader() = default;

std::vector<std::string> NpzReader::names() const {
    std::vector<std::string> names;
    zip_t* archive = state_->archive.get();
    for (zip_int64_t i = 0; i < zip_get_num_entries(archive, 0); ++i) {
        const char* text = zip_get_name(archive, static_cast<zip_uint64_t>(i), 0);
        std::string name = text != nullptr ? text : "";
        if (name.ends_with(ending)) {
            name.resize(name.size() - ending.size());
        }
        names.push_back(std::move(name));
    }
    return names;
}

std::unique_ptr<ByteStream> NpzReader::open(const std::string& name) const {
    const std::string problem = "cannot read the array " + name + " in " + state_->path.string();
    zip_t* archive = state_->archive.get();
    const std::string entry = name + std::string(ending);
    const zip_int64_t place = zip_name_locate(archive, entry.c_str(), 0);
    zip_stat_t stat;
    if (place < 0 || zip_stat_index(archive, static_cast<zip_uint64_t>(place), 0, &stat) != 0) {
        state_->refuse(problem, "it is not there");
    }
    const auto needed = ZIP_STAT_INDEX | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD;
    // What claims to expand to more is no honest archive.
    if ((stat.valid & needed) != needed || stat.comp_size > state_->size ||
        stat.size / static_cast<zip_uint64_t>(most_expansion) > stat.comp_size) {
        state_->refuse(problem, "its size in the archive cannot be right");
    }
    return std::make_unique<MemberBytes>(archive, state_, stat, problem);
}

NumpyArray NpzReader::read(const std::string& name) const {
    const auto stream = open(name);
    std::string bytes(static_cast<std::size_t>(stream->most_bytes()), '\0');
    stream->read(0, bytes, "its end");
    stream->expect_end();
    return parse_npy(bytes, name + " in " + state_->path.string());
}

void write_npz(const std::filesystem::path& path,
               const std::vector<std::pair<std::string, NumpyArray>>& arrays) {
    ZipError error;
    const auto check = [&](bool succeeded) {
        if (!succeeded) {
            throw OutputError("cannot write " + path.string(), error.text(), "try another name");
        }
    };
    const std::unique_ptr<zip_source_t, FreeSource> target(
        zip_source_buffer_create(nullptr, 0, 0, error.address()));
    check(target != nullptr);
    std::unique_ptr<zip_t, DiscardArchive> archive(
        zip_open_from_source(target.get(), ZIP_TRUNCATE, error.address()));
    check(archive != nullptr);
    zip_source_keep(target.get());
    std::vector<std::string> contents;  // which the archive reads when it is closed
    contents.reserve(arrays.size());
    for (const auto& [name, array] : arrays) {
        const std::string& bytes = contents.emplace_back(npy_bytes(array));
        zip_source_t* source = zip_source_buffer(archive.get(), bytes.data(), bytes.size(), 0);
        const zip_int64_t place =
            zip_file_add(archive.get(), (name + std::string(ending)).c_str(), source, 0);
        check(place >= 0 &&
              zip_set_file_compression(archive.get(), static_cast<zip_uint64_t>(place),
                                       ZIP_CM_STORE, 0) == 0);
    }
    check(zip_close(archive.get()) == 0);
    archive.release();
    contents.clear();
    check(zip_source_open(target.get()) == 0 && zip_source_seek(target.get(), 0, SEEK_END) == 0);
    const zip_int64_t size = zip_source_tell(target.get());
    check(size >= 0 && zip_source_seek(target.get(), 0, SEEK_SET) == 0);
    std::string bytes(static_cast<std::size_t>(size), '\0');
    check(zip_source_read(target.get(), bytes.data(), bytes.size()) == size);
    zip_source_close(target.get());
    write_whole_file(path, bytes);
}

}  // namespace hoist
