#include "hoist/formulation/formulation.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "hoist/base/error.hpp"
#include "hoist/base/text.hpp"
#include "hoist/formulation/bregman.hpp"
#include "hoist/formulation/classical.hpp"
#include "hoist/formulation/contrastive.hpp"
#include "hoist/formulation/fenchel.hpp"
#include "hoist/formulation/lrrn.hpp"
#include "hoist/formulation/mac.hpp"

namespace hoist {

namespace {

template <typename Scalar>
using Maker = std::unique_ptr<Formulation<Scalar>> (*)(const NetworkSpec&,
                                                       const FormulationOptions&);

/// One row per formulation: a new one is added here.
struct Row {
    void (*check)(const NetworkSpec&, const FormulationOptions&);
    Maker<float> single;
    Maker<double> full;
};

template <template <typename> typename Kind, typename Scalar>
std::unique_ptr<Formulation<Scalar>> make(const NetworkSpec& spec,
                                          const FormulationOptions& options) {
    return std::make_unique<Kind<Scalar>>(spec, options);
}

void check_gap(const NetworkSpec& spec, const FormulationOptions& options) {
    check_gap_penalty(spec, options.name);
}

const std::map<std::string, Row>& table() {
    static const std::map<std::string, Row> rows{
        {"classical",
         {[](const NetworkSpec& spec, const FormulationOptions&) { check_classical(spec); },
          make<Classical, float>, make<Classical, double>}},
        {"mac",
         {[](const NetworkSpec& spec, const FormulationOptions& o) { check_mac(spec, o.name); },
          make<Mac, float>, make<Mac, double>}},
        {"fenchel", {check_gap, make<Fenchel, float>, make<Fenchel, double>}},
        {"bregman", {check_gap, make<Bregman, float>, make<Bregman, double>}},
        {"contrastive", {check_contrastive, make_contrastive<float>, make_contrastive<double>}},
        // Its blocks look down as well as up: no penalty of x and u alone.
        {"lrrn", {check_lrrn, nullptr, nullptr}},
    };
    return rows;
}

const Row& row(const std::string& name) {
    const auto found = table().find(name);
    if (found == table().end()) {
        throw UsageError("formulation.name = " + name + " is unknown", "",
                         "use " + join(formulation_names(), ", "));
    }
    return found->second;
}

}  // namespace

template <typename Scalar>
void Formulation<Scalar>::gradient_step(Index, const LinearMap<Scalar>&,
                                        const ConstMatrixRef<Scalar>&,
                                        const ConstMatrixRef<Scalar>&, double,
                                        const ConstMatrixRef<Scalar>&, MatrixRef<Scalar>) const {
    require(false, "all activations move at once only under a jointly convex penalty");
}

template <typename Scalar>
void Formulation<Scalar>::residual_signal(Index, const ConstMatrixRef<Scalar>& r,
                                          const ConstMatrixRef<Scalar>&,
                                          MatrixRef<Scalar> s) const {
    s = r;
}

template <typename Scalar>
void Formulation<Scalar>::minimizer(Index, const ConstMatrixRef<Scalar>&,
                                    const ConstMatrixRef<Scalar>&, MatrixRef<Scalar>) const {
    require(false, "the minimizer under a linear pull has a closed form");
}

template <typename Scalar>
Vector<double> Formulation<Scalar>::coefficient_slopes(Index, const ConstMatrixRef<Scalar>&,
                                                       const ConstMatrixRef<Scalar>&) const {
    require(false, "the formulation learns the coefficients of activations");
    return {};
}

int FormulationOptions::next_passes(int before, double residual) const {
    constexpr double one_pass = 100.0;
    const int change = residual > tolerance ? 1 : residual < tolerance / one_pass ? -1 : 0;
    return std::clamp(before + change, 2, passes);
}

std::vector<double> FormulationOptions::lambda_at(double position) const {
    std::vector<double> present = lambda;
    const double way = lambda_until > 0.0 ? std::clamp(position / lambda_until, 0.0, 1.0) : 1.0;
    for (std::size_t i = 0; i < lambda_end.size(); ++i) {
        present[i] = lambda[i] * std::pow(lambda_end[i] / lambda[i], way);
    }
    return present;
}

std::vector<std::string> formulation_names() {
    std::vector<std::string> names;
    for (const auto& [name, unused] : table()) {
        names.push_back(name);
    }
    return names;
}

void check_formulation(const NetworkSpec& spec, const FormulationOptions& options) {
    row(options.name).check(spec, options);
    const auto blocks = static_cast<Index>(options.lambda.size());
    require(blocks >= spec.layers() - 1 + (spec.output == Output::simplex ? 1 : 0),
            "one lambda for each block");
}

template <typename Scalar>
std::unique_ptr<Formulation<Scalar>> make_formulation(const NetworkSpec& spec,
                                                      const FormulationOptions& options) {
    check_formulation(spec, options);
    require(!options.is_lrrn(), "the formulation is a penalty of x and u");
    if constexpr (std::is_same_v<Scalar, float>) {
        return row(options.name).single(spec, options);
    } else {
        return row(options.name).full(spec, options);
    }
}

template class Formulation<float>;
template class Formulation<double>;
template std::unique_ptr<Formulation<float>> make_formulation(const NetworkSpec&,
                                                              const FormulationOptions&);
template std::unique_ptr<Formulation<double>> make_formulation(const NetworkSpec&,
                                                               const FormulationOptions&);

}  // namespace hoist
