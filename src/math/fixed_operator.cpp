#include "hoist/math/fixed_operator.hpp"

#include <cmath>
#include <vector>

#include "hoist/base/error.hpp"

namespace hoist {

FixedOperator FixedOperator::average(const Windows& windows) {
    require(windows.fit() && windows.padding == 0, "windows of a mean lie in the block");
    FixedOperator result;
    result.windows_ = windows;
    result.to_ = windows.shape(windows.from.channels);
    const Index in_window = windows.rows * windows.columns;
    const std::vector<Index> sources = windows.sources();
    std::vector<Eigen::Triplet<double>> entries;
    for (Index i = 0; i < std::ssize(sources); ++i) {
        entries.emplace_back(static_cast<int>(sources[static_cast<std::size_t>(i)]),
                             static_cast<int>(i / in_window), 1.0 / static_cast<double>(in_window));
    }
    result.transposed_.resize(windows.from.places(), windows.places());
    result.transposed_.setFromTriplets(entries.begin(), entries.end());
    return result;
}

template <typename Scalar>
void FixedOperator::apply(const ConstMatrixRef<Scalar>& x, MatrixRef<Scalar> y) const {
    require(x.rows() == from().size() && y.rows() == to_.size() && x.cols() == y.cols(),
            "the columns of a fixed operator have its shapes");
    const Index channels = from().channels;
    y.setZero();
    for (Index j = 0; j < x.cols(); ++j) {
        for (Index place = 0; place < to_.places(); ++place) {
            auto to = y.col(j).segment(place * channels, channels);
            for (Eigen::SparseMatrix<double>::InnerIterator entry(transposed_, place); entry;
                 ++entry) {
                to += static_cast<Scalar>(entry.value()) *
                      x.col(j).segment(entry.row() * channels, channels);
            }
        }
    }
}

template <typename Scalar>
void FixedOperator::add_adjoint(const ConstMatrixRef<Scalar>& y, MatrixRef<Scalar> x) const {
    require(x.rows() == from().size() && y.rows() == to_.size() && x.cols() == y.cols(),
            "the columns of a fixed operator have its shapes");
    const Index channels = from().channels;
    for (Index j = 0; j < x.cols(); ++j) {
        for (Index place = 0; place < to_.places(); ++place) {
            const auto from = y.col(j).segment(place * channels, channels);
            for (Eigen::SparseMatrix<double>::InnerIterator entry(transposed_, place); entry;
                 ++entry) {
                x.col(j).segment(entry.row() * channels, channels) +=
                    static_cast<Scalar>(entry.value()) * from;
            }
        }
    }
}

double FixedOperator::norm_bound() const {
    const Eigen::SparseMatrix<double> sizes = transposed_.cwiseAbs();
    const Vector<double> to_sums = sizes.transpose() * Vector<double>::Ones(sizes.rows());
    const Vector<double> from_sums = sizes * Vector<double>::Ones(sizes.cols());
    return std::sqrt(to_sums.maxCoeff() * from_sums.maxCoeff());
}

template void FixedOperator::apply(const ConstMatrixRef<float>&, MatrixRef<float>) const;
template void FixedOperator::apply(const ConstMatrixRef<double>&, MatrixRef<double>) const;
template void FixedOperator::add_adjoint(const ConstMatrixRef<float>&, MatrixRef<float>) const;
template void FixedOperator::add_adjoint(const ConstMatrixRef<double>&, MatrixRef<double>) const;

}  // namespace hoist
