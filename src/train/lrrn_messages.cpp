#include "hoist/train/lrrn_messages.hpp"

namespace hoist {

namespace {

// Above all tags of column blocks.
constexpr int curvature_tag = 32767;

template <typename Scalar>
Scalar& last_of(Matrix<Scalar>& message) {
    return message(message.rows() - 1, 0);
}

}  // namespace

template <typename Scalar>
LrrnMessages<Scalar>::LrrnMessages(const Communicator& world, const Placement& placement,
                                   const Stage<Scalar>& stage, Index blocks, Range own,
                                   PhaseTimes& times, Exchange::Channel channel)
    : world_(world),
      placement_(placement),
      stage_(stage),
      own_(own),
      halo_(world, placement, blocks, own, times, channel) {}

template <typename Scalar>
void LrrnMessages<Scalar>::resize(const std::vector<Index>& columns, bool more_phases) {
    const auto make = [&](std::vector<Matrix<Scalar>>& all, bool any, Index rows) {
        all.resize(any ? columns.size() : 0);
        for (std::size_t i = 0; i < all.size(); ++i) {
            all[i].resize(rows * columns[i] + 1, 1);
        }
    };
    const bool below = stage_.layers.begin > 0;
    const bool above = stage_.layers.end < stage_.network.layers();
    make(from_below_, below, rows_below());
    make(odd_down_, below, rows_below());
    make(even_down_, below && more_phases, rows_below());
    make(from_above_, above, rows_above());
    make(going_up_, above, rows_above());
}

template <typename Scalar>
Matrix<Scalar> LrrnMessages<Scalar>::hand_up(const Matrix<Scalar>& upward, Index rows) const {
    const ProcessGrid& grid = placement_.grid;
    const int stage = grid.stage_of(world_.rank());
    const int shard = grid.shard_of(world_.rank());
    std::vector<Request> sent;
    if (!placement_.last(world_.rank())) {
        for (int above = shard; above < grid.shards(stage + 1); above += grid.shards(stage)) {
            sent.push_back(world_.send(
                std::span<const Scalar>(upward.data(), static_cast<std::size_t>(upward.size())),
                grid.rank_of(stage + 1, above), curvature_tag,
                {"the curvature", -1, "send above"}));
        }
    }
    Matrix<Scalar> arrived;
    if (!placement_.first(world_.rank())) {
        arrived.resize(rows, rows);
        world_
            .receive(std::span<Scalar>(arrived.data(), static_cast<std::size_t>(arrived.size())),
                     grid.rank_of(stage - 1, shard % grid.shards(stage - 1)), curvature_tag,
                     {"the curvature", -1, "receive from below"})
            .wait();
    }
    return arrived;
}

template <typename Scalar>
typename LrrnMessages<Scalar>::Columns LrrnMessages<Scalar>::receive_from_below(Index block,
                                                                                double& change) {
    halo_.await_below(block);
    Matrix<Scalar>& message = from_below_[slot(block)];
    change = static_cast<double>(last_of(message));
    return columns_of(message, rows_below());
}

template <typename Scalar>
typename LrrnMessages<Scalar>::Columns LrrnMessages<Scalar>::receive_from_above(Index block,
                                                                                Word& word) {
    halo_.await_above(block);
    Matrix<Scalar>& message = from_above_[slot(block)];
    word = static_cast<Word>(static_cast<int>(last_of(message)));
    return columns_of(message, rows_above());
}

template <typename Scalar>
void LrrnMessages<Scalar>::send_up(Index block, const ConstMatrixRef<Scalar>& columns,
                                   double change) {
    halo_.finish_send_up(block);
    Matrix<Scalar>& message = going_up_[slot(block)];
    columns_of(message, rows_above()) = columns;
    last_of(message) = static_cast<Scalar>(change);
    halo_.send_up(block, message);
}

template <typename Scalar>
void LrrnMessages<Scalar>::send_down(Index block, Turn turn, const ConstMatrixRef<Scalar>& columns,
                                     Word word) {
    halo_.finish_send_down(block);
    Matrix<Scalar>& message = (turn == Turn::odd ? odd_down_ : even_down_)[slot(block)];
    columns_of(message, rows_below()) = columns;
    last_of(message) = static_cast<Scalar>(word);
    halo_.send_down(block, message);
}

template <typename Scalar>
typename LrrnMessages<Scalar>::Columns LrrnMessages<Scalar>::columns_of(Matrix<Scalar>& message,
                                                                        Index rows) {
    return Columns(message.data(), rows, (message.rows() - 1) / rows);
}

template class LrrnMessages<float>;
template class LrrnMessages<double>;

}  // namespace hoist
