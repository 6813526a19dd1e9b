#include "hoist/train/learned_slopes.hpp"

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

namespace hoist {

namespace {

bool has_slope(const Activation& activation) { return activation.name().starts_with("leaky_relu"); }

}  // namespace

template <typename Scalar>
LearnedSlopes<Scalar>::LearnedSlopes(const Config& config, const Communicator& peers,
                                     Stage<Scalar>& stage, PhaseTimes& times)
    : any_(config.learn_slopes), peers_(peers), stage_(stage), times_(times) {
    for (Index l = stage.layers.begin; l < stage.layers.end; ++l) {
        learns_.push_back(any_ && l > 0 && has_slope(stage.network.activation(l)));
        state_.push_back(Matrix<Scalar>::Zero(1, 4));
    }
    gradients_.resize(learns_.size());
}

template <typename Scalar>
void LearnedSlopes<Scalar>::step(Index columns, double rate) {
    if (!any_) {
        return;
    }
    const PhaseClock summing(times_.exchange);
    peers_.sum(std::span<double>(gradients_));
    for (Index l = stage_.layers.begin; l < stage_.layers.end; ++l) {
        const double gradient =
            std::exchange(gradients_[position(l)], 0.0) / static_cast<double>(columns);
        if (!learns_[position(l)]) {
            continue;
        }
        auto state = state_[position(l)].row(0);
        state[0] += Scalar{1};
        state[1] = static_cast<Scalar>(0.9 * state[1] + 0.1 * gradient);
        state[2] = static_cast<Scalar>(0.999 * state[2] + 0.001 * gradient * gradient);
        const auto steps = static_cast<double>(state[0]);
        const double mean = state[1] / (1.0 - std::pow(0.9, steps));
        const double deviation = std::sqrt(state[2] / (1.0 - std::pow(0.999, steps)));
        const double slope =
            *stage_.network.activation(l).parameter() - rate * mean / (deviation + 1e-8);
        state[3] = static_cast<Scalar>(std::clamp(slope, 0.001, 0.999));
        set(l, state[3]);
    }
}

template <typename Scalar>
void LearnedSlopes<Scalar>::set(Index layer, double slope) {
    auto& activation = stage_.network.activations[static_cast<std::size_t>(layer - 1)];
    activation = activation->with_parameter(slope);
}

template <typename Scalar>
void LearnedSlopes<Scalar>::restore() {
    for (Index l = stage_.layers.begin; l < stage_.layers.end; ++l) {
        const Matrix<Scalar>& state = state_[position(l)];
        if (learns_[position(l)] && state(0, 0) > Scalar{0}) {
            set(l, state(0, 3));
        }
    }
}

template <typename Scalar>
void LearnedSlopes<Scalar>::share(const Communicator& world) {
    if (!any_) {
        return;
    }
    const NetworkSpec& network = stage_.network;
    std::vector<double> slopes(network.activations.size(), 0.0);
    for (Index l = std::max<Index>(stage_.layers.begin, 1); l < stage_.layers.end; ++l) {
        if (peers_.rank() == 0) {
            slopes[static_cast<std::size_t>(l - 1)] =
                network.activation(l).parameter().value_or(0.0);
        }
    }
    world.sum(std::span(slopes));
    for (Index l = 1; l < network.layers(); ++l) {
        if (has_slope(network.activation(l))) {
            set(l, slopes[static_cast<std::size_t>(l - 1)]);
        }
    }
}

template class LearnedSlopes<float>;
template class LearnedSlopes<double>;

}  // namespace hoist
