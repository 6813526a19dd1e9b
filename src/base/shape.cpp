#include "hoist/base/shape.hpp"

namespace hoist {

std::string to_text(const Shape& shape) {
    const std::string channels = std::to_string(shape.channels);
    return shape.places() == 1 ? channels
                               : std::to_string(shape.rows) + "x" + std::to_string(shape.columns) +
                                     "x" + channels;
}

}  // namespace hoist
