#include "check_data.hpp"

#include <algorithm>
#include <iterator>

#include "hoist/base/error.hpp"
#include "hoist/base/text.hpp"
#include "hoist/problem/picture_patches.hpp"
#include "hoist/problem/samples.hpp"

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

}  // namespace

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

void check_pictures(const Config& config, const Dataset& data, const std::string& part) {
    const NetworkSpec& network = config.network;
    const Shape& input = network.block(0);
    for (Index sample = 0; sample < data.samples(); ++sample) {
        const Shape shape = picture_shape(data, sample, input);
        const bool whole = config.patches == 0;
        if (shape.channels != input.channels || shape.rows < input.rows ||
            shape.columns < input.columns || (whole && shape != input)) {
            throw UsageError("network.layers = " + network.layers_text() + " contradicts the data",
                             "the picture " + data.name(sample) + " of the " + part + " part is " +
                                 to_text(shape),
                             whole ? "start it with that, or with the size of patches and set "
                                     "data.patches to their side"
                                   : "start it with the channels of the pictures, and patches no "
                                     "larger than the smallest");
        }
    }
}

void require_training_part(const NetworkSpec& network, const Dataset* train) {
    const bool needs_targets = !network.unsupervised() && !network.pictures();
    if (train != nullptr && (!needs_targets || train->labeled())) {
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
    throw DataError(
        needs_targets ? "the data have no labeled training part" : "the data have no training part",
        join(said, "; "), "check data.path, data.train and data.target");
}

}  // namespace hoist
