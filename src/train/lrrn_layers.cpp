#include "hoist/train/lrrn_layers.hpp"

#include <algorithm>
#include <string>

#include "hoist/base/error.hpp"

namespace hoist {

namespace {

template <typename Scalar>
void resize_with_zeros(Matrix<Scalar>& matrix, Index rows, Index columns) {
    if (matrix.rows() != rows || matrix.cols() != columns) {
        matrix.setZero(rows, columns);
    }
}

}  // namespace

template <typename Scalar>
LrrnLayers<Scalar>::LrrnLayers(const FormulationOptions& options, const Stage<Scalar>& stage)
    : options_(options),
      stage_(stage),
      last_(stage.layers.end == stage.network.layers()),
      top_(topmost_block(stage.network, options)),
      moved_{std::max<Index>(stage.layers.begin, 1),
             last_ ? top_ + 1 : std::max<Index>(stage.layers.end, 1)},
      z_(stage.layers),
      w_(stage.layers),
      below_(stage.layers),
      above_(stage.layers) {
    for (Index k = moved_.begin; k < moved_.end; ++k) {
        bounds_.push_back(bounds_of_block<Scalar>(stage.network, k));
    }
    solvers_.resize(bounds_.size());
}

template <typename Scalar>
void LrrnLayers<Scalar>::take_weights() {
    terms_.clear();
    for (Index l = stage_.layers.begin; l < stage_.layers.end; ++l) {
        terms_.emplace_back(stage_.map(l), options_.beta_of_map(l));
    }
}

template <typename Scalar>
void LrrnLayers<Scalar>::prepare(const Matrix<Scalar>& below) {
    for (Index k = moved_.begin; k < moved_.end; ++k) {
        Matrix<Scalar> a = k == stage_.lowest() ? below : term(k - 1).curvature_above();
        a.diagonal().array() += Scalar{1};
        if (k < top_) {
            a += term(k).curvature_below(options_.gamma);
        }
        if (!a.allFinite()) {  // on all shards, and the other stages go on
            unrelaxed_ = k;
            a.setIdentity();
        }
        const auto at = static_cast<std::size_t>(k - moved_.begin);
        solvers_[at] = coordinate_solver<Scalar>(a, bounds_[at], 1, Scalar{0});
    }
}

template <typename Scalar>
void LrrnLayers<Scalar>::require_success() const {
    if (unrelaxed_ > 0) {
        throw NumericalError("block " + std::to_string(unrelaxed_) + " cannot be relaxed",
                             "the weights below or above it are not finite, or too large",
                             "the last checkpoint is good; use a smaller weights.step");
    }
}

template <typename Scalar>
void LrrnLayers<Scalar>::resize(Index columns, bool with_adjoint) {
    const Index end = last_ ? moved_.end : stage_.layers.end + 1;  // one more from above
    for (Index k = moved_.begin; k < end; ++k) {
        const Index rows = stage_.network.block(k).size();
        resize_with_zeros(z_.x(k), rows, columns);
        resize_with_zeros(w_.x(k), rows, with_adjoint ? columns : 0);
        resize_with_zeros(below_.x(k), rows, columns);
        resize_with_zeros(above_.x(k), rows, k < moved_.end ? columns : 0);
    }
}

template <typename Scalar>
void LrrnLayers<Scalar>::restart() {
    for (Index k = stage_.layers.begin; k <= stage_.layers.end; ++k) {
        z_.x(k).setZero();
    }
}

template <typename Scalar>
void LrrnLayers<Scalar>::begin(Range c) {
    for (Index k = moved_.begin; k < std::min(moved_.end, top_); ++k) {
        pull_from_above(Phase::free, k, c);
    }
}

template <typename Scalar>
void LrrnLayers<Scalar>::begin_adjoint(Range c) {
    for (Index k = moved_.begin; k < moved_.end; ++k) {
        part(w_.x(k), c).setZero();
        part(below_.x(k), c).setZero();
    }
}

template <typename Scalar>
void LrrnLayers<Scalar>::pull_above(Phase phase, Index k, Range c, MatrixRef<Scalar> p) {
    if (phase == Phase::free) {
        term(k).upward(part(z_.x(k), c), p);
    } else {
        term(k).linear_upward(options_.gamma, part(w_.x(k), c), p);
    }
}

template <typename Scalar>
void LrrnLayers<Scalar>::pull_from_above(Phase phase, Index k, Range c) {
    if (phase == Phase::free) {
        term(k).downward(options_.gamma, part(z_.x(k + 1), c), part(above_.x(k), c));
    } else {
        term(k).linear_downward(part(w_.x(k + 1), c), part(above_.x(k), c));
    }
}

template <typename Scalar>
Matrix<Scalar> LrrnLayers<Scalar>::outputs(Range c) {
    if (output_moves()) {
        return part(z_.x(top_), c);
    }
    Matrix<Scalar> u(stage_.network.outputs(), c.size());
    term(top_).map().apply(part(z_.x(top_), c), u);
    return u;
}

template <typename Scalar>
void LrrnLayers<Scalar>::pull_at_top(const ConstMatrixRef<Scalar>& slope, Range c) {
    auto pull = part(above_.x(top_), c);
    if (output_moves()) {
        pull = slope;
    } else {
        pull.setZero();
        term(top_).map().add_pull_back(Scalar{1}, slope, pull);
    }
}

template <typename Scalar>
double LrrnLayers<Scalar>::lower(Phase phase, Index k, Range c) {
    const auto at = static_cast<std::size_t>(k - moved_.begin);
    Matrix<Scalar> right = part(below_.x(k), c);
    if (k < top_ || phase == Phase::adjoint) {
        right += part(above_.x(k), c);
    }
    if (phase == Phase::free) {
        return solvers_[at]->solve(right, part(z_.x(k), c)).change;
    }
    const auto z = part(z_.x(k), c).array();
    const Matrix<Scalar> inside =
        (z > bounds_[at].lower && z < bounds_[at].upper).template cast<Scalar>();
    return solvers_[at]->solve_where(inside, right, part(w_.x(k), c)).change;
}

template class LrrnLayers<float>;
template class LrrnLayers<double>;

}  // namespace hoist
