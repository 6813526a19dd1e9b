#include "hoist/math/normal_equations.hpp"

#include "hoist/base/error.hpp"

namespace hoist {

namespace {

/// sum += x 1, in double.
template <typename Scalar, typename Sum>
void add_row_sums(const ConstMatrixRef<Scalar>& x, Sum&& sum) {
    Vector<double> total = Vector<double>::Zero(x.rows());
    for (Index j = 0; j < x.cols(); ++j) {
        total += x.col(j).template cast<double>();
    }
    sum += total;
}

}  // namespace

NormalEquations::NormalEquations(Index inputs, Index outputs, Gram gram)
    : inputs_(inputs), outputs_(outputs), kind_(gram) {
    require(inputs >= 1 && outputs >= 1, "normal equations have inputs and outputs");
    const Index columns = gram == Gram::included ? inputs + 1 + outputs : outputs;
    values_.setZero((inputs + 1) * columns);
}

template <typename Scalar>
void NormalEquations::add(const ConstMatrixRef<Scalar>& x, const ConstMatrixRef<Scalar>& t) {
    add_gram(x);
    add_moment(x, t);
}

template <typename Scalar>
void NormalEquations::add_gram(const ConstMatrixRef<Scalar>& x) {
    require(kind_ == Gram::included, "the Gram matrix is part of the normal equations");
    require(x.rows() == inputs_, "a block has as many rows as the normal equations have inputs");
    if (x.cols() == 0) {
        return;
    }
    Eigen::Map<Matrix<double>> gram(values_.data(), inputs_ + 1, inputs_ + 1);
    Matrix<Scalar> product = Matrix<Scalar>::Zero(inputs_, inputs_);
    product.template selfadjointView<Eigen::Lower>().rankUpdate(x);
    for (Index j = 0; j < inputs_; ++j) {
        gram.col(j).segment(j, inputs_ - j) +=
            product.col(j).tail(inputs_ - j).template cast<double>();
    }
    add_row_sums(x, gram.row(inputs_).head(inputs_).transpose());
    gram(inputs_, inputs_) += static_cast<double>(x.cols());
}

template <typename Scalar>
void NormalEquations::add_moment(const ConstMatrixRef<Scalar>& x, const ConstMatrixRef<Scalar>& t) {
    require(x.rows() == inputs_ && t.rows() == outputs_ && x.cols() == t.cols(),
            "a block of inputs and targets has the sizes of the normal equations");
    if (x.cols() == 0) {
        return;
    }
    Eigen::Map<Matrix<double>> sums(values_.data() + values_.size() - (inputs_ + 1) * outputs_,
                                    inputs_ + 1, outputs_);
    Matrix<Scalar> product(inputs_, outputs_);
    product.noalias() = x * t.transpose();
    sums.topRows(inputs_) += product.template cast<double>();
    add_row_sums(t, sums.row(inputs_).transpose());
}

void NormalEquations::clear() { values_.setZero(); }

Eigen::Map<const Matrix<double>> NormalEquations::gram() const {
    require(kind_ == Gram::included, "the Gram matrix is part of the normal equations");
    return {values_.data(), inputs_ + 1, inputs_ + 1};
}

Eigen::Map<const Matrix<double>> NormalEquations::moment() const {
    return {values_.data() + values_.size() - (inputs_ + 1) * outputs_, inputs_ + 1, outputs_};
}

template void NormalEquations::add<float>(const ConstMatrixRef<float>&,
                                          const ConstMatrixRef<float>&);
template void NormalEquations::add<double>(const ConstMatrixRef<double>&,
                                           const ConstMatrixRef<double>&);
template void NormalEquations::add_gram<float>(const ConstMatrixRef<float>&);
template void NormalEquations::add_gram<double>(const ConstMatrixRef<double>&);
template void NormalEquations::add_moment<float>(const ConstMatrixRef<float>&,
                                                 const ConstMatrixRef<float>&);
template void NormalEquations::add_moment<double>(const ConstMatrixRef<double>&,
                                                  const ConstMatrixRef<double>&);

}  // namespace hoist
