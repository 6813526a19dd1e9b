#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "file_descriptor.hpp"
#include "hdf5_handle.hpp"
#include "hoist/base/error.hpp"
#include "hoist/io/hdf5_file.hpp"
#include "hoist/io/output_path.hpp"
#include "hoist/io/whole_file.hpp"
#include "user_block.hpp"

namespace hoist {

namespace {

hsize_t unsigned_size(Index size) { return static_cast<hsize_t>(size); }

}  // namespace

struct Hdf5Writer::State {
    explicit State(std::filesystem::path file_path)
        : path(std::move(file_path)),
          temporary(path.string() + ".tmp"),
          system_file(::open(temporary.c_str(), O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC,
                             S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH)) {}

    ~State() {
        if (!committed && system_file.valid()) {
            divert();
            file.close();
            ::unlink(temporary.c_str());
        }
    }

    [[noreturn]] void fail(const std::string& why) const {
        throw OutputError("cannot write " + path.string(), why,
                          "free some space there or write to another folder");
    }

    /// Passes on what an HDF5 call returned unless that says that it failed.
    template <typename Result>
    Result check(Result result) {
        if (result < 0) {
            std::string why = hdf5_why();
            if (::access(temporary.c_str(), F_OK) != 0) {  // of which HDF5 does not tell the reason
                why = std::strerror(errno);
            }
            // The data set at hand is about to be closed, which must not fail again.
            divert();
            fail(why);
        }
        return result;
    }

    void check_system(bool done) const {
        if (!done) {
            fail(std::strerror(errno));
        }
    }

    /// Lets everything that the HDF5 library still has to write go to memory: it cannot close a
    /// file whose last blocks find no room, and would keep the space of the removed file occupied.
    void divert() {
        struct stat ours = {};
        struct stat theirs = {};
        if (diverted || hdf5_number < 0 || ::fstat(system_file.number(), &ours) != 0 ||
            ::fstat(hdf5_number, &theirs) != 0 || ours.st_ino != theirs.st_ino) {
            return;
        }
        const FileDescriptor sink(::memfd_create("hoist", MFD_CLOEXEC));
        if (sink.valid()) {
            ::dup2(sink.number(), hdf5_number);
        }
        diverted = true;
    }

    /// Writes the whole of a data set, or what is selected of it. Closing it here shows errors that
    /// its destructor would hide.
    void fill(Handle data, hid_t type, hid_t memory, hid_t space, const void* values) {
        check(H5Dwrite(data, type, memory, space, H5P_DEFAULT, values));
        check(data.close());
    }

    /// Makes a data set; groups on the way are made.
    Handle make(const std::string& name, hid_t type, const std::vector<hsize_t>& sizes,
                hid_t properties = H5P_DEFAULT) {
        require(!diverted, "nothing is written after a failure");
        const Handle links(check(H5Pcreate(H5P_LINK_CREATE)), H5Pclose);
        check(H5Pset_create_intermediate_group(links, 1));
        check(H5Pset_char_encoding(links, H5T_CSET_UTF8));
        const Handle space(
            check(H5Screate_simple(static_cast<int>(sizes.size()), sizes.data(), nullptr)),
            H5Sclose);
        return Handle(
            check(H5Dcreate2(file, name.c_str(), type, space, links, properties, H5P_DEFAULT)),
            H5Dclose);
    }

    /// Writes rows x columns of a matrix; one of the two is all that there are.
    void fill_part(const std::string& name, hid_t type, Range rows, Range columns,
                   const void* values) {
        require(!diverted, "nothing is written after a failure");
        Handle data(check(H5Dopen2(file, name.c_str(), H5P_DEFAULT)), H5Dclose);
        const Handle space(check(H5Dget_space(data)), H5Sclose);
        hsize_t sizes[2] = {};
        require(H5Sget_simple_extent_ndims(space) == 2, "a block belongs to a matrix");
        check(H5Sget_simple_extent_dims(space, sizes, nullptr));
        const Range all_rows{0, static_cast<Index>(sizes[0])};
        const Range all_columns{0, static_cast<Index>(sizes[1])};
        require(rows == all_rows || columns == all_columns, "a block spans the data set");
        require(rows.begin >= 0 && rows.end <= all_rows.end && columns.begin >= 0 &&
                    columns.end <= all_columns.end,
                "a block lies inside the data set");
        if (rows.empty() || columns.empty()) {
            return;
        }
        const hsize_t start[2] = {unsigned_size(rows.begin), unsigned_size(columns.begin)};
        const hsize_t block[2] = {unsigned_size(rows.size()), unsigned_size(columns.size())};
        check(H5Sselect_hyperslab(space, H5S_SELECT_SET, start, nullptr, block, nullptr));
        const Handle memory(check(H5Screate_simple(2, block, nullptr)), H5Sclose);
        fill(std::move(data), type, memory, space, values);
    }

