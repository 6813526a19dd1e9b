#include <cstdio>

#include "commands.hpp"
#include "hoist/comm/agree.hpp"
#include "hoist/io/whole_file.hpp"
#include "report_follow.hpp"
#include "report_model.hpp"
#include "report_page.hpp"
#include "report_run.hpp"
#include "report_runs.hpp"

namespace hoist {

namespace {

namespace po = boost::program_options;
using Json = nlohmann::ordered_json;

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
    return report_of(runs, !given.empty());
}

void require_one_kind(const CommandLine& line) {
    const bool followed = line.get<bool>("follow");
    if (!followed && !line.has("out")) {
        throw UsageError("report needs --out FILE.html", "",
                         "name the page to write, or add --follow to watch a run in the browser");
    }
    if (followed && line.has("out")) {
        throw UsageError("--out and --follow exclude each other",
                         "a page that is followed is served, not written", "leave one of them out");
    }
    for (const char* option : {"address", "port"}) {
        if (!followed && line.has(option)) {
            throw UsageError(std::string("--") + option + " has no meaning here",
                             "the page is written to a file, not served", "add --follow");
        }
    }
    if (line.has("port") && (line.get<int>("port") < 0 || line.get<int>("port") > 65535)) {
        throw UsageError("--port " + std::to_string(line.get<int>("port")) + " is no port", "",
                         "choose one from 1024 to 65535, or 0 for any that is free");
    }
}

}  // namespace

CommandSyntax report_syntax() {
    po::options_description options("Options", 110);
    options.add_options()                                   //
        ("out", po::value<std::string>(), "page to write")  //
        ("follow", po::bool_switch(),
         "serve the page of runs that go on, which shows new points by itself, until Ctrl-C")  //
        ("address", po::value<std::string>(),
         "with --follow: address to serve at [127.0.0.1, which only this machine reaches]")  //
        ("port", po::value<int>(),
         "with --follow: port to serve at; 0: any that is free [8642, or another if taken]")  //
        ("threads", po::value<int>()->default_value(0), "BLAS threads per rank");
    return {options, {"DIR..."}, CommandSyntax::Keys::data};
}

ExitStatus run_report(const Communicator& world, const CommandLine& line) {
    agree(world, [&] { require_one_kind(line); });
    use_threads(world, line.get<int>("threads"));
    const auto directories = line.get<std::vector<std::string>>("argument");
    if (line.get<bool>("follow")) {
        follow(world, {directories, line.keys(),
                       line.has("address") ? line.get<std::string>("address") : "127.0.0.1",
                       line.has("port") ? std::optional(line.get<int>("port")) : std::nullopt});
        return ExitStatus::done;
    }
    const Json data = collect(world, directories, line.keys());
    agree(world, [&] {
        if (world.rank() == 0) {
            const std::filesystem::path out = line.get<std::string>("out");
            write_whole_file(out, report_page(page_data(data), false));
            std::printf("report of %zu run%s written to %s\n", data["runs"].size(),
                        data["runs"].size() == 1 ? "" : "s", out.c_str());
        }
    });
    return ExitStatus::done;
}

}  // namespace hoist
