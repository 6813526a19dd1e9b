#pragma once

#include <span>

#include "hoist/math/matrix.hpp"

namespace hoist {

/// Gram matrix and moment of a regression T ~ [W b] [X;1], accumulated over column blocks:
/// gram = [X;1][X;1]' and moment = [X;1] T', in double and in one buffer, so that adding them over
/// shards is one sum. Products of a block are formed in Scalar, their sums over blocks in double.
class NormalEquations {
  public:
    /// Whether the Gram matrix is part of the buffer (it is not where it is constant and already
    /// factored).
    enum class Gram { included, constant };

    /// All zero. @pre inputs, outputs >= 1.
    NormalEquations(Index inputs, Index outputs, Gram gram);

    /// Adds a block: x is inputs x B, t is outputs x B. An empty block adds nothing.
    template <typename Scalar>
    void add(const ConstMatrixRef<Scalar>& x, const ConstMatrixRef<Scalar>& t);
    /// Adds a block's Gram matrix alone.
    template <typename Scalar>
    void add_gram(const ConstMatrixRef<Scalar>& x);
    /// Adds a block's moment alone.
    template <typename Scalar>
    void add_moment(const ConstMatrixRef<Scalar>& x, const ConstMatrixRef<Scalar>& t);

    void clear();

    /// (inputs+1) x (inputs+1), the last row belongs to the bias. Only the lower triangle is ever
    /// filled, which is all that RidgeFactor reads; the rest stays zero. @pre included.
    Eigen::Map<const Matrix<double>> gram() const;
    /// (inputs+1) x outputs.
    Eigen::Map<const Matrix<double>> moment() const;

    /// The whole buffer, to be summed over shards: (inputs+1)(inputs+1+outputs) numbers, or
    /// (inputs+1) outputs.
    std::span<double> values() {
        return {values_.data(), static_cast<std::size_t>(values_.size())};
    }

    Index inputs() const { return inputs_; }
    Index outputs() const { return outputs_; }

  private:
    Index inputs_;
    Index outputs_;
    Gram kind_;
    Vector<double> values_;
};

}  // namespace hoist
