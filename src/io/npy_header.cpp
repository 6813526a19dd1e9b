#include "npy_header.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <regex>

#include "hoist/base/error.hpp"
#include "hoist/base/text.hpp"
#include "hoist/io/row_array.hpp"

namespace hoist {

namespace {

// No header of a plain array is longer.
constexpr std::size_t longest = 4096;

[[noreturn]] void refuse(const std::string& shown, const std::string& why,
                         const std::string& advice) {
    throw DataError("cannot read the array " + shown, why, advice);
}

[[noreturn]] void refuse_damaged(const std::string& shown, const std::string& why) {
    refuse(shown, why, "write the file again");
}

std::vector<Index> parse_shape(const std::string& text, const std::string& shown) {
    std::vector<Index> sizes;
    for (std::string piece : split(text, ',')) {
        if (piece.ends_with('L')) {  // as Python 2 wrote them
            piece.pop_back();
        }
        if (piece.empty()) {  // after the comma of (3,)
            continue;
        }
        const auto size = to_whole_number(piece);
        if (!size || *size < 0) {
            refuse_damaged(shown, "its shape is (" + text + ")");
        }
        sizes.push_back(*size);
    }
    return sizes;
}

}  // namespace

NpyHeaderPlace npy_header_place(std::string_view prefix, const std::string& shown) {
    if (!prefix.starts_with(npy_magic) || prefix.size() < npy_prefix) {
        refuse_damaged(shown, "it does not start as an NPY file does");
    }
    // Format 1.0 has two bytes for the length of the header, later ones four.
    const std::size_t width = prefix[6] == 1 ? 2 : 4;
    std::uint32_t length = 0;
    std::memcpy(&length, prefix.data() + 8, width);
    return {8 + width, length};
}

NpyHeader parse_npy_header(const std::string& text, const std::string& shown) {
    static const std::regex type("'descr': *'([^']*)'");
    static const std::regex order("'fortran_order': *(True|False)");
    static const std::regex shape("'shape': *\\(([^)]*)\\)");
    std::smatch of_type;
    std::smatch of_order;
    std::smatch of_shape;
    if (text.size() > longest || !std::regex_search(text, of_type, type) ||
        !std::regex_search(text, of_order, order) || !std::regex_search(text, of_shape, shape)) {
        refuse(shown, "its header is not that of an array of one plain type",
               "save each field as an array of its own");
    }
    return {of_type[1], of_order[1] == "True", parse_shape(of_shape[1], shown)};
}

ArrayStorage read_npy_storage(ByteStream& bytes, const std::string& shown) {
    std::string prefix(npy_prefix, '\0');
    if (bytes.most_bytes() < std::ssize(prefix)) {
        refuse_damaged(shown, "it does not start as an NPY file does");
    }
    bytes.read(0, prefix, "its header is complete");
    const NpyHeaderPlace place = npy_header_place(prefix, shown);
    std::string text(std::min(place.length, longest + 1), '\0');
    if (text.size() <= longest) {
        bytes.read(static_cast<Index>(place.begin), text, "its header is complete");
    }
    const NpyHeader header = parse_npy_header(text, shown);
    if (header.type.find('O') != std::string::npos) {
        refuse(shown, "it holds Python objects, which are pickled",
               "save it as numbers or texts, such as a.astype('float32') or a.astype(str)");
    }
    const auto type = numpy_type(header.type);
    if (!type) {
        refuse(shown,
               "it has the type " + header.type +
                   ", which is no number of at most 64 bits and no text",
               "save it as numbers or texts, such as a.astype('float32')");
    }
    return {static_cast<Index>(place.begin + place.length), *type, header.shape,
            header.fortran_order};
}

}  // namespace hoist
