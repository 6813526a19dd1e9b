#pragma once

#include <memory>

#include "inverter.hpp"

namespace hoist {

/// How many numbers a layer of a network has, counted from 1, or its outputs (0).
Index given_numbers(const NetworkSpec& network, Index layer);

/// The values of a file: /given of another inversion, what predict writes, or a plain array or table. Columns of a table
/// of outputs are found by the names that predict gives them, where it has names.
/// @throws MissingError, DataError (no such values; of outputs that are probabilities, others among those that are
/// asked for), UsageError (the name of no such file).
std::unique_ptr<Dataset> open_given_values(const NetworkSpec& network,
                                           const InversionSettings& settings);

}  // namespace hoist
