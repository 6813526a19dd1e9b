#pragma once

#include "hoist/data/dataset.hpp"

namespace hoist {

DataParts open_glyphs(const DataConfig& config, const DataUse& use);
DataParts open_idx(const DataConfig& config, const DataUse& use);
DataParts open_cifar10(const DataConfig& config, const DataUse& use);
DataParts open_images(const DataConfig& config, const DataUse& use);
DataParts open_csv(const DataConfig& config, const DataUse& use);
DataParts open_hdf5(const DataConfig& config, const DataUse& use);
DataParts open_numpy(const DataConfig& config, const DataUse& use);
DataParts open_memory(const DataConfig& config, const DataUse& use);

}  // namespace hoist
