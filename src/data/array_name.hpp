#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hoist {

enum class ArrayRole { none, inputs, targets };
enum class NamedPart { none, train, test, other };

/// What the name of an array says, as people name them: `x_train`, `trainLabels`, `test/images`.
struct ArrayName {
    explicit ArrayName(std::string_view name);

    ArrayRole role = ArrayRole::none;
    NamedPart part = NamedPart::none;
    /// The words that are neither role nor part, sorted.
    std::vector<std::string> rest;
    /// The same and that of the role.
    std::vector<std::string> without_part;
    /// Whether nothing else is said, so that the name can be taken without asking: `x_train`, not
    /// `x_mean`.
    bool plain = false;
};

}  // namespace hoist
