#pragma once

#include <nlohmann/json.hpp>

#include "hoist/run/run_directory.hpp"

namespace hoist {

/// What a run directory tells of its run, as the report's page reads it: `directory`, `complete`,
/// `unit` (sweep or epoch), `regression`, `config` (key, value, whether it is the default),
/// `metrics` (one array per column, at most 1,000 rows, each `every`-th), `summary` (null where the
/// run is not complete).
/// @throws MissingError where it is no run, DataError naming file and line.
nlohmann::ordered_json read_run(const RunDirectory& directory);

}  // namespace hoist
