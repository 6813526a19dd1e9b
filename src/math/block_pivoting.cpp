#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "hoist/base/error.hpp"
#include "hoist/math/nnls.hpp"

namespace hoist {

namespace {

using Factor = Eigen::LLT<Matrix<double>>;

/// The sets of a column, one letter per coordinate: at the lower bound, free, at the upper bound.
using Sets = std::string;
constexpr char at_lower = 'l';
constexpr char is_free = 'f';
constexpr char at_upper = 'u';

Factor factorize(const Matrix<double>& a) {
    Factor factor(a);
    if (factor.info() != Eigen::Success || !factor.matrixLLT().allFinite()) {
        throw NumericalError("a least-squares problem has no unique solution",
                             "its matrix is not positive definite or not finite",
                             "use a larger formulation.lambda, or train.precision = double");
    }
    return factor;
}

/// What the exchange rule remembers of a column.
struct Column {
    Index position;
    Sets sets;
    Index fewest;             // violations so far
    int tries;                // full exchanges left that may fail to lower `fewest`
    Vector<double> feasible;  // the point of the primal method; empty before it takes over
};

struct Move {
    Index coordinate;
    char set;
};

/// Every coordinate is guessed to be free or at a bound; the free ones then follow from a linear
/// system, and all that violate the optimality conditions change sets. Where this stops lowering
/// the number of violations, a primal active-set method takes over: its objective falls, so that it
/// ends, and in far fewer steps than the exchange of single coordinates by Kim and Park. Columns
/// with the same sets share a factorization.
class Pivoting {
  public:
    Pivoting(Matrix<double> a, Bounds<double> bounds)
        : a_(std::move(a)),
          bounds_(bounds),
          factor_(factorize(a_)),
          norm_(a_.cwiseAbs().rowwise().sum().maxCoeff()) {}

    /// Solves for the columns of c from the sets that x suggests.
    NnlsReport solve(const Matrix<double>& c, Matrix<double>& x) const {
        std::vector<Column> pending;
        for (Index j = 0; j < c.cols(); ++j) {
            Sets sets(static_cast<std::size_t>(x.rows()), is_free);
            for (Index i = 0; i < x.rows(); ++i) {
                if (x(i, j) <= bounds_.lower) sets[i] = at_lower;
                if (x(i, j) >= bounds_.upper) sets[i] = at_upper;
            }
            pending.push_back({j, std::move(sets), x.rows() + 1, 3, {}});
        }
        // Rounding may make coordinates change sets for ever.
        const int most_rounds = 100 + 10 * static_cast<int>(std::min<Index>(x.rows(), 1000));
        NnlsReport report;
        while (!pending.empty() && report.iterations < most_rounds) {
            ++report.iterations;
            std::map<Sets, std::vector<Index>> groups;
            for (const Column& column : pending) groups[column.sets].push_back(column.position);
            for (const auto& [sets, members] : groups) solve_free(sets, members, c, x);
            const Matrix<double> gradient = a_ * x - c;
            std::erase_if(pending, [&](Column& column) {
                const Index j = column.position;
                return !exchange(column, c.col(j), x.col(j), gradient.col(j));
            });
        }
        report.converged = pending.empty();
        x = x.cwiseMax(bounds_.lower).cwiseMin(bounds_.upper);
        return report;
    }

  private:
    /// With F the free and B the other coordinates: A_FF x_F = c_F - A_FB x_B.
    void solve_free(const Sets& sets, const std::vector<Index>& members, const Matrix<double>& c,
                    Matrix<double>& x) const {
        std::vector<Index> free;
        Vector<double> fixed(x.rows());
        for (Index i = 0; i < x.rows(); ++i) {
            const char set = sets[static_cast<std::size_t>(i)];
            if (set == is_free) free.push_back(i);
            fixed[i] = set == at_lower ? bounds_.lower : set == at_upper ? bounds_.upper : 0;
        }
        x(Eigen::all, members) = fixed.replicate(1, static_cast<Index>(members.size()));
        if (free.empty()) return;
        const Vector<double> shift = a_ * fixed;
        Matrix<double> rhs = c(free, members).colwise() - shift(free);
        if (free.size() == sets.size()) {
            factor_.solveInPlace(rhs);
        } else {
            factorize(a_(free, free)).solveInPlace(rhs);
        }
        x(free, members) = rhs;
    }

