#include "hoist/io/numpy_array.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>

#include "hoist/base/error.hpp"
#include "hoist/base/text.hpp"
#include "hoist/io/element_type.hpp"
#include "npy_header.hpp"

namespace hoist {

namespace {

static_assert(std::endian::native == std::endian::little);

// The header ends so that the numbers start at a multiple of this.
constexpr std::size_t alignment = 64;

constexpr const char* readable = "hoist reads float16, float32, float64 and texts, little-endian";

class NpyParser {
  public:
    NpyParser(std::string_view bytes, const std::string& name) : bytes_(bytes), name_(name) {}

    NumpyArray operator()() {
        header_ = read_header();
        NumpyArray array;
        array.shape = header_.shape;
        if (header_.type == "<f4") {
            array.values = numbers<float>();
        } else if (header_.type == "<f2") {
            const std::vector<std::uint16_t> halves = numbers<std::uint16_t>();
            std::vector<double> exact(halves.size());
            numpy_type(header_.type)
                ->to_numbers(reinterpret_cast<const char*>(halves.data()), exact);
            array.values = std::vector<float>(exact.begin(), exact.end());
        } else if (header_.type == "<f8") {
            array.values = numbers<double>();
        } else if (header_.type.starts_with("<U") || header_.type.starts_with("|S")) {
            array.values = texts();
        } else {
            refuse("it has the type " + header_.type + ", and " + readable,
                   "save it as numpy.float32 or numpy.float64");
        }
        return array;
    }

  private:
    [[noreturn]] void refuse(const std::string& why, const std::string& advice) const {
        throw DataError("cannot read the array " + name_, why, advice);
    }
    [[noreturn]] void refuse_damaged(const std::string& why) const {
        refuse(why, "write the file again");
    }

    NpyHeader read_header() {
        const NpyHeaderPlace place = npy_header_place(bytes_.substr(0, npy_prefix), name_);
        if (place.length > bytes_.size() - place.begin) {
            refuse_damaged("its header is cut off");
        }
        NpyHeader header =
            parse_npy_header(std::string(bytes_.substr(place.begin, place.length)), name_);
        if (header.shape.size() > 2) {
            refuse("it has " + std::to_string(header.shape.size()) + " dimensions",
                   "save weights as n_out x n_in and biases as n_out");
        }
        bytes_.remove_prefix(place.begin + place.length);
        return header;
    }

    /// The number of elements. @throws unless so many of `size` bytes are there.
    std::size_t count(std::size_t size) const {
        std::size_t elements = 1;
        std::size_t expected = 0;
        for (const Index n : header_.shape) {
            if (__builtin_mul_overflow(elements, static_cast<std::size_t>(n), &elements)) {
                refuse_damaged("its shape is too large");
            }
        }
        if (__builtin_mul_overflow(elements, size, &expected) || expected != bytes_.size()) {
            refuse_damaged("its shape does not fit its size");
        }
        return elements;
    }

    template <typename Number>
    std::vector<Number> numbers() const {
        std::vector<Number> values(count(sizeof(Number)));
        std::copy_n(bytes_.data(), values.size() * sizeof(Number),
                    reinterpret_cast<char*>(values.data()));
        if (!header_.fortran_order || header_.shape.size() < 2) {
            return values;
        }
        const auto rows = static_cast<std::size_t>(header_.shape[0]);
        const auto columns = static_cast<std::size_t>(header_.shape[1]);
        std::vector<Number> row_major(values.size());
        for (std::size_t i = 0; i < rows; ++i) {
            for (std::size_t j = 0; j < columns; ++j) {
                row_major[i * columns + j] = values[j * rows + i];
            }
        }
        return row_major;
    }

    std::vector<std::string> texts() const {
        const auto length = to_whole_number(header_.type.substr(2));
        if (!length || *length < 1 || *length > 1024 || header_.shape.size() > 1) {
            refuse(
                std::string("it has the type ") + header_.type + ", and texts are a list of names",
                "save a list such as numpy.array(['relu', 'softmax'])");
        }
        const std::size_t width = header_.type[1] == 'U' ? sizeof(char32_t) : 1;
        const auto characters = static_cast<std::size_t>(*length);
        std::vector<std::string> values(count(width * characters));
        const char* at = bytes_.data();
        for (std::string& value : values) {
            for (std::size_t i = 0; i < characters; ++i, at += width) {
                char32_t character = 0;
                std::memcpy(&character, at, width);
                if (character > 127) {
                    refuse("it holds a letter that no name has",
                           "save a list such as numpy.array(['relu', 'softmax'])");
                }
                if (character != 0) {  // zeros fill the rest of the width
                    value += static_cast<char>(character);
                }
            }
        }
        return values;
    }

    /// At first the whole file, then what follows the header.
    std::string_view bytes_;
    const std::string& name_;
    NpyHeader header_;
};

std::string npy_header(const std::string& type, const std::vector<Index>& shape) {
    std::string text = "{'descr': '" + type + "', 'fortran_order': False, 'shape': (";
    for (const Index n : shape) {
        text += std::to_string(n) + ",";
    }
    text += "), }";
    const std::size_t before = npy_magic.size() + 4;
    const std::size_t whole = (before + text.size() + alignment) / alignment * alignment;
    text.resize(whole - before - 1, ' ');
    text += '\n';
    const auto length = static_cast<std::uint16_t>(text.size());
    std::string header(npy_magic);
    header += {'\x01', '\x00', static_cast<char>(length & 0xff), static_cast<char>(length >> 8)};
    return header + text;
}

template <typename Number>
std::string bytes_of(const std::vector<Number>& values, const std::vector<Index>& shape,
                     const char* type) {
    std::string bytes = npy_header(type, shape);
    bytes.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(Number));
    return bytes;
}

std::string bytes_of(const std::vector<std::string>& values, const std::vector<Index>& shape) {
    std::size_t width = 1;
    for (const std::string& value : values) {
        width = std::max(width, value.size());
    }
    std::vector<char32_t> characters(values.size() * width);
    for (std::size_t i = 0; i < values.size(); ++i) {
        std::ranges::copy(values[i], characters.begin() + static_cast<std::ptrdiff_t>(i * width));
    }
    return bytes_of(characters, shape, ("<U" + std::to_string(width)).c_str());
}

}  // namespace

std::string npy_bytes(const NumpyArray& array) {
    if (const auto* single = std::get_if<std::vector<float>>(&array.values)) {
        return bytes_of(*single, array.shape, "<f4");
    }
    if (const auto* full = std::get_if<std::vector<double>>(&array.values)) {
        return bytes_of(*full, array.shape, "<f8");
    }
    return bytes_of(std::get<std::vector<std::string>>(array.values), array.shape);
}

NumpyArray parse_npy(std::string_view bytes, const std::string& name) {
    return NpyParser(bytes, name)();
}

}  // namespace hoist
