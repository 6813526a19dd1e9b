#pragma once

#include "hoist/data/dataset.hpp"

namespace hoist {

/// Opens a data set and reads samples of all its parts.
void read_dataset(const DataConfig& config, const DataUse& use);

/// The data set in the scratch folder whose training file is called so.
DataConfig scratch_data(const std::string& format, const std::string& train);

/// What the network wants, by the low bits of `flags`.
DataUse data_use(std::uint8_t flags);

}  // namespace hoist
