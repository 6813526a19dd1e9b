#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace hoist {

/// As text that no HTML element which holds it ends within.
std::string page_data(const nlohmann::ordered_json& data);

/// The page of a report: one HTML file that needs no other, drawing `data` (see page_data) in the
/// reader's browser.
/// @param followed whether the browser may ask where the page came from for newer data.
std::string report_page(const std::string& data, bool followed);

}  // namespace hoist
