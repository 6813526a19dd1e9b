#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace hoist {

/// What the elements of an array are: unsigned numbers of 8 bits, other whole numbers, truth
/// values, floating-point numbers, texts, or what is neither number nor text.
enum class ElementKind { byte, integer, boolean, real, text, other };

/// How the elements of an array are stored in a file.
struct ElementType {
    ElementKind kind = ElementKind::other;
    /// Bytes of an element; of texts of `character` bytes each, all of them.
    std::size_t size = 0;
    bool big_endian = false;
    bool is_signed = false;
    /// Bytes of a character of a text: 4 (UTF-32), or 1.
    std::size_t character = 0;

    /// As numpy calls it: uint8, float32, ...
    std::string name() const;
    /// Converts elements that are stored one after another at `bytes`. @pre numbers.
    void to_numbers(const char* bytes, std::span<double> numbers) const;
    /// Converts the element at `bytes` to UTF-8; nothing where it is no text. @pre texts.
    std::optional<std::string> to_text(const char* bytes) const;
};

/// The type that a descriptor of numpy such as `<f4` stands for. Nothing where that is neither a
/// number (of at most 64 bits) nor a text.
std::optional<ElementType> numpy_type(std::string_view descriptor);

}  // namespace hoist
