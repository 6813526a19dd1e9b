#include "hoist/math/row_moments.hpp"

#include <algorithm>

#include "hoist/base/error.hpp"

namespace hoist {

namespace {

/// Visits the columns of a matrix some at a time, few enough to be summed in Scalar and to lie in the
/// second cache when they are read again.
template <typename Visit>
void by_pieces(Index rows, Index columns, const Visit& visit) {
    constexpr Index numbers = 16384;
    const Index together = std::max<Index>(1, numbers / std::max<Index>(rows, 1));
    for (Index begin = 0; begin < columns; begin += together) {
        visit(Range{begin, std::min(begin + together, columns)});
    }
}

}  // namespace

// The moments of pieces, merged (Chan, Golub and LeVeque 1983).
template <typename Scalar>
RowMoments<Scalar> row_moments(const ConstMatrixRef<Scalar>& v) {
    require(v.cols() > 0, "there is something to take moments of");
    Vector<double> mean = Vector<double>::Zero(v.rows());
    Vector<double> squares = Vector<double>::Zero(v.rows());
    by_pieces(v.rows(), v.cols(), [&](Range columns) {
        const auto piece = part(v, columns);
        const auto count = static_cast<double>(columns.size());
        const auto before = static_cast<double>(columns.begin);
        Vector<Scalar> center = Vector<Scalar>::Zero(v.rows());
        for (Index j = 0; j < piece.cols(); ++j) {
            center += piece.col(j);
        }
        center /= static_cast<Scalar>(count);
        Vector<Scalar> square = Vector<Scalar>::Zero(v.rows());
        for (Index j = 0; j < piece.cols(); ++j) {
            square += (piece.col(j) - center).cwiseAbs2();
        }
        const Vector<double> apart = center.template cast<double>() - mean;
        mean += count / (before + count) * apart;
        squares +=
            square.template cast<double>() + before * count / (before + count) * apart.cwiseAbs2();
    });
    return {mean.template cast<Scalar>(),
            (squares / static_cast<double>(v.cols())).template cast<Scalar>()};
}

template <typename Scalar>
void standardize(const RowMoments<Scalar>& moments, const Vector<Scalar>& shift,
                 MatrixRef<Scalar> v) {
    const Vector<Scalar> scale = moments.deviation().cwiseInverse();
    for (Index j = 0; j < v.cols(); ++j) {
        v.col(j) = (v.col(j) - moments.mean).cwiseProduct(scale) + shift;
    }
}

template <typename Scalar>
Vector<Scalar> pull_back_standardized(const RowMoments<Scalar>& moments,
                                      const Vector<Scalar>& shift, const ConstMatrixRef<Scalar>& u,
                                      MatrixRef<Scalar> s) {
    require(u.rows() == s.rows() && u.cols() == s.cols() && s.cols() > 0,
            "a derivative is of what was standardized");
    Vector<double> sums = Vector<double>::Zero(s.rows());
    Vector<double> products = Vector<double>::Zero(s.rows());
    by_pieces(s.rows(), s.cols(), [&](Range columns) {
        Vector<Scalar> sum = Vector<Scalar>::Zero(s.rows());
        Vector<Scalar> product = Vector<Scalar>::Zero(s.rows());
        for (Index j = columns.begin; j < columns.end; ++j) {
            sum += s.col(j);
            product += s.col(j).cwiseProduct(u.col(j) - shift);
        }
        sums += sum.template cast<double>();
        products += product.template cast<double>();
    });
    const auto count = static_cast<double>(s.cols());
    const Vector<Scalar> mean = (sums / count).template cast<Scalar>();
    const Vector<Scalar> along = (products / count).template cast<Scalar>();
    const Vector<Scalar> scale = moments.deviation().cwiseInverse();
    for (Index j = 0; j < s.cols(); ++j) {
        s.col(j) = (s.col(j) - mean - (u.col(j) - shift).cwiseProduct(along)).cwiseProduct(scale);
    }
    return sums.template cast<Scalar>();
}

template RowMoments<float> row_moments(const ConstMatrixRef<float>&);
template RowMoments<double> row_moments(const ConstMatrixRef<double>&);
template void standardize(const RowMoments<float>&, const Vector<float>&, MatrixRef<float>);
template void standardize(const RowMoments<double>&, const Vector<double>&, MatrixRef<double>);
template Vector<float> pull_back_standardized(const RowMoments<float>&, const Vector<float>&,
                                              const ConstMatrixRef<float>&, MatrixRef<float>);
template Vector<double> pull_back_standardized(const RowMoments<double>&, const Vector<double>&,
                                               const ConstMatrixRef<double>&, MatrixRef<double>);

}  // namespace hoist
