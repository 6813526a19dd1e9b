#pragma once

#include <vector>

#include "hoist/base/types.hpp"

namespace hoist {

/// Whether a trial is not worth going on with: after half of its run, its best error so far is
/// above the median of what others had reached by then (Golovin et al., Google Vizier, 2017).
/// @param errors of the trial, one per sweep or epoch so far. @param others those of earlier
/// trials; without five that went as far the answer is no. @param length of the trial's whole run.
bool is_hopeless(const std::vector<double>& errors, const std::vector<std::vector<double>>& others,
                 Index length);

}  // namespace hoist
