#pragma once

#include "hoist/train/certificate.hpp"
#include "model_argument.hpp"

namespace hoist {

/// What a bound says of the samples of some data.
struct CertifiedSamples {
    /// U_{L+1}, outputs x samples.
    Matrix<double> outputs;
    Radii radii;
};

/// As lipschitz_bound(). Collective over the world.
template <typename Scalar>
LipschitzBound bound_of(const LoadedModel<Scalar>& model, const Communicator& world);

/// Answers all of `data`, some samples at a time. Collective over the world. @pre labeled, and a model of classes.
template <typename Scalar>
CertifiedSamples certify_samples(const LoadedModel<Scalar>& model, const Communicator& world,
                                 Dataset& data, const LipschitzBound& bound);

}  // namespace hoist
