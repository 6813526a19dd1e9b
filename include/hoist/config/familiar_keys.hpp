#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace hoist {

/// What an option or key that people of this field are used to is called here.
struct FamiliarKey {
    /// A key of the configuration, or an option as --out; empty where there is no such thing.
    std::string ours;
    /// How it is given, where the values are others; or why there is no such thing.
    std::string remark;
};

/// Of "--lr", "batch-size" or "train.learning_rate", with or without dashes and a section.
std::optional<FamiliarKey> familiar_key(std::string_view name);

}  // namespace hoist
