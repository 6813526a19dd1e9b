#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hoist/math/matrix.hpp"
#include "hoist/math/windows.hpp"

namespace hoist {

/// What is known of an activation beyond its values.
struct ActivationTraits {
    /// The closure of the range of every coordinate of phi. For a minimizer that acts on
    /// coordinates this is the domain of F; of simplex and softmax that is the probability simplex.
    double lower;
    double upper;
    /// A Lipschitz constant of phi in the Euclidean norm, the least that serves all sizes;
    /// infinite where phi jumps.
    double lipschitz;
    /// True where F is x^2/2 on its domain and acts on coordinates, so that phi is the projection
    /// of each onto [lower, upper].
    bool projection = false;
    /// Whether phi is the minimizer of a convex F(x) - <u, x>, so that gap exists. False for gelu,
    /// sin, maxpool, splines that need not rise and liftings but scaled_lifting(3).
    bool minimizer = true;
    /// Whether Psi = F - 1/2|.|^2 is convex too, so that prox exists and gap(x, u) is at least
    /// 1/2 |x - phi(u)|^2. False for sign and where there is no F.
    bool has_prox = true;
    /// Whether phi(c u) = c phi(u) for every c > 0.
    bool homogeneous = false;
    /// How many consecutive channels of u make one of x: k for maxpool(k), otherwise 1.
    Index group = 1;
    /// How many consecutive channels of x one of u makes: those of a lifting, otherwise 1. In <u, x> each
    /// of them stands beside that u.
    Index entries = 1;
    /// Whether its coefficients are there to be learned.
    bool learned = false;
};

/// phi as the minimizer of a convex problem: phi(u) = argmin F(x) - <u, x>, F = 1/2|.|^2 + Psi.
/// simplex and softmax act on each column of a matrix, maxpool on groups of consecutive rows of it,
/// all others on each coordinate, of which a lifting makes several rows. Where input and output have the same size they may be the same
/// matrix. A NaN stays a NaN in apply, prox and gap, in the whole of its coordinate, group or
/// column.
class Activation {
  public:
    virtual ~Activation() = default;

    /// The name with its parameter, as parse_activation reads it: `leaky_relu(0.1)`.
    virtual std::string name() const = 0;
    /// The windows of u over whose maxima it acts: those of maximum pooling; mostly none.
    virtual std::optional<Windows> windows() const { return std::nullopt; }
    virtual ActivationTraits traits() const = 0;
    /// The numbers of u at which a lifting bends, between the outermost, which it reaches in line with
    /// their intervals; of others none.
    virtual std::vector<double> labels() const { return {}; }

    /// The shape of u where x = phi(u) has that of `x`. @pre phi makes such an x.
    virtual Shape input(const Shape& x) const {
        const ActivationTraits traits = this->traits();
        return {x.rows, x.columns, x.channels * traits.group / traits.entries};
    }
    /// The shape of phi(u); nothing where u cannot be cut into the groups that phi takes.
    virtual std::optional<Shape> output(const Shape& u) const {
        const ActivationTraits traits = this->traits();
        const Index groups = u.channels / traits.group;
        return groups < 1 || u.channels % traits.group != 0
                   ? std::nullopt
                   : std::optional<Shape>({u.rows, u.columns, groups * traits.entries});
    }

    /// The first number in parentheses; nothing for an activation without one.
    virtual std::optional<double> parameter() const = 0;
    /// The same activation with another one.
    /// @pre this one has a parameter, and `value` is in its range.
    std::shared_ptr<const Activation> with_parameter(double value) const;

    /// What mini-batches can learn of it: the parameter of leaky_relu, the values of splines in units of the
    /// distance of their knots, knot by knot for all channels; of others none.
    virtual Vector<double> coefficients() const { return {}; }
    /// The same activation with others. @pre as many as it has, in the range of its parameter.
    virtual std::shared_ptr<const Activation> with_coefficients(
        const Vector<double>& coefficients) const;
    /// The same with coefficients of their own for so many channels, as they start; none where it has no such.
    virtual std::shared_ptr<const Activation> of_channels(Index) const { return nullptr; }
    /// The derivative of <g, phi(u)> by each of them. @pre g has the size of phi(u), and there are coefficients.
    virtual Vector<double> coefficient_slopes(const ConstMatrixRef<float>& u,
                                              const ConstMatrixRef<float>& g) const = 0;
    virtual Vector<double> coefficient_slopes(const ConstMatrixRef<double>& u,
                                              const ConstMatrixRef<double>& g) const = 0;

