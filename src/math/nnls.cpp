#include "hoist/math/nnls.hpp"

#include <algorithm>
#include <cmath>

#include "hoist/base/error.hpp"

namespace hoist {

template <typename Scalar>
double optimality_residual(const ConstMatrixRef<Scalar>& a, const ConstMatrixRef<Scalar>& c,
                           Bounds<Scalar> bounds, const ConstMatrixRef<Scalar>& x) {
    require(a.rows() == a.cols(), "A is square");
    require(c.rows() == a.rows() && x.rows() == a.rows(), "c and x have as many rows as A");
    require(c.cols() == x.cols(), "c and x have equally many columns");
    if (x.size() == 0) return 0;
    constexpr Index chunk = 256;  // columns converted to double at a time
    const Matrix<double> matrix = a.template cast<double>();
    const double lower = bounds.lower;
    const double upper = bounds.upper;
    double violation = 0;
    double scale = 0;
    for (Index first = 0; first < x.cols(); first += chunk) {
        const Index count = std::min(chunk, x.cols() - first);
        const Matrix<double> point = x.middleCols(first, count).template cast<double>();
        const Matrix<double> rhs = c.middleCols(first, count).template cast<double>();
        Matrix<double> target = point + rhs;
        target.noalias() -= matrix * point;
        target = target.cwiseMax(lower).cwiseMin(upper);
        violation += (point - target).squaredNorm();
        scale += rhs.squaredNorm();
    }
    return std::sqrt(scale > 0 ? violation / scale : violation);
}

template double optimality_residual(const ConstMatrixRef<float>&, const ConstMatrixRef<float>&,
                                    Bounds<float>, const ConstMatrixRef<float>&);
template double optimality_residual(const ConstMatrixRef<double>&, const ConstMatrixRef<double>&,
                                    Bounds<double>, const ConstMatrixRef<double>&);

}  // namespace hoist
