#pragma once

#include <hdf5.h>

#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace hoist {

/// Owns an identifier of the HDF5 library; negative where the call that made it failed.
class Handle {
  public:
    Handle(hid_t id, herr_t (*closing)(hid_t)) : id_(id), close_(closing) {}
    ~Handle() { close(); }
    Handle(Handle&& other) noexcept
        : id_(std::exchange(other.id_, H5I_INVALID_HID)), close_(other.close_) {}
    Handle& operator=(Handle&& other) noexcept {
        std::swap(id_, other.id_);
        std::swap(close_, other.close_);
        return *this;
    }

    operator hid_t() const { return id_; }

    /// Closes now; negative where the library could not. There is no second try, which it would not
    /// survive.
    herr_t close() {
        const hid_t id = std::exchange(id_, H5I_INVALID_HID);
        return id < 0 ? 0 : close_(id);
    }

  private:
    hid_t id_;
    herr_t (*close_)(hid_t);
};

/// Makes the HDF5 library print nothing and do nothing at the end of the process. Comes before its
/// first use.
void silence_hdf5();

/// Why the last call of the HDF5 library failed: its innermost message, or the system's in there.
std::string hdf5_why();

/// Access to files without locks, which some network file systems lack; closing a file closes all
/// that is open in it.
Handle file_access();

/// A string of any length in UTF-8.
Handle text_type();

template <typename Number>
hid_t number_type() {
    if constexpr (std::is_same_v<Number, float>) {
        return H5T_NATIVE_FLOAT;
    } else if constexpr (std::is_same_v<Number, double>) {
        return H5T_NATIVE_DOUBLE;
    } else if constexpr (std::is_same_v<Number, std::int64_t>) {
        return H5T_NATIVE_INT64;
    } else {
        static_assert(std::is_same_v<Number, std::uint8_t>);
        return H5T_NATIVE_UINT8;
    }
}

/// to[c * rows + r] = from[r * columns + c].
template <typename Number>
void transpose(const Number* from, std::size_t rows, std::size_t columns, Number* to) {
    // In tiles, so that both sides stay in the cache.
    constexpr std::size_t tile = 32;
    for (std::size_t r0 = 0; r0 < rows; r0 += tile) {
        for (std::size_t c0 = 0; c0 < columns; c0 += tile) {
            for (std::size_t c = c0; c < columns && c < c0 + tile; ++c) {
                for (std::size_t r = r0; r < rows && r < r0 + tile; ++r) {
                    to[c * rows + r] = from[r * columns + c];
                }
            }
        }
    }
}

}  // namespace hoist
