#pragma once

#include "hoist/data/dataset.hpp"
#include "hoist/math/matrix.hpp"

namespace hoist {

/// Pictures of one size that lie in memory, as a data set.
class ArrayPictures final : public Dataset {
  public:
    /// @param pictures one in each column, as a network of that `shape` takes it; must outlive it.
    ArrayPictures(const Shape& shape, const Eigen::Map<const Matrix<double>>& pictures)
        : shape_(shape), pictures_(pictures) {}

    Index samples() const override { return pictures_.cols(); }
    Index features() const override { return shape_.size(); }
    bool labeled() const override { return false; }
    Index outputs() const override { return 0; }
    Shape picture(Index) const override { return shape_; }
    void read_inputs(std::span<const Index> samples, std::span<double> columns) override {
        double* to = columns.data();
        for (const Index sample : samples) {
            to = std::copy_n(pictures_.col(sample).data(), pictures_.rows(), to);
        }
    }
    void read_labels(std::span<const Index>, std::span<Index>) override {}
    void read_values(std::span<const Index>, std::span<double>) override {}

  private:
    Shape shape_;
    const Eigen::Map<const Matrix<double>>& pictures_;
};

}  // namespace hoist
