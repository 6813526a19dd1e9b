#include "hoist/train/lrrn_layers.hpp"

#include <algorithm>
#include <cmath>
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
      raised_(stage.layers),
      below_(stage.layers),
      below_free_(stage.layers),
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
        if (k == top_ && !output_moves() && options_.clamps()) {
            a += term(k).curvature_below(options_.gamma);
            held_solver_ = coordinate_solver<Scalar>(a, bounds_[at], 1, Scalar{0});
        }
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
void LrrnLayers<Scalar>::resize(Index columns, After after) {
    after_ = after;
    for (Index k = moved_.begin; k < end(); ++k) {
        const Index rows = stage_.network.block(k).size();
        resize_with_zeros(z_.x(k), rows, columns);
        resize_with_zeros(w_.x(k), rows, after != After::nothing ? columns : 0);
        resize_with_zeros(raised_.x(k), rows, after == After::nudged ? columns : 0);
        resize_with_zeros(below_.x(k), rows, columns);
        resize_with_zeros(below_free_.x(k), rows, after == After::nudged ? columns : 0);
        resize_with_zeros(above_.x(k), rows, k < moved_.end ? columns : 0);
    }
}

template <typename Scalar>
typename LrrnLayers<Scalar>::Phase LrrnLayers<Scalar>::following(Phase phase) const {
    if (phase == Phase::nudged_down) {
        return Phase::nudged_up;
    }
    if (phase != Phase::free || after_ == After::nothing) {
        return Phase::over;
    }
    return after_ == After::adjoint  ? Phase::adjoint
           : after_ == After::nudged ? Phase::nudged_down
                                     : Phase::clamped;
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
void LrrnLayers<Scalar>::begin(Phase phase, Range c) {
    for (Index k = moved_.begin; k < moved_.end; ++k) {
        if (phase == Phase::adjoint) {
            part(w_.x(k), c).setZero();
            part(below_.x(k), c).setZero();
            continue;
        }
        part(of(phase, k), c) = part(z_.x(k), c);
        if (phase == Phase::nudged_down) {
            part(below_free_.x(k), c) = part(below_.x(k), c);
        } else if (phase == Phase::nudged_up) {
            part(below_.x(k), c) = part(below_free_.x(k), c);
        }
    }
}

template <typename Scalar>
void LrrnLayers<Scalar>::pull_above(Phase phase, Index k, Range c, MatrixRef<Scalar> p) {
    if (phase == Phase::adjoint) {
        term(k).linear_upward(options_.gamma, part(w_.x(k), c), p);
    } else {
        term(k).upward(part(of(phase, k), c), p);
    }
}

template <typename Scalar>
void LrrnLayers<Scalar>::pull_from_above(Phase phase, Index k, Range c) {
    if (phase == Phase::adjoint) {
        term(k).linear_downward(part(w_.x(k + 1), c), part(above_.x(k), c));
    } else {
        term(k).downward(options_.gamma, part(of(phase, k + 1), c), part(above_.x(k), c));
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
void LrrnLayers<Scalar>::meet_at_top(Phase phase, const ConstMatrixRef<Scalar>& given, Range c) {
    if (phase == Phase::clamped) {
        part(w_.x(stage_.network.layers()), c) = given;
        if (!output_moves()) {
            part(z_.x(top_ + 1), c) = outputs(c);
            term(top_).downward(options_.gamma, given, part(above_.x(top_), c));
        }
        return;
    }
    auto pull = part(above_.x(top_), c);
    pull.setZero();
    if (output_moves()) {
        pull = given;
    } else {
        term(top_).map().add_pull_back(Scalar{1}, given, pull);
    }
    const auto strength = static_cast<Scalar>(options_.nudge_strength);
    pull *= phase == Phase::adjoint ? Scalar{1} : phase == Phase::nudged_up ? strength : -strength;
}

template <typename Scalar>
void LrrnLayers<Scalar>::take_contrast() {
    for (Index k = moved_.begin; k < end(); ++k) {
        Matrix<Scalar>& z = z_.x(k);
        Matrix<Scalar>& w = w_.x(k);
        if (after_ == After::nudged) {
            const Matrix<Scalar>& raised = raised_.x(k);
            const double factor = 0.5 / options_.nudge_strength *
                                  std::pow(options_.gamma, static_cast<double>(k - top_));
            z = Scalar{0.5} * (raised + w);
            w = static_cast<Scalar>(factor) * (raised - w);
        } else {
            const double factor = std::pow(options_.gamma, static_cast<double>(k - 1));
            w = z - w;
            z -= Scalar{0.5} * w;
            w *= static_cast<Scalar>(factor);
        }
    }
}

template <typename Scalar>
double LrrnLayers<Scalar>::lower(Phase phase, Index k, Range c) {
    const auto at = static_cast<std::size_t>(k - moved_.begin);
    Matrix<Scalar> right = part(below_.x(k), c);
    if (k < top_ || phase != Phase::free) {
        right += part(above_.x(k), c);
    }
    if (phase == Phase::clamped && k == top_) {
        return output_moves() ? 0.0 : held_solver_->solve(right, part(w_.x(k), c)).change;
    }
    if (phase != Phase::adjoint) {
        return solvers_[at]->solve(right, part(of(phase, k), c)).change;
    }
    const auto z = part(z_.x(k), c).array();
    const Matrix<Scalar> inside =
        (z > bounds_[at].lower && z < bounds_[at].upper).template cast<Scalar>();
    return solvers_[at]->solve_where(inside, right, part(w_.x(k), c)).change;
}

template class LrrnLayers<float>;
template class LrrnLayers<double>;

}  // namespace hoist
