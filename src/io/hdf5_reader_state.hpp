#pragma once

#include <algorithm>
#include <limits>
#include <map>

#include "hdf5_handle.hpp"
#include "hoist/base/error.hpp"
#include "hoist/io/hdf5_file.hpp"

namespace hoist {

inline bool is_number(H5T_class_t kind) {
    return kind == H5T_INTEGER || kind == H5T_FLOAT || kind == H5T_ENUM;
}

/// The strings that `read(type, buffer)` delivers, `count` of the file's type `type`.
template <typename Read>
std::vector<std::string> strings_of(hid_t type, std::size_t count, Read read) {
    std::vector<std::string> values;
    if (H5Tis_variable_str(type) > 0) {
        std::vector<char*> pointers(count, nullptr);
        read(type, pointers.data());
        for (char* pointer : pointers) {
            values.emplace_back(pointer == nullptr ? "" : pointer);
            H5free_memory(pointer);
        }
        return values;
    }
    const std::size_t size = H5Tget_size(type);
    std::vector<char> characters(count * size);
    read(type, characters.data());
    for (std::size_t i = 0; i < count; ++i) {
        std::string value(characters.data() + i * size, size);
        value.resize(std::min(value.find('\0'), size));
        if (H5Tget_strpad(type) == H5T_STR_SPACEPAD) {
            value.resize(value.find_last_not_of(' ') + 1);
        }
        values.push_back(std::move(value));
    }
    return values;
}

struct Hdf5Reader::State {
    [[noreturn]] void fail(const std::string& what, const std::string& why) const {
        throw DataError("cannot read " + what + " in " + path.string(), why,
                        "check that it is the right file");
    }

    template <typename Result>
    Result check(Result result, const std::string& what) const {
        if (result < 0) {
            fail(what, hdf5_why());
        }
        return result;
    }

    struct Open {
        Handle data;
        Handle space;
        Handle type;
        std::vector<hsize_t> sizes;
    };

    /// Data sets stay open with their chunks in memory: compressed ones are unpacked once.
    const Open& open(const std::string& name) const {
        if (const auto found = open_sets.find(name); found != open_sets.end()) {
            return found->second;
        }
        const std::string what = "the data set " + name;
        const Handle access(check(H5Pcreate(H5P_DATASET_ACCESS), what), H5Pclose);
        check(H5Pset_chunk_cache(access, 10007, std::size_t{1} << 26, 1), what);
        Handle data(check(H5Dopen2(file, name.c_str(), H5P_DEFAULT), what), H5Dclose);
        const Handle creation(check(H5Dget_create_plist(data), what), H5Pclose);
        if (H5Pget_nfilters(creation) > 0) {
            data.close();
            data = Handle(check(H5Dopen2(file, name.c_str(), access), what), H5Dclose);
        }
        require_filters(creation, what);
        Handle space(check(H5Dget_space(data), what), H5Sclose);
        Handle type(check(H5Dget_type(data), what), H5Tclose);
        std::vector<hsize_t> sizes(
            static_cast<std::size_t>(check(H5Sget_simple_extent_ndims(space), what)));
        check(H5Sget_simple_extent_dims(space, sizes.data(), nullptr), what);
        if (H5Sget_simple_extent_type(space) == H5S_NULL) {
            fail(what, "it holds nothing");
        }
        require_contents(data, creation, type, sizes, what);
        Open open{std::move(data), std::move(space), std::move(type), std::move(sizes)};
        return open_sets.emplace(name, std::move(open)).first->second;
    }

    void require_filters(hid_t creation, const std::string& what) const {
        for (int i = 0; i < H5Pget_nfilters(creation); ++i) {
            unsigned flags = 0;
            std::size_t parameters = 0;
            char name[64] = "";
            const H5Z_filter_t filter =
                H5Pget_filter2(creation, static_cast<unsigned>(i), &flags, &parameters, nullptr,
                               sizeof name - 1, name, nullptr);
            const bool known = H5Zfilter_avail(filter) > 0;
            H5Eclear2(H5E_DEFAULT);
            if (!known) {
                throw DataError(
                    "cannot read " + what + " in " + path.string(),
                    "it is packed by " +
                        (name[0] != 0 ? std::string(name) : "filter " + std::to_string(filter)) +
                        ", which the HDF5 library here does not know",
                    "store it with gzip, or not packed");
            }
        }
    }

