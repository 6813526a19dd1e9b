#pragma once

#include <memory>

#include "hoist/data/dataset.hpp"

namespace hoist {

/// A part of a data set whose inputs are lifted as they are read.
/// @throws UsageError where they would become too many.
std::unique_ptr<Dataset> lift_part(std::unique_ptr<Dataset> part, const InputLift& lift);

}  // namespace hoist