    /// x = phi(u).
    /// @pre a column of u has the shape input(x's).
    virtual void apply(const ConstMatrixRef<float>& u, MatrixRef<float> x) const = 0;
    virtual void apply(const ConstMatrixRef<double>& u, MatrixRef<double> x) const = 0;

    /// d = J'e, where J is the derivative of phi at u; e has the size of x, d that of u. At a kink
    /// J is that of the side where |u| is smaller, at a kink at 0 that where u < 0 (relu: 0), at the knot of a spline
    /// that of the side above; a
    /// coordinate on the edge of the support of simplex counts as outside; maxpool gives e to the
    /// first of equal maxima. d may be e where they have the same size, but not u.
    virtual void pull_back(const ConstMatrixRef<float>& u, const ConstMatrixRef<float>& e,
                           MatrixRef<float> d) const = 0;
    virtual void pull_back(const ConstMatrixRef<double>& u, const ConstMatrixRef<double>& e,
                           MatrixRef<double> d) const = 0;

    /// x = prox_{s Psi}(v): the minimizer of s Psi(x) + 1/2 |x - v|^2.
    /// @pre s > 0 and traits().has_prox.
    virtual void prox(double s, const ConstMatrixRef<float>& v, MatrixRef<float> x) const = 0;
    virtual void prox(double s, const ConstMatrixRef<double>& v, MatrixRef<double> x) const = 0;

    /// For each column gap(x, u) = F(x) + F*(u) - <x, u>, in double and without cancellation. Never
    /// negative; at x = phi(u) exactly zero for a piecewise linear phi and of the size of the
    /// rounding of x for a smooth one; infinite where x is outside the domain of F (a sum may miss
    /// 1 by the rounding of its entries).
    /// @pre traits().minimizer.
    virtual Vector<double> gap(const ConstMatrixRef<float>& x,
                               const ConstMatrixRef<float>& u) const = 0;
    virtual Vector<double> gap(const ConstMatrixRef<double>& x,
                               const ConstMatrixRef<double>& u) const = 0;

    /// s = weight (phi(u) - phi(u - g / weight)), without the cancellation of that difference where
    /// the weight is large and without the overflow of the quotient where it is small; a negative
    /// weight looks to the other side of u. Where phi is linear between the two points, s is g times
    /// its slope. s meets no other argument.
    /// @pre u and g have one size, x = phi(u) and s the other; weight is not zero.
    virtual void difference_quotient(double weight, const ConstMatrixRef<float>& u,
                                     const ConstMatrixRef<float>& g, const ConstMatrixRef<float>& x,
                                     MatrixRef<float> s) const = 0;
    virtual void difference_quotient(double weight, const ConstMatrixRef<double>& u,
                                     const ConstMatrixRef<double>& g,
                                     const ConstMatrixRef<double>& x,
                                     MatrixRef<double> s) const = 0;

    /// The same as a signal in u where g is the slope in x: weight (phi(u) - phi(u - g / weight)) where
    /// the two have one size. Where phi takes maxima, that of what it makes of the largest of each
    /// window or group, which gets it alone; of a lifting, the sum over what each entry answers to its
    /// own g.
    /// @pre u and s have one size, g and x the other; weight is not zero. s meets no other argument.
    virtual void difference_signal(double weight, const ConstMatrixRef<float>& u,
                                   const ConstMatrixRef<float>& g, const ConstMatrixRef<float>& x,
                                   MatrixRef<float> s) const = 0;
    virtual void difference_signal(double weight, const ConstMatrixRef<double>& u,
                                   const ConstMatrixRef<double>& g, const ConstMatrixRef<double>& x,
                                   MatrixRef<double> s) const = 0;

    /// weight times the derivative of gap(x, u) by each of coefficients() at x = phi(u - g / weight), summed
    /// over all columns and just as exact.
    /// @pre traits().minimizer, and there are coefficients; weight is not zero.
    virtual Vector<double> gap_coefficient_slopes(double weight, const ConstMatrixRef<float>& u,
                                                  const ConstMatrixRef<float>& g) const = 0;
    virtual Vector<double> gap_coefficient_slopes(double weight, const ConstMatrixRef<double>& u,
                                                  const ConstMatrixRef<double>& g) const = 0;
};

/// Reads `relu`, `leaky_relu(0.1)`, `maxpool(2)` and so on.
/// @throws UsageError for a name that is not in the table (with the nearest one) or a parameter out
/// of range.
std::shared_ptr<const Activation> parse_activation(std::string_view text);

/// The names in the table, with the default parameter where there is one.
std::vector<std::string> activation_names();

}  // namespace hoist
