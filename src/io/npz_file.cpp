#include "hoist/io/npz_file.hpp"

#include <zip.h>

#include <algorithm>

#include "hoist/base/error.hpp"
#include "hoist/io/whole_file.hpp"

namespace hoist {

namespace {

constexpr std::string_view ending = ".npy";

// Deflate makes at most 1,032 bytes of one; what claims to be more is no honest archive.
constexpr zip_uint64_t most_expansion = 1032;

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
    std::string bytes;
    std::unique_ptr<zip_t, DiscardArchive> archive;

    [[noreturn]] void refuse(const std::string& problem, const std::string& why) const {
        throw DataError(problem, why, "write the file again");
    }
};

NpzReader::NpzReader(const std::filesystem::path& path) : state_(std::make_unique<State>()) {
    state_->path = path;
    state_->bytes = read_whole_file(path);
    ZipError error;
    std::unique_ptr<zip_source_t, FreeSource> source(
        zip_source_buffer_create(state_->bytes.data(), state_->bytes.size(), 0, error.address()));
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

NumpyArray NpzReader::read(const std::string& name) const {
    const std::string shown = name + " in " + state_->path.string();
    const std::string problem = "cannot read the array " + shown;
    zip_t* archive = state_->archive.get();
    const std::string entry = name + std::string(ending);
    const zip_int64_t place = zip_name_locate(archive, entry.c_str(), 0);
    zip_stat_t stat;
    if (place < 0 || zip_stat_index(archive, static_cast<zip_uint64_t>(place), 0, &stat) != 0) {
        state_->refuse(problem, "it is not there");
    }
    const auto sizes_known = ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE;
    if ((stat.valid & sizes_known) != sizes_known || stat.comp_size > state_->bytes.size() ||
        stat.size / most_expansion > stat.comp_size) {
        state_->refuse(problem, "its size in the archive cannot be right");
    }
    const std::unique_ptr<zip_file_t, CloseFile> file(
        zip_fopen_index(archive, static_cast<zip_uint64_t>(place), 0));
    if (!file) {
        state_->refuse(problem, zip_strerror(archive));
    }
    std::string bytes(stat.size, '\0');
    const zip_int64_t got = zip_fread(file.get(), bytes.data(), bytes.size());
    // The read that meets the end compares the checksum.
    char beyond = 0;
    const zip_int64_t rest = got < 0 ? got : zip_fread(file.get(), &beyond, 1);
    if (rest < 0) {
        state_->refuse(problem, zip_file_strerror(file.get()));
    }
    if (static_cast<std::size_t>(got) != bytes.size() || rest > 0) {
        state_->refuse(problem, "it is cut off");
    }
    return parse_npy(bytes, shown);
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
