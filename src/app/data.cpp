#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <limits>
#include <nlohmann/json.hpp>

#include "commands.hpp"
#include "hoist/base/text.hpp"
#include "hoist/comm/agree.hpp"
#include "hoist/data/convert.hpp"
#include "hoist/train/samples.hpp"

namespace hoist {

namespace {

namespace po = boost::program_options;

/// What describe tells of a part.
struct PartFacts {
    std::string name;
    Index samples = 0;
    Index features = 0;
    std::pair<Index, Index> image{0, 0};
    bool labeled = false;
    double least = std::numeric_limits<double>::infinity();
    double most = -std::numeric_limits<double>::infinity();
    /// Share of inputs that are not zero.
    double density = 0.0;
    /// Samples of each class (classes), or the range of the targets (values).
    std::vector<Index> counts = {};
    std::vector<std::string> class_names = {};
    std::vector<double> target_range = {};
};

void count_classes(Dataset& data, std::span<const Index> samples, PartFacts& facts) {
    std::vector<Index> labels(samples.size());
    data.read_labels(samples, labels);
    for (const Index label : labels) {
        const auto position = static_cast<std::size_t>(label);
        facts.counts.resize(std::max(facts.counts.size(), position + 1), 0);
        ++facts.counts[position];
    }
}

void widen_target_range(Dataset& data, std::span<const Index> samples, PartFacts& facts) {
    std::vector<double> values(samples.size() * static_cast<std::size_t>(data.outputs()));
    data.read_values(samples, values);
    const auto [least, most] = std::ranges::minmax(values);
    facts.target_range = facts.target_range.empty()
                             ? std::vector{least, most}
                             : std::vector{std::min(least, facts.target_range[0]),
                                           std::max(most, facts.target_range[1])};
}

PartFacts look_at(const std::string& name, Dataset& data, Task task) {
    PartFacts facts{name, data.samples(), data.features(), data.image_size(), data.labeled()};
    if (task == Task::classes && data.labeled()) {
        facts.class_names = data.class_names();
        facts.counts.resize(static_cast<std::size_t>(data.outputs()), 0);
    }
    const std::vector<Index> all = all_samples(data.samples());
    const ColumnBlocks blocks(data.samples());
    std::vector<double> values;
    Index not_zero = 0;
    for (Index block = 0; block < blocks.count(); ++block) {
        const Range range = blocks.columns(block);
        const std::span<const Index> chosen(all.data() + range.begin,
                                            static_cast<std::size_t>(range.size()));
        values.resize(chosen.size() * static_cast<std::size_t>(data.features()));
        data.read_inputs(chosen, values);
        const auto [least, most] = std::ranges::minmax(values);
        facts.least = std::min(facts.least, least);
        facts.most = std::max(facts.most, most);
        not_zero += std::ssize(values) - std::ranges::count(values, 0.0);
        if (data.labeled() && task == Task::classes) {
            count_classes(data, chosen, facts);
        } else if (data.labeled()) {
            widen_target_range(data, chosen, facts);
        }
    }
    facts.density =
        static_cast<double>(not_zero) / static_cast<double>(data.samples() * data.features());
    return facts;
}

void print_json(const std::vector<PartFacts>& parts) {
    nlohmann::ordered_json json;
    for (const PartFacts& part : parts) {
        nlohmann::ordered_json& row = json[part.name];
        row["samples"] = part.samples;
        row["features"] = part.features;
        if (part.image.first > 0) {
            row["image"] = {part.image.first, part.image.second};
        }
        row["labeled"] = part.labeled;
        row["range"] = {part.least, part.most};
        row["density"] = part.density;
        if (!part.counts.empty()) {
            row["class_counts"] = part.counts;
            row["class_names"] = part.class_names;
        }
        if (!part.target_range.empty()) {
            row["target_range"] = part.target_range;
        }
    }
    std::cout << json.dump() << std::endl;
}

void print_table(const std::vector<PartFacts>& parts) {
    for (const PartFacts& part : parts) {
        std::printf("%s\n  %-10s %td\n", part.name.c_str(), "samples", part.samples);
        std::printf("  %-10s %td", "features", part.features);
        if (part.image.first > 0) {
            std::printf(" (images of %td x %td)", part.image.first, part.image.second);
        }
        std::printf("\n  %-10s %g to %g, %.1f %% not zero\n", "values", part.least, part.most,
                    100.0 * part.density);
        if (!part.labeled) {
            std::printf("  %-10s none\n", "targets");
        }
        if (!part.target_range.empty()) {
            std::printf("  %-10s %g to %g\n", "targets", part.target_range[0],
                        part.target_range[1]);
        }
        for (std::size_t i = 0; i < part.counts.size(); ++i) {
            const std::string name =
                i < part.class_names.size() ? part.class_names[i] : std::to_string(i);
            std::printf("  class %-12s %td\n", name.c_str(), part.counts[i]);
        }
    }
}

/// Draws the first `count` samples as letters, two rows of pixels in a line, so that a letter is
/// about as high as the pixels that it stands for.
void show_images(Dataset& data, Index count) {
    static const std::string shades = " .:-=+*#%@";
    const auto [rows, columns] = data.image_size();
    std::vector<double> pixels(static_cast<std::size_t>(data.features()));
    std::vector<Index> label(1);
    const std::vector<std::string> names = data.class_names();
    for (Index sample = 0; sample < count; ++sample) {
        const std::vector<Index> chosen{sample};
        data.read_inputs(chosen, pixels);
        data.read_labels(chosen, label);
        std::printf("%td: %s\n", sample, names[static_cast<std::size_t>(label[0])].c_str());
        for (Index row = 0; row + 1 < rows; row += 2) {
            std::string text;
            for (Index column = 0; column < columns; ++column) {
                const auto upper = static_cast<std::size_t>(row * columns + column);
                const double shade =
                    0.5 * (pixels[upper] + pixels[upper + static_cast<std::size_t>(columns)]);
                text += shades[static_cast<std::size_t>(
                    shade * static_cast<double>(shades.size() - 1) + 0.5)];
            }
            std::printf("%s\n", text.c_str());
        }
    }
}

void write_part(Dataset& data, Task task, const std::filesystem::path& path) {
    write_hdf5(data, task, path);
    std::printf("%s  %td samples\n", path.c_str(), data.samples());
}

// A name that ends in .h5 takes the training part (or the only one), a folder both.
void write_parts(const DataParts& data, Task task, const std::filesystem::path& out) {
    if (out.extension() == ".h5") {
        write_part(data.train ? *data.train : *data.test, task, out);
        return;
    }
    std::error_code error;
    std::filesystem::create_directories(out, error);
    if (error) {
        throw OutputError("cannot make the folder " + out.string(), error.message(),
                          "choose another --out");
    }
    if (data.train) {
        write_part(*data.train, task, out / "train.h5");
    }
    if (data.test) {
        write_part(*data.test, task, out / "test.h5");
    }
}

/// The options of one call, checked.
struct Request {
    std::string action;
    DataConfig data;
    Task task = Task::classes;
    std::string out;
    Index show = 0;
    bool json = false;
};

Request parse_request(const CommandLine& line) {
    Request request;
    request.action = line.get<std::vector<std::string>>("argument").front();
    const std::vector<std::string> actions{"glyphs", "describe", "convert"};
    if (std::ranges::find(actions, request.action) == actions.end()) {
        const auto meant = nearest(request.action, actions);
        throw UsageError("hoist data has no " + request.action, "it has " + join(actions, ", "),
                         meant ? "did you mean " + *meant + "?" : "choose one of them");
    }
    for (const char* key : {"data.limit", "data.validation", "data.standardize"}) {
        if (line.keys().contains(key)) {
            throw UsageError("hoist data takes no " + std::string(key), "only training does",
                             "leave it out");
        }
    }
    request.data = parse_config(line.keys()).data;
    if (request.action == "glyphs" && request.data.format != "glyphs") {
        throw UsageError("hoist data glyphs draws glyphs", "data.format is " + request.data.format,
                         "use hoist data convert");
    }
    request.task = line.has("values") ? Task::values : Task::classes;
    request.json = line.has("json");
    request.out = line.has("out") ? line.get<std::string>("out") : "";
    request.show = line.has("show") ? line.get<Index>("show") : 0;
    const bool writes =
        request.action == "convert" || (request.action == "glyphs" && !line.has("show"));
    if (writes && request.out.empty()) {
        throw UsageError("hoist data " + request.action + " needs --out", "it writes files",
                         request.action == "glyphs" ? "give --out DIR, or --show N to look at some"
                                                    : "give --out DIR");
    }
    if (request.action == "describe" && line.has("out")) {
        throw UsageError("hoist data describe takes no --out", "it writes nothing",
                         "use hoist data convert");
    }
    if (line.has("show") &&
        (request.action != "glyphs" || request.show < 1 || request.show > request.data.samples)) {
        throw UsageError("--show " + std::to_string(request.show) + " cannot be met",
                         "it takes 1 to data.samples, with hoist data glyphs",
                         "give another number");
    }
    return request;
}

void carry_out(const Request& request) {
    const DataParts data = open_dataset(request.data, {request.task, 0, {}});
    if (request.action == "describe") {
        std::vector<PartFacts> parts;
        if (data.train) {
            parts.push_back(look_at("train", *data.train, request.task));
        }
        if (data.test) {
            parts.push_back(look_at("test", *data.test, request.task));
        }
        request.json ? print_json(parts) : print_table(parts);
        return;
    }
    if (request.show > 0) {
        show_images(*data.train, request.show);
    }
    if (!request.out.empty()) {
        write_parts(data, request.task, request.out);
    }
}

}  // namespace

ExitStatus run_data(const Communicator& world, const Command& command,
                    const std::vector<std::string>& arguments) {
    po::options_description options("Options", 110);
    options.add_options()  //
        ("out", po::value<std::string>(),
         "folder for train.h5 and test.h5, or FILE.h5 for the training part (glyphs, convert)")  //
        ("show", po::value<Index>(), "draw the first so many samples as text (glyphs)")          //
        ("values", "targets are numbers to predict, not classes (describe, convert)")            //
        ("json", "print one JSON object (describe)");
    CommandLine line(command, options, {"glyphs|describe|convert"}, CommandLine::Keys::data);
    agree(world, [&] { line.parse(arguments); });
    if (line.help_wanted()) {
        return show_help(world, line);
    }
    Request request;
    agree(world, [&] { request = parse_request(line); });
    agree(world, [&] {
        if (world.rank() == 0) {
            carry_out(request);
        }
    });
    return ExitStatus::done;
}

}  // namespace hoist
