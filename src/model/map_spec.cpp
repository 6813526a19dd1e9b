#include "hoist/model/map_spec.hpp"

namespace hoist {

bool MapSpec::operator==(const MapSpec& other) const {
    const bool same_in_front = in_front && other.in_front
                                   ? in_front->windows() == other.in_front->windows()
                                   : in_front == other.in_front;
    return same_in_front && from == other.from && to == other.to && windows == other.windows &&
           residual == other.residual && normalized == other.normalized;
}

}  // namespace hoist
