#include "hoist/math/ridge.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "hoist/base/error.hpp"

namespace hoist {

namespace {

/// The mean of the columns with these weights: exact where all columns of positive weight are
/// equal.
Vector<double> weighted_mean(const ConstMatrixRef<double>& columns, const Vector<double>& weights) {
    Index first = 0;
    while (weights[first] == 0.0) {
        ++first;
    }
    Vector<double> away = Vector<double>::Zero(columns.rows());
    for (Index s = 0; s < columns.cols(); ++s) {
        if (weights[s] > 0.0) {
            away += weights[s] * (columns.col(s) - columns.col(first));
        }
    }
    return columns.col(first) + away / weights.sum();
}

/// Of the columns from their mean; zero where the weight is.
Matrix<double> deviations(const ConstMatrixRef<double>& columns, const Vector<double>& mean,
                          const Vector<double>& weights) {
    Matrix<double> result = Matrix<double>::Zero(columns.rows(), columns.cols());
    for (Index s = 0; s < columns.cols(); ++s) {
        if (weights[s] > 0.0) {
            result.col(s) = columns.col(s) - mean;
        }
    }
    return result;
}

bool lower_triangle_is_finite(const Matrix<double>& a) {
    for (Index j = 0; j < a.cols(); ++j) {
        if (!a.col(j).tail(a.rows() - j).allFinite()) {
            return false;
        }
    }
    return true;
}

/// The largest absolute row sum of a symmetric matrix, of which the lower triangle is read.
double one_norm(const Matrix<double>& a) {
    Vector<double> sums = Vector<double>::Zero(a.rows());
    for (Index j = 0; j < a.cols(); ++j) {
        const Index below = a.rows() - j - 1;
        sums[j] += a.col(j).tail(below + 1).cwiseAbs().sum();
        sums.tail(below) += a.col(j).tail(below).cwiseAbs();
    }
    return sums.maxCoeff();
}

}  // namespace

RidgeFactor::RidgeFactor(const NormalEquations& equations, double kappa, double precision)
    : counts_(equations.counts()), precision_(precision) {
    require(kappa >= 0, "the weight of the ridge is not negative");
    require(counts_.sum() > 0, "a regression has samples");
    const Index n = equations.inputs();
    mean_ = weighted_mean(equations.input_means(), counts_);
    deviations_ = deviations(equations.input_means(), mean_, counts_);
    Matrix<double> a = equations.gram();
    if (counts_.size() > 1) {
        a.selfadjointView<Eigen::Lower>().rankUpdate(
            Matrix<double>(deviations_ * counts_.cwiseSqrt().asDiagonal()));
    }
    if (!lower_triangle_is_finite(a) || !mean_.allFinite() || !std::isfinite(kappa)) {
        throw NumericalError("the weights of a layer cannot be fitted",
                             "its inputs are not finite, or too large to be squared",
                             "set data.standardize = true, or use smaller numbers");
    }
    spread_ = (a.diagonal() / counts_.sum()).cwiseMax(0.0).cwiseSqrt();
    scale_.resize(n);
    for (Index i = 0; i < n; ++i) {
        const bool varies = spread_[i] > 2.0 * precision * std::abs(mean_[i]);
        scale_[i] = varies ? 1.0 / std::sqrt(a(i, i) + kappa) : 0.0;
    }
    a.diagonal().array() += kappa;
    for (Index j = 0; j < n; ++j) {
        a.col(j).tail(n - j).array() *= scale_[j] * scale_.tail(n - j).array();
        a(j, j) = 1.0;
    }
    factor(std::move(a), precision);
}

// Rounding of the products moves the eigenvalues of the scaled matrix by up to about the root of
// its size times `precision`; those that are smaller mean nothing.
void RidgeFactor::factor(Matrix<double> a, double precision) {
    constexpr double digits = 4.0;
    const double norm = one_norm(a);
    const double first = digits * std::sqrt(static_cast<double>(a.rows())) * precision;
    for (double shift = 0.0; shift < 1.0; shift = shift == 0.0 ? first : 10.0 * shift) {
        a.diagonal().setConstant(1.0 + shift);
        factor_.compute(a);
        if (factor_.info() != Eigen::Success || !factor_.matrixLLT().diagonal().allFinite()) {
            continue;
        }
        // The estimate of the norm of the inverse is blind to some equal columns, the pivots are not.
        const double least =
            std::min(factor_.rcond() * norm, factor_.matrixLLT().diagonal().cwiseAbs2().minCoeff());
        if (shift > 0.0 || least > first) {
            shift_ = shift;
            return;
        }
    }
    throw NumericalError("the weights of a layer cannot be fitted",
                         "its inputs are so alike, or so unlike in size, that their regression has "
                         "no solution in this precision",
                         "set data.standardize = true, or a larger weights.ridge");
}

Matrix<double> RidgeFactor::solve(const NormalEquations& equations, Range outputs) const {
    const Index n = mean_.size();
    require(equations.inputs() == n && equations.target_means().cols() == counts_.size(),
            "a moment has the inputs and shards of its Gram matrix");
    Matrix<double> solution(n + 1, outputs.size());
    if (outputs.empty()) {  // Eigen takes it for granted that there are some
        return solution;
    }
    auto weights = solution.topRows(n);
    const Matrix<double> target_means =
        equations.target_means().middleRows(outputs.begin, outputs.size());
    const Vector<double> target_mean = weighted_mean(target_means, counts_);
    weights = part(equations.moment(), outputs);
    if (counts_.size() > 1) {
        const Matrix<double> targets =
            deviations(target_means, target_mean, counts_) * counts_.asDiagonal();
        weights.noalias() += deviations_ * targets.transpose();
    }
    weights = scale_.asDiagonal() * weights;
    factor_.solveInPlace(weights);
    weights = scale_.asDiagonal() * weights;
    weights = weights.unaryExpr([this](double w) { return rounded(w); });
    solution.row(n) = target_mean.transpose() - mean_.transpose() * weights;
    return solution;
}

double RidgeFactor::rounded(double number) const {
    return precision_ > std::numeric_limits<double>::epsilon()
               ? static_cast<double>(static_cast<float>(number))
               : number;
}

InputCenter RidgeFactor::center(Index shard) const {
    constexpr double most_deviations = 4.0;
    InputCenter center{mean_ + deviations_.col(shard), Vector<double>::Zero(mean_.size())};
    for (Index i = 0; i < mean_.size(); ++i) {
        if (std::abs(center.mean[i]) > most_deviations * spread_[i]) {
            center.reference[i] = rounded(center.mean[i]);
        }
    }
    return center;
}

}  // namespace hoist