    /// Gives the column new sets where x, the solution for its sets, violates the conditions.
    /// @return false where it does not.
    bool exchange(Column& column, const ConstVectorRef<double>& c, const ConstVectorRef<double>& x,
                  const ConstVectorRef<double>& gradient) const {
        // Below the rounding of the gradient its sign means nothing.
        const double noise = 1e-12 * (norm_ * x.cwiseAbs().maxCoeff() + c.cwiseAbs().maxCoeff());
        std::vector<Move> leaving;  // the free set
        std::vector<Move> entering;
        for (Index i = 0; i < x.size(); ++i) {
            const char set = column.sets[static_cast<std::size_t>(i)];
            if (set == is_free) {
                if (x[i] < bounds_.lower) leaving.push_back({i, at_lower});
                if (x[i] > bounds_.upper) leaving.push_back({i, at_upper});
            } else if (bounds_.lower < bounds_.upper &&
                       (set == at_lower ? gradient[i] < -noise : gradient[i] > noise)) {
                entering.push_back({i, is_free});
            }
        }
        if (leaving.empty() && entering.empty()) return false;
        if (column.feasible.size() == 0) {
            const Index violations = static_cast<Index>(leaving.size() + entering.size());
            const bool fewer = violations < column.fewest;
            if (fewer || column.tries > 0) {
                column.tries = fewer ? 3 : column.tries - 1;
                column.fewest = std::min(column.fewest, violations);
                apply(leaving, column);
                apply(entering, column);
            } else {
                column.feasible = x.cwiseMax(bounds_.lower).cwiseMin(bounds_.upper);
                apply(leaving, column);
            }
        } else if (!leaving.empty()) {
            advance(column, leaving, x);
        } else {
            column.feasible = x;
            apply({*std::max_element(entering.begin(), entering.end(),
                                     [&](const Move& one, const Move& other) {
                                         return std::abs(gradient[one.coordinate]) <
                                                std::abs(gradient[other.coordinate]);
                                     })},
                  column);
        }
        return true;
    }

    /// Moves the feasible point toward x until the first of the leaving coordinates meet their
    /// bounds.
    void advance(Column& column, std::vector<Move>& leaving,
                 const ConstVectorRef<double>& x) const {
        const auto fraction = [&](const Move& move) {
            const double from = column.feasible[move.coordinate];
            const double bound = move.set == at_lower ? bounds_.lower : bounds_.upper;
            return (bound - from) / (x[move.coordinate] - from);
        };
        double smallest = 1;
        for (const Move& move : leaving) smallest = std::min(smallest, fraction(move));
        std::erase_if(leaving, [&](const Move& move) { return fraction(move) > smallest; });
        column.feasible += smallest * (x - column.feasible);
        column.feasible = column.feasible.cwiseMax(bounds_.lower).cwiseMin(bounds_.upper);
        apply(leaving, column);
        for (const Move& move : leaving) {
            column.feasible[move.coordinate] = move.set == at_lower ? bounds_.lower : bounds_.upper;
        }
    }

    static void apply(const std::vector<Move>& moves, Column& column) {
        for (const Move& move : moves) {
            column.sets[static_cast<std::size_t>(move.coordinate)] = move.set;
        }
    }

    Matrix<double> a_;
    Bounds<double> bounds_;
    Factor factor_;
    double norm_;
};

/// Hands the columns to Pivoting in chunks, in double.
template <typename Scalar>
class BlockPivoting final : public NnlsSolver<Scalar> {
  public:
    BlockPivoting(const ConstMatrixRef<Scalar>& a, Bounds<Scalar> bounds)
        : size_(a.rows()), pivoting_(a.template cast<double>(), {bounds.lower, bounds.upper}) {}

    NnlsReport solve(const ConstMatrixRef<Scalar>& c, MatrixRef<Scalar> x) const override {
        require(c.rows() == size_ && x.rows() == size_, "c and x have as many rows as A");
        require(c.cols() == x.cols(), "c and x have equally many columns");
        constexpr Index chunk = 256;
        NnlsReport report;
        for (Index first = 0; first < x.cols(); first += chunk) {
            const Index count = std::min(chunk, x.cols() - first);
            auto target = x.middleCols(first, count);
            Matrix<double> solution = target.template cast<double>();
            const NnlsReport own =
                pivoting_.solve(c.middleCols(first, count).template cast<double>(), solution);
            target = solution.template cast<Scalar>();
            report.iterations = std::max(report.iterations, own.iterations);
            report.converged = report.converged && own.converged;
        }
        return report;
    }

  private:
    Index size_;
    Pivoting pivoting_;
};

}  // namespace

template <typename Scalar>
std::unique_ptr<NnlsSolver<Scalar>> block_pivoting(const ConstMatrixRef<Scalar>& a,
                                                   Bounds<Scalar> bounds) {
    require(a.rows() == a.cols() && a.rows() >= 1, "A is square and not empty");
    require(bounds.lower <= bounds.upper, "lower <= upper");
    return std::make_unique<BlockPivoting<Scalar>>(a, bounds);
}

template std::unique_ptr<NnlsSolver<float>> block_pivoting(const ConstMatrixRef<float>&,
                                                           Bounds<float>);
template std::unique_ptr<NnlsSolver<double>> block_pivoting(const ConstMatrixRef<double>&,
                                                            Bounds<double>);

}  // namespace hoist
