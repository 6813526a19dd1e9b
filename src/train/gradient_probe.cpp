#include "hoist/train/gradient_probe.hpp"

#include <array>
#include <cmath>

namespace hoist {

Config by_back_propagation(const Config& config) {
    Config back = config;
    back.formulation.name = "mac";
    back.formulation.iterations = 1;
    back.formulation.passes = 1;
    back.formulation.tolerance = 0.0;
    back.staleness = 0;
    back.learn_slopes = false;
    back.solvers.assign(back.solvers.size(), WeightSolverOptions::Kind::sgd);
    return back;
}

template <typename Scalar>
GradientProbe<Scalar>::GradientProbe(const Config& config, const Communicator& world,
                                     const Communicator& peers, const Placement& placement,
                                     const Samples<Scalar>& samples, Stage<Scalar>& stage)
    : world_(world),
      peers_(peers),
      layers_(stage.layers),
      config_(by_back_propagation(config)),
      back_(config_, world, peers, placement, samples, stage) {}

template <typename Scalar>
std::optional<double> GradientProbe<Scalar>::operator()(Index epoch, BatchStep<Scalar>& step) {
    for (BatchStep<Scalar>* each : {&step, &back_}) {
        each->begin_epoch(epoch);
        each->probe(0);
    }
    std::array<double, 3> products{};
    for (Index l = layers_.begin; l < layers_.end && peers_.rank() == 0; ++l) {
        const Matrix<double> own = step.fit().gradient(l).template cast<double>();
        const Matrix<double> back = back_.fit().gradient(l).template cast<double>();
        products[0] += own.cwiseProduct(back).sum();
        products[1] += own.squaredNorm();
        products[2] += back.squaredNorm();
    }
    world_.sum(std::span<double>(products));
    const double sizes = std::sqrt(products[1]) * std::sqrt(products[2]);
    return sizes > 0.0 ? std::optional(products[0] / sizes) : std::nullopt;
}

template class GradientProbe<float>;
template class GradientProbe<double>;

}  // namespace hoist
