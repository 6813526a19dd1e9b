#include <algorithm>
#include <vector>

#include "hoist/base/error.hpp"
#include "hoist/math/nnls.hpp"
#include "panel.hpp"

namespace hoist {

namespace {

/// Works on panels of columns stored by rows. For each block J of coordinates the gradient c_J -
/// A_J x is formed in registers by a small matrix product and used up there by coordinate descent
/// inside the block, so that a sweep is exactly Gauss-Seidel at about the cost of the product A x.
template <typename Scalar>
class CoordinateDescent final : public CoordinateSolver<Scalar> {
  public:
    CoordinateDescent(const ConstMatrixRef<Scalar>& a, Bounds<Scalar> bounds, int sweeps,
                      Scalar tolerance)
        : size_(a.rows()), bounds_(bounds), sweeps_(sweeps), tolerance_(tolerance) {
        require(a.rows() == a.cols(), "A is square");
        require(bounds.lower <= bounds.upper, "lower <= upper");
        require(sweeps >= 1, "there is at least one sweep");
        require(tolerance >= 0, "the tolerance is not negative");
        const Index blocks = (size_ + block_size - 1) / block_size;
        packed_.resize(static_cast<std::size_t>(blocks * size_padded()));
        diagonal_.resize(static_cast<std::size_t>(blocks));
        for (Index j = 0; j < size_; ++j) {
            require(a(j, j) > 0, "A has a positive diagonal");
            const Index block = j / block_size;
            const Index within = j % block_size;
            BlockColumn* const columns = &packed_[static_cast<std::size_t>(block * size_padded())];
            for (Index i = 0; i < size_; ++i) columns[i].entry[within] = a(i, j);
            diagonal_[static_cast<std::size_t>(block)].value.entry[within] = a(j, j);
            diagonal_[static_cast<std::size_t>(block)].inverse.entry[within] = 1 / a(j, j);
        }
    }

    NnlsReport solve(const ConstMatrixRef<Scalar>& c, MatrixRef<Scalar> x) const override {
        return solve<false>(nullptr, c, x);
    }
    NnlsReport solve_where(const ConstMatrixRef<Scalar>& mask, const ConstMatrixRef<Scalar>& c,
                           MatrixRef<Scalar> x) const override {
        require(mask.rows() == size_ && mask.cols() == x.cols(), "a mask for each coordinate");
        return solve<true>(&mask, c, x);
    }

  private:
    using Vec = Lanes<Scalar>;
    using Row = PanelRow<Scalar>;
    using Mask = decltype(Vec() < Vec());

    template <bool masked>
    NnlsReport solve(const ConstMatrixRef<Scalar>* mask, const ConstMatrixRef<Scalar>& c,
                     MatrixRef<Scalar> x) const {
        require(c.rows() == size_ && x.rows() == size_, "c and x have as many rows as A");
        require(c.cols() == x.cols(), "c and x have equally many columns");
        NnlsReport report;
        if (size_ == 0) return report;
        const std::size_t rows = static_cast<std::size_t>(size_padded());
        Panel panel{std::vector<Row>(rows), std::vector<Row>(rows),
                    std::vector<Row>(masked ? rows : 0)};
        for (Index first = 0; first < x.cols(); first += Row::columns) {
            const int count = static_cast<int>(std::min<Index>(Row::columns, x.cols() - first));
            load_panel(c.data() + first * c.outerStride(), c.outerStride(), size_, count,
                       panel.c.data());
            load_panel(x.data() + first * x.outerStride(), x.outerStride(), size_, count,
                       panel.x.data());
            if constexpr (masked) {
                load_panel(mask->data() + first * mask->outerStride(), mask->outerStride(), size_,
                           count, panel.mask.data());
            }
            const NnlsReport own = descend<masked>(panel, count);
            report.iterations = std::max(report.iterations, own.iterations);
            report.converged = report.converged && own.converged;
            report.change = std::max(report.change, own.change);
            store_panel(panel.x.data(), size_, count, x.data() + first * x.outerStride(),
                        x.outerStride());
        }
        return report;
    }

    static constexpr int vectors = Row::vectors;
    // Accumulators, one row of x and one entry of A have to fit into the registers.
    static constexpr int block_size = vector_registers / 4;

    /// One column of the rows J of A (a row, since A is symmetric).
    struct BlockColumn {
        Scalar entry[block_size] = {};
    };
    /// Where the last block is padded the inverse is zero, so that the coordinate rests.
    struct BlockDiagonal {
        BlockColumn value;
        BlockColumn inverse;
    };
    struct Panel {
        std::vector<Row> c;
        std::vector<Row> x;
        std::vector<Row> mask;
    };
    /// What a sweep needs to know of each column: whether it still moves, and by how much it moved.
    struct Progress {
        Mask active[vectors];
        Vec moved[vectors];
    };

    Index size_padded() const { return (size_ + block_size - 1) / block_size * block_size; }

