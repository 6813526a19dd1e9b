#include "hoist/math/ridge.hpp"

#include <cmath>
#include <limits>

#include "hoist/base/error.hpp"

namespace hoist {

namespace {

/// Below this reciprocal condition number the last digits of a solution mean nothing.
constexpr double singular = 10 * std::numeric_limits<double>::epsilon();

constexpr double first_shift = 1e-14;
constexpr double last_shift = 1e-6;

bool lower_triangle_is_finite(const ConstMatrixRef<double>& a) {
    for (Index j = 0; j < a.cols(); ++j) {
        if (!a.col(j).tail(a.rows() - j).allFinite()) {
            return false;
        }
    }
    return true;
}

}  // namespace

RidgeFactor::RidgeFactor(const ConstMatrixRef<double>& gram, double kappa) {
    require(gram.rows() == gram.cols() && gram.rows() >= 2, "a Gram matrix is square");
    require(kappa >= 0, "the weight of the ridge is not negative");
    if (!lower_triangle_is_finite(gram) || !std::isfinite(kappa)) {
        throw NumericalError("the normal equations of a layer are not finite",
                             "its activations or its targets have overflowed",
                             "use smaller steps, a larger ridge or double precision");
    }
    const Index n = gram.rows() - 1;
    const double mean = gram.diagonal().head(n).mean() + kappa;
    // The shift leaves the bias out as kappa does: with at least one sample it makes the matrix
    // definite all the same.
    for (double shift = 0; shift <= last_shift; shift = shift == 0 ? first_shift : 10 * shift) {
        Matrix<double> a = gram.triangularView<Eigen::Lower>();
        a.diagonal().head(n).array() += kappa + shift * mean;
        factor_.compute(std::move(a));
        if (factor_.info() == Eigen::Success && factor_.rcond() > singular) {
            return;
        }
    }
    throw NumericalError("the normal equations of a layer cannot be solved",
                         "their Gram matrix is not positive definite",
                         "set a positive weights.ridge");
}

Matrix<double> RidgeFactor::solve(const ConstMatrixRef<double>& moment) const {
    require(moment.rows() == factor_.rows(), "a moment has the rows of its Gram matrix");
    return factor_.solve(moment);
}

}  // namespace hoist
