#pragma once

#include <optional>
#include <span>

#include "hoist/math/matrix.hpp"

namespace hoist {

/// How lifted a run was at the end of a sweep or an epoch. What was not measured is absent.
struct Lift {
    /// How far the activations of its mini-batches were from their joint minimum: LiftSums::residual(); 1
    /// where activations are feed-forward.
    std::optional<double> residual;
    /// How far they were from those of a network: LiftSums::violation().
    std::optional<double> violation;
    /// Between the gradient that the weights follow and that of back-propagation, all weights taken
    /// together, on the batch that comes next.
    std::optional<double> cosine;
    /// The smallest lambda of a hidden layer.
    std::optional<double> lambda;
    /// Passes over a mini-batch, their mean.
    std::optional<double> passes;
    /// What passes did to the energy, and to how many samples they did harm: LiftSums::energy() and
    /// rejected().
    std::optional<double> energy;
    std::optional<double> rejected;
};

/// What these figures are made of: sums over some columns, which add up over ranks.
class LiftSums {
  public:
    explicit LiftSums(Index layers) : sums_(Matrix<double>::Zero(4, layers + 1)) {}

    void clear() { sums_.setZero(); }
    LiftSums& operator+=(const LiftSums& more) {
        sums_ += more.sums_;
        return *this;
    }
    /// The distance of a signal of layer 1, ..., L + 1 from the one that the present pull on it would give.
    template <typename Scalar>
    void add_residual(Index layer, const ConstMatrixRef<Scalar>& answer,
                      const ConstMatrixRef<Scalar>& signal) {
        add_distance<Scalar>(0, layer, answer, signal);
    }
    /// That of x_l from phi(u_l).
    template <typename Scalar>
    void add_violation(Index layer, const ConstMatrixRef<Scalar>& x,
                       const ConstMatrixRef<Scalar>& phi) {
        add_distance<Scalar>(2, layer, x, phi);
    }
    /// The energy of a sample after its last pass, that of its feed-forward state, and whether the first was
    /// small enough for the sample to take part.
    void add_energy(double lifted, double feedforward, bool kept);

    /// The largest over the layers of the distance of the signals over their size, each the root of
    /// its sum; none where nothing was added.
    std::optional<double> residual() const { return largest(0); }
    /// The largest over the layers of |x_l - phi(u_l)| / |phi(u_l)|, the violation of the constraints
    /// of a network.
    std::optional<double> violation() const { return largest(2); }
    /// The energy of those that took part over that of their feed-forward states.
    std::optional<double> energy() const;
    /// The share of the samples that took no part.
    std::optional<double> rejected() const;

    std::span<double> values() { return {sums_.data(), static_cast<std::size_t>(sums_.size())}; }

  private:
    template <typename Scalar>
    void add_distance(Index row, Index layer, const ConstMatrixRef<Scalar>& from,
                      const ConstMatrixRef<Scalar>& to);
    std::optional<double> largest(Index row) const;

    auto distances() { return sums_.leftCols(sums_.cols() - 1); }
    auto distances() const { return sums_.leftCols(sums_.cols() - 1); }
    /// Energies of those that took part, lifted and feed-forward; how many took none; how many there were.
    auto energies() { return sums_.rightCols<1>(); }
    auto energies() const { return sums_.rightCols<1>(); }

    /// Squares of the distances of signals and of their size, and the same of activations, layer by layer;
    /// at the end energies().
    Matrix<double> sums_;
};

}  // namespace hoist
