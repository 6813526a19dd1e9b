#include "hoist/data/dataset.hpp"

#include <algorithm>
#include <array>

#include "formats.hpp"
#include "hoist/base/error.hpp"
#include "hoist/base/text.hpp"
#include "lifted_part.hpp"

namespace hoist {

namespace {

struct Format {
    const char* name;
    DataParts (*open)(const DataConfig&, const DataUse&);
    /// Whether the configuration has to name the files.
    bool needs_names;
};

constexpr std::array<Format, 8> formats = {{
    {"glyphs", open_glyphs, false},
    {"idx", open_idx, false},
    {"cifar10", open_cifar10, false},
    {"csv", open_csv, true},
    {"hdf5", open_hdf5, true},
    {"numpy", open_numpy, false},
    {"images", open_images, false},
    {"memory", open_memory, false},
}};

std::string sizes_text(const std::vector<Index>& shape) {
    std::vector<std::string> sizes;
    for (const Index size : shape) {
        sizes.push_back(std::to_string(size));
    }
    return join(sizes, " x ");
}

/// As far as both tell how they are laid out.
bool laid_out_alike(const std::vector<Index>& shape, const std::vector<Index>& other) {
    return shape.size() < 2 || other.size() < 2 || shape == other;
}

void require_same_inputs(const Dataset& train, const Dataset& test) {
    const std::string problem = "the training and the test part have different inputs";
    if (train.features() != test.features()) {
        throw DataError(problem,
                        std::to_string(train.features()) + " and " +
                            std::to_string(test.features()) + " numbers per sample",
                        "check data.train and data.test");
    }
    if (!laid_out_alike(train.sample_shape(), test.sample_shape())) {
        throw DataError(problem, train.storage() + ", and " + test.storage(),
                        "store both in the same layout");
    }
}

void require_layout(const Dataset& part, const std::vector<Index>& known) {
    const std::vector<Index> shape = part.sample_shape();
    if (!laid_out_alike(shape, known)) {
        throw DataError("the data have another layout than those that the model was trained on",
                        "a sample is " + sizes_text(shape) + ", and was " + sizes_text(known),
                        "store them in that layout");
    }
}

}  // namespace

Shape Dataset::picture(Index) const {
    const std::vector<Index> shape = sample_shape();
    const auto [rows, columns] = image_size();
    if (shape.size() == 2 || shape.size() == 3) {
        return {shape[0], shape[1], shape.size() == 3 ? shape[2] : 1};
    }
    return rows > 0 ? Shape{rows, columns, 1} : Shape::vector(features());
}

std::vector<std::string> data_formats() {
    std::vector<std::string> names;
    for (const Format& format : formats) {
        names.emplace_back(format.name);
    }
    return names;
}

DataParts open_dataset(const DataConfig& config, const DataUse& use) {
    const auto format = std::ranges::find(formats, config.format, &Format::name);
    if (format == formats.end()) {
        const auto names = data_formats();
        const auto meant = nearest(config.format, names);
        throw UsageError("the data format " + config.format + " is not known",
                         "there are " + join(names, ", "),
                         meant ? "did you mean " + *meant + "?" : "choose one of them");
    }
    if (format->needs_names && config.train.empty() && config.test.empty()) {
        throw UsageError("no data file is named", "the format " + config.format + " needs one",
                         "set data.train, data.test or both");
    }
    if (!config.inputs.empty() && config.format != "hdf5" && config.format != "numpy") {
        throw UsageError("data.inputs names an array", "the format " + config.format + " has none",
                         "leave it out");
    }
    DataUse known = use;
    if (use.task == Task::pictures && format->open != open_images) {
        known.task = Task::classes;  // which nobody reads
    }
    DataParts parts = format->open(config, known);
    if (parts.train && parts.test && use.task != Task::pictures) {
        require_same_inputs(*parts.train, *parts.test);
    }
    for (const Dataset* part : {parts.train.get(), parts.test.get()}) {
        if (part != nullptr) {
            require_layout(*part, use.sample_shape);
        }
    }
    parts.train = lift_part(std::move(parts.train), config.lift);
    parts.test = lift_part(std::move(parts.test), config.lift);
    return parts;
}

}  // namespace hoist