    template <bool masked>
    NnlsReport descend(Panel& panel, int count) const {
        Vec limit[vectors] = {};
        for (Index i = 0; i < size_; ++i) {
            for (int v = 0; v < vectors; ++v) {
                const Vec c = panel.c[static_cast<std::size_t>(i)].part[v];
                const Vec magnitude = c < 0 ? -c : c;
                limit[v] = limit[v] < magnitude ? magnitude : limit[v];
            }
        }
        Progress progress = {};
        Vec largest[vectors];
        for (int v = 0; v < vectors; ++v) {
            largest[v] = limit[v];
            limit[v] *= tolerance_;
            for (int lane = 0; lane < lane_count<Scalar>; ++lane) {
                progress.active[v][lane] = v * lane_count<Scalar> + lane < count ? -1 : 0;
            }
        }
        const auto change = [&] {
            Scalar most = 0;
            for (int column = 0; column < count; ++column) {
                const int v = column / lane_count<Scalar>;
                const int lane = column % lane_count<Scalar>;
                const Scalar moved = progress.moved[v][lane];
                most = std::max(most, moved > 0 ? moved / largest[v][lane] : Scalar{0});
            }
            return static_cast<double>(most);
        };
        for (int sweep = 1; sweep <= sweeps_; ++sweep) {
            for (int v = 0; v < vectors; ++v) progress.moved[v] = Vec{};
            const BlockColumn* a = packed_.data();
            Index first = 0;
            for (const BlockDiagonal& diagonal : diagonal_) {
                descend<masked>(a, diagonal, first, panel, progress);
                a += size_padded();
                first += block_size;
            }
            bool active = false;
            for (int v = 0; v < vectors; ++v) {
                progress.active[v] &= ~(progress.moved[v] <= limit[v]);
                for (int lane = 0; lane < lane_count<Scalar>; ++lane) {
                    active = active || progress.active[v][lane] != 0;
                }
            }
            if (!active) return {sweep, true, change()};
        }
        return {sweeps_, false, change()};
    }

    // Not inlined: the compiler would keep the bounds in registers through the inner loop, which
    // needs all of them where there are 16.
    template <bool masked>
    [[gnu::noinline]] void descend(const BlockColumn* a, const BlockDiagonal& diagonal, Index first,
                                   Panel& panel, Progress& progress) const {
        const Row* const c = panel.c.data() + first;
        const Row* const x = panel.x.data();
        Vec gradient[block_size][vectors];  // its negative: c_J - A_J x
        unrolled<block_size>([&](auto j) __attribute__((always_inline)) {
            unrolled<vectors>([&](auto v) __attribute__((always_inline)) {
                gradient[j][v] = c[j].part[v];
            });
        });
        for (Index i = 0; i < size_; ++i) {
            const Vec x0 = x[i].part[0];
            const Vec x1 = x[i].part[1];
            const Vec x2 = x[i].part[2];
            static_assert(vectors == 3);
            unrolled<block_size>([&](auto j) __attribute__((always_inline)) {
                const Scalar entry = a[i].entry[j];
                gradient[j][0] -= entry * x0;
                gradient[j][1] -= entry * x1;
                gradient[j][2] -= entry * x2;
            });
        }
        Row* const own = panel.x.data() + first;
        const Row* const mask = masked ? panel.mask.data() + first : nullptr;
        const BlockColumn* const square = a + first;
        unrolled<block_size>([&](auto j) __attribute__((always_inline)) {
            unrolled<vectors>([&](auto v) __attribute__((always_inline)) {
                const Vec old = own[j].part[v];
                Vec value = old + diagonal.inverse.entry[j] * gradient[j][v];
                if constexpr (masked) {
                    value *= mask[j].part[v];
                } else {
                    value = value < bounds_.lower ? Vec{} + bounds_.lower : value;
                    value = value > bounds_.upper ? Vec{} + bounds_.upper : value;
                }
                value = progress.active[v] ? value : old;
                own[j].part[v] = value;
                const Vec step = value - old;
                const Vec change = diagonal.value.entry[j] * (step < 0 ? -step : step);
                progress.moved[v] = progress.moved[v] >= change ? progress.moved[v] : change;
                unrolled<block_size - 1 - j>([&](auto k) __attribute__((always_inline)) {
                    constexpr int later = j + 1 + k;
                    gradient[later][v] -= square[j].entry[later] * step;
                });
            });
        });
    }

    Index size_;
    Bounds<Scalar> bounds_;
    int sweeps_;
    Scalar tolerance_;
    std::vector<BlockColumn> packed_;
    std::vector<BlockDiagonal> diagonal_;
};

}  // namespace

template <typename Scalar>
std::unique_ptr<CoordinateSolver<Scalar>> coordinate_solver(const ConstMatrixRef<Scalar>& a,
                                                            Bounds<Scalar> bounds, int sweeps,
                                                            Scalar tolerance) {
    return std::make_unique<CoordinateDescent<Scalar>>(a, bounds, sweeps, tolerance);
}

template <typename Scalar>
std::unique_ptr<NnlsSolver<Scalar>> coordinate_descent(const ConstMatrixRef<Scalar>& a,
                                                       Bounds<Scalar> bounds, int sweeps,
                                                       Scalar tolerance) {
    return coordinate_solver<Scalar>(a, bounds, sweeps, tolerance);
}

template std::unique_ptr<CoordinateSolver<float>> coordinate_solver(const ConstMatrixRef<float>&,
                                                                    Bounds<float>, int, float);
template std::unique_ptr<CoordinateSolver<double>> coordinate_solver(const ConstMatrixRef<double>&,
                                                                     Bounds<double>, int, double);
template std::unique_ptr<NnlsSolver<float>> coordinate_descent(const ConstMatrixRef<float>&,
                                                               Bounds<float>, int, float);
template std::unique_ptr<NnlsSolver<double>> coordinate_descent(const ConstMatrixRef<double>&,
                                                                Bounds<double>, int, double);

}  // namespace hoist
