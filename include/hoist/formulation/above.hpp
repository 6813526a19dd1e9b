#pragma once

#include "hoist/base/types.hpp"
#include "hoist/math/matrix.hpp"

namespace hoist {

/// What stands above the map of a layer, as a function of u = W x + b (rows x B, one column per
/// sample): the penalty of the next layer at its present activations, or the energy of the output.
template <typename Scalar>
class Above {
  public:
    virtual ~Above() = default;

    /// The value in each column.
    virtual Vector<double> energy(const ConstMatrixRef<Scalar>& u) const = 0;
    /// s = the derivative by u.
    virtual void slope(const ConstMatrixRef<Scalar>& u, MatrixRef<Scalar> s) const = 0;
    /// The curvature of a quadratic weight/2 |T - u|^2 + const that is never below the value and
    /// touches it at the present u.
    virtual double weight() const = 0;
    /// Its T, that is u - slope/weight at the present u.
    virtual ConstMatrixRef<Scalar> target() const = 0;
};

template <typename Scalar>
class Formulation;

/// The penalty of `layer` at the activations x. All references must outlive it.
template <typename Scalar>
class PenaltyAbove final : public Above<Scalar> {
  public:
    PenaltyAbove(const Formulation<Scalar>& formulation, Index layer,
                 const ConstMatrixRef<Scalar>& x)
        : formulation_(formulation), layer_(layer), x_(x) {}

    Vector<double> energy(const ConstMatrixRef<Scalar>& u) const override;
    void slope(const ConstMatrixRef<Scalar>& u, MatrixRef<Scalar> s) const override;
    double weight() const override;
    /// x. @pre the penalty is quadratic.
    ConstMatrixRef<Scalar> target() const override;

  private:
    const Formulation<Scalar>& formulation_;
    Index layer_;
    ConstMatrixRef<Scalar> x_;
};

template <typename Scalar>
class OutputBlock;

/// The energy of the output. All references must outlive it.
template <typename Scalar>
class OutputAbove final : public Above<Scalar> {
  public:
    /// @param target T at the present u.
    OutputAbove(const OutputBlock<Scalar>& output, const ConstMatrixRef<Scalar>& y,
                const ConstMatrixRef<Scalar>& target)
        : output_(output), y_(y), target_(target) {}

    Vector<double> energy(const ConstMatrixRef<Scalar>& u) const override;
    void slope(const ConstMatrixRef<Scalar>& u, MatrixRef<Scalar> s) const override;
    double weight() const override;
    ConstMatrixRef<Scalar> target() const override { return target_; }

  private:
    const OutputBlock<Scalar>& output_;
    ConstMatrixRef<Scalar> y_;
    ConstMatrixRef<Scalar> target_;
};

/// What stands above the map of a layer, as a function of how far v (rows x B) u = W x + b has moved
/// from where it was: v keeps the digits that u has no room for.
template <typename Scalar>
class ChangeAbove {
  public:
    virtual ~ChangeAbove() = default;

    /// The value in each column, up to a constant for each.
    virtual Vector<double> energy(const ConstMatrixRef<Scalar>& v) const = 0;
    /// s = the derivative by u at u + v.
    virtual void slope(const ConstMatrixRef<Scalar>& v, MatrixRef<Scalar> s) const = 0;
};

/// The penalty of `layer` at the activations with the residual r at u. All references must outlive
/// it.
template <typename Scalar>
class PenaltyChange final : public ChangeAbove<Scalar> {
  public:
    /// @param x phi(u).
    PenaltyChange(const Formulation<Scalar>& formulation, Index layer,
                  const ConstMatrixRef<Scalar>& r, const ConstMatrixRef<Scalar>& u,
                  const ConstMatrixRef<Scalar>& x)
        : formulation_(formulation), layer_(layer), r_(r), u_(u), x_(x) {}

    Vector<double> energy(const ConstMatrixRef<Scalar>& v) const override;
    void slope(const ConstMatrixRef<Scalar>& v, MatrixRef<Scalar> s) const override;

  private:
    const Formulation<Scalar>& formulation_;
    Index layer_;
    ConstMatrixRef<Scalar> r_;
    ConstMatrixRef<Scalar> u_;
    ConstMatrixRef<Scalar> x_;
};

/// The energy of the output. All references must outlive it.
template <typename Scalar>
class OutputChange final : public ChangeAbove<Scalar> {
  public:
    OutputChange(const OutputBlock<Scalar>& output, const ConstMatrixRef<Scalar>& y,
                 const ConstMatrixRef<Scalar>& u)
        : output_(output), y_(y), u_(u) {}

    Vector<double> energy(const ConstMatrixRef<Scalar>& v) const override;
    void slope(const ConstMatrixRef<Scalar>& v, MatrixRef<Scalar> s) const override;

  private:
    const OutputBlock<Scalar>& output_;
    ConstMatrixRef<Scalar> y_;
    ConstMatrixRef<Scalar> u_;
};

}  // namespace hoist