    /// Sizes are the file's word only: refuses those that what is stored cannot fill, so that memory
    /// is bounded by the size of the file.
    void require_contents(hid_t data, hid_t creation, hid_t type, const std::vector<hsize_t>& sizes,
                          const std::string& what) const {
        const H5D_layout_t layout = H5Pget_layout(creation);
        if (layout == H5D_VIRTUAL || H5Pget_external_count(creation) > 0) {
            fail(what, "its contents are in another file");
        }
        hsize_t stored = 0;
        check(H5Fget_filesize(file, &stored), what);
        stored = std::min(stored, H5Dget_storage_size(data));
        H5Eclear2(H5E_DEFAULT);
        // Deflate never shrinks data by more than a factor of 1032.
        const hsize_t expanded = layout == H5D_CHUNKED ? 1032 * stored : stored;
        const hsize_t elements = expanded / std::max<std::size_t>(H5Tget_size(type), 1);
        const auto require_room = [&](const std::vector<hsize_t>& extents) {
            hsize_t room = elements;
            for (const hsize_t extent : extents) {
                room /= extent;
            }
            if (room == 0) {
                fail(what, "the file is too short for the size that it declares");
            }
        };
        if (std::ranges::find(sizes, hsize_t{0}) != sizes.end()) {
            return;
        }
        require_room(sizes);
        if (layout == H5D_CHUNKED) {
            std::vector<hsize_t> chunk(sizes.size());
            check(H5Pget_chunk(creation, static_cast<int>(chunk.size()), chunk.data()), what);
            require_room(chunk);
        }
    }

    /// Rows and columns, the latter of all dimensions after the first.
    std::array<Index, 2> shape(const Open& opened, const std::string& name) const {
        std::array<Index, 2> shape = {1, 1};
        Index total = 1;
        for (std::size_t i = 0; i < opened.sizes.size(); ++i) {
            const Index size = static_cast<Index>(opened.sizes[i]);
            if (size < 0 || (size > 0 && total > std::numeric_limits<Index>::max() / 8 / size)) {
                fail("the data set " + name, "its size makes no sense");
            }
            total *= std::max<Index>(size, 1);
            shape[i == 0 ? 0 : 1] *= size;
        }
        return shape;
    }

    /// Reads rows and columns of a data set; `columns` other than all need a matrix.
    template <typename Number>
    void read(const Open& opened, const std::string& name, Range rows, Range columns,
              Number* values) const {
        check_numbers<Number>(opened, name);
        if (rows.empty() || columns.empty()) {
            return;
        }
        if (opened.sizes.empty()) {
            check(
                H5Dread(opened.data, number_type<Number>(), H5S_ALL, H5S_ALL, H5P_DEFAULT, values),
                name);
            return;
        }
        std::vector<hsize_t> start(opened.sizes.size(), 0);
        std::vector<hsize_t> count = opened.sizes;
        start[0] = static_cast<hsize_t>(rows.begin);
        count[0] = static_cast<hsize_t>(rows.size());
        if (count.size() == 2) {
            start[1] = static_cast<hsize_t>(columns.begin);
            count[1] = static_cast<hsize_t>(columns.size());
        }
        check(H5Sselect_hyperslab(opened.space, H5S_SELECT_SET, start.data(), nullptr, count.data(),
                                  nullptr),
              name);
        const Handle memory(
            check(H5Screate_simple(static_cast<int>(count.size()), count.data(), nullptr), name),
            H5Sclose);
        check(
            H5Dread(opened.data, number_type<Number>(), memory, opened.space, H5P_DEFAULT, values),
            name);
    }

    template <typename Number>
    void check_numbers(const Open& opened, const std::string& name) const {
        const H5T_class_t kind = H5Tget_class(opened.type);
        if (!is_number(kind)) {
            fail("the data set " + name, "it does not hold numbers");
        }
        if (std::is_integral_v<Number> && kind == H5T_FLOAT) {
            fail("the data set " + name, "it does not hold whole numbers");
        }
    }

    struct OpenAttribute {
        Handle attribute;
        Handle type;
    };

    OpenAttribute open_attribute(const std::string& object, const std::string& name) const {
        const std::string what = "the attribute " + name + " of " + object;
        Handle attribute(
            check(H5Aopen_by_name(file, object.c_str(), name.c_str(), H5P_DEFAULT, H5P_DEFAULT),
                  what),
            H5Aclose);
        const Handle space(check(H5Aget_space(attribute), what), H5Sclose);
        if (H5Sget_simple_extent_npoints(space) != 1) {
            fail(what, "it is not a single value");
        }
        Handle type(check(H5Aget_type(attribute), what), H5Tclose);
        return {std::move(attribute), std::move(type)};
    }

    std::filesystem::path path;
    Handle file{H5I_INVALID_HID, H5Fclose};
    mutable std::map<std::string, Open> open_sets;
};

}  // namespace hoist
