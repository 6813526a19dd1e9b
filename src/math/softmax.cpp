#include "hoist/math/softmax.hpp"

#include <cmath>

#include "hoist/base/error.hpp"

namespace hoist {

template <typename Scalar>
void softmax(const ConstMatrixRef<Scalar>& u, MatrixRef<Scalar> p) {
    require(u.rows() == p.rows() && u.cols() == p.cols(), "softmax keeps the size");
    require(u.rows() > 0, "softmax needs at least one row");
    // An array of its own is always aligned: the result does not depend on where the column lies.
    Eigen::Array<Scalar, Eigen::Dynamic, 1> column(u.rows());
    for (Index j = 0; j < u.cols(); ++j) {
        column = u.col(j).array();
        column -= column.maxCoeff();
        column = column.exp();
        column /= column.sum();
        p.col(j) = column.matrix();
    }
}

template <typename Scalar>
Vector<double> cross_entropy(const ConstMatrixRef<Scalar>& y, const ConstMatrixRef<Scalar>& u) {
    require(y.rows() == u.rows() && y.cols() == u.cols(), "labels and scores have the same size");
    require(u.rows() > 0, "cross-entropy needs at least one row");
    Vector<double> loss(u.cols());
    for (Index j = 0; j < u.cols(); ++j) {
        // -sum y_i log p_i = log sum exp(u - max) - sum y_i (u_i - max), because sum y_i = 1.
        const Eigen::ArrayXd labels = y.col(j).template cast<double>();
        Eigen::ArrayXd shifted = u.col(j).template cast<double>();
        shifted -= shifted.maxCoeff();
        loss[j] = labels.sum() * std::log(shifted.exp().sum()) - (labels * shifted).sum();
    }
    return loss;
}

template void softmax<float>(const ConstMatrixRef<float>&, MatrixRef<float>);
template void softmax<double>(const ConstMatrixRef<double>&, MatrixRef<double>);
template Vector<double> cross_entropy<float>(const ConstMatrixRef<float>&,
                                             const ConstMatrixRef<float>&);
template Vector<double> cross_entropy<double>(const ConstMatrixRef<double>&,
                                              const ConstMatrixRef<double>&);

}  // namespace hoist
