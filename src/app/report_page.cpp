#include "report_page.hpp"

#include <string_view>

namespace hoist {

/// report/page.html with its style, its script and D3 in their places; made by CMake.
extern const std::string_view report_template;

namespace {

void put(std::string& page, std::string_view place, std::string_view text) {
    page.replace(page.find(place), place.size(), text);
}

}  // namespace

std::string page_data(const nlohmann::ordered_json& data) {
    // "<" as an escape sequence, so that no text within the data can end the element they stand in.
    std::string text;
    for (const char c : data.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)) {
        c == '<' ? text.append("\\u003c") : text.append(1, c);
    }
    return text;
}

std::string report_page(const std::string& data, bool followed) {
    std::string page(report_template);
    put(page, "{{reached}}", followed ? "'self'" : "'none'");
    put(page, "{{data}}", data);
    return page;
}

}  // namespace hoist
