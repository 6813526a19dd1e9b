#include "start_barrier.hpp"

#include <pmix.h>

#include <string>

namespace hoist {

// The barrier at the end of Open MPI's MPI_Init carries no data, and SLURM answers such a one at once. A rank
// that still waits for its peers' addresses then jumps to 0 at their first message. (Asynchronous exchange of the
// addresses, by pmix_base_async_modex, is no way out: on a busy machine every third start failed in MPI_Init,
// which did not find a peer.) What carries data SLURM answers when all have come.
void wait_for_all_to_start() {
    if (PMIx_Initialized() == 0) {
        return;
    }
    std::string text = "yes";
    pmix_value_t started;
    PMIX_VALUE_CONSTRUCT(&started);
    started.type = PMIX_STRING;
    started.data.string = text.data();
    pmix_info_t collect;
    const bool yes = true;
    PMIX_INFO_CONSTRUCT(&collect);
    PMIX_INFO_LOAD(&collect, PMIX_COLLECT_DATA, &yes, PMIX_BOOL);
    if (PMIx_Put(PMIX_GLOBAL, "hoist.started", &started) == PMIX_SUCCESS &&
        PMIx_Commit() == PMIX_SUCCESS) {
        PMIx_Fence(nullptr, 0, &collect, 1);
    }
}

}  // namespace hoist
