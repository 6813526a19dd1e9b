#pragma once

#include <optional>
#include <string>

namespace hoist {

/// The routines of BLAS and LAPACK that training rests on, as Fortran has them.
template <typename Scalar>
struct BlasRoutines {
    using Flag = const char*;
    using Size = const int*;
    using Factor = const Scalar*;
    using In = const Scalar*;
    using Out = Scalar*;

    void (*gemm)(Flag a_form, Flag b_form, Size m, Size n, Size k, Factor alpha, In a, Size lda,
                 In b, Size ldb, Factor beta, Out c, Size ldc);
    void (*gemv)(Flag form, Size m, Size n, Factor alpha, In a, Size lda, In x, Size incx,
                 Factor beta, Out y, Size incy);
    void (*syrk)(Flag triangle, Flag form, Size n, Size k, Factor alpha, In a, Size lda,
                 Factor beta, Out c, Size ldc);
    void (*trsm)(Flag side, Flag triangle, Flag form, Flag diagonal, Size m, Size n, Factor alpha,
                 In a, Size lda, Out b, Size ldb);
    void (*potrf)(Flag triangle, Size n, Out a, Size lda, int* info);
};

/// Those of the library that is linked.
template <typename Scalar>
BlasRoutines<Scalar> linked_blas();

/// Holds the routines against plain loops, on matrices of odd shapes, small ones and such as are cut into blocks, whose
/// entries are whole numbers, so that every right answer is exact in any order. Takes milliseconds.
/// @return what was wrong, such as "sgemm of 35 x 65 x 33", or nothing.
template <typename Scalar>
std::optional<std::string> wrong_result(const BlasRoutines<Scalar>& blas);

/// The same of the linked library on one thread, in both precisions.
std::optional<std::string> wrong_blas_result();

}  // namespace hoist
