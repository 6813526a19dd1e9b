#include "hoist/train/picture_quality.hpp"

#include <algorithm>
#include <cmath>

#include "hoist/base/error.hpp"
#include "hoist/math/windows.hpp"

namespace hoist {

namespace {

Vector<double> window_of(Index side, bool whole) {
    constexpr Index full = 11;
    constexpr double deviation = 1.5;
    const Index length = whole ? side : full;
    Vector<double> weights(length);
    for (Index i = 0; i < length; ++i) {
        const double place = static_cast<double>(i) - 0.5 * static_cast<double>(length - 1);
        weights[i] = whole ? 1.0 : std::exp(-0.5 * place * place / (deviation * deviation));
    }
    return weights / weights.sum();
}

// The means of all windows that lie inside.
Matrix<double> window_means(const Matrix<double>& x, const Vector<double>& down,
                            const Vector<double>& across) {
    Matrix<double> along = Matrix<double>::Zero(x.rows() - down.size() + 1, x.cols());
    for (Index i = 0; i < down.size(); ++i) {
        along += down[i] * x.middleRows(i, along.rows());
    }
    Matrix<double> means = Matrix<double>::Zero(along.rows(), x.cols() - across.size() + 1);
    for (Index j = 0; j < across.size(); ++j) {
        means += across[j] * along.middleCols(j, means.cols());
    }
    return means;
}

double structural_similarity(const Matrix<double>& a, const Matrix<double>& b) {
    constexpr double c1 = 0.01 * 0.01;
    constexpr double c2 = 0.03 * 0.03;
    constexpr Index full = 11;
    const bool whole = std::min(a.rows(), a.cols()) < full;
    const Vector<double> down = window_of(a.rows(), whole);
    const Vector<double> across = window_of(a.cols(), whole);
    const auto means = [&](const Matrix<double>& x) {
        return window_means(x, down, across).array().eval();
    };
    const auto mean_a = means(a);
    const auto mean_b = means(b);
    const auto variance_a = (means(a.cwiseAbs2()) - mean_a.square()).eval();
    const auto variance_b = (means(b.cwiseAbs2()) - mean_b.square()).eval();
    const auto covariance = (means(a.cwiseProduct(b)) - mean_a * mean_b).eval();
    return (((2.0 * mean_a * mean_b + c1) * (2.0 * covariance + c2)) /
            ((mean_a.square() + mean_b.square() + c1) * (variance_a + variance_b + c2)))
        .mean();
}

}  // namespace

PictureQuality compare_pictures(const Shape& shape, const Vector<double>& clean,
                                const Vector<double>& made) {
    require(clean.size() == shape.size() && made.size() == shape.size(),
            "pictures that are compared are as large");
    constexpr double best = 100.0;
    const double error = (clean - made).squaredNorm() / static_cast<double>(shape.size());
    PictureQuality quality;
    quality.psnr = error > 0.0 ? std::min(-10.0 * std::log10(error), best) : best;
    using Plane =
        Eigen::Map<const Matrix<double>, 0, Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>>;
    for (Index channel = 0; channel < shape.channels; ++channel) {
        const auto plane = [&](const Vector<double>& picture) -> Matrix<double> {
            return Plane(picture.data() + channel, shape.columns, shape.rows,
                         {shape.columns * shape.channels, shape.channels});
        };
        quality.ssim +=
            structural_similarity(plane(clean), plane(made)) / static_cast<double>(shape.channels);
    }
    return quality;
}

Vector<double> made_picture(const NetworkSpec& network, const Shape& picture, double unit,
                            const Vector<double>& given, const Vector<double>& u) {
    const Shape whole = network.picture();
    require(u.size() == whole.size() && picture.rows <= whole.rows &&
                picture.columns <= whole.columns && picture.channels == whole.channels,
            "a picture is no larger than what the network makes");
    Vector<double> made = Vector<double>::Zero(whole.size());
    const Windows squares{whole, network.shuffle, network.shuffle, network.shuffle};
    squares.scatter_add(u.data(), {0, squares.places()}, made.data());
    made *= unit;
    if (network.adds_input) {
        made += given;
    }
    Vector<double> result(picture.size());
    const Index width = picture.columns * picture.channels;
    for (Index row = 0; row < picture.rows; ++row) {
        result.segment(row * width, width) =
            made.segment(row * whole.columns * whole.channels, width).cwiseMax(0.0).cwiseMin(1.0);
    }
    return result;
}

template <typename Scalar>
Vector<double> made_picture(const NetworkSpec& network, const Samples<Scalar>& samples,
                            Index column, const ConstMatrixRef<Scalar>& u) {
    const Matrix<Scalar>& given = samples.given.size() > 0 ? samples.given : samples.inputs;
    Vector<double> seen;
    if (network.adds_input) {
        seen = given.col(column).template cast<double>();
    }
    return made_picture(network, samples.picture, samples.target_unit, seen,
                        u.col(0).template cast<double>());
}

template Vector<double> made_picture(const NetworkSpec&, const Samples<float>&, Index,
                                     const ConstMatrixRef<float>&);
template Vector<double> made_picture(const NetworkSpec&, const Samples<double>&, Index,
                                     const ConstMatrixRef<double>&);

}  // namespace hoist
