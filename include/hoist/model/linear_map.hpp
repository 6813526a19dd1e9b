#pragma once

#include "hoist/math/compressed_columns.hpp"
#include "hoist/model/weights.hpp"

namespace hoist {

/// The map of a layer, u = W x + b: all that formulations and training ask of it, for columns of
/// samples. A view of the weights, made where it is needed; only fits and files look at W itself.
template <typename Scalar>
class LinearMap {
  public:
    /// `weights` must outlive it.
    LinearMap(const Weights<Scalar>& weights) : weights_(&weights) {}

    /// Numbers of x and of u.
    Index inputs() const { return weights_->matrix.cols(); }
    Index outputs() const { return weights_->matrix.rows(); }

    /// u = W x + b. @pre x is inputs x B, u outputs x B.
    void apply(const ConstMatrixRef<Scalar>& x, MatrixRef<Scalar> u) const;
    /// The same for columns, or some of them, that are held compressed.
    void apply(const CompressedColumns<Scalar>& x, MatrixRef<Scalar> u) const;
    void apply(const CompressedColumns<Scalar>& x, Range columns, MatrixRef<Scalar> u) const;
    /// u += factor W x.
    void add_product(Scalar factor, const ConstMatrixRef<Scalar>& x, MatrixRef<Scalar> u) const;
    /// g = W's. @pre s is outputs x B, g inputs x B.
    void pull_back(const ConstMatrixRef<Scalar>& s, MatrixRef<Scalar> g) const;
    /// g += factor W's.
    void add_pull_back(Scalar factor, const ConstMatrixRef<Scalar>& s, MatrixRef<Scalar> g) const;

    /// factor W'W and factor W'b.
    Matrix<Scalar> gram(Scalar factor) const;
    Vector<Scalar> pulled_bias(Scalar factor) const;
    /// A bound of the spectral norm of W.
    double norm_bound() const;
    /// |W|^2, in double.
    double squared_norm() const;

  private:
    const Weights<Scalar>* weights_;
};

}  // namespace hoist
