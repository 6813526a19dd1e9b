#pragma once

#include <mpi.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "hoist/base/types.hpp"
#include "hoist/comm/activity.hpp"

namespace hoist {

/// MPI from construction to destruction. Not finalized while an exception unwinds: the ranks that
/// still wait would hang; the program then ends by abort_all().
class MpiEnvironment {
  public:
    MpiEnvironment(int* argc, char*** argv);
    ~MpiEnvironment();
    MpiEnvironment(const MpiEnvironment&) = delete;
    MpiEnvironment& operator=(const MpiEnvironment&) = delete;
};

/// Ends every rank of the job at once with `status`; does not return.
[[noreturn]] void abort_all(int status);

/// Seconds on a clock that only this process reads.
double wall_time();

/// A message under way. Movable; waits in its destructor, so that no buffer is left to MPI by
/// accident.
class Request {
  public:
    Request() = default;
    /// @param what, name, peer tell of the wait.
    Request(MPI_Request request, WaitMark::For what, const MessageName& name, int peer)
        : request_(request), what_(what), peer_(peer), name_(name) {}
    ~Request();
    Request(Request&& other) noexcept
        : request_(other.request_), what_(other.what_), peer_(other.peer_), name_(other.name_) {
        other.request_ = MPI_REQUEST_NULL;
    }
    Request& operator=(Request&& other) noexcept;

    /// Returns when the buffer may be used again. No effect on a request that is over.
    void wait();
    /// Whether wait() would return at once.
    bool over();
    /// Returns when one of the two is over.
    static void wait_for_either(Request& one, Request& other);

  private:
    MPI_Request request_ = MPI_REQUEST_NULL;
    WaitMark::For what_ = WaitMark::For::message;
    int peer_ = 0;
    MessageName name_;
};

/// A group of ranks and the messages between them, on spans of numbers. Movable, never copied.
/// Functions that say "Collective" must be called by every rank of the group in the same order. Any
/// MPI error ends the job.
class Communicator {
  public:
    /// A duplicate of `group`, in which errors end the job. Collective over it.
    static Communicator duplicate(MPI_Comm group);
    /// A duplicate of MPI_COMM_WORLD. Collective over the world.
    static Communicator world();
    /// The group of this process alone, which needs no MPI: nothing it does waits for another.
    static Communicator alone();
    ~Communicator();
    Communicator(Communicator&& other) noexcept;
    Communicator& operator=(Communicator&&) = delete;

    int rank() const { return rank_; }
    int size() const { return size_; }

    /// Collective. How many ranks of this group share this rank's node.
    int ranks_on_node() const;

    /// Collective. The ranks that gave the same `color`, ordered by rank.
    Communicator split(int color) const;

    /// Starts a message; the span must stay as it is until the request is over. Never waits for the
    /// receiver. `name` is what the message is called where the wait for it is told of.
    template <typename Number>
    Request send(std::span<const Number> values, int destination, int tag,
                 const MessageName& name = {}) const;
    template <typename Number>
    Request receive(std::span<Number> values, int source, int tag,
                    const MessageName& name = {}) const;

    /// Collective. Replaces `values` by their sum over the ranks, the same bits on every rank.
    template <typename Number>
    void sum(std::span<Number> values) const;
    /// A rank's part where the ranks share `count` things evenly.
    Range part(Index count) const { return part(count, rank_); }
    Range part(Index count, int rank) const {
        return {count * rank / size_, count * (rank + 1) / size_};
    }
    /// Collective. Replaces this rank's part of `values` by its sum over the ranks; the other parts stay as they are. No
    /// run of `unit` numbers is divided. @pre there are full units.
    template <typename Number>
    void sum_part(std::span<Number> values, Index unit) const;
    /// Collective. Every rank gets the parts of all, as sum_part() leaves them.
    template <typename Number>
    void gather_parts(std::span<Number> values, Index unit) const;
    /// Collective.
    double sum(double value) const;
    double max(double value) const;
    double min(double value) const;

    /// Collective. Every rank gets the root's values.
    template <typename Number>
    void broadcast(std::span<Number> values, int root) const;
    std::string broadcast(const std::string& text, int root) const;

    /// Collective. Every rank's value, by rank.
    std::vector<double> gather_all(double value) const;

    /// Collective. Returns when every rank has arrived.
    void barrier() const;

    /// Bytes that this rank has sent through this communicator: messages, and for a sum its buffer
    /// once, of which the sum of parts and the gathering of parts are a half each.
    std::int64_t bytes_sent() const { return bytes_sent_; }

  private:
    Communicator() = default;
    explicit Communicator(MPI_Comm handle);
    MPI_Comm handle_ = MPI_COMM_NULL;
    int rank_ = 0;
    int size_ = 1;
    mutable std::int64_t bytes_sent_ = 0;
};

}  // namespace hoist
