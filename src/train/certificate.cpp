#include "hoist/train/certificate.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "hoist/formulation/lrrn.hpp"

namespace hoist {

namespace {

constexpr double rounded_up = 1.0 + 1e-12;

template <typename Scalar>
double factor_of_map(const FormulationOptions& options, const Stage<Scalar>& stage, Index l) {
    const double norm = stage.map(l).proven_norm();
    if (options.is_lrrn()) {
        return rounded_up * lipschitz_factor(options.beta_of_map(l), norm);
    }
    const bool output = l + 1 == stage.network.layers();
    return rounded_up * norm * (output ? 1.0 : stage.network.activation(l + 1).traits().lipschitz);
}

}  // namespace

double LipschitzBound::whole() const {
    return std::accumulate(factors.begin(), factors.end(), rounded_up * unit, std::multiplies<>());
}

template <typename Scalar>
LipschitzBound lipschitz_bound(const FormulationOptions& options, const Communicator& world,
                               const Communicator& peers, const Stage<Scalar>& stage,
                               const Standardization& standardization) {
    const NetworkSpec& network = stage.network;
    const Index maps = network.layers();
    LipschitzBound bound;
    bound.factors.assign(static_cast<std::size_t>(maps), 0.0);
    bound.of_differences = Matrix<double>::Zero(network.outputs(), network.outputs());
    const bool speaks = peers.rank() == 0;  // all shards of a stage hold the same
    for (Index l = stage.layers.begin; speaks && l < stage.layers.end; ++l) {
        bound.factors[static_cast<std::size_t>(l)] = factor_of_map(options, stage, l);
    }
    const bool follows = !options.is_lrrn() || options.beta_of_map(maps - 1) == 0.0;
    const bool by_rows = follows && network.map(maps - 1).plain();
    if (speaks && by_rows && stage.layers.end == maps) {
        bound.of_differences = stage.map(maps - 1).row_distances();
    }
    world.sum(std::span(bound.factors));
    world.sum(std::span(bound.of_differences.data(),
                        static_cast<std::size_t>(bound.of_differences.size())));
    if (!standardization.empty()) {
        bound.unit = standardization.scale.cwiseAbs().maxCoeff();
    }
    double below = rounded_up * bound.unit;
    for (Index l = 0; l + 1 < maps; ++l) {
        below *= bound.factors[static_cast<std::size_t>(l)];
    }
    const double most = rounded_up * std::sqrt(2.0) * bound.whole();
    bound.of_differences =
        by_rows ? Matrix<double>((rounded_up * below * bound.of_differences).cwiseMin(most))
                : Matrix<double>::Constant(network.outputs(), network.outputs(), most);
    return bound;
}

std::vector<Index> largest_rows(const Matrix<double>& matrix) {
    std::vector<Index> rows(static_cast<std::size_t>(matrix.cols()));
    for (Index i = 0; i < matrix.cols(); ++i) {
        matrix.col(i).maxCoeff(&rows[static_cast<std::size_t>(i)]);
    }
    return rows;
}

Radii radii_of(const Matrix<double>& outputs, const std::vector<Index>& labels,
               const LipschitzBound& bound) {
    const double whole = rounded_up * std::sqrt(2.0) * bound.whole();
    const std::vector<Index> predicted = largest_rows(outputs);
    Radii radii;
    for (Index sample = 0; sample < outputs.cols(); ++sample) {
        const auto at = static_cast<std::size_t>(sample);
        const Index j = predicted[at];
        double margin = std::numeric_limits<double>::infinity();
        double nearest = std::numeric_limits<double>::infinity();
        for (Index i = 0; i < outputs.rows(); ++i) {
            if (i != j) {
                const double difference = outputs(j, sample) - outputs(i, sample);
                margin = std::min(margin, difference);
                nearest = std::min(
                    nearest, difference > 0.0 ? difference / bound.of_differences(j, i) : 0.0);
            }
        }
        const bool right = labels[at] == j;
        radii.predicted.push_back(margin > 0.0 ? margin / whole : 0.0);
        radii.true_class.push_back(right ? radii.predicted.back() : 0.0);
        radii.by_differences.push_back(std::max(nearest, radii.predicted.back()));
        radii.right.push_back(right);
    }
    return radii;
}

double Radii::share(const std::vector<double>& radii, double r) const {
    double count = 0.0;
    for (std::size_t i = 0; i < radii.size(); ++i) {
        count += right[i] && radii[i] >= r ? 1.0 : 0.0;
    }
    return 100.0 * count / static_cast<double>(radii.size());
}

double median_radius(std::vector<double> radii) {
    const auto middle = radii.begin() + std::ssize(radii) / 2;
    std::ranges::nth_element(radii, middle);
    if (radii.size() % 2 == 1) {
        return *middle;
    }
    return 0.5 * (*middle + *std::max_element(radii.begin(), middle));
}

template LipschitzBound lipschitz_bound(const FormulationOptions&, const Communicator&,
                                        const Communicator&, const Stage<float>&,
                                        const Standardization&);
template LipschitzBound lipschitz_bound(const FormulationOptions&, const Communicator&,
                                        const Communicator&, const Stage<double>&,
                                        const Standardization&);

}  // namespace hoist
