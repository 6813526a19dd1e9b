#include "hoist/io/element_type.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <boost/locale/utf.hpp>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <limits>

#include "hoist/base/error.hpp"
#include "hoist/base/text.hpp"

namespace hoist {

namespace {

static_assert(std::endian::native == std::endian::little);

template <typename Number>
Number number_at(const char* bytes, bool big_endian) {
    std::array<char, sizeof(Number)> raw;
    std::copy_n(bytes, raw.size(), raw.begin());
    if (big_endian) {
        std::ranges::reverse(raw);
    }
    return std::bit_cast<Number>(raw);
}

/// IEEE 754 binary16: 1 bit sign, 5 exponent, 10 fraction.
double half_value(std::uint16_t bits) {
    const int exponent = bits >> 10 & 0x1f;
    const double fraction = (bits & 0x3ff) / 1024.0;
    const double magnitude = exponent == 0x1f
                                 ? (fraction == 0 ? std::numeric_limits<double>::infinity()
                                                  : std::numeric_limits<double>::quiet_NaN())
                             : exponent == 0 ? std::ldexp(fraction, -14)
                                             : std::ldexp(1.0 + fraction, exponent - 15);
    return (bits & 0x8000) != 0 ? -magnitude : magnitude;
}

template <typename Number>
void convert(const char* bytes, bool big_endian, std::span<double> numbers) {
    for (double& number : numbers) {
        number = static_cast<double>(number_at<Number>(bytes, big_endian));
        bytes += sizeof(Number);
    }
}

}  // namespace

std::string ElementType::name() const {
    const std::string bits = std::to_string(8 * size);
    switch (kind) {
        case ElementKind::byte:
        case ElementKind::integer:
            return (is_signed ? "int" : "uint") + bits;
        case ElementKind::boolean:
            return "bool";
        case ElementKind::real:
            return "float" + bits;
        case ElementKind::text:
            return "text";
        case ElementKind::other:
            break;
    }
    return "neither numbers nor text";
}

void ElementType::to_numbers(const char* bytes, std::span<double> numbers) const {
    switch (kind) {
        case ElementKind::real:
            if (size == 2) {
                for (double& number : numbers) {
                    number = half_value(number_at<std::uint16_t>(bytes, big_endian));
                    bytes += size;
                }
                return;
            }
            return size == 4 ? convert<float>(bytes, big_endian, numbers)
                             : convert<double>(bytes, big_endian, numbers);
        case ElementKind::boolean:
            for (double& number : numbers) {
                number = *bytes++ == 0 ? 0.0 : 1.0;
            }
            return;
        case ElementKind::byte:
        case ElementKind::integer:
            switch (size) {
                case 1:
                    return is_signed ? convert<std::int8_t>(bytes, big_endian, numbers)
                                     : convert<std::uint8_t>(bytes, big_endian, numbers);
                case 2:
                    return is_signed ? convert<std::int16_t>(bytes, big_endian, numbers)
                                     : convert<std::uint16_t>(bytes, big_endian, numbers);
                case 4:
                    return is_signed ? convert<std::int32_t>(bytes, big_endian, numbers)
                                     : convert<std::uint32_t>(bytes, big_endian, numbers);
                default:
                    return is_signed ? convert<std::int64_t>(bytes, big_endian, numbers)
                                     : convert<std::uint64_t>(bytes, big_endian, numbers);
            }
        default:
            require(false, "the elements are numbers");
    }
}

std::optional<std::string> ElementType::to_text(const char* bytes) const {
    require(kind == ElementKind::text, "the elements are texts");
    std::string text;
    if (character == 1) {
        text.assign(bytes, size);
        text.resize(text.find_last_not_of('\0') + 1);
        return is_utf8(text) ? std::optional(text) : std::nullopt;
    }
    std::size_t end = size;  // zeros fill the rest of the width
    while (end > 0 && number_at<char32_t>(bytes + end - character, false) == 0) {
        end -= character;
    }
    for (std::size_t at = 0; at < end; at += character) {
        const auto point = number_at<char32_t>(bytes + at, big_endian);
        if (!boost::locale::utf::is_valid_codepoint(point)) {
            return std::nullopt;
        }
        boost::locale::utf::utf_traits<char>::encode(point, std::back_inserter(text));
    }
    return text;
}

std::optional<ElementType> numpy_type(std::string_view descriptor) {
    if (descriptor.size() < 3 || std::string_view("<>|=").find(descriptor[0]) == descriptor.npos) {
        return std::nullopt;
    }
    const auto width = to_whole_number(descriptor.substr(2));
    if (!width || *width < 1 || *width > (Index{1} << 20)) {
        return std::nullopt;
    }
    ElementType type{.size = static_cast<std::size_t>(*width), .big_endian = descriptor[0] == '>'};
    const bool whole = *width == 1 || *width == 2 || *width == 4 || *width == 8;
    switch (descriptor[1]) {
        case 'u':
            type.kind = *width == 1 ? ElementKind::byte : ElementKind::integer;
            return whole ? std::optional(type) : std::nullopt;
        case 'i':
            type.kind = ElementKind::integer;
            type.is_signed = true;
            return whole ? std::optional(type) : std::nullopt;
        case 'f':
            type.kind = ElementKind::real;
            return whole && *width > 1 ? std::optional(type) : std::nullopt;
        case 'b':
            type.kind = ElementKind::boolean;
            return *width == 1 ? std::optional(type) : std::nullopt;
        case 'U':
        case 'S':
            type.kind = ElementKind::text;
            type.character = descriptor[1] == 'U' ? sizeof(char32_t) : 1;
            type.size *= type.character;
            return type;
        default:
            return std::nullopt;
    }
}

}  // namespace hoist
