#include "hoist/base/error.hpp"

namespace hoist {

namespace {

std::string sentence(std::string_view problem, std::string_view why, std::string_view advice) {
    std::string text(problem);
    if (!why.empty()) {
        text.append(" (").append(why).append(")");
    }
    if (!advice.empty()) {
        text.append("; ").append(advice);
    }
    return text;
}

}  // namespace

Error::Error(ExitStatus status, std::string_view problem, std::string_view why,
             std::string_view advice)
    : Error(status, sentence(problem, why, advice)) {}

}  // namespace hoist
