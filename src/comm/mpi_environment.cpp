#include <cstdlib>
#include <exception>

#include "hoist/comm/communicator.hpp"
#include "start_barrier.hpp"

namespace hoist {

// Not MPI_Init_thread: other threads never call MPI, and with any level of threads Open MPI takes a lock
// in each wait.
MpiEnvironment::MpiEnvironment(int* argc, char*** argv) {
    const bool alone = getenv("PMIX_RANK") == nullptr;
    if (alone) {
        // The daemon that Open MPI would start for it serves MPI_Comm_spawn alone.
        setenv("OMPI_MCA_ess_singleton_isolated", "1", 0);
        // All such processes would have folders of one name, and one that ends would take away those of one
        // that starts.
        setenv("OMPI_MCA_orte_create_session_dirs", "0", 0);
    }
    MPI_Init(argc, argv);
    if (!alone && getenv("OMPI_COMM_WORLD_SIZE") == nullptr) {  // by srun, not by mpirun
        wait_for_all_to_start();
    }
}

MpiEnvironment::~MpiEnvironment() {
    if (std::uncaught_exceptions() == 0) {
        MPI_Finalize();
    }
}

void abort_all(int status) {
    MPI_Abort(MPI_COMM_WORLD, status);
    std::_Exit(status);
}

double wall_time() { return MPI_Wtime(); }

}  // namespace hoist
