#include <gtest/gtest.h>
#include <mpi.h>

#include <cstdio>

#include "kernels.hpp"

// Runs the tests on every rank and agrees on the verdict; only rank 0 prints, failures are printed
// by whoever sees them.
int main(int argc, char** argv) {
    hoist::take_right_kernels(argv);
    MPI_Init(&argc, &argv);
    testing::InitGoogleTest(&argc, argv);
    int rank = 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    if (rank != 0) {
        auto& listeners = testing::UnitTest::GetInstance()->listeners();
        struct FailurePrinter : testing::EmptyTestEventListener {
            void OnTestPartResult(const testing::TestPartResult& result) override {
                if (result.failed()) {
                    std::fprintf(stderr, "%s:%d: %s\n", result.file_name(), result.line_number(),
                                 result.message());
                }
            }
        };
        delete listeners.Release(listeners.default_result_printer());
        listeners.Append(new FailurePrinter);
    }
    int failed = RUN_ALL_TESTS();
    MPI_Allreduce(MPI_IN_PLACE, &failed, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
    MPI_Finalize();
    return failed;
}
