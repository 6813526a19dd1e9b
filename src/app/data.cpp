#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "commands.hpp"
#include "describe_data.hpp"
#include "hoist/base/text.hpp"
#include "hoist/comm/agree.hpp"
#include "hoist/data/convert.hpp"
#include "hoist/problem/problem.hpp"

namespace hoist {

namespace {

namespace po = boost::program_options;

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
    if (data.table().named()) {
        std::fprintf(stderr,
                     "hoist: warning: %s holds the inputs without the names of their columns\n",
                     path.c_str());
    }
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
struct DataCall {
    std::string action;
    DataConfig data;
    Task task = Task::classes;
    std::string out;
    Index show = 0;
    bool json = false;
};

DataCall parse_call(const CommandLine& line) {
    DataCall call;
    call.action = line.get<std::vector<std::string>>("argument").front();
    const std::vector<std::string> actions{"glyphs", "describe", "convert"};
    if (std::ranges::find(actions, call.action) == actions.end()) {
        const auto meant = nearest(call.action, actions);
        throw UsageError("hoist data has no " + call.action, "it has " + join(actions, ", "),
                         meant ? "did you mean " + *meant + "?" : "choose one of them");
    }
    for (const char* key : {"data.limit", "data.validation", "data.standardize"}) {
        if (line.keys().contains(key)) {
            throw UsageError("hoist data takes no " + std::string(key), "only training does",
                             "leave it out");
        }
    }
    call.data = parse_config(line.keys()).data;
    if (call.action == "glyphs" && call.data.format != "glyphs") {
        throw UsageError("hoist data glyphs draws glyphs", "data.format is " + call.data.format,
                         "use hoist data convert");
    }
    call.task = line.has("values") ? Task::values : Task::classes;
    call.json = line.has("json");
    call.out = line.has("out") ? line.get<std::string>("out") : "";
    call.show = line.has("show") ? line.get<Index>("show") : 0;
    const bool writes = call.action == "convert" || (call.action == "glyphs" && !line.has("show"));
    if (writes && call.out.empty()) {
        throw UsageError("hoist data " + call.action + " needs --out", "it writes files",
                         call.action == "glyphs" ? "give --out DIR, or --show N to look at some"
                                                 : "give --out DIR");
    }
    if (call.action == "describe" && line.has("out")) {
        throw UsageError("hoist data describe takes no --out", "it writes nothing",
                         "use hoist data convert");
    }
    if (line.has("show") &&
        (call.action != "glyphs" || call.show < 1 || call.show > call.data.samples)) {
        throw UsageError("--show " + std::to_string(call.show) + " cannot be met",
                         "it takes 1 to data.samples, with hoist data glyphs",
                         "give another number");
    }
    if (line.has("show") && line.has("values")) {
        throw UsageError("--show and --values exclude each other",
                         "letters are shown with their classes, which --values makes numbers",
                         "leave one of them out");
    }
    return call;
}

void carry_out(const DataCall& call) {
    const DataParts data = open_dataset(call.data, {.task = call.task});
    for (const std::string& remark : remarks_on(data)) {
        std::fprintf(stderr, "hoist: warning: %s\n", remark.c_str());
    }
    if (call.action == "describe") {
        describe_data(data, call.task, call.json);
        return;
    }
    if (call.show > 0) {
        show_images(*data.train, call.show);
    }
    if (!call.out.empty()) {
        write_parts(data, call.task, call.out);
    }
}

}  // namespace

CommandSyntax data_syntax() {
    po::options_description options("Options", 110);
    options.add_options()  //
        ("out", po::value<std::string>(),
         "folder for train.h5 and test.h5, or FILE.h5 for the training part (glyphs, convert)")  //
        ("show", po::value<Index>(), "draw the first so many samples as text (glyphs)")          //
        ("values", "targets are numbers to predict, not classes (describe, convert)")            //
        ("json", "print one JSON object (describe)");
    return {options, {"glyphs|describe|convert"}, CommandSyntax::Keys::data};
}

ExitStatus run_data(const Communicator& world, const CommandLine& line) {
    DataCall call;
    agree(world, [&] { call = parse_call(line); });
    agree(world, [&] {
        if (world.rank() == 0) {
            carry_out(call);
        }
    });
    return ExitStatus::done;
}

}  // namespace hoist
