#pragma once

#include <span>

#include "hoist/base/types.hpp"

namespace hoist {

/// Numbers in the caller's memory, read and never copied: one row per sample, all of one length, one
/// behind the other.
class Rows {
  public:
    Rows() = default;
    /// @throws UsageError unless `numbers` are whole rows of `columns`.
    [[gnu::visibility("default")]] Rows(std::span<const float> numbers, Index columns);
    [[gnu::visibility("default")]] Rows(std::span<const double> numbers, Index columns);

    Index rows() const { return rows_; }
    Index columns() const { return columns_; }
    /// Writes a row to `numbers`, as many as there are columns.
    void read(Index row, std::span<double> numbers) const;

  private:
    void set_shape(std::size_t numbers, Index columns);

    const float* floats_ = nullptr;
    const double* doubles_ = nullptr;
    Index rows_ = 0;
    Index columns_ = 0;
};

/// Inputs and what is to be predicted of them: classes numbered from 0, or for a regression values;
/// neither where there is nothing to predict.
struct SamplesInMemory {
    Rows inputs = {};
    std::span<const Index> classes = {};
    std::span<const double> values = {};
};

/// A data set; without test samples its test part is absent.
struct DataInMemory {
    SamplesInMemory train = {};
    SamplesInMemory test = {};
};

}  // namespace hoist
