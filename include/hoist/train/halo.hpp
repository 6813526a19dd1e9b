#pragma once

#include <array>
#include <vector>

#include "hoist/train/exchange.hpp"
#include "hoist/train/phase_times.hpp"

namespace hoist {

/// The messages of a rank's column blocks to and from the stages below and above, with their requests
/// and the time that they take. Where there is no such stage, nothing is sent or expected.
template <typename Scalar>
class Halo {
  public:
    /// `world`, `placement` and `times` must outlive it. @param blocks of all ranks. @param own those of
    /// this rank.
    Halo(const Communicator& world, const Placement& placement, Index blocks, Range own,
         PhaseTimes& times, Exchange::Channel channel = Exchange::Channel::training)
        : exchange_(world, placement, blocks, channel),
          times_(&times),
          first_own_(own.begin),
          below_(placement.first(world.rank()) ? 0 : own.size()),
          above_(placement.last(world.rank()) ? 0 : own.size()) {}

    /// Where a block from the neighbor is to be received.
    void expect_below(Index block, MatrixRef<Scalar> columns) {
        if (!below_.arrivals.empty()) {
            const PhaseClock clock(times_->exchange);
            below_.arrivals[slot(block)] =
                exchange_.template receive_from_below<Scalar>(block, columns);
        }
    }
    void expect_above(Index block, MatrixRef<Scalar> columns) {
        if (!above_.arrivals.empty()) {
            const PhaseClock clock(times_->exchange);
            above_.arrivals[slot(block)] =
                exchange_.template receive_from_above<Scalar>(block, columns);
        }
    }

    /// Takes what another one expects from below. @pre nothing is expected from below by this one.
    void take_below(Halo& other) { below_.arrivals.swap(other.below_.arrivals); }

    /// Returns when the block has arrived, at once where none is expected.
    void await_below(Index block) { await(below_.arrivals, block); }
    void await_above(Index block) { await(above_.arrivals, block); }
    /// Whether that would be at once.
    bool arrived_below(Index block) { return has_arrived(below_.arrivals, block); }
    bool arrived_above(Index block) { return has_arrived(above_.arrivals, block); }

    /// Returns when block `below` of one batch has arrived from below, or block `above` of another from above.
    static void await_either(Halo& one, Index below, Halo& another, Index above) {
        const PhaseClock clock(one.times_->wait);
        Request::wait_for_either(one.below_.arrivals[one.slot(below)],
                                 another.above_.arrivals[another.slot(above)]);
    }

    /// Sends a block from where it lies, which must stay as it is until it has been taken.
    void send_down(Index block, const ConstMatrixRef<Scalar>& columns) {
        if (!below_.sent.empty()) {
            const PhaseClock clock(times_->exchange);
            below_.sent[slot(block)] = exchange_.template send_below<Scalar>(block, columns);
        }
    }
    void send_up(Index block, const ConstMatrixRef<Scalar>& columns) {
        if (!above_.sent.empty()) {
            const PhaseClock clock(times_->exchange);
            above_.sent[slot(block)] = exchange_.template send_above<Scalar>(block, columns);
        }
    }
    /// Returns when the block that was sent may change.
    void finish_send_down(Index block) { await(below_.sent, block); }
    void finish_send_up(Index block) { await(above_.sent, block); }
    /// Returns when all that was sent may change.
    void finish_sends() {
        finish(below_.sent);
        finish(above_.sent);
    }
    /// Returns when nothing is expected any more.
    void settle() {
        finish(below_.arrivals);
        finish(above_.arrivals);
    }

  private:
    struct Side {
        explicit Side(Index blocks)
            : arrivals(static_cast<std::size_t>(blocks)), sent(static_cast<std::size_t>(blocks)) {}
        std::vector<Request> arrivals;
        std::vector<Request> sent;
    };

    std::size_t slot(Index block) const { return static_cast<std::size_t>(block - first_own_); }
    bool has_arrived(std::vector<Request>& requests, Index block) {
        return requests.empty() || requests[slot(block)].over();
    }
    void await(std::vector<Request>& requests, Index block) {
        if (!requests.empty()) {
            const PhaseClock clock(times_->wait);
            requests[slot(block)].wait();
        }
    }
    void finish(std::vector<Request>& requests) {
        const PhaseClock clock(times_->wait);
        for (Request& request : requests) {
            request.wait();
        }
    }

    Exchange exchange_;
    PhaseTimes* times_;
    Index first_own_;
    Side below_;
    Side above_;
};

/// Blocks on their way up that are kept nowhere: each lies in a room of its own until the receiver has
/// taken it, and then makes way for another.
template <typename Scalar>
class Outgoing {
  public:
    /// `times` must outlive it.
    Outgoing(const Exchange& exchange, PhaseTimes& times) : exchange_(exchange), times_(&times) {}

    /// Room for the next block.
    Matrix<Scalar>& next(Index rows, Index columns) {
        latest_ = (latest_ + 1) % rooms_.size();
        await(rooms_[latest_]);
        rooms_[latest_].columns.resize(rows, columns);
        return rooms_[latest_].columns;
    }
    /// Sends what is in the room that was given last.
    void send(Index block) {
        const PhaseClock clock(times_->exchange);
        Room& room = rooms_[latest_];
        room.request = exchange_.template send_above<Scalar>(block, room.columns);
    }
    /// Returns when all have been taken.
    void finish() {
        for (Room& room : rooms_) {
            await(room);
        }
    }

  private:
    struct Room {
        Matrix<Scalar> columns;
        Request request;
    };
    void await(Room& room) {
        const PhaseClock clock(times_->wait);
        room.request.wait();
    }

    Exchange exchange_;
    PhaseTimes* times_;
    std::array<Room, 4> rooms_;
    std::size_t latest_ = 0;
};

}  // namespace hoist
