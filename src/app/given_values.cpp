#include "given_values.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "hoist/base/error.hpp"
#include "hoist/base/text.hpp"
#include "hoist/io/hdf5_file.hpp"
#include "prediction_writer.hpp"

namespace hoist {

namespace {

constexpr double rounding = 0.05;
constexpr Index read_at_once = 256;

// Written with two digits each, they may add up to a little less or more.
void check_probabilities(Dataset& values, Index samples, const std::string& file) {
    for (Index first = 0; first < samples; first += read_at_once) {
        std::vector<Index> chosen(
            static_cast<std::size_t>(std::min(read_at_once, samples - first)));
        std::iota(chosen.begin(), chosen.end(), first);
        Matrix<double> columns(values.features(), std::ssize(chosen));
        values.read_inputs(chosen, {columns.data(), static_cast<std::size_t>(columns.size())});
        for (Index j = 0; j < columns.cols(); ++j) {
            const double least = columns.col(j).minCoeff();
            const double sum = columns.col(j).sum();
            if (least < 0.0 || std::abs(sum - 1.0) > rounding) {
                throw DataError(
                    "the scores in " + file + " are no probabilities",
                    "those of sample " + std::to_string(first + j) +
                        (least < 0.0 ? " have " + to_text(least) + " among them"
                                     : " add up to " + to_text(sum)),
                    "give the scores of hoist predict, or what a hidden layer makes, with --layer");
            }
        }
    }
}

DataConfig config_of_values(const std::filesystem::path& path) {
    DataConfig data;
    data.path = path.has_parent_path() ? path.parent_path().string() : ".";
    data.test = path.filename().string();
    if (path.extension() == ".csv") {
        data.format = "csv";
        data.ignore = {"label"};
    } else if (path.extension() == ".h5") {
        data.format = "hdf5";
        const Hdf5Reader reader(path, Hdf5Reader::Checksum::if_present);
        for (const char* name : {"/given", "/score", "/value"}) {
            data.inputs = data.inputs.empty() && reader.has(name) ? name : data.inputs;
        }
    } else if (path.extension() == ".npy") {
        data.format = "numpy";
    } else {
        throw UsageError("--given " + path.string() + " is not valid", "its ending names no format",
                         "use .csv, .h5 or .npy");
    }
    return data;
}

}  // namespace

Index given_numbers(const NetworkSpec& network, Index layer) {
    return network.block(layer == 0 ? network.layers() : layer).size();
}

std::unique_ptr<Dataset> open_given_values(const NetworkSpec& network,
                                           const InversionSettings& settings) {
    const std::string& file = settings.given;
    const Index numbers = given_numbers(network, settings.layer);
    const DataConfig data = config_of_values(file);
    DataUse use;
    // What a file knows beside them, as names of classes, is no matter.
    use.task = data.format == "hdf5" ? Task::classes : Task::values;
    use.features = numbers;
    if (data.format == "csv" && settings.layer == 0) {
        for (const std::string& name : prediction_names(network)) {
            use.table.columns.push_back({name});
        }
    }
    DataParts parts = open_dataset(data, use);
    std::unique_ptr<Dataset> values = std::move(parts.test ? parts.test : parts.train);
    const bool one_more = values && data.format == "csv" && values->labeled();
    if (!values || one_more || values->features() != numbers) {
        throw DataError("the model does not fit the values in " + file,
                        "the layer has " + std::to_string(numbers) + " numbers and they have " +
                            std::to_string(values ? values->features() + (one_more ? 1 : 0) : 0),
                        "choose another --layer, or another file");
    }
    if (settings.layer == 0 &&
        (network.output == Output::softmax || network.output == Output::simplex)) {
        const Index all = values->samples();
        check_probabilities(*values, settings.samples == 0 ? all : std::min(settings.samples, all),
                            file);
    }
    return values;
}

}  // namespace hoist
