#include "hoist/train/step_fit.hpp"

#include "hoist/formulation/output_block.hpp"

namespace hoist {

WeightSolverOptions solver_options(const Config& config, Index layer, Index most_columns) {
    WeightSolverOptions options = config.solver(layer, most_columns);
    const NetworkSpec& network = config.network;
    if (layer + 1 == network.layers()) {
        options.curvature =
            make_output_block<double>(network.output, config.formulation.output_lambda())->weight();
        options.orthogonal = false;
    } else {
        options.curvature =
            make_formulation<double>(network, config.formulation)->pull_weight(layer + 1);
    }
    return options;
}

template <typename Scalar>
StepFit<Scalar>::StepFit(const Config& config, const Communicator& peers, Stage<Scalar>& stage,
                         Index most_columns, PhaseTimes& times)
    : peers_(peers), stage_(stage), times_(times) {
    const NetworkSpec& network = config.network;
    for (Index l = stage.layers.begin; l < stage.layers.end; ++l) {
        const MapSpec& map = network.map(l);
        const WeightSolverOptions options = solver_options(config, l, most_columns);
        solvers_.push_back(make_weight_solver<Scalar>(options, map.inputs(), map.outputs()));
        average_.push_back(Matrix<Scalar>::Zero(map.outputs(), map.inputs() + 1));
    }
    sums_.emplace(stage, solvers_, most_columns);
}

template <typename Scalar>
void StepFit<Scalar>::step(int round, double rate) {
    if (peers_.size() > 1) {
        {
            const PhaseClock waiting(times_.wait);
            peers_.barrier();
        }
        const PhaseClock summing(times_.exchange);
        peers_.sum(sums_->values());
    }
    for (std::size_t i = 0; i < solvers_.size(); ++i) {
        Weights<Scalar>& weights = stage_.weights[i];
        if (round == 0) {
            solvers_[i]->begin(weights.matrix, weights.bias);
        }
        try {
            solvers_[i]->step(sums_->equations(i), rate, weights.matrix, weights.bias);
        } catch (const NumericalError& error) {
            failure_ = error;  // the same on every shard; the stages that wait for this one go on
        }
    }
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
    for (Matrix<Scalar>& matrix : solvers_[position(layer)]->state()) {
        entries.push_back(&matrix);
    }
    entries.push_back(&average_[position(layer)]);
    return entries;
}

template class StepFit<float>;
template class StepFit<double>;

}  // namespace hoist
