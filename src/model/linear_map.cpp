#include "hoist/model/linear_map.hpp"

#include <algorithm>
#include <cmath>

#include "hoist/base/error.hpp"
#include "hoist/math/blas.hpp"
#include "hoist/math/by_places.hpp"
#include "hoist/math/spectral_norm.hpp"

namespace hoist {

namespace {

/// Numbers of a tile of windows, so that it stays in the second cache.
constexpr Index tile_numbers = 65536;
/// Windows of a tile where sums over them are what is wanted: fewer, longer products.
constexpr Index summed_windows = 1024;

}  // namespace

// Whole samples while their windows are no more than wanted at once, else parts of one.
template <typename Scalar>
template <typename Visit>
void LinearMap<Scalar>::tiles(Index samples, Index most_windows, const Visit& visit) const {
    const Index places = spec_.places();
    if (places <= most_windows) {
        const Index together = most_windows / places;
        for (Index j = 0; j < samples; j += together) {
            visit(Tile{{j, std::min(j + together, samples)}, {0, places}});
        }
        return;
    }
    for (Index j = 0; j < samples; ++j) {
        for (Index place = 0; place < places; place += most_windows) {
            visit(Tile{{j, j + 1}, {place, std::min(place + most_windows, places)}});
        }
    }
}

template <typename Scalar>
void LinearMap<Scalar>::gather(const ConstMatrixRef<Scalar>& x, const Tile& tile,
                               Matrix<Scalar>& windows) const {
    windows.resize(spec_.inputs(), tile.samples.size() * tile.places.size());
    for (Index j = tile.samples.begin; j < tile.samples.end; ++j) {
        spec_.windows.gather(x.col(j).data(), tile.places,
                             windows.col((j - tile.samples.begin) * tile.places.size()).data());
    }
}

template <typename Scalar>
Index LinearMap<Scalar>::windows_at_once() const {
    return std::max<Index>(64, tile_numbers / spec_.inputs());
}

template <typename Scalar>
template <typename Visit>
void LinearMap<Scalar>::visit_tiles(const ConstMatrixRef<Scalar>& x, Index most_windows,
                                    const Visit& visit) const {
    if (spec_.windows.are_the_block()) {
        const auto windows = by_places<Scalar>(x, spec_.inputs());
        visit(ConstMatrixRef<Scalar>(windows), Range{0, windows.cols()});
        return;
    }
    Matrix<Scalar> windows;
    tiles(x.cols(), most_windows, [&](const Tile& tile) {
        gather(x, tile, windows);
        const Index first = tile.samples.begin * spec_.places() + tile.places.begin;
        visit(ConstMatrixRef<Scalar>(windows), Range{first, first + windows.cols()});
    });
}

// P x.
template <typename Scalar>
Matrix<Scalar> LinearMap<Scalar>::in_front(const ConstMatrixRef<Scalar>& x) const {
    Matrix<Scalar> y(spec_.windows.from.size(), x.cols());
    spec_.in_front->template apply<Scalar>(x, y);
    return y;
}

template <typename Scalar>
void LinearMap<Scalar>::apply(const ConstMatrixRef<Scalar>& x, MatrixRef<Scalar> u) const {
    if (spec_.plain()) {
        u.noalias() = weights_->matrix * x;
        u.colwise() += weights_->bias;
        return;
    }
    if (spec_.in_front) {
        behind_fixed().apply(in_front(x), u);
        return;
    }
    auto written = by_places<Scalar>(u, spec_.outputs());
    visit_tiles(x, windows_at_once(), [&](const ConstMatrixRef<Scalar>& windows, Range columns) {
        auto tile = part(written, columns);
        set_product(weights_->matrix, windows, tile);
        tile.colwise() += weights_->bias;
    });
    if (spec_.residual) {
        u += x;
    }
}

template <typename Scalar>
void LinearMap<Scalar>::apply(const CompressedColumns<Scalar>& x, MatrixRef<Scalar> u) const {
    require(spec_.plain(), "compressed inputs meet a plain map");
    x.apply(weights_->matrix, weights_->bias, u);
}

template <typename Scalar>
void LinearMap<Scalar>::apply(const CompressedColumns<Scalar>& x, Range columns,
                              MatrixRef<Scalar> u) const {
    require(spec_.plain(), "compressed inputs meet a plain map");
    x.apply(weights_->matrix, weights_->bias, columns, u);
}

template <typename Scalar>
void LinearMap<Scalar>::add_product(Scalar factor, const ConstMatrixRef<Scalar>& x,
                                    MatrixRef<Scalar> u) const {
    if (spec_.plain()) {
        u.noalias() += factor * weights_->matrix * x;
        return;
    }
    if (spec_.in_front) {
        behind_fixed().add_product(factor, in_front(x), u);
        return;
    }
    auto written = by_places<Scalar>(u, spec_.outputs());
    visit_tiles(x, windows_at_once(), [&](const ConstMatrixRef<Scalar>& windows, Range columns) {
        part(written, columns).noalias() += factor * weights_->matrix * windows;
    });
    if (spec_.residual) {
        u += factor * x;
    }
}

template <typename Scalar>
void LinearMap<Scalar>::pull_back(const ConstMatrixRef<Scalar>& s, MatrixRef<Scalar> g) const {
    if (spec_.plain()) {
        g.noalias() = weights_->matrix.transpose() * s;
        return;
    }
    g.setZero();
    add_pull_back(Scalar{1}, s, g);
}

template <typename Scalar>
void LinearMap<Scalar>::add_pull_back(Scalar factor, const ConstMatrixRef<Scalar>& s,
                                      MatrixRef<Scalar> g) const {
    if (spec_.plain()) {
        g.noalias() += factor * weights_->matrix.transpose() * s;
        return;
    }
    if (spec_.in_front) {
        Matrix<Scalar> y = Matrix<Scalar>::Zero(spec_.windows.from.size(), s.cols());
        behind_fixed().add_pull_back(factor, s, y);
        spec_.in_front->template add_adjoint<Scalar>(y, g);
        return;
    }
    if (spec_.residual) {
        g += factor * s;
    }
    const auto read = by_places<Scalar>(s, spec_.outputs());
    if (spec_.windows.are_the_block()) {
        by_places<Scalar>(g, spec_.inputs()).noalias() +=
            factor * weights_->matrix.transpose() * read;
        return;
    }
    Matrix<Scalar> windows;
    tiles(s.cols(), windows_at_once(), [&](const Tile& tile) {
        const Index each = tile.places.size();
        windows.noalias() = factor * weights_->matrix.transpose() *
                            read.middleCols(tile.samples.begin * spec_.places() + tile.places.begin,
                                            tile.samples.size() * each);
        for (Index j = tile.samples.begin; j < tile.samples.end; ++j) {
            spec_.windows.scatter_add(windows.col((j - tile.samples.begin) * each).data(),
                                      tile.places, g.col(j).data());
        }
    });
}

template <typename Scalar>
void LinearMap<Scalar>::pairs(const ConstMatrixRef<Scalar>& x, const ConstMatrixRef<Scalar>& t,
                              const Pair& visit) const {
    if (spec_.plain()) {
        visit(x, t, 0);
        return;
    }
    if (spec_.in_front) {
        behind_fixed().pairs(in_front(x), t, visit);
        return;
    }
    const auto targets = by_places<Scalar>(t, spec_.outputs());
    visit_tiles(x, summed_windows, [&](const ConstMatrixRef<Scalar>& windows, Range columns) {
        visit(windows, part(targets, columns), columns.begin);
    });
}

template <typename Scalar>
ConstMatrixRef<Scalar> LinearMap<Scalar>::target(const ConstMatrixRef<Scalar>& x,
                                                 const ConstMatrixRef<Scalar>& t,
                                                 Matrix<Scalar>& scratch) const {
    if (!spec_.residual) {
        return t;
    }
    scratch = spec_.in_front ? Matrix<Scalar>(t - in_front(x)) : Matrix<Scalar>(t - x);
    return scratch;
}

template <typename Scalar>
void LinearMap<Scalar>::visit_windows(
    const ConstMatrixRef<Scalar>& x,
    const std::function<void(const ConstMatrixRef<Scalar>&)>& visit) const {
    if (spec_.plain()) {
        visit(x);
        return;
    }
    if (spec_.in_front) {
        behind_fixed().visit_windows(in_front(x), visit);
        return;
    }
    visit_tiles(x, summed_windows,
                [&](const ConstMatrixRef<Scalar>& windows, Range) { visit(windows); });
}

template <typename Scalar>
Matrix<Scalar> LinearMap<Scalar>::gram(Scalar factor) const {
    require(spec_.plain(), "the Gram matrix of a plain map is small");
    return factor * weights_->matrix.transpose() * weights_->matrix;
}

template <typename Scalar>
Matrix<Scalar> LinearMap<Scalar>::gram_of_rows(Scalar factor) const {
    require(spec_.plain(), "the Gram matrix of a plain map is small");
    return factor * weights_->matrix * weights_->matrix.transpose();
}

template <typename Scalar>
void LinearMap<Scalar>::add_left_product(Scalar factor, const Matrix<Scalar>& s,
                                         MatrixRef<Scalar> g) const {
    require(spec_.plain(), "the product with a plain map is one");
    g.noalias() += factor * s * weights_->matrix;
}

template <typename Scalar>
Vector<Scalar> LinearMap<Scalar>::pulled_bias(Scalar factor) const {
    require(spec_.plain(), "the Gram matrix of a plain map is small");
    return factor * weights_->matrix.transpose() * weights_->bias;
}

namespace {

// No number of x lies in more than overlap() windows, so that |F(x)|^2 <= overlap |P x|^2.
double norm_of_map(const MapSpec& spec, double norm_of_weights) {
    const double windows = std::sqrt(static_cast<double>(spec.windows.overlap()));
    return (norm_of_weights * windows + (spec.residual ? 1.0 : 0.0)) *
           (spec.in_front ? spec.in_front->norm_bound() : 1.0);
}

constexpr double rounded_up = 1.0 + 1e-12;

}  // namespace

template <typename Scalar>
double LinearMap<Scalar>::norm_bound() const {
    return norm_of_map(spec_, spectral_norm_bound<Scalar>(weights_->matrix));
}

template <typename Scalar>
double LinearMap<Scalar>::proven_norm() const {
    const double own = proven_spectral_norm<Scalar>(weights_->matrix);
    return spec_.plain() ? own : rounded_up * norm_of_map(spec_, own);
}

template <typename Scalar>
Matrix<double> LinearMap<Scalar>::row_distances() const {
    require(spec_.plain(), "the rows of a plain map are those of its matrix");
    const Matrix<double> w = weights_->matrix.template cast<double>();
    Matrix<double> distances(w.rows(), w.rows());
    for (Index i = 0; i < w.rows(); ++i) {
        distances.col(i) = rounded_up * (w.rowwise() - w.row(i)).rowwise().norm();
    }
    return distances;
}

template <typename Scalar>
double LinearMap<Scalar>::squared_norm() const {
    return weights_->matrix.template cast<double>().squaredNorm();
}

template class LinearMap<float>;
template class LinearMap<double>;

}  // namespace hoist
