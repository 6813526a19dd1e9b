#include "hoist/base/memory.hpp"

#include <sys/resource.h>

namespace hoist {

double peak_resident_memory() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return 1024.0 * static_cast<double>(usage.ru_maxrss);
}

}  // namespace hoist
