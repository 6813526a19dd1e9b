#pragma once

namespace hoist {

/// What a kernel takes: floating-point operations at the rate of a large matrix product in the
/// precision of the run, and bytes at the rate of a copy.
struct Work {
    double flops = 0.0;
    double bytes = 0.0;

    Work operator+(Work other) const { return {flops + other.flops, bytes + other.bytes}; }
    Work& operator+=(Work other) { return *this = *this + other; }
    Work operator*(double times) const { return {flops * times, bytes * times}; }
};

/// The work of the kernels of training, by their sizes: n inputs and m outputs of a map, `columns`,
/// and the bytes of a number.
struct KernelWork {
    double scalar;

    /// `times` passes that read or write so many numbers; a copy is one of either.
    Work passes(double times, double numbers) const { return {0.0, times * numbers * scalar}; }

    /// u = W x + b.
    Work map(double n, double m, double columns) const {
        return Work{2.0 * n * m * columns} + passes(1.0, m * columns);
    }
    /// W's.
    Work pull_back(double n, double m, double columns) const { return {2.0 * n * m * columns}; }
    /// x = phi(u).
    Work activation(double n, double columns) const { return passes(1.0, n * columns); }
    /// The penalty between x and u, or the loss.
    Work energy(double n, double columns) const { return passes(2.0, n * columns); }

    /// The right-hand sides of x's least-squares problem, and sweeps of coordinate descent over it.
    Work descent(double n, double m, double columns, double sweeps) const {
        return pull_back(n, m, columns) + Work{2.0 * n * n * columns * sweeps} +
               passes(3.0, n * columns);
    }
    /// The matrix of the least-squares problem, W'W.
    Work prepare(double n, double m) const { return {2.0 * n * n * m}; }

    /// [X;1][X;1]' of a block, and its addition in double.
    Work gram(double n, double columns) const {
        return {n * n * columns, n * n * (scalar + 0.25 * (scalar + 2.0 * in_double))};
    }
    /// [X;1] T' of a block, and its addition in double.
    Work moment(double n, double m, double columns) const {
        return {2.0 * n * m * columns, 0.5 * n * m * (2.0 * scalar + 2.0 * in_double)};
    }
    /// The factor of a Gram matrix in double.
    Work factor(double n) const { return Work{n * n * n / 3.0} * double_cost(); }
    /// A solution with that factor, and its copy into the weights.
    Work solution(double n, double m) const {
        return Work{2.0 * n * n * m} * double_cost() + Work{0.0, n * m * (in_double + scalar)};
    }

    /// s_l from W's, u and x.
    Work respond(double n, double columns) const { return passes(2.5, n * columns); }
    /// The gradient S [X;1]' of a group of columns, and its addition.
    Work gradient(double n, double m, double columns) const {
        return Work{2.0 * n * m * columns} + passes(1.5, m * columns) + passes(1.0, n * m);
    }

    /// Double runs at half the rate of float.
    double double_cost() const { return in_double / scalar; }

  private:
    static constexpr double in_double = 8.0;
};

}  // namespace hoist
