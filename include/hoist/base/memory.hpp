#pragma once

namespace hoist {

/// The most bytes of memory that this process has had resident so far; 0 where the system does not
/// tell.
double peak_resident_memory();

}  // namespace hoist
