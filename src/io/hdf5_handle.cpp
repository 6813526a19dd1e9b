#include "hdf5_handle.hpp"

#include <string_view>

namespace hoist {

void silence_hdf5() {
    // A file that could not be closed on a full disk would be closed, and fail, once more at exit.
    static const bool once = [] {
        H5dont_atexit();
        H5open();
        // A link into another file is not followed: nothing there is verified.
        H5Lunregister(H5L_TYPE_EXTERNAL);
        return true;
    }();
    static_cast<void>(once);
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
}

std::string hdf5_why() {
    std::string text;
    const auto innermost = [](unsigned, const H5E_error2_t* error, void* out) -> herr_t {
        *static_cast<std::string*>(out) = error->desc == nullptr ? "" : error->desc;
        return 1;
    };
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, innermost, &text);
    H5Eclear2(H5E_DEFAULT);

    constexpr std::string_view marker = "error message = '";
    if (const auto begin = text.find(marker); begin != std::string::npos) {
        const auto from = begin + marker.size();
        return text.substr(from, text.find('\'', from) - from);
    }
    return text.empty() ? "the HDF5 library gives no reason" : text;
}

Handle file_access() {
    Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
    H5Pset_fclose_degree(access, H5F_CLOSE_STRONG);
    H5Pset_file_locking(access, false, true);
    return access;
}

Handle text_type() {
    Handle type(H5Tcopy(H5T_C_S1), H5Tclose);
    H5Tset_size(type, H5T_VARIABLE);
    H5Tset_cset(type, H5T_CSET_UTF8);
    return type;
}

}  // namespace hoist
