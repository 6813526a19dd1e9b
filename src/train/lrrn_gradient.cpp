#include "hoist/train/lrrn_gradient.hpp"

#include <algorithm>
#include <cmath>

namespace hoist {

template <typename Scalar>
LrrnGradient<Scalar>::LrrnGradient(const FormulationOptions& options, const Stage<Scalar>& stage,
                                   LrrnLayers<Scalar>& layers, const LrrnInputs<Scalar>& inputs)
    : options_(options), stage_(stage), layers_(layers), inputs_(inputs) {
    for (Index l = stage.layers.begin; l < stage.layers.end; ++l) {
        const MapSpec& map = stage.network.map(l);
        gradients_.push_back(Matrix<Scalar>::Zero(map.outputs(), map.inputs() + 1));
    }
}

template <typename Scalar>
void LrrnGradient<Scalar>::add_loss(After after, const Matrix<Scalar>& slope) {
    if (after == After::nudged) {
        layers_.take_contrast();
    }
    add_terms(layers_.top());
    if (stage_.layers.end > layers_.top()) {  // the output follows z
        const Index top = layers_.top();
        of(top).leftCols(stage_.network.map(top).inputs()).noalias() +=
            slope * layers_.z(top).transpose();
        of(top).col(stage_.network.map(top).inputs()) += slope.rowwise().sum();
    }
}

template <typename Scalar>
double LrrnGradient<Scalar>::add_contrast() {
    double difference = 0.0;
    for (Index l = stage_.layers.begin; l < stage_.layers.end; ++l) {
        difference += energy_of(Phase::clamped, l);
        difference -= l < layers_.top() ? energy_of(Phase::free, l) : 0.0;
    }
    layers_.take_contrast();
    add_terms(stage_.network.layers());
    return difference;
}

template <typename Scalar>
double LrrnGradient<Scalar>::add_energies(Phase phase, double weight) {
    const Index terms = phase == Phase::clamped ? stage_.network.layers() : layers_.top();
    double energy = 0.0;
    for (Index l = stage_.layers.begin; l < std::min(stage_.layers.end, terms); ++l) {
        energy += weight * energy_of(phase, l);
        const double factor = weight * std::pow(options_.gamma, static_cast<double>(l));
        const Matrix<Scalar>& above = layers_.of(phase, l + 1);
        if (l > 0) {
            layers_.term(l).add_energy_gradient(factor, layers_.of(phase, l), above, of(l));
        } else {
            layers_.term(0).add_input_energy_gradient(factor, input_moment(), inputs_.first, above,
                                                      of(0));
        }
    }
    return energy;
}

template <typename Scalar>
void LrrnGradient<Scalar>::add_terms(Index end) {
    for (Index l = stage_.layers.begin; l < std::min(stage_.layers.end, end); ++l) {
        if (l == 0) {
            layers_.term(0).add_input_gradient(input_moment(), layers_.z(1), layers_.w(1), of(0));
        } else {
            layers_.term(l).add_gradient(options_.gamma, layers_.z(l), layers_.w(l),
                                         layers_.z(l + 1), layers_.w(l + 1), of(l));
        }
    }
}

// The sum over the samples of the term of a map.
template <typename Scalar>
double LrrnGradient<Scalar>::energy_of(Phase phase, Index map) {
    const RegressionReconstruction<Scalar>& term = layers_.term(map);
    const Matrix<Scalar>& above = layers_.of(phase, map + 1);
    double sum = 0.0;
    if (map > 0) {
        sum = term.energy(layers_.of(phase, map), above).sum();
    }
    Matrix<Scalar> x;
    for (std::size_t i = 0; map == 0 && i < inputs_.blocks.size(); ++i) {
        x.resize(stage_.network.inputs(), inputs_.layout[i].size());
        inputs_.blocks[i].decompress(x);
        sum += term.energy(x, part(above, inputs_.layout[i])).sum();
    }
    return std::pow(options_.gamma, static_cast<double>(map)) * sum;
}

template <typename Scalar>
typename RegressionReconstruction<Scalar>::AddMoment LrrnGradient<Scalar>::input_moment() const {
    return [this](const ConstMatrixRef<Scalar>& s, MatrixRef<Scalar> g) {
        for (std::size_t i = 0; i < inputs_.blocks.size(); ++i) {
            inputs_.blocks[i].add_moment(part(s, inputs_.layout[i]), g);
        }
    };
}

template class LrrnGradient<float>;
template class LrrnGradient<double>;

}  // namespace hoist
