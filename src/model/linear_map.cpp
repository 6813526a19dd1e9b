#include "hoist/model/linear_map.hpp"

#include <algorithm>

#include "hoist/base/error.hpp"
#include "hoist/math/blas.hpp"
#include "hoist/math/by_places.hpp"

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
    spec_.in_front->apply(x, y);
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
    if (spec_.adjoint) {
        u.setZero();
        add_transposed(-per_window(), x, u);
    } else {
        if (!spec_.simple()) {
            u.setZero();
        }
        auto written = rows_of_weights(by_places<Scalar>(u, spec_.to.channels));
        visit_tiles(x, windows_at_once(),
                    [&](const ConstMatrixRef<Scalar>& windows, Range columns) {
                        auto tile = part(written, columns);
                        set_product(weights_->matrix, windows, tile);
                        tile.colwise() += weights_->bias;
                    });
    }
    add_skips(Scalar{1}, x, u);
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
    if (spec_.adjoint) {
        add_transposed(-factor * per_window(), x, u);
    } else {
        add_windows(factor, x, u);
    }
    add_skips(factor, x, u);
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
        spec_.in_front->add_adjoint(ConstMatrixRef<Scalar>(y), g);
        return;
    }
    const auto signals = by_places<Scalar>(s, spec_.to.channels);
    for (const Skip& skip : spec_.skips) {
        by_places<Scalar>(g, spec_.from.channels).middleRows(skip.from, skip.channels) +=
            factor * signals.middleRows(skip.to, skip.channels);
    }
    if (spec_.adjoint) {
        add_windows(-factor * per_window(), s, g);
    } else {
        add_transposed(factor, s, g);
    }
}

// u += factor skip(x).
template <typename Scalar>
void LinearMap<Scalar>::add_skips(Scalar factor, const ConstMatrixRef<Scalar>& x,
                                  MatrixRef<Scalar> u) const {
    if (spec_.skips.empty()) {
        return;
    }
    const auto brought = by_places<Scalar>(x, spec_.from.channels);
    auto block = by_places<Scalar>(u, spec_.to.channels);
    for (const Skip& skip : spec_.skips) {
        block.middleRows(skip.to, skip.channels) +=
            factor * brought.middleRows(skip.from, skip.channels);
    }
}

// b += factor W F(a).
template <typename Scalar>
void LinearMap<Scalar>::add_windows(Scalar factor, const ConstMatrixRef<Scalar>& a,
                                    MatrixRef<Scalar> b) const {
    auto written = rows_of_weights(by_places<Scalar>(b, beside_windows().channels));
    visit_tiles(a, windows_at_once(), [&](const ConstMatrixRef<Scalar>& windows, Range columns) {
        part(written, columns).noalias() += factor * weights_->matrix * windows;
    });
}

// a += factor F'(W'b).
template <typename Scalar>
void LinearMap<Scalar>::add_transposed(Scalar factor, const ConstMatrixRef<Scalar>& b,
                                       MatrixRef<Scalar> a) const {
    const auto read = rows_of_weights(by_places<Scalar>(b, beside_windows().channels));
    if (spec_.windows.are_the_block()) {
        by_places<Scalar>(a, spec_.inputs()).noalias() +=
            factor * weights_->matrix.transpose() * read;
        return;
    }
    Matrix<Scalar> windows;
    tiles(b.cols(), windows_at_once(), [&](const Tile& tile) {
        const Index each = tile.places.size();
        windows.noalias() = factor * weights_->matrix.transpose() *
                            read.middleCols(tile.samples.begin * spec_.places() + tile.places.begin,
                                            tile.samples.size() * each);
        for (Index j = tile.samples.begin; j < tile.samples.end; ++j) {
            spec_.windows.scatter_add(windows.col((j - tile.samples.begin) * each).data(),
                                      tile.places, a.col(j).data());
        }
    });
}

// Of an adjoint, -<F'(W'x), t>/r = <W F(t), -x/r>: windows of t, and x above them.
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
    const auto above =
        rows_of_weights(by_places<Scalar>(spec_.adjoint ? x : t, beside_windows().channels));
    visit_tiles(spec_.adjoint ? t : x, summed_windows,
                [&](const ConstMatrixRef<Scalar>& windows, Range columns) {
                    if (spec_.adjoint) {
                        const Matrix<Scalar> beside = -per_window() * part(above, columns);
                        visit(windows, beside, columns.begin);
                    } else {
                        visit(windows, part(above, columns), columns.begin);
                    }
                });
}

template <typename Scalar>
ConstMatrixRef<Scalar> LinearMap<Scalar>::target(const ConstMatrixRef<Scalar>& x,
                                                 const ConstMatrixRef<Scalar>& t,
                                                 Matrix<Scalar>& scratch) const {
    if (!spec_.residual()) {
        return t;
    }
    scratch = t;
    behind_fixed().add_skips(Scalar{-1}, spec_.in_front ? in_front(x) : Matrix<Scalar>(x), scratch);
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

template class LinearMap<float>;
template class LinearMap<double>;

}  // namespace hoist
