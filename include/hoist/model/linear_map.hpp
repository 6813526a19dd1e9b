#pragma once

#include <functional>
#include <memory>

#include "hoist/math/compressed_columns.hpp"
#include "hoist/model/weights.hpp"

namespace hoist {

/// The map of a layer, u = W F(x) + b with F(x) the windows of P x, and what skips bring of P x added;
/// or the adjoint of such a map, as MapSpec says: all that formulations and training ask of it, for columns of samples. A view of the
/// weights, made where it is needed; only fits and files look at W itself. Where the map is
/// normalized, W and b are those that take in the moments of its weights.
template <typename Scalar>
class LinearMap {
  public:
    /// Some windows, n x p, and what belongs to them of a block as tall as u, m x p.
    using Pair = std::function<void(const ConstMatrixRef<Scalar>& windows,
                                    const ConstMatrixRef<Scalar>& t, Index first)>;

    /// `weights` must outlive it.
    LinearMap(const Weights<Scalar>& weights, MapSpec spec)
        : folded_(spec.normalized ? std::make_shared<Weights<Scalar>>(weights.folded()) : nullptr),
          weights_(folded_ ? folded_.get() : &weights),
          spec_(spec.unnormalized()) {}
    /// The plain map of those weights.
    LinearMap(const Weights<Scalar>& weights)
        : LinearMap(weights, MapSpec::dense(weights.matrix.cols(), weights.matrix.rows())) {}

    /// Numbers of x and of u.
    Index inputs() const { return spec_.from.size(); }
    Index outputs() const { return spec_.to.size(); }
    const MapSpec& spec() const { return spec_; }
    /// b, which normalization adds to what it makes of W F(x) + b.
    const Vector<Scalar>& shift() const { return weights_->bias; }

    /// u = W F(x) + b (+ skip(P x)). @pre x is inputs x B, u outputs x B.
    void apply(const ConstMatrixRef<Scalar>& x, MatrixRef<Scalar> u) const;
    /// The same for columns, or some of them, that are held compressed. @pre spec().plain().
    void apply(const CompressedColumns<Scalar>& x, MatrixRef<Scalar> u) const;
    void apply(const CompressedColumns<Scalar>& x, Range columns, MatrixRef<Scalar> u) const;
    /// u += factor (W F(x) (+ skip(P x))).
    void add_product(Scalar factor, const ConstMatrixRef<Scalar>& x, MatrixRef<Scalar> u) const;
    /// g = F'(W's) (+ P' skip'(s)). @pre s is outputs x B, g inputs x B.
    void pull_back(const ConstMatrixRef<Scalar>& s, MatrixRef<Scalar> g) const;
    /// g += factor (F'(W's) (+ P' skip'(s))).
    void add_pull_back(Scalar factor, const ConstMatrixRef<Scalar>& s, MatrixRef<Scalar> g) const;

    /// Visits the windows of x with what belongs to them of t, of which `first` counts the pairs
    /// before: all that a regression of t on x, or a gradient by W, is made of. @pre t is as u.
    void pairs(const ConstMatrixRef<Scalar>& x, const ConstMatrixRef<Scalar>& t,
               const Pair& visit) const;
    /// The t that W F(x) + b has to come near where u has to come near t: t - skip(P x) for a residual map.
    /// @param scratch holds it then.
    ConstMatrixRef<Scalar> target(const ConstMatrixRef<Scalar>& x, const ConstMatrixRef<Scalar>& t,
                                  Matrix<Scalar>& scratch) const;
    /// The windows of x alone.
    void visit_windows(const ConstMatrixRef<Scalar>& x,
                       const std::function<void(const ConstMatrixRef<Scalar>&)>& visit) const;

    /// factor W'W, factor W W' and factor W'b. @pre spec().plain().
    Matrix<Scalar> gram(Scalar factor) const;
    Matrix<Scalar> gram_of_rows(Scalar factor) const;
    /// g += factor s W. @pre spec().plain(); s is outputs x outputs and g outputs x inputs.
    void add_left_product(Scalar factor, const Matrix<Scalar>& s, MatrixRef<Scalar> g) const;
    Vector<Scalar> pulled_bias(Scalar factor) const;
    /// A bound of the spectral norm of the linear part of u.
    double norm_bound() const;
    /// One that holds with all rounding, and that a plain map nearly reaches.
    double proven_norm() const;
    /// |w_i - w_j| of its rows, outputs x outputs, rounded up. @pre spec().plain().
    Matrix<double> row_distances() const;
    /// |W|^2, in double.
    double squared_norm() const;

  private:
    /// Some samples, and some places of them.
    struct Tile {
        Range samples;
        Range places;
    };
    template <typename Visit>
    void tiles(Index samples, Index most_windows, const Visit& visit) const;
    /// Visits the windows of x tile by tile, each with the columns of u that it stands for.
    template <typename Visit>
    void visit_tiles(const ConstMatrixRef<Scalar>& x, Index most_windows, const Visit& visit) const;
    Index windows_at_once() const;
    LinearMap behind_fixed() const { return {*weights_, spec_.without_fixed()}; }
    /// What W gives of a block, place by place.
    auto rows_of_weights(auto&& block) const { return block.topRows(spec_.outputs()); }
    /// That of W F(a), in which the map may lead up or, as an adjoint, down.
    const Shape& beside_windows() const { return spec_.adjoint ? spec_.from : spec_.to; }
    Scalar per_window() const {
        return Scalar{1} / static_cast<Scalar>(spec_.windows.rows * spec_.windows.columns);
    }
    void add_skips(Scalar factor, const ConstMatrixRef<Scalar>& x, MatrixRef<Scalar> u) const;
    void add_windows(Scalar factor, const ConstMatrixRef<Scalar>& a, MatrixRef<Scalar> b) const;
    void add_transposed(Scalar factor, const ConstMatrixRef<Scalar>& b, MatrixRef<Scalar> a) const;
    void gather(const ConstMatrixRef<Scalar>& x, const Tile& tile, Matrix<Scalar>& windows) const;
    Matrix<Scalar> in_front(const ConstMatrixRef<Scalar>& x) const;

    std::shared_ptr<const Weights<Scalar>> folded_;
    const Weights<Scalar>* weights_;
    MapSpec spec_;
};

}  // namespace hoist
