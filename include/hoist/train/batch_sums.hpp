#pragma once

#include <algorithm>
#include <memory>
#include <span>
#include <vector>

#include "hoist/math/weight_solver.hpp"
#include "hoist/problem/batch_inputs.hpp"
#include "hoist/problem/stage.hpp"
#include "hoist/train/block_moments.hpp"

namespace hoist {

/// Into how many parts the rows of a gradient are cut, when the columns of so many blocks are summed at once: each
/// takes about as long as one block on its way, so that none waits for more, and is still a fast product.
inline Index gradient_parts(Index outputs, Index blocks) {
    constexpr Index fewest_rows = 180;
    return std::max<Index>(1, std::min(blocks, outputs / fewest_rows));
}
/// The rows of such a part, which begin where any vector instruction may.
inline Range gradient_rows(Index outputs, Index parts, Index part) {
    const auto begin = [&](Index of) { return outputs * of / parts / 16 * 16; };
    return {begin(part), part + 1 == parts ? outputs : begin(part + 1)};
}

/// What a mini-batch says of the maps of a stage, in one buffer, so that adding it over shards is
/// one sum, of all maps or of some that follow one another. Columns are added group by group.
template <typename Scalar>
class BatchSums {
  public:
    using Solvers = std::vector<std::unique_ptr<WeightSolver<Scalar>>>;

    /// Room for what the solver of each map of the stage wants.
    /// @param stage must outlive it. @param most_columns of a batch, over all shards.
    BatchSums(const Stage<Scalar>& stage, const Solvers& solvers, Index most_columns);

    /// Forgets the batch before, of the maps at these positions; the next has so many columns, over all shards.
    void begin(Range positions, Index columns);
    /// Adds columns of the map at `position`, of which the first is the `first` of the batch: its
    /// inputs x and the signals s above it, which are multiplied by the mean's 1/columns in place.
    /// @pre x has the map's inputs and s its outputs, B columns each.
    void add(std::size_t position, Index first, const ConstMatrixRef<Scalar>& x,
             MatrixRef<Scalar> s);
    /// The same of some rows of s; all are added one part after another. @pre the map is plain.
    void add_rows(std::size_t position, Index first, const ConstMatrixRef<Scalar>& x,
                  MatrixRef<Scalar> s, Range rows);
    /// The same for neighboring blocks of the input of the network.
    void add(std::size_t position, Index first, std::span<const InputBlock<Scalar>> x,
             MatrixRef<Scalar> s);

    /// Adds a gradient in [W b] of the map at `position` as it is, m x (n + 1). @pre its solver wants nothing
    /// else.
    void add_gradient(std::size_t position, const ConstMatrixRef<Scalar>& own);

    /// Adds what a block says of a normalized map beside its gradient.
    void add(std::size_t position, const BlockMoments<Scalar>& block);

    /// Of the map at `position`. @pre something was added, if only no columns.
    BatchEquations<Scalar> equations(std::size_t position) const;
    /// Of a normalized map at `position`: (1 - share) times the moments that its weights have and
    /// share times those of the batch.
    RowMoments<Scalar> moments(std::size_t position, Scalar share) const;
    /// Columns of the batch that the map at `position` is in, over all shards.
    Index columns(std::size_t position) const { return places_[position].batch; }
    /// The gradient of the map at `position` in [W b], m x (n + 1).
    Eigen::Map<Matrix<Scalar>> gradient(std::size_t position) {
        return gradient(places_[position]);
    }
    /// What is to be summed over shards of the maps at these positions.
    std::span<Scalar> values(Range positions) {
        const auto begin_of = [this](Index position) {
            return static_cast<std::size_t>(
                position < std::ssize(places_)
                    ? places_[static_cast<std::size_t>(position)].gradient
                    : values_.size());
        };
        return std::span(values_.data(), static_cast<std::size_t>(values_.size()))
            .subspan(begin_of(positions.begin),
                     begin_of(positions.end) - begin_of(positions.begin));
    }

  private:
    using Map = Eigen::Map<Matrix<Scalar>>;

    /// Where the matrices of a map begin; a size is 0 where its solver does not want the matrix.
    struct Place {
        Index gradient;
        Index input_gram;
        Index signal_gram;
        Index columns;
        Index moments;
        Index inputs;
        Index outputs;
        Index input_gram_size;
        Index signal_gram_size;
        bool keeps_inputs;
        bool normalized;
        bool adjoint;
        bool empty = true;
        /// Of the batch, over all shards.
        Index batch = 0;

        Scalar mean() const { return Scalar{1} / static_cast<Scalar>(batch); }
    };

    Map gradient(const Place& place) {
        return {values_.data() + place.gradient, place.outputs, place.inputs + 1};
    }
    /// X of the batch: each shard fills in its columns, and the others are zero there.
    Map inputs(const Place& place) {
        return {values_.data() + place.columns, place.inputs, place.batch};
    }
    LinearMap<Scalar> map(std::size_t position) const {
        return stage_.unnormalized(stage_.lowest() + static_cast<Index>(position));
    }
    /// Means of a batch: of the distance of W F(x) from the mean before, and of its square.
    Map moments(const Place& place) {
        return {values_.data() + place.moments, place.normalized ? place.outputs : 0, 2};
    }
    /// Of some rows, of which s are the signals.
    void add_product(Place& place, Range rows, const ConstMatrixRef<Scalar>& x,
                     const ConstMatrixRef<Scalar>& s);
    void add_bias(Place& place, Range rows, const ConstMatrixRef<Scalar>& s);
    void add_inputs(Place& place, Index at, const ConstMatrixRef<Scalar>& x);
    void add_signal_gram(Place& place, const ConstMatrixRef<Scalar>& s);
    void add_signals(Place& place, const ConstMatrixRef<Scalar>& s);
    void add_input_gram(Place& place, const Matrix<Scalar>& x);

    const Stage<Scalar>& stage_;
    std::vector<Place> places_;
    Vector<Scalar> values_;
    Index most_columns_;
};

}  // namespace hoist
