#include "hoist/problem/problem.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <iterator>
#include <limits>
#include <optional>

#include "check_data.hpp"
#include "hoist/base/error.hpp"
#include "hoist/base/text.hpp"
#include "hoist/comm/agree.hpp"
#include "hoist/math/compressed_columns.hpp"
#include "hoist/problem/augmentation.hpp"
#include "hoist/problem/model_file.hpp"
#include "hoist/problem/picture_samples.hpp"
#include "start.hpp"
#include "start_file.hpp"
#include "whitening.hpp"

namespace hoist {

namespace {

// Collective over the ranks of the first stage. The start draws weights for inputs of about unit
// size, and so do the steps of training.
template <typename Scalar>
std::vector<std::string> remarks_on_size(const Samples<Scalar>& train, const Communicator& peers) {
    constexpr double largest = 30.0;
    constexpr double smallest = 1e-3;
    const double numbers =
        static_cast<double>(train.blocks.samples()) * static_cast<double>(train.inputs.rows());
    double squares = 0.0;
    for (Index i = 0; i < train.inputs.cols(); ++i) {
        squares += train.inputs.col(i).template cast<double>().squaredNorm();
    }
    const double size = std::sqrt(peers.sum(squares) / numbers);
    if (size == 0.0 || (smallest <= size && size <= largest)) {
        return {};
    }
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.2g", size);
    return {std::string("the inputs are ") + (size > largest ? "large" : "small") +
            " (their root mean square is " + text.data() +
            ", where training expects about 1); use data.standardize = true"};
}

}  // namespace

DataUse data_use(const Config& config) {
    DataUse use;
    use.task = config.task();
    if (config.network.unsupervised()) {  // which tells a table without targets
        use.features = config.data.lift.numbers(config.network.inputs());
    }
    if (config.network.pictures()) {
        use.channels = config.network.block(0).channels;
    }
    if (config.precision == Precision::single) {
        use.largest = std::numeric_limits<float>::max();
    }
    return use;
}

// Where maps take the pictures to be measured in another way than they are.
std::vector<std::string> remarks_on_measurement(const Config& config) {
    std::vector<DegradationStep> known;
    std::ranges::copy_if(config.degradation, std::back_inserter(known), &DegradationStep::known);
    for (const MapSpec& map : config.network.maps) {
        const auto taken = map.in_front ? map.in_front->measurement() : known;
        if (!taken.empty() && taken != known) {
            return {"network.layers takes the pictures to be measured by " + to_text(taken) +
                    ", and data.degrade = " + to_text(config.degradation) +
                    " measures them otherwise"};
        }
    }
    return {};
}

std::vector<std::string> remarks_on(const DataParts& data) {
    std::vector<std::string> remarks;
    for (const Dataset* part : {data.train.get(), data.test.get()}) {
        if (part != nullptr) {
            std::ranges::copy(part->remarks(), std::back_inserter(remarks));
        }
    }
    return remarks;
}

DataParts open_training_data(const Config& config) {
    DataUse use = data_use(config);
    if (!config.start_file.empty()) {  // whose weights expect its inputs in their order
        const ModelHeader header = read_model_header(config.start_file);
        use.table = header.table;
        use.sample_shape = header.sample_shape;
    }
    DataParts data = open_dataset(config.data, use);
    require_training_part(config.network, data.train.get());
    if (config.network.pictures()) {  // and those of the test part may have any size
        check_pictures(config, *data.train, "training");
        if (config.test_part == TestPart::unread) {
            data.test.reset();
        }
        return data;
    }
    check_widths(config.network, *data.train, "training");
    if (config.test_part == TestPart::unread ||
        (data.test && ((!data.test->labeled() && !config.network.unsupervised()) ||
                       data.test->samples() == 0))) {
        data.test.reset();
    }
    if (data.test) {
        check_widths(config.network, *data.test, "test");
    }
    return data;
}

double input_cost(const Config& config, Dataset& train) {
    if (config.network.pictures()) {
        return 1.0;
    }
    const Augmentation augmentation(config.augmentation, config.network.inputs(),
                                    image_layout(config.network.block(0), stored_shape(train)));
    if (config.fit != Fit::batches || config.standardize != Standardize::no ||
        augmentation.fills_zeros() || !config.network.map(0).plain()) {
        return 1.0;
    }
    const Index probed = std::min<Index>(train.samples(), 200);
    std::vector<double> inputs(static_cast<std::size_t>(probed * train.features()));
    train.read_inputs(all_samples(probed), inputs);
    const auto nonzeros = std::ssize(inputs) - std::ranges::count(inputs, 0.0);
    const double density =
        static_cast<double>(nonzeros) / static_cast<double>(std::max<Index>(std::ssize(inputs), 1));
    return std::min(
        1.0, CompressedColumns<float>::relative_time(density, config.network.map(0).outputs()));
}

template <typename Scalar>
Problem<Scalar> make_problem(const Config& config, const Communicator& world, TargetUnit unit) {
    std::optional<Placement> placement;
    DataParts data;
    agree(world, [&] {
        data = open_training_data(config);
        placement =
            place(layer_costs(config, input_cost(config, *data.train)), config.grid, world.size());
    });
    const int rank = world.rank();
    Problem<Scalar> problem{*placement, world.split(placement->grid.stage_of(rank))};

    const bool sweeps = config.fit == Fit::sweeps;
    const bool pictures = config.network.pictures();
    const bool standardized = config.standardize != Standardize::no;
    Split split;
    std::optional<ModelHeader> start;
    std::optional<InputSums> sums;
    agree(world, [&] {
        if (!config.network.unsupervised() && !pictures) {
            problem.class_names = data.train->class_names();
        }
        problem.table = data.train->table();
        if (!pictures) {
            problem.sample_shape = data.train->sample_shape();
        }
        problem.remarks = remarks_on(data);
        if (!config.data.test.empty() && config.test_part != TestPart::unread && !data.test) {
            problem.remarks.push_back("data.test = " + config.data.test +
                                      " has no classes or values and is not used");
        }
        std::ranges::move(remarks_on_measurement(config), std::back_inserter(problem.remarks));
        split = split_samples(data.train->samples(), config.limit, config.validation, config.seed);
        start = read_start(config);
        if (start) {
            problem.standardization = start->standardization;
        } else if (standardized && placement->first(rank)) {
            const ColumnBlocks blocks = training_blocks(config, std::ssize(split.train));
            sums = sum_inputs(*data.train, split.train,
                              blocks.columns(placement->grid.owned(rank, blocks.count())));
        }
    });
    if (sums) {
        problem.standardization =
            fit_standardization(std::move(*sums), std::ssize(split.train), problem.peers);
        if (config.standardize == Standardize::mean) {
            problem.standardization.scale.setOnes();
        }
    }
    agree(world, [&] {
        if (config.network.regression() && unit == TargetUnit::standardized) {
            problem.targets =
                config.network.output == Output::spline
                    ? Standardization{Vector<double>::Zero(1), Vector<double>::Ones(1)}
                    : fit_targets(*data.train, split.train);
        }
        if (pictures) {
            const double difference = picture_unit(config, *data.train, split.train);
            problem.targets = {Vector<double>::Zero(1),
                               Vector<double>::Constant(1, 1.0 / difference)};
        }
        const double picture_scale = pictures ? 1.0 / problem.targets.scale[0] : 1.0;
        const Standardization inputs = standardized ? problem.standardization : Standardization{};
        const auto load = [&](Dataset& part,
                              const std::vector<Index>& chosen) -> std::vector<Judged<Scalar>> {
            if (chosen.empty()) {
                return {};
            }
            if (pictures) {
                return load_pictures<Scalar>(part, chosen, config.network, *placement, rank,
                                             config.degradation, config.data.seed, picture_scale);
            }
            const ColumnBlocks blocks(static_cast<Index>(chosen.size()),
                                      sweeps ? config.grid.block : 0, config.network.widest());
            return {{load_samples<Scalar>(part, chosen, config.network, *placement, rank, blocks,
                                          problem.targets, inputs)}};
        };
        const auto count = static_cast<Index>(split.train.size());
        problem.train = pictures ? load_patches<Scalar>(config, *data.train, split.train,
                                                        *placement, rank, picture_scale)
                                 : load_samples<Scalar>(
                                       *data.train, split.train, config.network, *placement, rank,
                                       training_blocks(config, count), problem.targets, inputs);
        problem.validation = load(*data.train, split.validation);
        if (data.test) {
            problem.test = load(*data.test, all_samples(data.test->samples()));
        }
        const Range layers = placement->layers_of(rank);
        problem.stage = {starting_network(config, start), layers,
                         starting_weights<Scalar>(config, start, layers)};
        if (start && (config.network.regression() || pictures) && placement->last(rank)) {
            change_unit(start->targets, problem.targets, problem.stage.weights.back());
        }
        scale_hidden_blocks(config, problem.stage);
    });

    if (config.standardize == Standardize::no && config.start_file.empty() &&
        placement->first(rank)) {
        std::ranges::copy(remarks_on_size(problem.train, problem.peers),
                          std::back_inserter(problem.remarks));
    }
    if (config.whiten && placement->first(rank)) {
        whiten(problem.train, problem.peers, problem.stage);
    }
    return problem;
}

template Problem<float> make_problem(const Config&, const Communicator&, TargetUnit);
template Problem<double> make_problem(const Config&, const Communicator&, TargetUnit);

}  // namespace hoist
