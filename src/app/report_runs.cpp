#include "report_runs.hpp"

#include <filesystem>
#include <set>

#include "hoist/base/text.hpp"

namespace hoist {

namespace {

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

}  // namespace

Json report_of(Json runs, bool data_given) {
    name_runs(runs);
    return {{"version", HOIST_VERSION},
            {"created", time_stamp()},
            {"data_given", data_given},
            {"runs", runs}};
}

}  // namespace hoist
