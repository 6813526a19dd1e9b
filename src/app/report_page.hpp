#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace hoist {

/// The page of a report: one HTML file that needs no other, drawing `data` in the reader's browser.
std::string report_page(const nlohmann::ordered_json& data);

}  // namespace hoist
