#pragma once

#include "hoist/run/method.hpp"

namespace hoist {

/// Mini-batches of a lifted regression/reconstruction network, whose samples keep their states from epoch to
/// epoch. As make_method().
template <typename Scalar>
std::unique_ptr<Method<Scalar>> make_lrrn_method(const Config& config, const Communicator& world,
                                                 Problem<Scalar>& problem);

}  // namespace hoist
