#include "hoist/problem/problem.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <iterator>
#include <limits>
#include <optional>

#include "hoist/base/error.hpp"
#include "hoist/base/text.hpp"
#include "hoist/comm/agree.hpp"
#include "hoist/math/compressed_columns.hpp"
#include "hoist/problem/augmentation.hpp"
#include "hoist/problem/model_file.hpp"
#include "start.hpp"
#include "start_file.hpp"
#include "whitening.hpp"

namespace hoist {

namespace {

// Whether the classes may well be values of a regression.
bool are_numbers(const Dataset& data) {
    constexpr Index many = 20;
    const std::vector<std::string> names = data.class_names();
    return std::ssize(names) > many && std::ranges::all_of(names, [](const std::string& name) {
               return to_number(name).has_value();
           });
}

// A picture is read as it is stored: row after row, the channels of a place side by side.
void check_layout(const NetworkSpec& network, const Dataset& data, const std::string& part) {
    const auto& [rows, columns, channels] = network.block(0);
    std::vector<Index> wanted{rows, columns, channels};
    std::erase(wanted, 1);
    const std::vector<Index> stored = stored_shape(data);
    if (network.block(0).places() > 1 && stored.size() > 1 && stored != wanted) {
        std::vector<std::string> sizes;
        for (const Index size : stored) {
            sizes.push_back(std::to_string(size));
        }
        throw UsageError("network.layers = " + network.layers_text() + " contradicts the data",
                         "a sample of the " + part + " part is stored as " + join(sizes, "x"),
                         "start it with that shape; channels that are stored first have to be "
                         "moved behind rows and columns");
    }
}

void check_widths(const NetworkSpec& network, const Dataset& data, const std::string& part) {
    const std::string shown = "network.layers = " + network.layers_text();
    const std::string words = to_text(data.table());
    if (data.features() != network.inputs()) {
        throw UsageError(shown + " contradicts the data",
                         "the " + part + " inputs have " + std::to_string(data.features()) +
                             " numbers" + (words.empty() ? "" : ": " + words),
                         "start it with " + std::to_string(data.features()));
    }
    check_layout(network, data, part);
    if (network.unsupervised() || !data.labeled() || data.outputs() == 0) {
        return;
    }
    if (network.regression() && data.outputs() != 1) {
        throw DataError(
            "the " + part + " part has " + std::to_string(data.outputs()) + " values per sample",
            "regression predicts one", "choose one with data.target");
    }
    if (!network.regression() && data.outputs() < 2) {
        const std::vector<std::string> names = data.class_names();
        throw DataError("the " + part + " part has one class only",
                        names.empty() ? "" : "every sample is " + names.front(),
                        "check the target column, or set network.output = linear and end "
                        "network.layers with 1 to predict numbers");
    }
    if (data.outputs() != network.outputs()) {
        throw UsageError(shown + " contradicts the data",
                         "the " + part + " part has " + std::to_string(data.outputs()) +
                             (network.regression() ? " values per sample" : " classes"),
                         "end it with " + std::to_string(data.outputs()) +
                             (are_numbers(data) ? ", or set network.output = linear and end it "
                                                  "with 1 to predict numbers"
                                                : ""));
    }
}

// Labels, where the network knows of targets.
void require_training_part(const NetworkSpec& network, const Dataset* train) {
    if (train != nullptr && (network.unsupervised() || train->labeled())) {
        return;
    }
    std::vector<std::string> said;
    if (train == nullptr) {
        said.emplace_back("there is a test part only");
    } else {
        if (!train->storage().empty()) {
            said.push_back("no classes or values belong to " + train->storage());
        }
        std::ranges::copy(train->remarks(), std::back_inserter(said));
    }
    throw DataError(network.unsupervised() ? "the data have no training part"
                                           : "the data have no labeled training part",
                    join(said, "; "), "check data.path, data.train and data.target");
}

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
        use.features = config.network.inputs();
    }
    if (config.precision == Precision::single) {
        use.largest = std::numeric_limits<float>::max();
    }
    return use;
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
    agree(world, [&] {
        if (!config.network.unsupervised()) {
            problem.class_names = data.train->class_names();
        }
        problem.table = data.train->table();
        problem.sample_shape = data.train->sample_shape();
        problem.remarks = remarks_on(data);
        if (!config.data.test.empty() && config.test_part != TestPart::unread && !data.test) {
            problem.remarks.push_back("data.test = " + config.data.test +
                                      " has no classes or values and is not used");
        }
        const Split split =
            split_samples(data.train->samples(), config.limit, config.validation, config.seed);
        if (config.network.regression() && unit == TargetUnit::standardized) {
            problem.targets = fit_targets(*data.train, split.train);
        }
        const auto load = [&](Dataset& part, const std::vector<Index>& chosen) {
            return load_samples<Scalar>(
                part, chosen, config.network, *placement, rank,
                ColumnBlocks(static_cast<Index>(chosen.size()), sweeps ? config.grid.block : 0,
                             config.network.widest()),
                problem.targets);
        };
        const auto count = static_cast<Index>(split.train.size());
        problem.train = load_samples<Scalar>(*data.train, split.train, config.network, *placement,
                                             rank, training_blocks(config, count), problem.targets);
        problem.validation = load(*data.train, split.validation);
        if (data.test) {
            problem.test = load(*data.test, all_samples(data.test->samples()));
        }
        const auto start = read_start(config);
        if (start) {
            problem.standardization = start->standardization;
        }
        const Range layers = placement->layers_of(rank);
        problem.stage = {config.network, layers, starting_weights<Scalar>(config, start, layers)};
        if (start && config.network.regression() && placement->last(rank)) {
            change_unit(start->targets, problem.targets, problem.stage.weights.back());
        }
        scale_hidden_blocks(config, problem.stage);
    });

    if (config.standardize == Standardize::no && config.start_file.empty() &&
        placement->first(rank)) {
        std::ranges::copy(remarks_on_size(problem.train, problem.peers),
                          std::back_inserter(problem.remarks));
    }
    if (config.standardize != Standardize::no && placement->first(rank)) {
        if (problem.standardization.empty()) {
            problem.standardization = fit_standardization(problem.train, problem.peers);
            if (config.standardize == Standardize::mean) {
                problem.standardization.scale.setOnes();
            }
        }
        for (Samples<Scalar>* samples : {&problem.train, &problem.validation, &problem.test}) {
            standardize(problem.standardization, samples->inputs);
        }
    }
    if (config.whiten && placement->first(rank)) {
        whiten(problem.train, problem.peers, problem.stage);
    }
    return problem;
}

template Problem<float> make_problem(const Config&, const Communicator&, TargetUnit);
template Problem<double> make_problem(const Config&, const Communicator&, TargetUnit);

}  // namespace hoist
