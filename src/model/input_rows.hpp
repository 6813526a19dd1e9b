#pragma once

#include "hoist/model/map_spec.hpp"

namespace hoist {

/// The rows of an input that recurrent maps read one by one; what is left of them lies behind the state.
class InputRows {
  public:
    InputRows() = default;
    explicit InputRows(const Shape& input)
        : row_(input.columns * input.channels), all_(input.rows), left_(input.rows) {}

    Index left() const { return left_; }
    /// Whether none has been read.
    bool untouched() const { return left_ == all_; }
    /// A state and the rows behind it.
    Shape behind(Index state) const { return Shape::vector(state + left_ * row_); }
    /// The map that reads the next. @pre left() > 0.
    MapSpec read(Index state) {
        --left_;
        return MapSpec::recurrent(state, row_, left_ * row_);
    }

  private:
    Index row_ = 0;
    Index all_ = 0;
    Index left_ = 0;
};

}  // namespace hoist
