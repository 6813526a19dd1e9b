#include "hoist/model/weights.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>
#include <vector>

#include "hoist/math/orthogonal.hpp"
#include "hoist/math/spectral_norm.hpp"

namespace hoist {

namespace {

// The standard deviation of a unit normal truncated at +-2 is 0.8796...; dividing by it keeps the
// variance.
constexpr double truncated_deviation = 0.87962566103423978;

// The first outputs are the channels in the middle of a window, as far as there are.
template <typename Scalar>
void hand_on(const MapSpec& map, Matrix<Scalar>& matrix) {
    const Windows& windows = map.windows;
    const Index channels = windows.channels();
    const Index middle = (windows.rows / 2 * windows.columns + windows.columns / 2) * channels;
    const Index handed = std::min(channels, map.outputs());
    matrix.topRows(handed).setZero();
    matrix.block(0, middle, handed, handed).setIdentity();
}

// The first outputs are the lowest cosines of a window, from the second on, in the order of their waves.
template <typename Scalar>
void look_for_cosines(const MapSpec& map, Matrix<Scalar>& matrix) {
    const Windows& windows = map.windows;
    const Index places = windows.rows * windows.columns;
    std::vector<std::pair<Index, Index>> waves;
    for (Index place = 1; place < places; ++place) {
        waves.emplace_back(place / windows.columns, place % windows.columns);
    }
    std::ranges::stable_sort(waves, {}, [](const auto& wave) { return wave.first + wave.second; });
    const auto cosine = [](Index wave, Index at, Index count) {
        return std::cos(std::numbers::pi * static_cast<double>(wave) *
                        (static_cast<double>(at) + 0.5) / static_cast<double>(count));
    };
    const Index filters = std::min(map.outputs(), std::ssize(waves));
    for (Index filter = 0; filter < filters; ++filter) {
        const auto [down, across] = waves[static_cast<std::size_t>(filter)];
        Vector<double> row(map.inputs());
        for (Index i = 0; i < row.size(); ++i) {
            const Index place = i / windows.channels();
            row[i] = cosine(down, place / windows.columns, windows.rows) *
                     cosine(across, place % windows.columns, windows.columns);
        }
        matrix.row(filter) = row.normalized().transpose().template cast<Scalar>();
    }
}

// The proximal step itself, or the mean of several.
template <typename Scalar>
void look_at_data(const MapSpec& map, Matrix<Scalar>& matrix) {
    const Index channels = map.outputs();
    const Index terms = map.inputs() / (2 * channels);
    const auto share = Scalar{1} / static_cast<Scalar>(terms);
    for (Index i = 0; i < map.inputs(); ++i) {
        matrix(i % channels, i) = i / channels % 2 == 0 ? -share : share;
    }
}

}  // namespace

template <typename Scalar>
void center_filters(const Windows& windows, MatrixRef<Scalar> filters) {
    const Index channels = windows.channels();
    const Index places = windows.rows * windows.columns;
    for (Index channel = 0; channel < channels; ++channel) {
        Vector<Scalar> mean = Vector<Scalar>::Zero(filters.rows());
        for (Index place = 0; place < places; ++place) {
            mean += filters.col(place * channels + channel);
        }
        mean /= static_cast<Scalar>(places);
        for (Index place = 0; place < places; ++place) {
            filters.col(place * channels + channel) -= mean;
        }
    }
}

template <typename Scalar>
Matrix<double> Weights<Scalar>::solution() const {
    Matrix<double> transposed(matrix.cols() + 1, matrix.rows());
    transposed.topRows(matrix.cols()) = matrix.transpose().template cast<double>();
    transposed.row(matrix.cols()) = bias.transpose().template cast<double>();
    return transposed;
}

template <typename Scalar>
void Weights<Scalar>::assign(const ConstMatrixRef<double>& solution) {
    const Index inputs = solution.rows() - 1;
    matrix = solution.topRows(inputs).transpose().template cast<Scalar>();
    bias = solution.row(inputs).transpose().template cast<Scalar>();
}

template <typename Scalar>
void Weights<Scalar>::limit_norm(double most) {
    limit_spectral_norm<Scalar>(matrix, most);
}

template <typename Scalar>
Weights<Scalar> Weights<Scalar>::folded() const {
    if (moments.mean.size() == 0) {
        return *this;
    }
    const Vector<Scalar> scale = moments.deviation().cwiseInverse();
    return {scale.asDiagonal() * matrix, bias - scale.cwiseProduct(moments.mean)};
}

template <typename Scalar>
Weights<Scalar> initial_weights(const MapSpec& map, Start start, double bias, std::uint64_t seed,
                                Index layer) {
    std::mt19937_64 engine =
        random_engine(seed, Purpose::weights, static_cast<std::uint64_t>(layer));
    std::normal_distribution<double> normal;
    const double n = static_cast<double>(map.inputs());
    const Windows& windows = map.windows;
    const double m =
        static_cast<double>(map.outputs() * (map.dense() ? 1 : windows.rows * windows.columns));
    std::uniform_real_distribution<double> uniform(-std::sqrt(6.0 / (n + m)),
                                                   std::sqrt(6.0 / (n + m)));
    const auto truncated = [&] {
        double value = normal(engine);
        while (std::abs(value) > 2.0) {
            value = normal(engine);
        }
        return value / truncated_deviation;
    };
    const auto draw = [&]() -> double {
        switch (start) {
            case Start::xavier:
                return uniform(engine);
            case Start::normal:
                return normal(engine) * std::sqrt(0.1);
            case Start::variance_scaling:
                return truncated() / std::sqrt(n);
            case Start::he:
            case Start::dirac:
            case Start::orthogonal:
            case Start::cosines:
                break;
        }
        return normal(engine) * std::sqrt(2.0 / n);
    };
    Weights<Scalar> weights;
    if (map.residual()) {
        weights.matrix = Matrix<Scalar>::Zero(map.outputs(), map.inputs());
    } else {
        weights.matrix = Matrix<Scalar>::NullaryExpr(map.outputs(), map.inputs(),
                                                     [&] { return static_cast<Scalar>(draw()); });
    }
    if (map.part == StepPart::toward_input && map.in_front) {
        look_at_data(map, weights.matrix);
    }
    if (start == Start::dirac && !map.dense() && !map.residual()) {
        hand_on(map, weights.matrix);
    }
    if (start == Start::cosines && !map.dense() && !map.residual()) {
        look_for_cosines(map, weights.matrix);
    }
    if (start == Start::orthogonal && !map.residual()) {
        make_orthogonal(weights.matrix);
    }
    if (map.centered) {
        center_filters<Scalar>(map.windows, weights.matrix);
    }
    weights.bias = Vector<Scalar>::Constant(map.outputs(), static_cast<Scalar>(bias));
    if (map.normalized) {
        weights.moments = {Vector<Scalar>::Zero(map.outputs()),
                           Vector<Scalar>::Ones(map.outputs())};
    }
    return weights;
}

template void center_filters(const Windows&, MatrixRef<float>);
template void center_filters(const Windows&, MatrixRef<double>);
template struct Weights<float>;
template struct Weights<double>;
template Weights<float> initial_weights(const MapSpec&, Start, double, std::uint64_t, Index);
template Weights<double> initial_weights(const MapSpec&, Start, double, std::uint64_t, Index);

}  // namespace hoist
