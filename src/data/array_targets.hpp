#pragma once

#include "hoist/data/dataset.hpp"
#include "hoist/io/row_array.hpp"
#include "part.hpp"

namespace hoist {

/// Reads what is to be predicted from arrays. The first part numbers the classes for those after
/// it.
class ArrayTargets {
  public:
    explicit ArrayTargets(const DataUse& use)
        : task_(use.task), largest_(use.largest), names_(use.class_names) {}

    /// Classes: one number or name per sample, or one-hot rows. Values: one or more numbers per
    /// sample. A single row or column of as many elements as there are samples is one per sample.
    /// @param class_names what the numbers 0, 1, ... stand for, where the file says so.
    /// @throws DataError.
    Targets read(RowArray& array, Index samples, const std::vector<std::string>& class_names);

  private:
    Targets classes(RowArray& array, Index samples, const std::vector<std::string>& class_names);
    Targets values(RowArray& array, Index samples, Index outputs) const;
    Targets numbered(const RowArray& array, std::vector<Index> labels,
                     const std::vector<std::string>& class_names);
    Targets named(const RowArray& array, const std::vector<std::string>& of_samples) const;

    Task task_;
    double largest_;
    std::vector<std::string> names_;
    /// Whether a part before had numbers that count from 0, so that the next ones do too.
    bool counts_ = false;
};

}  // namespace hoist
