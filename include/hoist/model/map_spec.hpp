#pragma once

#include "hoist/base/shape.hpp"

namespace hoist {

/// Where a map looks and what it gives: u_{l+1}, of shape `to`, from x_l, of shape `from`. Every map
/// is dense: W reads the whole of x_l.
struct MapSpec {
    Shape from;
    Shape to;

    /// From one plain vector to another.
    static MapSpec dense(Index inputs, Index outputs) {
        return {Shape::vector(inputs), Shape::vector(outputs)};
    }
    /// The columns and the rows of W.
    Index inputs() const { return from.size(); }
    Index outputs() const { return to.size(); }
    bool operator==(const MapSpec&) const = default;
};

}  // namespace hoist
