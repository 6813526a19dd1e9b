#include "hoist/data/dataset.hpp"

#include <algorithm>
#include <array>

#include "formats.hpp"
#include "hoist/base/error.hpp"
#include "hoist/base/text.hpp"

namespace hoist {

namespace {

struct Format {
    const char* name;
    DataParts (*open)(const DataConfig&, const DataUse&);
    /// Whether the configuration has to name the files.
    bool needs_names;
};

constexpr std::array<Format, 6> formats = {{
    {"glyphs", open_glyphs, false},
    {"idx", open_idx, false},
    {"cifar10", open_cifar10, false},
    {"csv", open_csv, true},
    {"hdf5", open_hdf5, true},
    {"numpy", open_numpy, false},
}};

}  // namespace

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
    return format->open(config, use);
}

}  // namespace hoist
