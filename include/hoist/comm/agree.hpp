#pragma once

#include <functional>

#include "hoist/comm/communicator.hpp"

namespace hoist {

/// Collective. Runs `work` on every rank and returns when it succeeded on all; where it threw on
/// any, every rank throws the error of the lowest such rank, so that all end with the same message
/// and status. `work` must not communicate. An exception that is no Error counts as a SystemError
/// (out of memory) or a Defect.
void agree(const Communicator& ranks, const std::function<void()>& work);

/// Collective. @throws UsageError on every rank unless all gave the same text.
void require_equal(const Communicator& ranks, const std::string& text, const std::string& problem);

}  // namespace hoist
