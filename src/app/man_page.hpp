#pragma once

#include <string>

namespace hoist {

/// hoist(1), in the language of groff's man macros.
std::string man_page();

}  // namespace hoist
