#pragma once

#include <span>

#include "hoist/math/matrix.hpp"

namespace hoist {

/// Which of the shards of a stage adds its samples.
struct Shard {
    Index index = 0;
    Index count = 1;
};

/// Where the inputs of a shard lie: their mean, and what is taken from them before products are
/// formed (zero where their mean is no larger than their spread).
struct InputCenter {
    Vector<double> mean;
    Vector<double> reference;
};

/// Gram matrix and moment of a regression T ~ W X + b 1' about the means of a shard, accumulated
/// over column blocks: (X - x 1')(X - x 1')' and (X - x 1')(T - t 1')', with the count of samples
/// and the means x and t beside them. All is in one buffer, in which every shard has places of its
/// own for count and means, so that one sum over shards says what RidgeFactor needs. Products of
/// a block are formed in Scalar about a point near its mean, so that they keep the digits that an
/// offset of the inputs would take; they are merged in double (Chan, Golub and LeVeque 1983).
class NormalEquations {
  public:
    /// All zero. @pre inputs, outputs >= 1.
    NormalEquations(Index inputs, Index outputs, Shard shard = {});
    /// The moment alone, of inputs whose Gram matrix has been factored and which lie at
    /// RidgeFactor::center().
    NormalEquations(InputCenter center, Index outputs, Shard shard = {});

    /// The numbers in the buffer with and without a Gram matrix, for n inputs, m outputs and a
    /// count of shards: n (n + 1) / 2 + n m + shards (1 + n + m), and n m + shards m.
    static double size(double n, double m, double shards) {
        return 0.5 * n * (n + 1) + n * m + shards * (1 + n + m);
    }
    static double moment_size(double n, double m, double shards) { return n * m + shards * m; }

    /// Adds a block: x is inputs x B, t is outputs x B. An empty block adds nothing.
    template <typename Scalar>
    void add(const ConstMatrixRef<Scalar>& x, const ConstMatrixRef<Scalar>& t);
    /// Adds a block's Gram matrix alone. @pre so do all, or none; there is a Gram matrix.
    template <typename Scalar>
    void add_gram(const ConstMatrixRef<Scalar>& x);

    void clear();

    /// The whole buffer, to be summed over shards.
    std::span<double> values() {
        return {values_.data(), static_cast<std::size_t>(values_.size())};
    }

    bool has_gram() const { return gram_size_ > 0; }
    /// Of the inputs about their shards' means, inputs x inputs: the lower triangle. @pre has_gram()
    Matrix<double> gram() const;
    /// Of the inputs and targets about their shards' means, inputs x outputs.
    Eigen::Map<const Matrix<double>> moment() const;
    /// Samples of each shard. @pre has_gram()
    Eigen::Map<const Vector<double>> counts() const;
    /// Means of the inputs, inputs x shards, and of the targets, outputs x shards; zero for a shard
    /// without samples. @pre has_gram() for the inputs.
    Eigen::Map<const Matrix<double>> input_means() const;
    Eigen::Map<const Matrix<double>> target_means() const;

    Index inputs() const { return inputs_; }
    Index outputs() const { return outputs_; }

  private:
    /// A block about a reference: its columns, and their sums in double.
    template <typename Scalar>
    struct Centered;

    template <typename Scalar>
    void add_columns(const ConstMatrixRef<Scalar>& x, const ConstMatrixRef<Scalar>* t);
    template <typename Scalar>
    void merge_gram(Centered<Scalar>& x);
    template <typename Scalar>
    void choose_target_reference(const ConstMatrixRef<Scalar>& t);

    Eigen::Map<Matrix<double>> moment_sum() { return {&values_[gram_size_], inputs_, outputs_}; }
    /// Places of this shard.
    Eigen::Map<Vector<double>> input_mean();
    Eigen::Map<Vector<double>> target_mean();
    Index counts_begin() const { return gram_size_ + inputs_ * outputs_; }
    Index input_means_begin() const { return counts_begin() + (has_gram() ? shard_.count : 0); }
    Index target_means_begin() const {
        return input_means_begin() + (has_gram() ? shard_.count * inputs_ : 0);
    }

    Index inputs_;
    Index outputs_;
    Shard shard_;
    Index gram_size_;
    /// Of this shard, so far.
    double count_ = 0.0;
    /// Without a Gram matrix.
    Vector<double> input_mean_;
    /// What is taken from inputs and targets before products are formed.
    Vector<double> input_reference_;
    Vector<double> target_reference_;
    Vector<double> values_;
};

}  // namespace hoist
