#pragma once

#include <memory>

#include "hoist/math/matrix.hpp"

namespace hoist {

/// The interval that every coordinate of x is confined to; either end may be infinite.
template <typename Scalar>
struct Bounds {
    Scalar lower;
    Scalar upper;
};

/// What a solve took.
struct NnlsReport {
    /// Sweeps over all coordinates (coordinate descent) or linear systems solved (block pivoting),
    /// the most of any column.
    int iterations = 0;
    /// False where a column stopped at the limit before it met the tolerance.
    bool converged = true;
    /// Of coordinate descent: how far the last sweep moved the gradient of a coordinate, A_jj |step|, over
    /// max|c| of its column; the most of all.
    double change = 0.0;
};

/// Solves min 1/2 x'Ax - c'x over lower <= x <= upper for many right-hand sides: non-negative least
/// squares when lower = 0 and upper is infinite. Sees only the n x n matrix A and the n x N
/// right-hand sides, never where they come from or how they are distributed.
template <typename Scalar>
class NnlsSolver {
  public:
    virtual ~NnlsSolver() = default;

    /// Replaces each column of `x` (n x N; on entry the start, on exit the solution) for the same
    /// column of `c`. Columns are independent: the result for one does not depend on which others
    /// are solved with it, to the last bit for coordinate descent and up to rounding for block
    /// pivoting. Safe to call from several threads at once.
    /// @pre c and x have the size of A's rows, equal columns, and are finite.
    virtual NnlsReport solve(const ConstMatrixRef<Scalar>& c, MatrixRef<Scalar> x) const = 0;
};

/// The same for a linear system too, on those coordinates of each column that are given.
template <typename Scalar>
class CoordinateSolver : public NnlsSolver<Scalar> {
  public:
    /// Lowers 1/2 x'Ax - c'x, without bounds, over the coordinates of each column where `mask` is 1; where it
    /// is 0, x becomes 0. @pre mask is as large as x, and 0 or 1.
    virtual NnlsReport solve_where(const ConstMatrixRef<Scalar>& mask,
                                   const ConstMatrixRef<Scalar>& c, MatrixRef<Scalar> x) const = 0;
};

/// Cyclic coordinate descent, warm-started from x: every sweep visits the coordinates in order and
/// minimizes over each exactly, so the objective never rises. A column stops after `sweeps`, or
/// when none of its coordinates moved its gradient by more than `tolerance` * max|c| of the column
/// in a sweep (0: when nothing moves at all). A sweep costs about as much as the product Ax;
/// scratch memory does not grow with N.
/// @pre A is symmetric with a positive diagonal, lower <= upper, sweeps >= 1, tolerance >= 0.
template <typename Scalar>
std::unique_ptr<NnlsSolver<Scalar>> coordinate_descent(const ConstMatrixRef<Scalar>& a,
                                                       Bounds<Scalar> bounds, int sweeps,
                                                       Scalar tolerance);
template <typename Scalar>
std::unique_ptr<CoordinateSolver<Scalar>> coordinate_solver(const ConstMatrixRef<Scalar>& a,
                                                            Bounds<Scalar> bounds, int sweeps,
                                                            Scalar tolerance);

/// Block principal pivoting (Kim and Park, SIAM J. Sci. Comput. 2011, extended to two bounds, with
/// a primal active-set method as the backup rule): exact up to rounding in a finite number of
/// exchanges, whatever the start. Columns with the same active set share a Cholesky factorization
/// in double; without bounds there is one in all, made here.
/// @pre A is symmetric, not empty, lower <= upper.
/// @throws NumericalError if A is not positive definite or not finite.
template <typename Scalar>
std::unique_ptr<NnlsSolver<Scalar>> block_pivoting(const ConstMatrixRef<Scalar>& a,
                                                   Bounds<Scalar> bounds);

/// How far x is from optimal: |x - clamp(x - (Ax - c))| / |c| in the Euclidean norm over all
/// coordinates and columns; for lower = 0 and no upper bound that is |min(x, Ax - c)| / |c|.
/// Computed in double.
template <typename Scalar>
double optimality_residual(const ConstMatrixRef<Scalar>& a, const ConstMatrixRef<Scalar>& c,
                           Bounds<Scalar> bounds, const ConstMatrixRef<Scalar>& x);

}  // namespace hoist
