#include "measurement.hpp"

#include <algorithm>
#include <cmath>

#include "hoist/base/error.hpp"
#include "hoist/comm/agree.hpp"
#include "hoist/train/certificate.hpp"

namespace hoist {

template <typename Scalar>
Measurement<Scalar>::Measurement(const Config& config, const Communicator& world,
                                 const Problem<Scalar>& problem, Method<Scalar>& method)
    : config_(config), world_(world), problem_(problem), method_(method) {}

template <typename Scalar>
SweepRecord Measurement<Scalar>::operator()(Index index) {
    begin_activity(
        config_.fit == Fit::sweeps ? "the evaluation after sweep" : "the evaluation after epoch",
        index);
    method_.settle();
    agree(world_, [&] { method_.require_success(); });
    const PhaseTimes& now = method_.times();
    const Energy own = method_.energy();
    std::vector<double> sums{own.loss,
                             own.penalty,
                             own.ridge,
                             now.activations - times_before_.activations,
                             now.weights - times_before_.weights,
                             now.exchange - times_before_.exchange,
                             now.wait - times_before_.wait};
    const auto first_shift = std::ssize(sums);
    sums.resize(sums.size() + static_cast<std::size_t>(config_.network.layers()), 0.0);
    if (problem_.peers.rank() == 0) {  // all shards of a stage say the same
        const Index lowest = problem_.placement.layers_of(world_.rank()).begin;
        std::ranges::copy(method_.shifts(), sums.begin() + first_shift + lowest);
    }
    world_.sum(std::span<double>(sums));
    shifts_.assign(sums.begin() + first_shift, sums.end());
    const Lift lift = method_.lift(index);
    times_before_ = method_.times();

    const double ranks = world_.size();
    SweepRecord record;
    record.sweep = index;
    record.epochs = config_.fit == Fit::batches;
    record.energy = {sums[0], sums[1], sums[2]};
    record.lift = lift;
    record.times = {sums[3] / ranks, sums[4] / ranks, sums[5] / ranks, sums[6] / ranks};
    if (!std::isfinite(record.energy.objective())) {
        throw NumericalError(
            "the objective is not finite after " + config_.unit() + " " + std::to_string(index),
            "the weights or the activations have grown without bound",
            config_.fit == Fit::sweeps
                ? std::string("the last checkpoint is good; use a larger weights.ridge") +
                      (config_.precision == Precision::single ? ", or train.precision = double"
                                                              : "")
                : std::string("the last checkpoint is good; use a smaller weights.step"))
            .as_agreed();
    }
    const NetworkSpec& network = problem_.stage.network;
    const auto inference =
        make_inference<Scalar>(config_.formulation, world_, problem_.placement, problem_.stage);
    const auto output = make_output_block<Scalar>(network.output, config_.formulation);
    method_.swap_weights();
    if (config_.evaluates_training(index)) {
        record.train = method_.evaluate_training(*inference, *output);
    }
    const auto judged = [&](const std::vector<Judged<Scalar>>& parts) {
        return parts.empty()
                   ? std::nullopt
                   : std::optional(evaluate(config_.formulation, world_, problem_.placement,
                                            problem_.stage, *output, parts));
    };
    record.validation = judged(problem_.validation);
    if (!network.pictures() || config_.evaluates_training(index)) {
        record.test = judged(problem_.test);
    }
    method_.swap_weights();
    return record;
}

template <typename Scalar>
void Measurement<Scalar>::certify(RunSummary& summary) const {
    const LipschitzBound bound = lipschitz_bound(config_.formulation, world_, problem_.peers,
                                                 problem_.stage, problem_.standardization);
    summary.lipschitz = bound.whole();
    const std::vector<Judged<Scalar>>& judged =
        problem_.test.empty() ? problem_.validation : problem_.test;
    if (!judged.empty() && figure_of(config_.network) == Figure::accuracy) {
        const auto inference =
            make_inference<Scalar>(config_.formulation, world_, problem_.placement, problem_.stage);
        const Matrix<double> outputs =
            answers_of(*inference, config_.network, world_, judged.front().samples).outputs;
        summary.median_radius =
            median_radius(radii_of(outputs, largest_rows(outputs), bound).predicted);
    }
}

template class Measurement<float>;
template class Measurement<double>;

}  // namespace hoist
