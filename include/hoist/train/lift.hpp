#pragma once

#include <optional>
#include <span>

#include "hoist/math/matrix.hpp"

namespace hoist {

/// How lifted a run was at the end of a sweep or an epoch. What was not measured is absent.
struct Lift {
    /// How far the activations of its mini-batches were from their joint minimum: Distances::residual(); 1
    /// where activations are feed-forward.
    std::optional<double> residual;
    /// How far they were from those of a network: Distances::violation().
    std::optional<double> violation;
    /// Between the gradient that the weights follow and that of back-propagation, all weights taken
    /// together, on the batch that comes next.
    std::optional<double> cosine;
    /// The smallest lambda of a hidden layer.
    std::optional<double> lambda;
    /// Passes over a mini-batch, their mean.
    std::optional<double> passes;
};

/// Distances of the activations of some columns, for each layer 1, ..., L + 1, as sums of squares,
/// which add up over ranks.
class Distances {
  public:
    explicit Distances(Index layers) : sums_(Matrix<double>::Zero(4, layers)) {}

    void clear() { sums_.setZero(); }
    Distances& operator+=(const Distances& more) {
        sums_ += more.sums_;
        return *this;
    }
    /// Of a layer's signal from the one that the present pull on it would give.
    template <typename Scalar>
    void add_residual(Index layer, const ConstMatrixRef<Scalar>& answer,
                      const ConstMatrixRef<Scalar>& signal) {
        add<Scalar>(0, layer, answer, signal);
    }
    /// Of x_l from phi(u_l).
    template <typename Scalar>
    void add_violation(Index layer, const ConstMatrixRef<Scalar>& x,
                       const ConstMatrixRef<Scalar>& phi) {
        add<Scalar>(2, layer, x, phi);
    }

    /// The largest over the layers of the distance of the signals over their size, each the root of
    /// its sum; none where nothing was added.
    std::optional<double> residual() const { return largest(0); }
    /// The largest over the layers of |x_l - phi(u_l)| / |phi(u_l)|, the violation of the constraints
    /// of a network.
    std::optional<double> violation() const { return largest(2); }

    std::span<double> values() { return {sums_.data(), static_cast<std::size_t>(sums_.size())}; }

  private:
    template <typename Scalar>
    void add(Index row, Index layer, const ConstMatrixRef<Scalar>& from,
             const ConstMatrixRef<Scalar>& to);
    std::optional<double> largest(Index row) const;

    Matrix<double> sums_;
};

}  // namespace hoist
