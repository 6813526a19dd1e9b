#include "hoist/math/learned_activation.hpp"

#include "hoist/base/error.hpp"

namespace hoist {

LearnedActivation::LearnedActivation(std::shared_ptr<const Activation> start)
    : now_(std::move(start)) {
    require(now_->parameter().has_value(), "an activation that is learned has a parameter");
}

}  // namespace hoist
