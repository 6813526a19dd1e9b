#pragma once

#include <nlohmann/json.hpp>

namespace hoist {

/// What the report's page reads: runs (see read_run, with their `model`), which get names here.
nlohmann::ordered_json report_of(nlohmann::ordered_json runs, bool data_given);

}  // namespace hoist