    /// Makes a data set and fills it.
    void write(const std::string& name, hid_t type, const std::vector<hsize_t>& sizes,
               const void* values) {
        fill(make(name, type, sizes), type, H5S_ALL, H5S_ALL, values);
    }

    void attribute(const std::string& object, const std::string& name, hid_t type,
                   const void* value) {
        require(!diverted, "nothing is written after a failure");
        const Handle space(check(H5Screate(H5S_SCALAR)), H5Sclose);
        const Handle attribute(
            check(H5Acreate_by_name(file, object.c_str(), name.c_str(), type, space, H5P_DEFAULT,
                                    H5P_DEFAULT, H5P_DEFAULT)),
            H5Aclose);
        check(H5Awrite(attribute, type, value));
    }

    std::filesystem::path path;
    std::filesystem::path temporary;
    FileDescriptor system_file;
    Handle file{H5I_INVALID_HID, H5Fclose};
    /// The HDF5 library's own open file of the system.
    int hdf5_number = -1;
    bool diverted = false;
    bool committed = false;
};

Hdf5Writer::Hdf5Writer(std::filesystem::path path, Index expected_bytes)
    : state_(std::make_unique<State>(std::move(path))) {
    require(expected_bytes >= 0, "the expected size is not negative");
    silence_hdf5();
    State& state = *state_;
    state.check_system(state.system_file.valid());
    refuse_to_replace_device(state.path);
    const Handle creation(state.check(H5Pcreate(H5P_FILE_CREATE)), H5Pclose);
    state.check(H5Pset_userblock(creation, std::tuple_size_v<UserBlock>));
    // Nothing is kept back in memory, so that a full disk shows in the call that meets it.
    const Handle access = file_access();
    state.check(H5Pset_cache(access, 0, 0, 0, 0));
    state.check(H5Pset_sieve_buf_size(access, 0));
    state.file = Handle(
        state.check(H5Fcreate(state.temporary.c_str(), H5F_ACC_TRUNC, creation, access)), H5Fclose);
    void* number = nullptr;
    state.check(H5Fget_vfd_handle(state.file, H5P_DEFAULT, &number));
    state.hdf5_number = *static_cast<int*>(number);
    if (expected_bytes > 0) {
        // Some more than asked for, so that what HDF5 adds finds room as well.
        const Index reserve = expected_bytes + expected_bytes / 64 + (Index{1} << 16);
        const int status = ::fallocate(state.system_file.number(), FALLOC_FL_KEEP_SIZE, 0, reserve);
        const bool full = errno == ENOSPC || errno == EDQUOT || errno == EFBIG;
        state.check_system(status == 0 || !full);
    }
}

Hdf5Writer::~Hdf5Writer() = default;

template <typename Number>
void Hdf5Writer::write(const std::string& name, Index rows, Index columns,
                       std::span<const Number> row_major) {
    require(rows >= 0 && columns >= 0 && std::ssize(row_major) == rows * columns,
            "a matrix has rows * columns numbers");
    state_->write(name, number_type<Number>(), {unsigned_size(rows), unsigned_size(columns)},
                  row_major.data());
}

template <typename Number>
void Hdf5Writer::write(const std::string& name, std::span<const Number> values) {
    state_->write(name, number_type<Number>(), {values.size()}, values.data());
}

void Hdf5Writer::write(const std::string& name, const std::vector<std::string>& values) {
    std::vector<const char*> pointers;
    for (const std::string& value : values) {
        pointers.push_back(value.c_str());
    }
    state_->write(name, text_type(), {values.size()}, pointers.data());
}

template <typename Number>
void Hdf5Writer::create(const std::string& name, Index rows, Index columns, Index chunk_columns) {
    require(rows >= 0 && columns >= 0 && chunk_columns >= 0, "sizes are not negative");
    const Handle properties(state_->check(H5Pcreate(H5P_DATASET_CREATE)), H5Pclose);
    state_->check(H5Pset_fill_time(properties, H5D_FILL_TIME_NEVER));
    if (rows > 0 && columns > 0 && chunk_columns > 0) {
        // HDF5 allows chunks below 4 GiB; one is held in memory at times.
        constexpr Index most = (Index{1} << 30) / static_cast<Index>(sizeof(Number));
        const Index chunk_rows = std::min(rows, most);
        const Index columns_that_fit = std::max(Index{1}, most / chunk_rows);
        const hsize_t chunk[2] = {
            unsigned_size(chunk_rows),
            unsigned_size(std::min({chunk_columns, columns, columns_that_fit}))};
        state_->check(H5Pset_chunk(properties, 2, chunk));
    }
    state_->make(name, number_type<Number>(), {unsigned_size(rows), unsigned_size(columns)},
                 properties);
}

template <typename Number>
void Hdf5Writer::write_columns(const std::string& name, Index first, Index rows,
                               std::span<const Number> column_major) {
    const Index count = rows <= 0 ? 0 : std::ssize(column_major) / rows;
    require(rows >= 0 && std::ssize(column_major) == count * rows, "columns are whole");
    std::vector<Number> row_major(column_major.size());
    transpose(column_major.data(), static_cast<std::size_t>(count), static_cast<std::size_t>(rows),
              row_major.data());
    state_->fill_part(name, number_type<Number>(), {0, rows}, {first, first + count},
                      row_major.data());
}

template <typename Number>
void Hdf5Writer::write_rows(const std::string& name, Index first, Index columns,
                            std::span<const Number> row_major) {
    const Index count = columns <= 0 ? 0 : std::ssize(row_major) / columns;
    require(columns >= 0 && std::ssize(row_major) == count * columns, "rows are whole");
    state_->fill_part(name, number_type<Number>(), {first, first + count}, {0, columns},
                      row_major.data());
}

void Hdf5Writer::attribute(const std::string& object, const std::string& name,
                           const std::string& value) {
    const char* pointer = value.c_str();
    state_->attribute(object, name, text_type(), &pointer);
}

void Hdf5Writer::attribute(const std::string& object, const std::string& name, double value) {
    state_->attribute(object, name, H5T_NATIVE_DOUBLE, &value);
}

void Hdf5Writer::attribute(const std::string& object, const std::string& name, Index value) {
    state_->attribute(object, name, H5T_NATIVE_INT64, &value);
}

void Hdf5Writer::commit() {
    State& state = *state_;
    require(!state.diverted && !state.committed,
            "a file is committed once, and not after a failure");
    state.check(H5Fflush(state.file, H5F_SCOPE_GLOBAL));
    state.check(state.file.close());
    state.hdf5_number = -1;

    const int number = state.system_file.number();
    struct stat status = {};
    state.check_system(::fstat(number, &status) == 0);
    // Gives back what was reserved and not used.
    state.check_system(::ftruncate(number, status.st_size) == 0);
    const auto block = expected_user_block(number);
    state.check_system(block.has_value());
    state.check_system(::pwrite(number, block->data(), block->size(), 0) == std::ssize(*block));
    state.check_system(::fsync(number) == 0);
    state.check_system(::rename(state.temporary.c_str(), state.path.c_str()) == 0);
    state.committed = true;
    // Some file systems cannot flush a folder; the file itself is safe by now.
    const std::filesystem::path parent = state.path.parent_path();
    settle_file(parent.empty() ? "." : parent);
}

#define HOIST_WRITES(Number)                                                                    \
    template void Hdf5Writer::write_rows(const std::string&, Index, Index,                      \
                                         std::span<const Number>);                              \
    template void Hdf5Writer::write(const std::string&, Index, Index, std::span<const Number>); \
    template void Hdf5Writer::write(const std::string&, std::span<const Number>);               \
    template void Hdf5Writer::create<Number>(const std::string&, Index, Index, Index);          \
    template void Hdf5Writer::write_columns(const std::string&, Index, Index,                   \
                                            std::span<const Number>);
HOIST_WRITES(float)
HOIST_WRITES(double)
HOIST_WRITES(Index)
HOIST_WRITES(std::uint8_t)
#undef HOIST_WRITES

}  // namespace hoist
