#include <cstdio>
#include <set>

#include "commands.hpp"
#include "hoist/base/text.hpp"
#include "hoist/comm/agree.hpp"
#include "hoist/io/whole_file.hpp"
#include "report_model.hpp"
#include "report_page.hpp"
#include "report_run.hpp"

namespace hoist {

namespace {

namespace po = boost::program_options;
using Json = nlohmann::ordered_json;

// The last part of each directory where that tells the runs apart, otherwise all of it.
void name_runs(Json& runs) {
    std::set<std::string> names;
    for (Json& run : runs) {
        const std::filesystem::path path = run["directory"].get<std::string>();
        run["name"] = (path.has_filename() ? path : path.parent_path()).filename().string();
        names.insert(run["name"]);
    }
    if (names.size() < runs.size()) {
        for (Json& run : runs) {
            run["name"] = run["directory"];
        }
    }
}

// The runs' files are read by rank 0, their models by all.
Json collect(const Communicator& world, const std::vector<std::string>& directories,
             const ConfigText& given) {
    Json runs = Json::array();
    std::vector<std::string> models;
    for (const std::string& name : directories) {
        std::string model;
        agree(world, [&] {
            if (world.rank() == 0) {
                const RunDirectory directory(name);
                runs.push_back(read_run(directory));
                model = directory.newest_model().value_or("").string();
            }
        });
        models.push_back(world.broadcast(model, 0));
    }
    for (std::size_t i = 0; i < models.size(); ++i) {
        const Json model = models[i].empty() ? Json() : describe_model(world, models[i], given);
        if (world.rank() == 0) {
            runs[i]["model"] = model;
        }
    }
    name_runs(runs);
    return {{"version", HOIST_VERSION},
            {"created", time_stamp()},
            {"data_given", !given.empty()},
            {"runs", runs}};
}

}  // namespace

CommandSyntax report_syntax() {
    po::options_description options("Options", 110);
    options.add_options()                                   //
        ("out", po::value<std::string>(), "page to write")  //
        ("threads", po::value<int>()->default_value(0), "BLAS threads per rank");
    return {options, {"DIR..."}, CommandSyntax::Keys::data};
}

ExitStatus run_report(const Communicator& world, const CommandLine& line) {
    agree(world, [&] {
        if (!line.has("out")) {
            throw UsageError("report needs --out FILE.html", "", "name the page to write");
        }
    });
    use_threads(world, line.get<int>("threads"));
    const Json data = collect(world, line.get<std::vector<std::string>>("argument"), line.keys());
    agree(world, [&] {
        if (world.rank() == 0) {
            const std::filesystem::path out = line.get<std::string>("out");
            write_whole_file(out, report_page(data));
            std::printf("report of %zu run%s written to %s\n", data["runs"].size(),
                        data["runs"].size() == 1 ? "" : "s", out.c_str());
        }
    });
    return ExitStatus::done;
}

}  // namespace hoist
