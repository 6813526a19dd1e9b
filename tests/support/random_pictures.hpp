#pragma once

#include <random>
#include <vector>

#include "hoist/data/dataset.hpp"

namespace hoist {

/// Pictures of these shapes, smooth along their rows, with values from 0 to 1.
class RandomPictures final : public Dataset {
  public:
    explicit RandomPictures(std::vector<Shape> shapes) : shapes_(std::move(shapes)) {}

    Index samples() const override { return std::ssize(shapes_); }
    Index features() const override { return 0; }
    bool labeled() const override { return false; }
    Index outputs() const override { return 0; }
    Shape picture(Index sample) const override { return shapes_[static_cast<std::size_t>(sample)]; }
    void read_inputs(std::span<const Index> samples, std::span<double> columns) override {
        for (const Index sample : samples) {
            std::mt19937_64 engine(static_cast<std::uint64_t>(sample) + 1);
            std::uniform_real_distribution<double> value(0.0, 1.0);
            double last = 0.5;
            const auto size = static_cast<std::size_t>(picture(sample).size());
            for (double& number : columns.first(size)) {
                number = last = 0.8 * last + 0.2 * value(engine);
            }
            columns = columns.subspan(size);
        }
    }
    void read_labels(std::span<const Index>, std::span<Index>) override {}
    void read_values(std::span<const Index>, std::span<double>) override {}

  private:
    std::vector<Shape> shapes_;
};

}  // namespace hoist
