#include "hoist/problem/samples.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "hoist/base/error.hpp"
#include "hoist/base/random.hpp"
#include "hoist/base/text.hpp"

namespace hoist {

namespace {

// Numbers that are finite as doubles may be infinite as Scalar.
template <typename Scalar>
void require_fitting(std::span<const double> numbers, std::span<const Index> samples) {
    constexpr double largest = std::numeric_limits<Scalar>::max();
    const auto bad =
        std::ranges::find_if(numbers, [](double number) { return !(std::abs(number) <= largest); });
    if (bad != numbers.end()) {
        const auto each = numbers.size() / samples.size();
        const auto at = static_cast<std::size_t>(bad - numbers.begin()) / each;
        throw DataError(
            to_text(*bad) + " in sample " + std::to_string(samples[at]) + " is too large",
            "it does not fit train.precision = float",
            "correct it, or set train.precision = double");
    }
}

template <typename Scalar>
void read_targets(Dataset& data, std::span<const Index> samples, const NetworkSpec& network,
                  const Standardization& standardization, Eigen::Ref<Matrix<Scalar>> targets) {
    if (network.regression()) {
        std::vector<double> values(samples.size() * static_cast<std::size_t>(data.outputs()));
        data.read_values(samples, values);
        if (!standardization.empty()) {  // in double, before any digit is lost
            for (double& value : values) {
                value = (value - standardization.mean[0]) * standardization.scale[0];
            }
        }
        require_fitting<Scalar>(values, samples);
        targets = Eigen::Map<Matrix<double>>(values.data(), data.outputs(), targets.cols())
                      .template cast<Scalar>();
        return;
    }
    std::vector<Index> labels(samples.size());
    data.read_labels(samples, labels);
    targets.setZero();
    for (std::size_t i = 0; i < samples.size(); ++i) {
        if (labels[i] < 0 || labels[i] >= network.outputs()) {
            throw DataError(
                "label " + std::to_string(labels[i]) + " of sample " + std::to_string(samples[i]) +
                    " is out of range",
                "the network has " + std::to_string(network.outputs()) +
                    " outputs, and classes count from 0",
                "number the classes from 0 without gaps, or end network.layers with more than the "
                "largest label");
        }
        targets(labels[i], static_cast<Index>(i)) = Scalar{1};
    }
}

// A share below 1, of at least one sample, or a count.
Index count_of(double share, Index samples) {
    return share >= 1.0 ? static_cast<Index>(share)
                        : std::max<Index>(std::llround(share * static_cast<double>(samples)), 1);
}

}  // namespace

Split split_samples(Index samples, Index limit, double validation, std::uint64_t seed) {
    const Index used = limit > 0 ? std::min(limit, samples) : samples;
    const Index held = validation > 0.0 ? count_of(validation, used) : 0;
    if (held >= used) {
        throw UsageError("data.validation leaves no sample to train on",
                         "it takes " + std::to_string(held) + " of " + std::to_string(used),
                         "give a smaller share or count");
    }
    std::vector<Index> order = all_samples(used);
    if (held > 0) {
        std::mt19937_64 engine = random_engine(seed, Purpose::validation);
        std::shuffle(order.begin(), order.end(), engine);
    }
    Split split{{order.begin() + held, order.end()}, {order.begin(), order.begin() + held}};
    std::ranges::sort(split.train);
    std::ranges::sort(split.validation);
    return split;
}

std::vector<bool> labeled_samples(Index samples, double labeled, std::uint64_t seed) {
    if (labeled == 0.0) {
        return std::vector<bool>(static_cast<std::size_t>(samples), true);
    }
    const Index count = count_of(labeled, samples);
    if (count > samples) {
        throw UsageError("data.labeled = " + std::to_string(count) + " is too many",
                         "there are " + std::to_string(samples) + " training samples",
                         "give a smaller share or count");
    }
    std::vector<Index> order = all_samples(samples);
    std::mt19937_64 engine = random_engine(seed, Purpose::labels);
    std::shuffle(order.begin(), order.end(), engine);
    std::vector<bool> chosen(static_cast<std::size_t>(samples), false);
    for (Index i = 0; i < count; ++i) {
        chosen[static_cast<std::size_t>(order[static_cast<std::size_t>(i)])] = true;
    }
    return chosen;
}

std::vector<Index> stored_shape(const Dataset& data) {
    std::vector<Index> shape = data.sample_shape();
    const auto [rows, columns] = data.image_size();
    return shape.size() < 2 && rows > 0 ? std::vector{rows, columns} : shape;
}

template <typename Scalar>
Samples<Scalar> load_samples(Dataset& data, const std::vector<Index>& chosen,
                             const NetworkSpec& network, const Placement& placement, int rank,
                             const ColumnBlocks& blocks, const Standardization& targets,
                             const Standardization& inputs) {
    Samples<Scalar> samples;
    samples.blocks = blocks;
    samples.own = placement.grid.owned(rank, samples.blocks.count());
    samples.columns = samples.blocks.columns(samples.own);
    samples.labeled = data.labeled() && !network.unsupervised();
    samples.stored_shape = stored_shape(data);
    samples.target_unit = targets.empty() ? 1.0 : 1.0 / targets.scale[0];
    const Index own = samples.columns.size();
    const bool first = placement.first(rank);
    const bool last = placement.last(rank) && samples.labeled;
    samples.inputs.resize(first ? network.inputs() : 0, first ? own : 0);
    samples.targets.resize(last ? network.outputs() : 0, last ? own : 0);
    Matrix<double> buffer;
    // In pieces, so that what is read in double is never more than that.
    constexpr Index widest = 1024;
    for (Index begin = samples.columns.begin; begin < samples.columns.end; begin += widest) {
        const Range range{begin, std::min(begin + widest, samples.columns.end)};
        const Range local{begin - samples.columns.begin, range.end - samples.columns.begin};
        const std::span<const Index> wanted(chosen.data() + range.begin,
                                            static_cast<std::size_t>(range.size()));
        if (first) {
            buffer.resize(data.features(), range.size());
            const std::span numbers(buffer.data(), static_cast<std::size_t>(buffer.size()));
            data.read_inputs(wanted, numbers);
            require_fitting<Scalar>(numbers, wanted);
            standardize(inputs, buffer);
            samples.inputs.middleCols(local.begin, local.size()) = buffer.cast<Scalar>();
        }
        if (last) {
            read_targets<Scalar>(data, wanted, network, targets,
                                 samples.targets.middleCols(local.begin, local.size()));
        }
    }
    return samples;
}

// From one of them no sample is further than the deviation times the root of their number, so that the difference of two
// sums has the digits of the variance.
InputSums sum_inputs(Dataset& data, const std::vector<Index>& chosen, Range columns) {
    constexpr Index widest = 1024;
    const Index n = data.features();
    InputSums sums{Vector<double>(n), Vector<double>::Zero(n), Vector<double>::Zero(n)};
    data.read_inputs(std::span(chosen).first(1), {sums.origin.data(), static_cast<std::size_t>(n)});
    Matrix<double> read;
    for (Index begin = columns.begin; begin < columns.end; begin += widest) {
        const Index count = std::min(widest, columns.end - begin);
        read.resize(n, count);
        data.read_inputs(std::span(chosen).subspan(static_cast<std::size_t>(begin),
                                                   static_cast<std::size_t>(count)),
                         {read.data(), static_cast<std::size_t>(read.size())});
        read.colwise() -= sums.origin;
        sums.distance += read.rowwise().sum();
        sums.square += read.rowwise().squaredNorm();
    }
    return sums;
}

Standardization fit_standardization(InputSums sums, Index samples, const Communicator& peers) {
    for (Vector<double>* sum : {&sums.distance, &sums.square}) {
        peers.sum(std::span(sum->data(), static_cast<std::size_t>(sum->size())));
    }
    const auto count = static_cast<double>(samples);
    const Vector<double> distance = sums.distance / count;
    Standardization result;
    result.mean = sums.origin + distance;
    const Vector<double> deviation =
        (sums.square / count - distance.cwiseAbs2()).cwiseMax(0.0).cwiseSqrt();
    // What is left of a constant input is the rounding of its values.
    constexpr double rounding = 8.0 * std::numeric_limits<double>::epsilon();
    result.scale = deviation.binaryExpr(result.mean, [](double one, double mean) {
        return one > rounding * std::abs(mean) ? 1.0 / one : 1.0;
    });
    return result;
}

template <typename Scalar>
void standardize(const Standardization& standardization, Matrix<Scalar>& inputs) {
    if (standardization.empty()) {
        return;
    }
    for (Index i = 0; i < inputs.cols(); ++i) {
        inputs.col(i) = (inputs.col(i).template cast<double>() - standardization.mean)
                            .cwiseProduct(standardization.scale)
                            .template cast<Scalar>();
    }
}

// Two passes, in pieces; sums of shares of the largest deviation neither overflow nor vanish.
Standardization fit_targets(Dataset& data, const std::vector<Index>& chosen) {
    constexpr std::size_t widest = 65536;
    std::vector<double> values;
    const auto visit = [&](const auto& take) {
        for (std::size_t begin = 0; begin < chosen.size(); begin += widest) {
            const std::size_t count = std::min(widest, chosen.size() - begin);
            values.resize(count);
            data.read_values(std::span(chosen).subspan(begin, count), values);
            std::ranges::for_each(values, take);
        }
    };
    double mean = 0.0;
    double seen = 0.0;
    visit([&](double value) {
        seen += 1.0;
        mean += value / seen - mean / seen;
    });
    double largest = 0.0;
    visit([&](double value) { largest = std::max(largest, std::abs(value - mean)); });
    double squares = 0.0;
    if (largest > 0.0) {
        visit([&](double value) {
            const double share = (value - mean) / largest;
            squares += share * share;
        });
    }
    const double deviation = largest * std::sqrt(squares / std::max(seen, 1.0));
    // What is left of a constant is the rounding of its mean.
    const double rounding = 8.0 * std::numeric_limits<double>::epsilon() * std::abs(mean);
    const double scale = 1.0 / deviation;
    Standardization result;
    result.mean = Vector<double>::Constant(1, mean);
    result.scale =
        Vector<double>::Constant(1, deviation > rounding && std::isfinite(scale) ? scale : 1.0);
    return result;
}

std::vector<Index> all_samples(Index count) {
    std::vector<Index> samples(static_cast<std::size_t>(count));
    std::iota(samples.begin(), samples.end(), Index{0});
    return samples;
}

template Samples<float> load_samples(Dataset&, const std::vector<Index>&, const NetworkSpec&,
                                     const Placement&, int, const ColumnBlocks&,
                                     const Standardization&, const Standardization&);
template Samples<double> load_samples(Dataset&, const std::vector<Index>&, const NetworkSpec&,
                                      const Placement&, int, const ColumnBlocks&,
                                      const Standardization&, const Standardization&);
template void standardize(const Standardization&, Matrix<float>&);
template void standardize(const Standardization&, Matrix<double>&);

}  // namespace hoist
