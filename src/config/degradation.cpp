#include "hoist/config/degradation.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "hoist/base/error.hpp"
#include "hoist/base/text.hpp"

namespace hoist {

namespace {

struct Form {
    std::string_view name;
    DegradationStep::Kind kind;
    double most;
};

constexpr std::array forms{Form{"noise", DegradationStep::Kind::noise, 1e4},
                           Form{"blur", DegradationStep::Kind::blur, 100.0},
                           Form{"mask", DegradationStep::Kind::mask, 1.0}};

}  // namespace

std::vector<DegradationStep> parse_degradation(std::string_view text) {
    std::vector<DegradationStep> steps;
    if (trim(text).empty()) {
        return steps;
    }
    const auto refuse = [&](const std::string& why) {
        throw UsageError("data.degrade = " + std::string(text) + " cannot be read", why,
                         "write it like noise(25), blur(1.6)+noise(2.55) or mask(0.5)");
    };
    for (const std::string& piece : split(text, '+')) {
        const std::string step(trim(piece));
        const auto open = std::min(step.find('('), step.size());
        const std::string name(trim(std::string_view(step).substr(0, open)));
        const auto form = std::ranges::find(forms, name, &Form::name);
        if (form == forms.end() || open == step.size() || step.back() != ')') {
            refuse("'" + step + "' is none of noise(DEVIATION), blur(PIXELS) and mask(SHARE)");
        }
        const auto amount =
            to_number(std::string_view(step).substr(open + 1, step.size() - open - 2));
        if (!amount || !(*amount > 0.0) || *amount > form->most) {
            refuse("the number in '" + step + "' is not above 0 and at most " +
                   to_text(form->most));
        }
        if (form->kind == DegradationStep::Kind::blur && !steps.empty()) {
            refuse("a lens blurs before anything else happens");
        }
        steps.push_back({form->kind, *amount});
    }
    return steps;
}

}  // namespace hoist
