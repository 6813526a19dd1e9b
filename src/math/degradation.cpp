#include "hoist/math/degradation.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "hoist/base/counter_random.hpp"
#include "hoist/base/error.hpp"
#include "hoist/base/text.hpp"

namespace hoist {

namespace {

using Kind = DegradationStep::Kind;

struct Form {
    std::string_view name;
    Kind kind;
    std::string_view parameter;
    double most;
    bool whole;
};

constexpr std::array forms{Form{"noise", Kind::noise, "DEVIATION", 1e4, false},
                           Form{"blur", Kind::blur, "PIXELS", 100.0, false},
                           Form{"box", Kind::box, "SIDE", 255.0, true},
                           Form{"subsample", Kind::subsample, "EVERY", 255.0, true},
                           Form{"mask", Kind::mask, "SHARE", 1.0, false},
                           Form{"fixed_mask", Kind::fixed_mask, "SHARE", 1.0, false},
                           Form{"radon", Kind::radon, "ANGLES", 1000.0, true}};

std::string usages() {
    std::vector<std::string> usages;
    for (const Form& form : forms) {
        usages.push_back(std::string(form.name) + "(" + std::string(form.parameter) + ")");
    }
    return join(usages, ", ");
}

}  // namespace

std::vector<DegradationStep> parse_degradation(std::string_view text, const std::string& key) {
    std::vector<DegradationStep> steps;
    if (trim(text).empty()) {
        return steps;
    }
    const auto refuse = [&](const std::string& why) {
        throw UsageError(
            key + " = " + std::string(text) + " cannot be read", why,
            "write it like noise(25), blur(1.6)+noise(2.55), radon(30)+noise(1) or mask(0.5)");
    };
    for (const std::string& piece : split(text, '+')) {
        const std::string step(trim(piece));
        const auto open = std::min(step.find('('), step.size());
        const std::string name(trim(std::string_view(step).substr(0, open)));
        const auto form = std::ranges::find(forms, name, &Form::name);
        if (form == forms.end() || open == step.size() || step.back() != ')') {
            refuse("'" + step + "' is none of " + usages());
        }
        const auto amount =
            to_number(std::string_view(step).substr(open + 1, step.size() - open - 2));
        if (!amount || !(*amount > 0.0) || *amount > form->most ||
            (form->whole && std::floor(*amount) != *amount)) {
            refuse("the number in '" + step + "' is not " +
                   std::string(form->whole ? "whole, " : "") + "above 0 and at most " +
                   to_text(form->most));
        }
        steps.push_back({form->kind, *amount});
        if (form->kind == Kind::box && std::fmod(*amount, 2.0) == 0.0) {
            refuse("the side in '" + step + "' has to be odd");
        }
        if (steps.back().blurs() && steps.size() > 1) {
            refuse("a lens blurs before anything else happens");
        }
        const bool projected = steps.size() > 1 && steps.front().kind == Kind::radon;
        if ((form->kind == Kind::radon && steps.size() > 1) ||
            (projected && form->kind != Kind::noise)) {
            refuse(
                "projections are taken of the picture itself, and behind them stands only noise");
        }
    }
    return steps;
}

std::string to_text(const std::vector<DegradationStep>& steps) {
    std::vector<std::string> texts;
    for (const DegradationStep& step : steps) {
        const auto form = std::ranges::find(forms, step.kind, &Form::kind);
        texts.push_back(std::string(form->name) + "(" + to_text(step.amount) + ")");
    }
    return join(texts, "+");
}

std::vector<double> blurring_weights(const DegradationStep& step) {
    require(step.blurs(), "what blurs has weights");
    if (step.kind == Kind::box) {
        return std::vector<double>(static_cast<std::size_t>(step.amount), 1.0 / step.amount);
    }
    const auto radius = static_cast<Index>(std::ceil(4.0 * step.amount));
    std::vector<double> weights;
    double sum = 0.0;
    for (Index i = -radius; i <= radius; ++i) {
        const double place = static_cast<double>(i) / step.amount;
        weights.push_back(std::exp(-0.5 * place * place));
        sum += weights.back();
    }
    for (double& weight : weights) {
        weight /= sum;
    }
    return weights;
}

bool keeps(const DegradationStep& step, Index row, Index column) {
    if (step.kind == Kind::subsample) {
        const auto every = static_cast<Index>(step.amount);
        return row % every == 0 && column % every == 0;
    }
    require(step.chooses_places(), "a step keeps some pixels");
    return CounterRandom(0, Purpose::degradation, {row, column}).uniform() >= step.amount;
}

Matrix<double> degrading_matrix(const std::vector<DegradationStep>& steps, Index count) {
    Matrix<double> matrix = Matrix<double>::Identity(count, count);
    for (const DegradationStep& step : steps) {
        require(step.along_sides(), "only what works along rows and columns has a matrix of each");
        if (step.kind == Kind::subsample) {
            for (Index i = 0; i < count; ++i) {
                if (!keeps(step, i, 0)) {
                    matrix.row(i).setZero();
                }
            }
            continue;
        }
        const std::vector<double> weights = blurring_weights(step);
        const auto radius = std::ssize(weights) / 2;
        Matrix<double> blur = Matrix<double>::Zero(count, count);
        for (Index i = 0; i < count; ++i) {
            for (Index k = -radius; k <= radius; ++k) {
                const Index from = ((i + k) % count + count) % count;
                blur(i, from) += weights[static_cast<std::size_t>(k + radius)];
            }
        }
        matrix = blur * matrix;
    }
    return matrix;
}

}  // namespace hoist
