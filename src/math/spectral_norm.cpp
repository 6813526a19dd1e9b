#include "hoist/math/spectral_norm.hpp"

#include <algorithm>
#include <cmath>
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
    scaled /= scale;  // squares neither overflow nor vanish
    const Matrix<double> gram = smaller_gram(scaled);
    Vector<double> v = start_vector(gram.rows());
    double norm = 0;
    for (int step = 0; step < 1000; ++step) {
        v = gram.selfadjointView<Eigen::Lower>() * v;
        const double previous = norm;
        norm = std::sqrt(v.norm());  // |w'w v| / |v| approaches the square of the norm from below
        if (norm - previous <= tolerance * norm) {
            break;
        }
        v.normalize();
    }
    return scale * norm;
}

template double spectral_norm<float>(const ConstMatrixRef<float>&, double);
template double spectral_norm<double>(const ConstMatrixRef<double>&, double);

}  // namespace hoist
