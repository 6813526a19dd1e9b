#include "csv_values.hpp"

#include <algorithm>
#include <array>
#include <regex>

namespace hoist {

bool is_missing_class(std::string_view field) {
    constexpr std::array<std::string_view, 16> words{"?",    "NA",   "na",   "N/A",  "n/a",  "#N/A",
                                                     "NaN",  "nan",  "NAN",  "-nan", "null", "Null",
                                                     "NULL", "<NA>", "-NaN", "#NA"};
    constexpr std::string_view first_letters = "?Nn#-<";
    return field.empty() || (field.size() <= longest_missing &&
                             first_letters.find(field.front()) != std::string_view::npos &&
                             std::ranges::find(words, field) != words.end());
}

bool is_missing(std::string_view field) { return field == "None" || is_missing_class(field); }

bool is_foreign_number(std::string_view field) {
    constexpr std::size_t longest = 64;  // what is longer is none, and regex recurses
    static const std::regex pattern(
        "[-+]?(?:"
        "[0-9]*(?:[,' _][0-9]+)+(?:\\.[0-9]*)?(?:[eE][-+]?[0-9]+)?"  // 1,5  1,234.5  1 234
        "|[0-9]+(?:\\.[0-9]{3})*,[0-9]*"                             // 1.234,5
        "|0[xX][0-9a-fA-F.]+(?:[pP][-+]?[0-9]+)?"                    // 0x1.8p3
        "|[0-9]*\\.?[0-9]+[dD][-+]?[0-9]+"                           // 1.5D+3
        "|[0-9]+:-?[0-9]*\\.[0-9]+(?:[eE][-+]?[0-9]+)?"              // 3:0.5, sparse
        "|[0-9]*[.,]?[0-9]+ ?(?:%|[$]|\xE2\x82\xAC)"                 // 12%
        "|(?:[$]|\xE2\x82\xAC|\xC2\xA3) ?[0-9][0-9.,]*"              // $1,200
        ")");
    constexpr std::string_view first_letters = "0123456789+-.,'$\xE2\xC2";
    return !field.empty() && field.size() <= longest &&
           first_letters.find(field.front()) != std::string_view::npos &&
           std::regex_match(field.begin(), field.end(), pattern);
}

std::string in_quotes(std::string_view field) {
    constexpr std::size_t most = 40;
    return "\"" + std::string(field.substr(0, most)) + (field.size() > most ? "...\"" : "\"");
}

}  // namespace hoist
