#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "array_name.hpp"
#include "hoist/data/dataset.hpp"

namespace hoist {

/// Images and labels in IDX files that are called alike: `emnist-letters-train-images-idx3-ubyte`
/// is of the set emnist-letters-train.
struct IdxSet {
    std::string name;
    std::filesystem::path images;
    std::optional<std::filesystem::path> labels;
};

/// The sets to be read as training and test part.
struct IdxChoice {
    std::optional<IdxSet> train;
    std::optional<IdxSet> test;
    /// Names of IDX files beside them that are not read.
    std::vector<std::string> unread;
};

/// Finds the sets that the configuration names, or where it names none the only ones of their
/// family, before others those of MNIST's own names. @throws MissingError (no such set), UsageError
/// (several families), naming what lies there.
IdxChoice choose_idx_sets(const DataConfig& config);

}  // namespace hoist
