#pragma once

#include <memory>

#include "hoist/formulation/formulation.hpp"
#include "hoist/model/network_spec.hpp"

namespace hoist {

/// What stands above the last map, as the layer below it sees it: an energy of (y, u) and a
/// quadratic weight/2 |T - u'|^2 + const that equals it at u' = u and is never below it, so that
/// weights and activations under any loss are least-squares problems against T. Matrices are
/// n_{L+1} x B, one column per sample; y is one-hot for classes.
template <typename Scalar>
class OutputBlock {
  public:
    virtual ~OutputBlock() = default;

    /// The curvature of the quadratic.
    virtual double weight() const = 0;
    /// Whether the quadratic is the energy itself, so that one regression is exact.
    virtual bool quadratic() const { return false; }
    /// T at u.
    virtual void target(const ConstMatrixRef<Scalar>& y, const ConstMatrixRef<Scalar>& u,
                        MatrixRef<Scalar> t) const = 0;
    /// s = the derivative of the energy by u, weight() (u - T).
    virtual void slope(const ConstMatrixRef<Scalar>& y, const ConstMatrixRef<Scalar>& u,
                       MatrixRef<Scalar> s) const = 0;
    /// The energy of each column: the loss, and where the output is an explicit block its least
    /// value over that block.
    virtual Vector<double> energy(const ConstMatrixRef<Scalar>& y,
                                  const ConstMatrixRef<Scalar>& u) const = 0;
    /// The network's output: probabilities or values.
    virtual void scores(const ConstMatrixRef<Scalar>& u, MatrixRef<Scalar> p) const = 0;
};

/// `linear`: energy 1/2 |y - u|^2, T = y. `softmax` (the report's eq. 11): cross-entropy, whose
/// Hessian is at most 1/2, hence T = u - 2 (softmax(u) - y); with a temperature t, t times that of u / t.
/// `simplex` (eq. 15): min over z on the
/// simplex of -sum y log z + lambda/2 |z - u|^2, T = z. `hinge` (Crammer and Singer 2001): h = max(0, max over i of
/// u_i - u_j + offset (i is not the true class j)); `squared_hinge`: h^2 / 2; their quadratic is none. An offset of
/// softmax is taken from the score of the true class. `spline`: SplineLoss of
/// one value, whose quadratic is none. `none`: no energy, and the scores are u.
struct OutputOptions {
    /// Of the simplex block.
    double lambda = 1.0;
    double temperature = 1.0;
    double offset = 0.0;
    SplineLoss loss = {};
};
template <typename Scalar>
std::unique_ptr<OutputBlock<Scalar>> make_output_block(Output output, const OutputOptions& options);

/// That of a formulation.
template <typename Scalar>
std::unique_ptr<OutputBlock<Scalar>> make_output_block(Output output,
                                                       const FormulationOptions& options) {
    return make_output_block<Scalar>(
        output,
        OutputOptions{options.output_lambda(), options.temperature, options.offset, options.loss});
}

}  // namespace hoist
