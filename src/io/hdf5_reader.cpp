#include <algorithm>
#include <limits>

#include "hdf5_reader_state.hpp"
#include "hoist/base/error.hpp"
#include "hoist/base/text.hpp"
#include "hoist/io/hdf5_file.hpp"
#include "verify_file.hpp"

namespace hoist {

Hdf5Reader::Hdf5Reader(const std::filesystem::path& path, Checksum checksum)
    : state_(std::make_unique<State>()) {
    silence_hdf5();
    if (checksum != Checksum::trusted) {
        verify_file(path, checksum);
    }
    state_->path = path;
    state_->file = Handle(H5Fopen(path.c_str(), H5F_ACC_RDONLY, file_access()), H5Fclose);
    if (state_->file < 0) {
        throw DataError(path.string() + " is not a whole HDF5 file", hdf5_why(),
                        "restore it from a copy or name another file");
    }
}

Hdf5Reader::~Hdf5Reader() = default;

bool Hdf5Reader::has(const std::string& object) const {
    const bool found = H5Oexists_by_name(state_->file, object.c_str(), H5P_DEFAULT) > 0;
    H5Eclear2(H5E_DEFAULT);
    return found;
}

bool Hdf5Reader::has_attribute(const std::string& object, const std::string& name) const {
    const bool found =
        H5Aexists_by_name(state_->file, object.c_str(), name.c_str(), H5P_DEFAULT) > 0;
    H5Eclear2(H5E_DEFAULT);
    return found;
}

std::vector<std::string> Hdf5Reader::members(const std::string& group) const {
    const Handle opened(
        state_->check(H5Gopen2(state_->file, group.c_str(), H5P_DEFAULT), "the group " + group),
        H5Gclose);
    std::vector<std::string> names;
    const auto collect = [](hid_t, const char* name, const H5L_info_t*, void* out) -> herr_t {
        static_cast<std::vector<std::string>*>(out)->emplace_back(name);
        return 0;
    };
    state_->check(H5Literate(opened, H5_INDEX_NAME, H5_ITER_INC, nullptr, collect, &names),
                  "the group " + group);
    // Numbers before other names.
    std::ranges::sort(names, {}, [](const std::string& name) {
        return std::pair(to_whole_number(name).value_or(std::numeric_limits<Index>::max()), name);
    });
    return names;
}

std::vector<Index> Hdf5Reader::dimensions(const std::string& name) const {
    const State::Open& opened = state_->open(name);
    return {opened.sizes.begin(), opened.sizes.end()};
}

std::array<Index, 2> Hdf5Reader::shape(const std::string& name) const {
    return state_->shape(state_->open(name), name);
}

bool Hdf5Reader::holds_text(const std::string& name) const {
    return H5Tget_class(state_->open(name).type) == H5T_STRING;
}

template <typename Number>
std::vector<Number> Hdf5Reader::read(const std::string& name) const {
    const State::Open& opened = state_->open(name);
    const auto [rows, columns] = state_->shape(opened, name);
    std::vector<Number> values(static_cast<std::size_t>(rows * columns));
    state_->read(opened, name, {0, rows}, {0, columns}, values.data());
    return values;
}

std::vector<std::string> Hdf5Reader::read_text(const std::string& name) const {
    const State::Open& opened = state_->open(name);
    if (H5Tget_class(opened.type) != H5T_STRING) {
        state_->fail("the data set " + name, "it does not hold text");
    }
    const auto [rows, columns] = state_->shape(opened, name);
    return strings_of(
        opened.type, static_cast<std::size_t>(rows * columns), [&](hid_t type, void* values) {
            state_->check(H5Dread(opened.data, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values),
                          "the data set " + name);
        });
}

template <typename Number>
void Hdf5Reader::read_rows(const std::string& name, Index first,
                           std::span<Number> row_major) const {
    const State::Open& opened = state_->open(name);
    const auto [rows, columns] = state_->shape(opened, name);
    if (row_major.empty()) {
        return;
    }
    const Index count = columns == 0 ? 0 : std::ssize(row_major) / columns;
    if (count * columns != std::ssize(row_major) || first < 0 || first + count > rows) {
        state_->fail("rows of " + name, "it has another shape: " + std::to_string(rows) + " x " +
                                            std::to_string(columns));
    }
    state_->read(opened, name, {first, first + count}, {0, columns}, row_major.data());
}

template <typename Number>
void Hdf5Reader::read_columns(const std::string& name, Index first,
                              std::span<Number> column_major) const {
    const State::Open& opened = state_->open(name);
    const auto [rows, columns] = state_->shape(opened, name);
    if (column_major.empty()) {
        return;
    }
    const Index count = rows == 0 ? 0 : std::ssize(column_major) / rows;
    if (opened.sizes.size() != 2 || count * rows != std::ssize(column_major) || first < 0 ||
        first + count > columns) {
        state_->fail("columns of " + name, "it has another shape: " + std::to_string(rows) + " x " +
                                               std::to_string(columns));
    }
    std::vector<Number> row_major(column_major.size());
    state_->read(opened, name, {0, rows}, {first, first + count}, row_major.data());
    transpose(row_major.data(), static_cast<std::size_t>(rows), static_cast<std::size_t>(count),
              column_major.data());
}

std::string Hdf5Reader::text_attribute(const std::string& object, const std::string& name) const {
    const State::OpenAttribute opened = state_->open_attribute(object, name);
    const std::string what = "the attribute " + name + " of " + object;
    if (H5Tget_class(opened.type) != H5T_STRING) {
        state_->fail(what, "it does not hold text");
    }
    return strings_of(opened.type, 1,
                      [&](hid_t type, void* values) {
                          state_->check(H5Aread(opened.attribute, type, values), what);
                      })
        .front();
}

Index Hdf5Reader::whole_number_attribute(const std::string& object, const std::string& name) const {
    const State::OpenAttribute opened = state_->open_attribute(object, name);
    const std::string what = "the attribute " + name + " of " + object;
    if (H5Tget_class(opened.type) != H5T_INTEGER) {
        state_->fail(what, "it is not a whole number");
    }
    Index value = 0;
    state_->check(H5Aread(opened.attribute, H5T_NATIVE_INT64, &value), what);
    return value;
}

#define HOIST_READS(Number)                                                                  \
    template std::vector<Number> Hdf5Reader::read(const std::string&) const;                 \
    template void Hdf5Reader::read_rows(const std::string&, Index, std::span<Number>) const; \
    template void Hdf5Reader::read_columns(const std::string&, Index, std::span<Number>) const;
HOIST_READS(float)
HOIST_READS(double)
HOIST_READS(Index)
HOIST_READS(std::uint8_t)
#undef HOIST_READS

}  // namespace hoist
