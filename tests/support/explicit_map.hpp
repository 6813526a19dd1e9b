#pragma once

#include "hoist/model/weights.hpp"

namespace hoist {

/// The number in row r, column c and channel k of a block of that shape.
inline Index position_in(const Shape& shape, Index r, Index c, Index k) {
    return (r * shape.columns + c) * shape.channels + k;
}

inline Index mirrored_place(Index i, Index count) {
    while (i < 0 || i >= count) {
        i = i < 0 ? -i : 2 * (count - 1) - i;
    }
    return i;
}

Matrix<double> explicit_matrix(const MapSpec& map, Weights<double> weights);

/// u of one sample by the definition of a convolution behind the mean over windows, if there are
/// any: loops over places, rows, columns and channels. That of an adjoint by the matrix of the map that it is the
/// adjoint of.
inline Vector<double> mapped_by_definition(const MapSpec& map, const Weights<double>& weights,
                                           const Vector<double>& sample) {
    Vector<double> x = sample;
    const Shape from = map.windows.from;
    if (map.in_front) {
        const Index side = map.from.rows / from.rows;
        x = Vector<double>::Zero(from.size());
        for (Index r = 0; r < from.rows * side; ++r) {
            for (Index c = 0; c < from.columns * side; ++c) {
                for (Index k = 0; k < from.channels; ++k) {
                    x[position_in(from, r / side, c / side, k)] +=
                        sample[position_in(map.from, r, c, k)] / static_cast<double>(side * side);
                }
            }
        }
    }
    const Windows& w = map.windows;
    Vector<double> u = Vector<double>::Zero(map.to.size());
    if (map.adjoint) {
        const MapSpec forth = MapSpec::convolution(w, map.outputs());
        Vector<double> read(forth.to.size());
        for (Index p = 0; p < map.places(); ++p) {
            for (Index m = 0; m < map.outputs(); ++m) {
                read[p * map.outputs() + m] = x[p * map.from.channels + m];
            }
        }
        u = -explicit_matrix(forth, weights).transpose() * read /
            static_cast<double>(w.rows * w.columns);
    }
    for (Index p = 0; p < map.places() && !map.adjoint; ++p) {
        for (Index m = 0; m < map.outputs(); ++m) {
            double sum = weights.bias[m];
            for (Index i = 0; i < w.rows; ++i) {
                for (Index j = 0; j < w.columns; ++j) {
                    Index r = p / w.across() * w.stride + i - w.padding;
                    Index c = p % w.across() * w.stride + j - w.padding;
                    if (w.mirrored) {
                        r = mirrored_place(r, from.rows);
                        c = mirrored_place(c, from.columns);
                    }
                    if (r < 0 || r >= from.rows || c < 0 || c >= from.columns) {
                        continue;
                    }
                    for (Index k = 0; k < w.channels(); ++k) {
                        sum += weights.matrix(m, (i * w.columns + j) * w.channels() + k) *
                               x[position_in(from, r, c, k)];
                    }
                }
            }
            u[p * map.to.channels + m] = sum;
        }
    }
    for (const Skip& skip : map.skips) {
        const Index channels = x.size() / map.to.places();
        for (Index p = 0; p < map.to.places(); ++p) {
            for (Index k = 0; k < skip.channels; ++k) {
                u[p * map.to.channels + skip.to + k] += x[p * channels + skip.from + k];
            }
        }
    }
    return u;
}

/// The matrix of the linear part of u, column by column from unit vectors.
inline Matrix<double> explicit_matrix(const MapSpec& map, Weights<double> weights) {
    weights.bias.setZero();
    Matrix<double> matrix(map.to.size(), map.from.size());
    for (Index i = 0; i < map.from.size(); ++i) {
        matrix.col(i) =
            mapped_by_definition(map, weights, Vector<double>::Unit(map.from.size(), i));
    }
    return matrix;
}

}  // namespace hoist
