#include "hoist/problem/picture_samples.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <tuple>

#include "hoist/base/error.hpp"
#include "hoist/problem/batches.hpp"
#include "hoist/math/reflected.hpp"

namespace hoist {

namespace {

std::vector<double> extended(const std::vector<double>& picture, const Shape& from,
                             const Shape& to) {
    if (from == to) {
        return picture;
    }
    std::vector<double> result;
    for (Index i = 0; i < to.rows; ++i) {
        for (Index j = 0; j < to.columns; ++j) {
            const Index source =
                reflected(i, from.rows) * from.columns + reflected(j, from.columns);
            const auto pixel = picture.begin() + source * from.channels;
            result.insert(result.end(), pixel, pixel + from.channels);
        }
    }
    return result;
}

Shape fitting_shape(const Dataset& data, Index sample, const NetworkSpec& network) {
    const Shape shape = picture_shape(data, sample, network.block(0));
    const auto refuse = [&](const std::string& why) {
        throw DataError("the picture " + data.name(sample) + " does not fit the network of " +
                            network.layers_text(),
                        "it is " + to_text(shape) + ", and " + why, "leave it out");
    };
    if (shape.channels != network.block(0).channels) {
        refuse("the network takes " + std::to_string(network.block(0).channels) + " channels");
    }
    const auto fitting = network.fitting(shape);
    if (!fitting) {
        refuse("its maps give back no picture that is as large");
    }
    return *fitting;
}

template <typename Scalar>
Samples<Scalar> empty_samples(const NetworkSpec& network, const ColumnBlocks& blocks,
                              const Placement& placement, int rank, double unit) {
    Samples<Scalar> samples;
    samples.blocks = blocks;
    samples.own = placement.grid.owned(rank, blocks.count());
    samples.columns = blocks.columns(samples.own);
    samples.labeled = true;
    samples.target_unit = unit;
    samples.picture = network.picture();
    const Index own = samples.columns.size();
    const bool first = placement.first(rank);
    const bool last = placement.last(rank);
    samples.inputs.resize(first ? network.inputs() : 0, first ? own : 0);
    samples.targets.resize(last ? network.outputs() : 0, last ? own : 0);
    if (last && !first && network.adds_input) {
        samples.given.resize(network.inputs(), own);
    }
    return samples;
}

template <typename Scalar>
std::span<Scalar> span_of(Matrix<Scalar>& columns, Index column) {
    return {columns.col(column).data(), static_cast<std::size_t>(columns.rows())};
}

}  // namespace

GivenPicture give_picture(Dataset& data, Index sample, const NetworkSpec& network,
                          const std::vector<DegradationStep>& degradation, std::uint64_t seed) {
    GivenPicture picture;
    picture.shape = picture_shape(data, sample, network.block(0));
    picture.clean.resize(static_cast<std::size_t>(picture.shape.size()));
    data.read_inputs(std::span(&sample, 1), picture.clean);
    picture.given.resize(picture.clean.size());
    CounterRandom random(seed, Purpose::degradation, {sample});
    degrade<double>(degradation, picture.shape, picture.clean,
                    {0, 0, picture.shape.rows, picture.shape.columns}, random, picture.given);
    picture.fitting = fitting_shape(data, sample, network);
    picture.fitting_clean = extended(picture.clean, picture.shape, picture.fitting);
    picture.fitting_given = extended(picture.given, picture.shape, picture.fitting);
    return picture;
}

template <typename Scalar>
std::vector<Judged<Scalar>> load_pictures(Dataset& data, const std::vector<Index>& chosen,
                                          const NetworkSpec& network, const Placement& placement,
                                          int rank, const std::vector<DegradationStep>& degradation,
                                          std::uint64_t seed, double unit) {
    using Sizes = std::tuple<Index, Index>;
    std::map<Sizes, std::vector<Index>> of_size;
    for (Index i = 0; i < std::ssize(chosen); ++i) {
        const Shape shape =
            picture_shape(data, chosen[static_cast<std::size_t>(i)], network.block(0));
        of_size[{shape.rows, shape.columns}].push_back(i);
    }
    std::vector<Judged<Scalar>> parts;
    for (auto& [size, positions] : of_size) {
        const auto sample = [&](Index i) {
            return chosen[static_cast<std::size_t>(positions[static_cast<std::size_t>(i)])];
        };
        const NetworkSpec resized = network.resized(fitting_shape(data, sample(0), network));
        Samples<Scalar> samples =
            empty_samples<Scalar>(resized, ColumnBlocks(std::ssize(positions), 0, resized.widest()),
                                  placement, rank, unit);
        samples.picture = picture_shape(data, sample(0), network.block(0));
        const bool needed = samples.inputs.size() > 0 || samples.targets.size() > 0;
        for (Index column = 0; needed && column < samples.columns.size(); ++column) {
            const GivenPicture picture = give_picture(data, sample(samples.columns.begin + column),
                                                      network, degradation, seed);
            const std::vector<Scalar> clean(picture.fitting_clean.begin(),
                                            picture.fitting_clean.end());
            const std::vector<Scalar> given(picture.fitting_given.begin(),
                                            picture.fitting_given.end());
            for (Matrix<Scalar>* inputs : {&samples.inputs, &samples.given}) {
                if (inputs->size() > 0) {
                    std::ranges::copy(given, inputs->col(column).data());
                }
            }
            if (samples.targets.size() > 0) {
                picture_target<Scalar>(resized, unit, clean, given,
                                       span_of(samples.targets, column));
            }
        }
        parts.push_back({std::move(samples), resized.block(0), std::move(positions)});
    }
    return parts;
}

template <typename Scalar>
Samples<Scalar> load_patches(const Config& config, Dataset& data, const std::vector<Index>& chosen,
                             const Placement& placement, int rank, double unit) {
    const NetworkSpec& network = config.network;
    Samples<Scalar> samples = empty_samples<Scalar>(
        network, training_blocks(config, std::ssize(chosen)), placement, rank, unit);
    if (!placement.first(rank) && !placement.last(rank)) {
        return samples;
    }
    const Range own = samples.columns;
    const auto patches = std::make_shared<const PicturePatches<Scalar>>(
        config, data,
        std::span(chosen).subspan(static_cast<std::size_t>(own.begin),
                                  static_cast<std::size_t>(own.size())),
        own.begin, unit);
    for (Index column = 0; column < own.size(); ++column) {
        const Index sample = own.begin + column;
        for (Matrix<Scalar>* inputs : {&samples.inputs, &samples.given}) {
            if (inputs->size() > 0) {
                patches->input(PicturePatches<Scalar>::still, sample, span_of(*inputs, column));
            }
        }
        if (samples.targets.size() > 0) {
            patches->target(PicturePatches<Scalar>::still, sample,
                            span_of(samples.targets, column));
        }
    }
    samples.patches = patches;
    return samples;
}

template std::vector<Judged<float>> load_pictures(Dataset&, const std::vector<Index>&,
                                                  const NetworkSpec&, const Placement&, int,
                                                  const std::vector<DegradationStep>&,
                                                  std::uint64_t, double);
template std::vector<Judged<double>> load_pictures(Dataset&, const std::vector<Index>&,
                                                   const NetworkSpec&, const Placement&, int,
                                                   const std::vector<DegradationStep>&,
                                                   std::uint64_t, double);
template Samples<float> load_patches(const Config&, Dataset&, const std::vector<Index>&,
                                     const Placement&, int, double);
template Samples<double> load_patches(const Config&, Dataset&, const std::vector<Index>&,
                                      const Placement&, int, double);

}  // namespace hoist
