#include "hoist/math/spectral_norm.hpp"

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

namespace hoist {

namespace {

/// The smaller of a'a and aa', its lower triangle.
Matrix<double> smaller_gram(const Matrix<double>& a) {
    const Index n = std::min(a.rows(), a.cols());
    Matrix<double> gram = Matrix<double>::Zero(n, n);
    if (a.rows() < a.cols()) {
        gram.selfadjointView<Eigen::Lower>().rankUpdate(a);
    } else {
        gram.selfadjointView<Eigen::Lower>().rankUpdate(a.transpose());
    }
    return gram;
}

/// A fixed vector of length one in no particular direction, so that it is orthogonal to no
/// eigenvector one meets.
Vector<double> start_vector(Index n) {
    std::mt19937_64 engine;
    const auto entry = [&] { return static_cast<double>(engine()) / 0x1p63 - 1; };
    const Vector<double> v = Vector<double>::NullaryExpr(n, entry);
    return v.normalized();
}

/// A lower bound of the largest eigenvalue of a symmetric matrix, of which the lower triangle is
/// read, by Lanczos' method with full reorthogonalization: it ends where some eigenvalue is known
/// to be within `tolerance`, relative to the bound, or after 400 steps.
double lanczos(const Matrix<double>& a, double tolerance) {
    const Index n = a.rows();
    const Index most = std::min<Index>(n, 400);
    constexpr double rounding = 100 * std::numeric_limits<double>::epsilon();
    Matrix<double> basis(n, most);
    Vector<double> diagonal(most);
    Vector<double> beside(most);
    Eigen::SelfAdjointEigenSolver<Matrix<double>> ritz;
    Vector<double> v = start_vector(n);
    Index next_look = 1;
    for (Index k = 0; k < most; ++k) {
        basis.col(k) = v;
        v = a.selfadjointView<Eigen::Lower>() * v;
        diagonal[k] = basis.col(k).dot(v);
        const auto known = basis.leftCols(k + 1);
        for (int pass = 0; pass < 2; ++pass) {  // twice is enough (Kahan)
            const Vector<double> along = known.transpose() * v;
            v.noalias() -= known * along;
        }
        beside[k] = v.norm();
        const bool exhausted =
            k + 1 == most || beside[k] <= rounding * diagonal.head(k + 1).maxCoeff();
        if (exhausted || k + 1 >= next_look) {
            ritz.computeFromTridiagonal(diagonal.head(k + 1), beside.head(k));
            const double largest = ritz.eigenvalues()[k];
            const double residual = beside[k] * std::abs(ritz.eigenvectors()(k, k));
            if (exhausted || residual <= tolerance * largest) {
                return largest;
            }
            next_look += std::max<Index>(4, k / 4);
        }
        v /= beside[k];
    }
    return 0;
}

/// Whether no eigenvalue of a symmetric matrix exceeds `bound`.
bool is_bounded(const Matrix<double>& a, double bound) {
    Matrix<double> rest = -a;
    rest.diagonal().array() += bound;
    return Eigen::LLT<Eigen::Ref<Matrix<double>>>(rest).info() == Eigen::Success;
}

double largest_eigenvalue(const Matrix<double>& a, double tolerance) {
    const double found = lanczos(a, tolerance);
    if (is_bounded(a, (1 + tolerance) * found)) {
        return found;
    }
    return Eigen::SelfAdjointEigenSolver<Matrix<double>>(a, Eigen::EigenvaluesOnly)
        .eigenvalues()
        .maxCoeff();
}

}  // namespace

template <typename Scalar>
double spectral_norm(const ConstMatrixRef<Scalar>& w, double tolerance) {
    if (w.size() == 0) {
        return 0;
    }
    Matrix<double> scaled = w.template cast<double>();
    const double scale = scaled.cwiseAbs().template maxCoeff<Eigen::PropagateNaN>();
    if (!(scale > 0) || std::isinf(scale)) {
        return scale;
    }
    scaled /= scale;                 // squares neither overflow nor vanish
    constexpr double least = 1e-10;  // which the rounding of the Gram matrix is far below
    return scale * std::sqrt(largest_eigenvalue(smaller_gram(scaled), std::max(tolerance, least)));
}

template <typename Scalar>
double proven_spectral_norm(const ConstMatrixRef<Scalar>& w) {
    constexpr double epsilon = std::numeric_limits<double>::epsilon();
    const double found = spectral_norm<Scalar>(w, 1e-10);
    if (!std::isfinite(found)) {
        return std::numeric_limits<double>::infinity();
    }
    if (found == 0.0) {
        return 0.0;
    }
    const Matrix<double> scaled = w.template cast<double>() / found;
    const Matrix<double> gram = smaller_gram(scaled);
    const auto n = static_cast<double>(gram.rows());
    const auto added = static_cast<double>(std::max(w.rows(), w.cols()));
    const double rounding = (added + 6.0 * n + 10.0) * epsilon * (gram.trace() + n);
    for (double tolerance = 1e-9;; tolerance *= 4.0) {
        Matrix<double> above = -gram;
        above.diagonal().array() += 1.0 + tolerance - rounding;
        if (Eigen::LLT<Matrix<double>, Eigen::Lower>(above).info() == Eigen::Success) {
            return found * std::sqrt(1.0 + tolerance) * (1.0 + 4.0 * epsilon);
        }
    }
}

template <typename Scalar>
void limit_spectral_norm(Matrix<Scalar>& w, double most) {
    if (w.size() == 0 || !w.allFinite()) {
        return;
    }
    const auto rank = static_cast<double>(std::min(w.rows(), w.cols()));
    const double kept = most * (1.0 - std::numeric_limits<Scalar>::epsilon() * std::sqrt(rank) -
                                8.0 * rank * std::numeric_limits<double>::epsilon());
    const Matrix<double> exact = w.template cast<double>();
    const Eigen::SelfAdjointEigenSolver<Matrix<double>> gram(smaller_gram(exact));
    const Vector<double> values = gram.eigenvalues().cwiseMax(0.0).cwiseSqrt();
    if (!(values.maxCoeff() > most * (1.0 - 8.0 * rank * std::numeric_limits<double>::epsilon()))) {
        return;
    }
    const Vector<double> factors =
        values.unaryExpr([&](double value) { return value > kept ? kept / value : 1.0; });
    const Matrix<double>& u = gram.eigenvectors();
    const Matrix<double> cut = u * factors.asDiagonal() * u.transpose();
    w = (w.rows() < w.cols() ? Matrix<double>(cut * exact) : Matrix<double>(exact * cut))
            .template cast<Scalar>();
}

template <typename Scalar>
double spectral_norm_bound(const ConstMatrixRef<Scalar>& w) {
    constexpr double tolerance = 0.01;
    return (1 + tolerance) * spectral_norm<Scalar>(w, tolerance);
}

template double spectral_norm<float>(const ConstMatrixRef<float>&, double);
template double spectral_norm<double>(const ConstMatrixRef<double>&, double);
template double proven_spectral_norm<float>(const ConstMatrixRef<float>&);
template double proven_spectral_norm<double>(const ConstMatrixRef<double>&);
template void limit_spectral_norm(Matrix<float>&, double);
template void limit_spectral_norm(Matrix<double>&, double);
template double spectral_norm_bound<float>(const ConstMatrixRef<float>&);
template double spectral_norm_bound<double>(const ConstMatrixRef<double>&);

}  // namespace hoist
