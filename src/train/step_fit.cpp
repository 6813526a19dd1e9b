#include "hoist/train/step_fit.hpp"

#include <algorithm>

#include "hoist/formulation/output_block.hpp"
#include "hoist/train/learned_coefficients.hpp"
#include "hoist/train/shard_sum.hpp"

namespace hoist {

// Layers with the same weights make the same steps.
WeightSolverOptions solver_options(const Config& config, Index of, Index most_columns) {
    const NetworkSpec& network = config.network;
    const Index layer = network.weights_of(of);
    WeightSolverOptions options = config.solver(layer, most_columns);
    if (layer + 1 == network.layers()) {
        options.curvature = make_output_block<double>(network.output, config.formulation)->weight();
        options.orthogonal = false;
    } else if (config.formulation.is_lrrn()) {
        options.curvature = 1.0;  // of its energy in u
    } else {
        options.curvature =
            options.kind == WeightSolverOptions::Kind::implicit && config.curvature > 0.0
                ? config.curvature
                : make_formulation<double>(network, config.formulation)->pull_weight(layer + 1);
    }
    return options;
}

bool shards_divide_step(const Config& config, Index layer) {
    const MapSpec& map = config.network.map(layer);
    return !config.network.shares_weights() && !map.centered &&
           !solver_options(config, layer).orthogonal &&
           worth_dividing(map.inputs() * map.outputs());
}

template <typename Scalar>
StepFit<Scalar>::StepFit(const Config& config, const Communicator& peers, Stage<Scalar>& stage,
                         Index most_columns, PhaseTimes& times, const Holders* holders)
    : peers_(peers), stage_(stage), times_(times), team_(peers, times), holders_(holders) {
    const NetworkSpec& network = config.network;
    for (Index l = stage.layers.begin; l < stage.layers.end; ++l) {
        const MapSpec& map = network.map(l);
        shares_.push_back(config.step_shares[static_cast<std::size_t>(network.weights_of(l))]);
        const WeightSolverOptions options = solver_options(config, l, most_columns);
        solvers_.push_back(
            make_weight_solver<Scalar>(options, map.inputs(), map.outputs(),
                                       shards_divide_step(config, l) ? team_ : alone<Scalar>()));
        average_.push_back(Matrix<Scalar>::Zero(map.outputs(), map.inputs() + 1));
        moment_samples_.push_back(Matrix<Scalar>::Zero(map.normalized ? 1 : 0, 1));
    }
    sums_.emplace(stage, solvers_, most_columns);
}

template <typename Scalar>
void StepFit<Scalar>::sum(Range layers, bool to_step) {
    meet_shards(peers_, times_);
    const PhaseClock summing(times_.exchange);
    std::span<Scalar> rest = sums_->values(positions(layers));
    for (Index l = layers.begin; to_step && l < layers.end; ++l) {
        const std::size_t i = position(l);
        if (solvers_[i]->divided()) {
            const Matrix<Scalar>& matrix = stage_.weights[i].matrix;
            const auto begin = static_cast<std::size_t>(sums_->gradient(i).data() - rest.data());
            const auto numbers = static_cast<std::size_t>(matrix.size());
            peers_.sum(rest.first(begin));
            peers_.sum_part(rest.subspan(begin, numbers), matrix.rows());
            rest = rest.subspan(begin + numbers);
        }
    }
    peers_.sum(rest);
    if (holders_ != nullptr) {
        holders_->sum<Scalar>(
            [this](Index layer) {
                auto own = sums_->gradient(position(layer));
                return std::span<Scalar>(own.data(), static_cast<std::size_t>(own.size()));
            },
            [this](Index first) {
                const MapSpec& map = stage_.network.map(first);
                return map.outputs() * (map.inputs() + 1);
            });
    }
}

template <typename Scalar>
void StepFit<Scalar>::step(Range layers, int round, double rate) {
    for (Index l = layers.begin; l < layers.end; ++l) {
        const std::size_t i = position(l);
        Weights<Scalar>& weights = stage_.weights[i];
        take_moments(i);
        if (const std::size_t first = first_with(i); first < i) {
            weights.matrix = stage_.weights[first].matrix;
            weights.bias = stage_.weights[first].bias;
            continue;
        }
        if (round == 0) {
            solvers_[i]->begin(weights.matrix, weights.bias);
        }
        const MapSpec& map = stage_.network.map(l);
        if (map.centered) {
            center_filters<Scalar>(map.windows, sums_->gradient(i).leftCols(map.inputs()));
        }
        try {
            solvers_[i]->step(sums_->equations(i), shares_[i] * rate, weights.matrix, weights.bias);
            if (map.centered) {
                center_filters<Scalar>(map.windows, weights.matrix);
            }
        } catch (const NumericalError& error) {
            failure_ = error;  // the same on every shard; the stages that wait for this one go on
        }
    }
}

template <typename Scalar>
std::size_t StepFit<Scalar>::first_with(std::size_t at) const {
    const NetworkSpec& network = stage_.network;
    for (Index l = stage_.layers.begin; l < stage_.layers.end; ++l) {
        if (network.weights_of(l) == network.weights_of(stage_.lowest() + static_cast<Index>(at))) {
            return position(l);
        }
    }
    return at;
}

// A mean over all samples so far, until they are many, and then one that forgets.
template <typename Scalar>
void StepFit<Scalar>::take_moments(std::size_t position) {
    if (moment_samples_[position].size() == 0) {
        return;
    }
    constexpr Scalar remembered = 5000;
    Scalar& samples = moment_samples_[position](0, 0);
    const auto columns = static_cast<Scalar>(sums_->columns(position));
    samples = std::min(samples + columns, std::max(remembered, columns));
    stage_.weights[position].moments = sums_->moments(position, columns / samples);
}

template <typename Scalar>
void StepFit<Scalar>::average() {
    const PhaseClock clock(times_.weights);
    ++averaged_;
    const Scalar share = Scalar{1} / static_cast<Scalar>(averaged_);
    for (std::size_t i = 0; i < average_.size(); ++i) {
        const Weights<Scalar>& weights = stage_.weights[i];
        const Index n = weights.matrix.cols();
        average_[i].leftCols(n) += share * (weights.matrix - average_[i].leftCols(n));
        average_[i].col(n) += share * (weights.bias - average_[i].col(n));
    }
}

template <typename Scalar>
void StepFit<Scalar>::swap_average() {
    if (averaged_ == 0) {
        return;
    }
    for (std::size_t i = 0; i < average_.size(); ++i) {
        Weights<Scalar>& weights = stage_.weights[i];
        const Index n = weights.matrix.cols();
        weights.matrix.swap(average_[i].leftCols(n));
        weights.bias.swap(average_[i].col(n));
    }
}

template <typename Scalar>
std::vector<Matrix<Scalar>*> StepFit<Scalar>::state(Index layer) {
    std::vector<Matrix<Scalar>*> entries;
    for (Matrix<Scalar>& matrix : solvers_[first_with(position(layer))]->state()) {
        entries.push_back(&matrix);
    }
    entries.push_back(&average_[position(layer)]);
    if (Matrix<Scalar>& samples = moment_samples_[position(layer)]; samples.size() > 0) {
        entries.push_back(&samples);
    }
    return entries;
}

std::vector<SolverState> solver_entries(const Config& config, Index layer) {
    const MapSpec& map = config.network.map(layer);
    std::vector<SolverState> entries =
        solver_states(solver_options(config, layer), map.inputs(), map.outputs());
    entries.push_back({"average", map.outputs(), map.inputs() + 1});
    if (map.normalized) {
        entries.push_back({"moment_samples", 1, 1});
    }
    if (!config.formulation.is_lrrn()) {
        entries.push_back({"slope", learned_numbers(config, layer), 4});
    }
    return entries;
}

template class StepFit<float>;
template class StepFit<double>;

}  // namespace hoist
