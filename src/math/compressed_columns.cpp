#include "hoist/math/compressed_columns.hpp"

#include <algorithm>
#include <limits>

#include "hoist/base/error.hpp"
#include "sparse_combination.hpp"

namespace hoist {

namespace {

constexpr Index most_positions = std::numeric_limits<std::uint32_t>::max();

/// Writes the numbers of a column that are not zero from `next` on, and returns where they end. One
/// place behind the end may be written.
template <typename Scalar>
SparseEntry<Scalar>* compress(const Scalar* column, Index rows, SparseEntry<Scalar>* next) {
    constexpr Index group = 32;
    for (Index first = 0; first < rows; first += group) {
        const Index end = std::min(first + group, rows);
        if (end - first == group) {
            int any = 0;  // a bool would not be vectorized
            for (Index i = first; i < first + group; ++i) {
                any |= static_cast<int>(column[i] != 0);
            }
            if (any == 0) {
                continue;
            }
        }
        // Every number is written where the next one that is not zero belongs: a branch on them
        // would be mispredicted.
        for (Index i = first; i < end; ++i) {
            *next = {static_cast<std::uint32_t>(i), column[i]};
            next += column[i] != 0 ? 1 : 0;
        }
    }
    return next;
}

}  // namespace

template <typename Scalar>
CompressedColumns<Scalar>::CompressedColumns(Index rows) : rows_(rows) {
    require(rows >= 0 && rows <= most_positions, "the rows can be numbered in 32 bits");
}

// Where the times of both products together pass those of OpenBLAS's for 784 rows and random columns
// in batches of 250 (one core, Zen 4): at 0.44 of all numbers for 300 outputs, 0.41 for 1,000, 0.33
// for 10, 0.15 for 4; with vectors of 32 bytes at 0.39 and 0.37, of 16 bytes at 0.24 and below 0.2
// for 300 and 1,000. Few outputs do not repay the gathering of rows.
template <typename Scalar>
double CompressedColumns<Scalar>::relative_time(double density, Index outputs) {
    if (outputs < 8) {
        return density / 0.1;
    }
    return density / (vector_bytes > 16 ? 0.35 : 0.2);
}

template <typename Scalar>
void CompressedColumns<Scalar>::clear() {
    begin_.resize(1);
}

template <typename Scalar>
void CompressedColumns<Scalar>::append(const ConstMatrixRef<Scalar>& columns) {
    require(columns.rows() == rows_, "appended columns have as many rows");
    std::size_t end = nonzeros();
    for (Index j = 0; j < columns.cols(); ++j) {
        end += static_cast<std::size_t>((columns.col(j).array() != Scalar{0}).count());
    }
    entries_.resize(std::max(entries_.size(), end + 1));
    Entry* next = entries_.data() + nonzeros();
    for (Index j = 0; j < columns.cols(); ++j) {
        next = compress(columns.data() + j * columns.outerStride(), rows_, next);
        begin_.push_back(static_cast<std::size_t>(next - entries_.data()));
    }
}

template <typename Scalar>
void CompressedColumns<Scalar>::append(const CompressedColumns& other,
                                       std::span<const Index> columns) {
    require(&other != this, "columns are gathered from another matrix");
    require(other.rows_ == rows_, "appended columns have as many rows");
    std::size_t end = nonzeros();
    for (const Index j : columns) {
        require(j >= 0 && j < other.cols(), "gathered columns exist");
        const auto column = static_cast<std::size_t>(j);
        end += other.begin_[column + 1] - other.begin_[column];
    }
    entries_.resize(std::max(entries_.size(), end + 1));
    for (const Index j : columns) {
        const auto column = static_cast<std::size_t>(j);
        const std::size_t from = other.begin_[column];
        const std::size_t count = other.begin_[column + 1] - from;
        std::copy_n(other.entries_.data() + from, count, entries_.data() + nonzeros());
        begin_.push_back(nonzeros() + count);
    }
}

template <typename Scalar>
double CompressedColumns<Scalar>::density() const {
    const double numbers = static_cast<double>(rows_) * static_cast<double>(cols());
    return numbers > 0 ? static_cast<double>(nonzeros()) / numbers : 0.0;
}

template <typename Scalar>
std::size_t CompressedColumns<Scalar>::bytes() const {
    const auto size = [](const auto&... vectors) {
        return (... + (vectors.size() * sizeof(vectors[0])));
    };
    return size(begin_, entries_, by_row_.row, by_row_.begin, by_row_.entries, by_row_.next);
}

template <typename Scalar>
void CompressedColumns<Scalar>::apply(const ConstMatrixRef<Scalar>& weights,
                                      const ConstVectorRef<Scalar>& bias, Range columns,
                                      MatrixRef<Scalar> u) const {
    require(weights.cols() == rows_, "the weights have as many columns as the input has rows");
    require(bias.size() == weights.rows() && u.rows() == weights.rows() && u.cols() == columns.size(),
            "bias and result fit the weights and the input");
    combine<Scalar>({.a = weights.data(),
                     .a_stride = weights.outerStride(),
                     .start = bias.data(),
                     .start_stride = 0,
                     .result = u.data(),
                     .result_stride = u.outerStride(),
                     .targets = columns.size(),
                     .target = nullptr,
                     .begin = begin_.data() + columns.begin,
                     .entries = entries_.data()},
                    u.rows());
}

template <typename Scalar>
void CompressedColumns<Scalar>::gather_rows(Range columns) const {
    Rows& rows = by_row_;
    const std::size_t from = begin_[static_cast<std::size_t>(columns.begin)];
    const std::size_t count = begin_[static_cast<std::size_t>(columns.end)] - from;
    rows.next.resize(static_cast<std::size_t>(rows_));
    rows.entries.resize(std::max(rows.entries.size(), count));
    rows.row.resize(std::min(count, static_cast<std::size_t>(rows_)) + 1);
    std::size_t named = 0;
    for (std::size_t k = from; k < from + count; ++k) {
        const std::uint32_t row = entries_[k].index;
        rows.row[named] = row;
        named += rows.next[row]++ == 0 ? 1 : 0;
    }
    rows.begin.resize(named + 1);
    std::size_t position = 0;
    for (std::size_t r = 0; r < named; ++r) {
        rows.begin[r] = position;
        std::uint32_t& next = rows.next[rows.row[r]];
        position += next;
        next = static_cast<std::uint32_t>(rows.begin[r]);
    }
    rows.begin[named] = position;
    for (Index j = columns.begin; j < columns.end; ++j) {
        const auto column = static_cast<std::size_t>(j);
        for (std::size_t k = begin_[column]; k < begin_[column + 1]; ++k) {
            rows.entries[rows.next[entries_[k].index]++] = {static_cast<std::uint32_t>(j),
                                                            entries_[k].value};
        }
    }
    for (std::size_t r = 0; r < named; ++r) {
        rows.next[rows.row[r]] = 0;
    }
}

template <typename Scalar>
void CompressedColumns<Scalar>::add_moment(const ConstMatrixRef<Scalar>& s,
                                           MatrixRef<Scalar> g) const {
    require(s.cols() == cols() && cols() <= most_positions, "S has as many columns as the input");
    require(g.rows() == s.rows() && g.cols() == rows_, "the moment fits S and the input");
    const Index height = std::clamp<Index>(s.rows(), 1, most_tile_vectors * lane_count<Scalar>);
    const Index width = std::max<Index>(64, (Index{1} << 19) / (height * Index{sizeof(Scalar)}));
    for (Index first = 0; first < cols(); first += width) {
        gather_rows({first, std::min(first + width, cols())});
        combine<Scalar>({.a = s.data(),
                         .a_stride = s.outerStride(),
                         .start = g.data(),
                         .start_stride = g.outerStride(),
                         .result = g.data(),
                         .result_stride = g.outerStride(),
                         .targets = std::ssize(by_row_.begin) - 1,
                         .target = by_row_.row.data(),
                         .begin = by_row_.begin.data(),
                         .entries = by_row_.entries.data()},
                        g.rows());
    }
}

template <typename Scalar>
void CompressedColumns<Scalar>::decompress(MatrixRef<Scalar> x) const {
    require(x.rows() == rows_ && x.cols() == cols(), "the dense matrix has the size of this one");
    x.setZero();
    for (Index j = 0; j < cols(); ++j) {
        const auto column = static_cast<std::size_t>(j);
        for (std::size_t k = begin_[column]; k < begin_[column + 1]; ++k) {
            x(static_cast<Index>(entries_[k].index), j) = entries_[k].value;
        }
    }
}

template class CompressedColumns<float>;
template class CompressedColumns<double>;

}  // namespace hoist
