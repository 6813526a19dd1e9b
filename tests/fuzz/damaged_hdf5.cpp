#include "fuzz/damaged_hdf5.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <limits>

#include "file_descriptor.hpp"
#include "hoist/base/error.hpp"
#include "user_block.hpp"

namespace hoist {

enum class DamagedHdf5::Damage : std::uint8_t {
    none,
    missing,
    group,
    link_to_itself,
    link_to_a_file,
    other_type,
    other_value,
    other_sizes,
    more_dimensions,
    scalar,
    null,
    text,
    wide_text,
    pairs,
    never_written,
    never_written_in_chunks,
    one_chunk_of_many,
    in_another_file,
    count
};

namespace {

hid_t number_type(std::uint8_t choice) {
    const std::array types{H5T_NATIVE_FLOAT, H5T_NATIVE_DOUBLE,  H5T_NATIVE_INT8,
                           H5T_NATIVE_UINT8, H5T_NATIVE_UINT64,  H5T_STD_I64BE,
                           H5T_IEEE_F32BE,   H5T_NATIVE_LDOUBLE, H5T_STD_B32LE};
    return types[choice % types.size()];
}

constexpr std::array other_values{std::numeric_limits<double>::quiet_NaN(),
                                  std::numeric_limits<double>::infinity(),
                                  -1.0,
                                  0.0,
                                  1e18,
                                  1e300,
                                  3.5,
                                  7.0};

Handle simple_space(const std::vector<hsize_t>& sizes) {
    return {sizes.empty() ? H5Screate(H5S_SCALAR)
                          : H5Screate_simple(static_cast<int>(sizes.size()), sizes.data(), nullptr),
            H5Sclose};
}

std::size_t elements(const std::vector<hsize_t>& sizes) {
    std::size_t count = 1;
    for (const hsize_t size : sizes) {
        count *= size;
    }
    return count;
}

Handle fixed_text(std::size_t size) {
    Handle type(H5Tcopy(H5T_C_S1), H5Tclose);
    H5Tset_size(type, std::max<std::size_t>(size, 1));
    return type;
}

}  // namespace

DamagedHdf5::DamagedHdf5(std::filesystem::path path, InputBytes& input)
    : path_(std::move(path)), input_(input), file_(H5I_INVALID_HID, H5Fclose) {
    silence_hdf5();
    const Handle creation(H5Pcreate(H5P_FILE_CREATE), H5Pclose);
    H5Pset_userblock(creation, std::tuple_size_v<UserBlock>);
    file_ = Handle(H5Fcreate(path_.c_str(), H5F_ACC_TRUNC, creation, file_access()), H5Fclose);
    require(file_ >= 0, "the damaged file can be made");
}

Handle DamagedHdf5::links() const {
    Handle links(H5Pcreate(H5P_LINK_CREATE), H5Pclose);
    H5Pset_create_intermediate_group(links, 1);
    return links;
}

/// Whether something that is no data set was put in its place.
bool DamagedHdf5::other_object(const std::string& name, Damage damage) {
    const char* path = name.c_str();
    switch (damage) {
        case Damage::missing:
            return true;
        case Damage::group:
            Handle(H5Gcreate2(file_, path, links(), H5P_DEFAULT, H5P_DEFAULT), H5Gclose);
            return true;
        case Damage::link_to_itself:
            H5Lcreate_soft(path, file_, path, links(), H5P_DEFAULT);
            return true;
        case Damage::link_to_a_file:
            H5Lcreate_external("nothing.h5", path, file_, path, links(), H5P_DEFAULT);
            return true;
        default:
            return false;
    }
}

/// A data set whose sizes are those of `sizes` times up to 2^56, and of which next to nothing is
/// stored.
void DamagedHdf5::vast(const std::string& name, hid_t type, std::vector<hsize_t> sizes,
                       Damage damage) {
    if (sizes.empty()) {
        sizes = {1};
    }
    sizes.front() <<= input_.next() % 57;
    const Handle creation(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
    const std::vector<hsize_t> one(sizes.size(), 1);
    if (damage == Damage::in_another_file) {
        H5Pset_external(creation, "/dev/zero", 0, H5F_UNLIMITED);
    } else if (damage != Damage::never_written) {
        H5Pset_chunk(creation, static_cast<int>(one.size()), one.data());
    }
    const Handle space = simple_space(sizes);
    const Handle data(H5Dcreate2(file_, name.c_str(), type, space, links(), creation, H5P_DEFAULT),
                      H5Dclose);
    if (damage == Damage::one_chunk_of_many && data >= 0) {
        const std::vector<hsize_t> start(sizes.size(), 0);
        H5Sselect_hyperslab(space, H5S_SELECT_SET, start.data(), nullptr, one.data(), nullptr);
        const double value = 0.5;
        H5Dwrite(data, H5T_NATIVE_DOUBLE, simple_space(one), space, H5P_DEFAULT, &value);
    }
}

void DamagedHdf5::numbers(const std::string& name, std::vector<hsize_t> sizes, double value) {
    const auto damage =
        static_cast<Damage>(input_.next() % static_cast<std::uint8_t>(Damage::count));
    if (other_object(name, damage)) {
        return;
    }
    hid_t type = H5T_NATIVE_FLOAT;
    Handle made(H5I_INVALID_HID, H5Tclose);
    Handle space(H5I_INVALID_HID, H5Sclose);
    switch (damage) {
        case Damage::other_type:
            type = number_type(input_.next());
            break;
        case Damage::other_value:
            value = other_values[input_.next() % other_values.size()];
            type = H5T_NATIVE_DOUBLE;
            break;
        case Damage::other_sizes:
            for (hsize_t& size : sizes) {
                size = input_.next() % 9;
            }
            break;
        case Damage::more_dimensions:
            sizes.insert(sizes.end(), input_.next() % 4 + 1U, 1);
            break;
        case Damage::scalar:
            sizes.clear();
            break;
        case Damage::null:
            space = Handle(H5Screate(H5S_NULL), H5Sclose);
            break;
        case Damage::text:
            texts(name, std::vector<std::string>(elements(sizes), text_of(input_.next(4))));
            return;
        case Damage::wide_text:
            made = fixed_text(input_.next());
            type = made;
            break;
        case Damage::pairs:
            made = Handle(H5Tcreate(H5T_COMPOUND, 2), H5Tclose);
            H5Tinsert(made, "a", 0, H5T_NATIVE_INT8);
            H5Tinsert(made, "b", 1, H5T_NATIVE_INT8);
            type = made;
            break;
        case Damage::never_written:
        case Damage::never_written_in_chunks:
        case Damage::one_chunk_of_many:
        case Damage::in_another_file:
            vast(name, type, sizes, damage);
            return;
        default:
            break;
    }
    if (space < 0) {
        space = simple_space(sizes);
    }
    const Handle data(
        H5Dcreate2(file_, name.c_str(), type, space, links(), H5P_DEFAULT, H5P_DEFAULT), H5Dclose);
    if (H5Tget_class(type) == H5T_INTEGER || H5Tget_class(type) == H5T_FLOAT) {
        const std::vector<double> values(elements(sizes), value);
        H5Dwrite(data, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data());
    } else {
        const std::vector<char> values(elements(sizes) * H5Tget_size(type), '7');
        H5Dwrite(data, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data());
    }
}

void DamagedHdf5::texts(const std::string& name, const std::vector<std::string>& values) {
    const Handle type = text_type();
    const Handle space = simple_space({values.size()});
    const Handle data(
        H5Dcreate2(file_, name.c_str(), type, space, links(), H5P_DEFAULT, H5P_DEFAULT), H5Dclose);
    std::vector<const char*> pointers;
    for (const std::string& value : values) {
        pointers.push_back(value.c_str());
    }
    H5Dwrite(data, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, pointers.data());
}

void DamagedHdf5::put_attribute(const std::string& object, const std::string& name, hid_t type,
                                const void* value) {
    const Handle space = simple_space({});
    const Handle attribute(H5Acreate_by_name(file_, object.c_str(), name.c_str(), type, space,
                                             H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT),
                           H5Aclose);
    H5Awrite(attribute, type, value);
}

void DamagedHdf5::attribute(const std::string& object, const std::string& name,
                            const std::string& value) {
    const std::uint8_t damage = input_.next() % 7;
    std::string text = damage == 1 ? text_of(input_.next(input_.next())) : value;
    const Handle fixed = fixed_text(damage == 2 ? input_.next() : text.size());
    text.resize(std::max(text.size(), H5Tget_size(fixed)));
    const char* pointer = text.c_str();
    const double number = 1.0;
    switch (damage) {
        case 2:
        case 3:
            return put_attribute(object, name, fixed, text.data());
        case 4:
            return put_attribute(object, name, H5T_NATIVE_DOUBLE, &number);
        case 5: {
            const Handle space = simple_space({3});
            Handle(H5Acreate_by_name(file_, object.c_str(), name.c_str(), text_type(), space,
                                     H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT),
                   H5Aclose);
            return;
        }
        case 6:
            return;
        default:
            return put_attribute(object, name, text_type(), &pointer);
    }
}

void DamagedHdf5::attribute(const std::string& object, const std::string& name,
                            std::int64_t value) {
    const std::uint8_t damage = input_.next() % 4;
    if (damage == 1) {
        value = input_.next();
    }
    const double number = 1.0;
    if (damage == 2) {
        put_attribute(object, name, H5T_NATIVE_DOUBLE, &number);
    } else if (damage != 3) {
        put_attribute(object, name, H5T_NATIVE_INT64, &value);
    }
}

void DamagedHdf5::finish() {
    file_.close();
    H5Eclear2(H5E_DEFAULT);
    const FileDescriptor file(::open(path_.c_str(), O_RDWR | O_CLOEXEC));
    const auto block = expected_user_block(file.number());
    require(block && ::pwrite(file.number(), block->data(), block->size(), 0) ==
                         static_cast<ssize_t>(block->size()),
            "the header can be written");
}

}  // namespace hoist
