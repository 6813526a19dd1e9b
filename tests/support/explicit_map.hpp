#pragma once

#include <Eigen/Cholesky>
#include <cmath>

#include "hoist/base/text.hpp"
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

/// All rays of parallel projections, with the factor of which N = K'K has half: each has a pixel by its distance.
inline Matrix<double> projecting_matrix(Index angles, const Shape& shape) {
    const auto rays = static_cast<Index>(std::hypot(shape.rows, shape.columns)) + 4;
    Matrix<double> k = Matrix<double>::Zero(2 * rays * angles, shape.places());
    for (Index angle = 0; angle < angles; ++angle) {
        const double theta =
            std::acos(-1.0) * static_cast<double>(angle) / static_cast<double>(angles);
        for (Index ray = 0; ray < 2 * rays; ++ray) {
            for (Index p = 0; p < shape.places(); ++p) {
                const double x = static_cast<double>(p % shape.columns) -
                                 static_cast<double>(shape.columns - 1) / 2.0;
                const double y = static_cast<double>(p / shape.columns) -
                                 static_cast<double>(shape.rows - 1) / 2.0;
                // Where a projection's middle lies depends on the number of its rays, which is the diagonal rounded up and 2.
                const double diagonal = std::ceil(std::hypot(shape.rows, shape.columns));
                const double place =
                    static_cast<double>(ray - rays) + (std::fmod(diagonal, 2.0) == 0.0 ? 0.5 : 0.0);
                const double away = std::abs(x * std::cos(theta) + y * std::sin(theta) - place);
                k(angle * 2 * rays + ray, p) = std::max(0.0, 1.0 - away);
            }
        }
    }
    return k / std::sqrt(static_cast<double>(angles * std::max(shape.rows, shape.columns)));
}

/// What a lens and the choice of pixels make of a picture of one channel, by sums over all pairs of pixels, place by
/// place.
inline Matrix<double> measuring_matrix(const std::vector<DegradationStep>& steps,
                                       const Shape& shape) {
    using Kind = DegradationStep::Kind;
    if (steps.front().kind == Kind::radon) {
        return projecting_matrix(static_cast<Index>(steps.front().amount), shape);
    }
    Matrix<double> k = Matrix<double>::Identity(shape.places(), shape.places());
    for (const DegradationStep& step : steps) {
        Matrix<double> one = Matrix<double>::Zero(k.rows(), k.cols());
        const auto radius = static_cast<Index>(
            step.kind == Kind::blur ? std::ceil(4.0 * step.amount) : (step.amount - 1.0) / 2.0);
        double sum = 0.0;
        for (Index i = -radius; i <= radius && step.blurs(); ++i) {
            for (Index j = -radius; j <= radius; ++j) {
                const double weight = step.kind == Kind::box
                                          ? 1.0
                                          : std::exp(-0.5 * static_cast<double>(i * i + j * j) /
                                                     (step.amount * step.amount));
                sum += weight;
                for (Index r = 0; r < shape.rows; ++r) {
                    for (Index c = 0; c < shape.columns; ++c) {
                        const Index row = (r + i + 100 * shape.rows) % shape.rows;
                        const Index column = (c + j + 100 * shape.columns) % shape.columns;
                        one(r * shape.columns + c, row * shape.columns + column) += weight;
                    }
                }
            }
        }
        if (!step.blurs()) {
            const auto every = static_cast<Index>(step.amount);
            for (Index p = 0; p < shape.places(); ++p) {
                const bool kept =
                    step.kind == Kind::fixed_mask
                        ? keeps(step, p / shape.columns, p % shape.columns)
                        : p / shape.columns % every == 0 && p % shape.columns % every == 0;
                one(p, p) = kept ? 1.0 : 0.0;
            }
            sum = 1.0;
        }
        k = one / sum * k;
    }
    return k;
}

/// What `fidelity(MEASUREMENT,t,...)` has in front of W, by the inverse of K'K + t I itself.
inline Vector<double> steps_by_definition(const FixedOperator& steps, const Vector<double>& block) {
    const std::vector<std::string> parameters = split(steps.text(), ',');
    const Shape& shape = steps.from();
    const Index channels = shape.channels / 2;
    const std::vector<DegradationStep> measurement = parse_degradation(parameters.front());
    const Matrix<double> k = measuring_matrix(measurement, shape);
    Matrix<double> adjoint = k.transpose();
    const Matrix<double> gram = adjoint * k;
    if (measurement.front().kind ==
        DegradationStep::Kind::radon) {  // what was measured has been taken back
        adjoint.setIdentity(gram.rows(), gram.cols());
    }
    const Index terms = std::max<Index>(1, std::ssize(parameters) - 1);
    Vector<double> made(steps.to().size());
    for (Index channel = 0; channel < shape.channels; ++channel) {
        Vector<double> picture(shape.places());
        for (Index p = 0; p < shape.places(); ++p) {
            picture[p] = block[p * shape.channels + channel];
        }
        const Matrix<double>& taken_back = channel < channels ? gram : adjoint;
        const Vector<double> back = taken_back * picture;
        for (Index i = 0; i <= terms; ++i) {
            Vector<double> term = back;
            if (i == terms) {
                term = picture;
            } else if (parameters.size() > 1) {
                const double t = *to_number(parameters[static_cast<std::size_t>(i + 1)]);
                const Matrix<double> sum =
                    gram + t * Matrix<double>::Identity(gram.rows(), gram.cols());
                term = sum.ldlt().solve(back);
            }
            for (Index p = 0; p < shape.places(); ++p) {
                made[p * steps.to().channels + i * shape.channels + channel] = term[p];
            }
        }
    }
    return made;
}

/// u of one sample by the definition of a convolution behind the mean over windows, if there are
/// any: loops over places, rows, columns and channels. That of an adjoint by the matrix of the map that it is the
/// adjoint of.
inline Vector<double> mapped_by_definition(const MapSpec& map, const Weights<double>& weights,
                                           const Vector<double>& sample) {
    Vector<double> x = sample;
    const Shape from = map.windows.from;
    if (map.part == StepPart::reads_row && map.in_front) {
        x = Vector<double>::Zero(from.size());
        x.tail(sample.size()) = sample;
    } else if (map.in_front && !map.in_front->means()) {
        x = steps_by_definition(*map.in_front, sample);
    } else if (map.in_front) {
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
