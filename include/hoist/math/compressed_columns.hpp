#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "hoist/math/matrix.hpp"

namespace hoist {

/// A number of a compressed column, which is not zero, and its row.
template <typename Scalar>
struct SparseEntry {
    std::uint32_t index;
    Scalar value;
};

/// A matrix X whose columns are stored without their zeros, for input blocks that are mostly zero:
/// images with a dark background, bags of words. Products with it take time in proportion to the
/// numbers that are not zero. Each entry of a result is one sum in the order of these numbers,
/// whichever rows and columns are computed with it and however the columns were appended.
template <typename Scalar>
class CompressedColumns {
  public:
    /// @pre 0 <= rows < 2^32.
    explicit CompressedColumns(Index rows);

    /// The time of apply and add_moment over that of the dense products of the same shape, by the
    /// share of numbers that are not zero and the rows of W; never below the measured figure.
    static double relative_time(double density, Index outputs);
    /// Whether that is less than 1.
    static bool worthwhile(double density, Index outputs) {
        return relative_time(density, outputs) < 1.0;
    }

    /// Removes all columns and keeps the storage.
    void clear();
    /// Appends the columns of a dense matrix. @pre equally many rows.
    void append(const ConstMatrixRef<Scalar>& columns);
    /// Appends columns of another matrix in the order given. @pre `other` is not this matrix, has
    /// as many rows, and has the columns.
    void append(const CompressedColumns& other, std::span<const Index> columns);

    Index rows() const { return rows_; }
    Index cols() const { return std::ssize(begin_) - 1; }
    std::size_t nonzeros() const { return begin_.back(); }
    /// The share of numbers that are not zero; 0 where there are none.
    double density() const;
    /// The storage held, with what add_moment keeps for its next use.
    std::size_t bytes() const;

    /// u = W X + b 1' for some columns of X. @pre W is m x rows, b has m numbers, u is m x the
    /// number of columns and overlaps neither.
    void apply(const ConstMatrixRef<Scalar>& weights, const ConstVectorRef<Scalar>& bias,
               Range columns, MatrixRef<Scalar> u) const;
    /// The same for all columns.
    void apply(const ConstMatrixRef<Scalar>& weights, const ConstVectorRef<Scalar>& bias,
               MatrixRef<Scalar> u) const {
        apply(weights, bias, {0, cols()}, u);
    }
    /// g += S X', by the rows of X, which are gathered into storage that is kept: one thread at a
    /// time. @pre S is m x cols, g is m x rows and does not overlap it; cols < 2^32.
    void add_moment(const ConstMatrixRef<Scalar>& s, MatrixRef<Scalar> g) const;
    /// x = X. @pre x is rows x cols.
    void decompress(MatrixRef<Scalar> x) const;

  private:
    using Entry = SparseEntry<Scalar>;

    /// The rows of some neighboring columns that hold a number other than zero, in the order in
    /// which the columns name them first.
    struct Rows {
        std::vector<std::uint32_t> row;
        std::vector<std::size_t> begin;
        std::vector<Entry> entries;
        /// For each of all rows the position of its next entry; zero between two uses.
        std::vector<std::uint32_t> next;
    };

    void gather_rows(Range columns) const;

    Index rows_;
    /// Where each column begins in entries_, and where the last one ends.
    std::vector<std::size_t> begin_{0};
    /// Longer than nonzeros(): storage is kept, and one more place is written ahead.
    std::vector<Entry> entries_;
    mutable Rows by_row_;
};

extern template class CompressedColumns<float>;
extern template class CompressedColumns<double>;

}  // namespace hoist
