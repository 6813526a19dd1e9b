#pragma once

#include <memory>
#include <vector>

#include "hoist/math/degradation.hpp"
#include "hoist/math/fixed_operator.hpp"

namespace hoist {

/// steps_toward_data() of one fixed_mask or radon, which do not work along rows and columns: by N = K'K itself, a diagonal or
/// a dense matrix. Of radon y is what was measured after K', so that B = (N + t I)^-1, or the identity without any t.
std::shared_ptr<const FixedOperator> normal_steps(const Shape& block,
                                                  const std::vector<DegradationStep>& measurement,
                                                  const std::vector<double>& regularizations);

}  // namespace hoist
