#include <mpi.h>
#include <smpi/smpi.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <numeric>
#include <string>

#include "../comm/start_barrier.hpp"

// Long messages carry no numbers: they leave from and arrive in one buffer that all ranks share, of which
// SimGrid knows that nothing need be copied. Sizes, tags and partners are the program's.

extern "C" {
int __real_MPI_Isend(const void* buffer, int count, MPI_Datatype type, int destination, int tag,
                     MPI_Comm ranks, MPI_Request* request);
int __real_MPI_Irecv(void* buffer, int count, MPI_Datatype type, int source, int tag,
                     MPI_Comm ranks, MPI_Request* request);
int __real_MPI_Allreduce(const void* from, void* to, int count, MPI_Datatype type, MPI_Op operation,
                         MPI_Comm ranks);
int __real_MPI_Sendrecv(const void* sent, int send_count, MPI_Datatype send_type, int destination,
                        int send_tag, void* received, int receive_count, MPI_Datatype receive_type,
                        int source, int receive_tag, MPI_Comm ranks, MPI_Status* status);
int __real_MPI_Reduce_local(const void* from, void* to, int count, MPI_Datatype type,
                            MPI_Op operation);
int __real_MPI_Allgatherv(const void* from, int count, MPI_Datatype type, void* to,
                          const int* counts, const int* begins, MPI_Datatype to_type,
                          MPI_Comm ranks);
}

namespace {

constexpr std::size_t longest_kept = 4096;
constexpr std::size_t shared_bytes = std::size_t{1} << 27;

std::size_t bytes_of(int count, MPI_Datatype type) {
    int size = 0;
    MPI_Type_size(type, &size);
    return static_cast<std::size_t>(count) * static_cast<std::size_t>(size);
}

int sum_of(const int* counts, MPI_Comm ranks) {
    int size = 0;
    MPI_Comm_size(ranks, &size);
    return std::accumulate(counts, counts + size, 0);
}

// All ranks live in one process, whose environment they share, but not its variables.
char* shared_buffer() {
    static char* buffer = nullptr;
    constexpr const char* name = "HOIST_SIMULATED_BUFFER";
    if (buffer == nullptr) {
        const char* known = std::getenv(name);
        if (known != nullptr) {
            buffer = reinterpret_cast<char*>(std::strtoull(known, nullptr, 10));
        } else {
            buffer = static_cast<char*>(SMPI_SHARED_MALLOC(shared_bytes));
            setenv(name, std::to_string(reinterpret_cast<std::uintptr_t>(buffer)).c_str(), 1);
        }
    }
    return buffer;
}

void add_nothing(void*, void*, int*, MPI_Datatype*) {}

MPI_Op nothing_to_add() {
    static MPI_Op operation = MPI_OP_NULL;
    if (operation == MPI_OP_NULL) {
        MPI_Op_create(add_nothing, 1, &operation);
    }
    return operation;
}

}  // namespace

extern "C" {

int __wrap_MPI_Isend(const void* buffer, int count, MPI_Datatype type, int destination, int tag,
                     MPI_Comm ranks, MPI_Request* request) {
    const std::size_t bytes = bytes_of(count, type);
    const bool folds = bytes > longest_kept && bytes <= shared_bytes;
    return __real_MPI_Isend(folds ? shared_buffer() : buffer, count, type, destination, tag, ranks,
                            request);
}

int __wrap_MPI_Irecv(void* buffer, int count, MPI_Datatype type, int source, int tag,
                     MPI_Comm ranks, MPI_Request* request) {
    const std::size_t bytes = bytes_of(count, type);
    const bool folds = bytes > longest_kept && bytes <= shared_bytes;
    return __real_MPI_Irecv(folds ? shared_buffer() : buffer, count, type, source, tag, ranks,
                            request);
}

int __wrap_MPI_Allreduce(const void* from, void* to, int count, MPI_Datatype type, MPI_Op operation,
                         MPI_Comm ranks) {
    const std::size_t bytes = bytes_of(count, type);
    if (bytes <= longest_kept || bytes > shared_bytes / 2) {
        return __real_MPI_Allreduce(from, to, count, type, operation, ranks);
    }
    return __real_MPI_Allreduce(shared_buffer(), shared_buffer() + shared_bytes / 2, count, type,
                                nothing_to_add(), ranks);
}

int __wrap_MPI_Sendrecv(const void* sent, int send_count, MPI_Datatype send_type, int destination,
                        int send_tag, void* received, int receive_count, MPI_Datatype receive_type,
                        int source, int receive_tag, MPI_Comm ranks, MPI_Status* status) {
    const std::size_t most =
        std::max(bytes_of(send_count, send_type), bytes_of(receive_count, receive_type));
    const bool folds = most > longest_kept && most <= shared_bytes / 2;
    return __real_MPI_Sendrecv(folds ? shared_buffer() : sent, send_count, send_type, destination,
                               send_tag, folds ? shared_buffer() + shared_bytes / 2 : received,
                               receive_count, receive_type, source, receive_tag, ranks, status);
}

int __wrap_MPI_Reduce_local(const void* from, void* to, int count, MPI_Datatype type,
                            MPI_Op operation) {
    return bytes_of(count, type) <= longest_kept
               ? __real_MPI_Reduce_local(from, to, count, type, operation)
               : MPI_SUCCESS;
}

int __wrap_MPI_Allgatherv(const void* from, int count, MPI_Datatype type, void* to,
                          const int* counts, const int* begins, MPI_Datatype to_type,
                          MPI_Comm ranks) {
    const std::size_t bytes = bytes_of(sum_of(counts, ranks), to_type);
    const bool folds = bytes > longest_kept && bytes <= shared_bytes;
    return __real_MPI_Allgatherv(from, count, type, folds ? shared_buffer() : to, counts, begins,
                                 to_type, ranks);
}
}

namespace hoist {

// Simulated ranks start together.
void wait_for_all_to_start() {}

}  // namespace hoist
