#include "hoist/train/learned_coefficients.hpp"

#include <algorithm>
#include <cmath>
#include <span>

namespace hoist {

namespace {

/// How much faster than weights the coefficients of splines move: 28.78 dB where 1 gives 28.73, of a denoiser after 10
/// epochs.
constexpr double spline_rate = 4.0;

}  // namespace

bool learns_coefficients(const Config& config, Index layer) {
    if (layer < 1 || layer > config.network.hidden()) {
        return false;
    }
    const Activation& phi = config.network.activation(layer);
    return phi.traits().learned || (config.learn_slopes && phi.coefficients().size() > 0);
}

Index learned_numbers(const Config& config, Index layer) {
    return learns_coefficients(config, layer)
               ? config.network.activation(layer).coefficients().size()
               : 1;
}

template <typename Scalar>
LearnedCoefficients<Scalar>::LearnedCoefficients(const Config& config, const Communicator& peers,
                                                 Stage<Scalar>& stage, const Holders& holders,
                                                 PhaseTimes& times)
    : peers_(peers),
      stage_(stage),
      holders_(holders),
      times_(times),
      any_(false),
      shared_(static_cast<std::size_t>(config.network.layers()), 0) {
    Index next = 0;
    for (Index l = 1; l <= config.network.hidden(); ++l) {
        if (learns_coefficients(config, l) && l < config.network.layers()) {
            any_ = true;
            shared_[static_cast<std::size_t>(config.network.weights_of(l))] =
                learned_numbers(config, l);
        }
    }
    for (Index l = stage.layers.begin; l < stage.layers.end; ++l) {
        learns_.push_back(learns_coefficients(config, l));
        state_.push_back(Matrix<Scalar>::Zero(learned_numbers(config, l), 4));
        first_.push_back(next);
        next += state_.back().rows();
    }
    gradients_.setZero(next);
}

// Adam (Kingma and Ba 2015).
template <typename Scalar>
void LearnedCoefficients<Scalar>::step(Range layers, Index columns, double rate) {
    if (!any_) {
        return;
    }
    const PhaseClock summing(times_.exchange);
    auto added = gradients(layers);
    peers_.sum(std::span<double>(added.data(), static_cast<std::size_t>(added.size())));
    holders_.sum<double>(
        [this](Index layer) {
            return learns_[position(layer)]
                       ? std::span<double>(gradients_.data() + first_[position(layer)],
                                           static_cast<std::size_t>(state_[position(layer)].rows()))
                       : std::span<double>();
        },
        [this](Index first) { return shared_[static_cast<std::size_t>(first)]; });
    for (Index l = layers.begin; l < layers.end; ++l) {
        if (!learns_[position(l)]) {
            continue;
        }
        const Activation& phi = stage_.network.activation(l);
        const bool slope = !phi.traits().learned;
        const double length = slope ? rate : spline_rate * rate;
        Matrix<Scalar>& state = state_[position(l)];
        state.col(0).array() += Scalar{1};
        const auto steps = static_cast<double>(state(0, 0));
        const double of_mean = 1.0 - std::pow(0.9, steps);
        const double of_square = 1.0 - std::pow(0.999, steps);
        Vector<double> coefficients = phi.coefficients();
        for (Index i = 0; i < coefficients.size(); ++i) {
            const double gradient = gradients(l)[i] / static_cast<double>(columns);
            state(i, 1) = static_cast<Scalar>(0.9 * state(i, 1) + 0.1 * gradient);
            state(i, 2) = static_cast<Scalar>(0.999 * state(i, 2) + 0.001 * gradient * gradient);
            const double mean = state(i, 1) / of_mean;
            const double deviation = std::sqrt(state(i, 2) / of_square);
            const double moved = coefficients[i] - length * mean / (deviation + 1e-8);
            state(i, 3) = static_cast<Scalar>(slope ? std::clamp(moved, 0.001, 0.999) : moved);
            coefficients[i] = state(i, 3);
        }
        set(l, coefficients);
    }
    added.setZero();
}

template <typename Scalar>
void LearnedCoefficients<Scalar>::set(Index layer, const Vector<double>& coefficients) {
    auto& activation = stage_.network.activations[static_cast<std::size_t>(layer - 1)];
    activation = activation->with_coefficients(coefficients);
}

template <typename Scalar>
void LearnedCoefficients<Scalar>::restore() {
    for (Index l = stage_.layers.begin; l < stage_.layers.end; ++l) {
        const Matrix<Scalar>& state = state_[position(l)];
        if (learns_[position(l)] && state(0, 0) > Scalar{0}) {
            set(l, state.col(3).template cast<double>());
        }
    }
}

template <typename Scalar>
void LearnedCoefficients<Scalar>::share(const Communicator& world) {
    if (!any_) {
        return;
    }
    const NetworkSpec& network = stage_.network;
    std::vector<Range> places;
    Index next = 0;
    for (Index l = 1; l <= network.hidden(); ++l) {
        places.push_back({next, next + network.activation(l).coefficients().size()});
        next = places.back().end;
    }
    Vector<double> all = Vector<double>::Zero(next);
    for (Index l = std::max<Index>(stage_.layers.begin, 1);
         peers_.rank() == 0 && l < std::min(stage_.layers.end, network.hidden() + 1); ++l) {
        const Range place = places[static_cast<std::size_t>(l - 1)];
        all.segment(place.begin, place.size()) = network.activation(l).coefficients();
    }
    world.sum(std::span<double>(all.data(), static_cast<std::size_t>(all.size())));
    for (Index l = 1; l <= network.hidden(); ++l) {
        const Range place = places[static_cast<std::size_t>(l - 1)];
        if (place.size() > 0) {
            set(l, all.segment(place.begin, place.size()));
        }
    }
}

template class LearnedCoefficients<float>;
template class LearnedCoefficients<double>;

}  // namespace hoist
