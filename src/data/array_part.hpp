#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "hoist/io/row_array.hpp"
#include "part.hpp"

namespace hoist {

/// Samples that are the rows of an array. Unsigned bytes are read as value / 255.
class ArrayPart : public Part {
  public:
    /// @param declared_image rows and columns that the file declares for flat images, or {0, 0}.
    /// @param largest the largest magnitude that an input may have.
    /// @throws DataError where the array cannot be inputs.
    ArrayPart(std::unique_ptr<RowArray> inputs, std::pair<Index, Index> declared_image,
              Targets targets, double largest);

    Index samples() const override { return inputs_->rows(); }
    Index features() const override { return inputs_->row_size(); }
    std::pair<Index, Index> image_size() const override { return image_; }
    std::string storage() const override;

    std::vector<Index> sample_shape() const override;
    std::vector<std::string> remarks() const override { return remarks_; }
    TableColumns table() const override { return table_; }
    /// Gives the inputs names, and reads them once for their means. @pre one for each.
    void name_columns(const std::vector<std::string>& names);
    void add_remark(std::string remark) { remarks_.push_back(std::move(remark)); }

  private:
    void read_run(Index first, std::span<double> columns) override;

    void remark_on_bytes();
    bool bytes() const { return inputs_->kind() == ElementKind::byte; }

    std::unique_ptr<RowArray> inputs_;
    std::pair<Index, Index> image_;
    double largest_;
    TableColumns table_;
    std::vector<std::string> remarks_;
};

/// @throws DataError unless `array` holds numbers, sample by sample.
void require_inputs(const RowArray& array);

/// @throws DataError where one of `numbers`, `each` per sample from the sample `first` on, is not finite
/// or of a larger magnitude than `largest`.
void require_numbers(const RowArray& array, std::span<const double> numbers, Index first,
                     Index each, double largest);

}  // namespace hoist
