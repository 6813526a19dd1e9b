#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hoist/math/matrix.hpp"

namespace hoist {

/// What is known of an activation beyond its values.
struct ActivationTraits {
    /// The domain of F (and the closure of the range of phi), the same for every coordinate.
    double lower;
    double upper;
    /// The Lipschitz constant of phi; infinite where phi jumps.
    double lipschitz;
    /// True where F is x^2/2 on its domain, so that phi is a projection onto [lower, upper].
    bool projection;
};

/// phi as the minimizer of a convex problem: phi(u) = argmin F(x) - <u, x>, F = 1/2|.|^2 + Psi.
/// All functions act on each coordinate of a matrix of any size; input and output may be the same
/// matrix. A NaN stays a NaN in apply, prox and gap.
class Activation {
  public:
    virtual ~Activation() = default;

    /// The name with its parameters, as parse_activation reads it: `leaky_relu(0.1)`.
    virtual std::string name() const = 0;
    virtual ActivationTraits traits() const = 0;

    /// x = phi(u).
    virtual void apply(const ConstMatrixRef<float>& u, MatrixRef<float> x) const = 0;
    virtual void apply(const ConstMatrixRef<double>& u, MatrixRef<double> x) const = 0;

    /// d = phi'(u); at a kink the derivative on the side where |u| is smaller, at a kink at 0 that
    /// where u < 0 (relu: 0).
    virtual void slope(const ConstMatrixRef<float>& u, MatrixRef<float> d) const = 0;
    virtual void slope(const ConstMatrixRef<double>& u, MatrixRef<double> d) const = 0;

    /// x = prox_{s Psi}(v), s > 0: the minimizer of s Psi(x) + 1/2 |x - v|^2.
    virtual void prox(double s, const ConstMatrixRef<float>& v, MatrixRef<float> x) const = 0;
    virtual void prox(double s, const ConstMatrixRef<double>& v, MatrixRef<double> x) const = 0;

    /// gap(x, u) = F(x) + F*(u) - <x, u> summed over all coordinates, in double and without
    /// cancellation. Never negative; at x = phi(u) exactly zero for a piecewise linear phi and of
    /// the size of the rounding of x for a smooth one; infinite where x is outside the domain of F.
    virtual double gap(const ConstMatrixRef<float>& x, const ConstMatrixRef<float>& u) const = 0;
    virtual double gap(const ConstMatrixRef<double>& x, const ConstMatrixRef<double>& u) const = 0;
};

/// Reads `relu`, `leaky_relu(0.1)` and so on.
/// @throws UsageError for a name that is not in the table (with the nearest one) or a parameter out
/// of range.
std::shared_ptr<const Activation> parse_activation(std::string_view text);

/// The names in the table, with the default parameter where there is one.
std::vector<std::string> activation_names();

}  // namespace hoist
