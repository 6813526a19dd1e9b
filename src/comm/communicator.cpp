#include "hoist/comm/communicator.hpp"

#include <algorithm>
#include <exception>
#include <limits>
#include <memory>
#include <utility>

#include "hoist/base/error.hpp"

namespace hoist {

namespace {

// Every call is made under MPI_ERRORS_ARE_FATAL: a failed one ends the job there, so results are
// not looked at.

template <typename Number>
MPI_Datatype type_of();
template <>
MPI_Datatype type_of<float>() {
    return MPI_FLOAT;
}
template <>
MPI_Datatype type_of<double>() {
    return MPI_DOUBLE;
}
template <>
MPI_Datatype type_of<Index>() {
    return MPI_INT64_T;
}
template <>
MPI_Datatype type_of<char>() {
    return MPI_CHAR;
}

/// Of messages within a sum, which no other message has.
constexpr int sum_tag = 32767;

int count_of(std::size_t size) {
    require(size <= static_cast<std::size_t>(std::numeric_limits<int>::max()),
            "a message holds at most 2^31 - 1 numbers");
    return static_cast<int>(size);
}

/// Of values that ranks share, which an int counts.
Index units_of(std::size_t numbers, Index unit) {
    const Index units = count_of(numbers) / unit;
    require(units * unit == static_cast<Index>(numbers), "values that are shared are full units");
    return units;
}

// Collective operations on long spans go in pieces that an int can count.
template <typename Number, typename Operation>
void in_pieces(std::span<Number> values, Operation operation) {
    constexpr std::size_t piece = std::size_t{1} << 28;
    for (std::size_t first = 0; first < values.size(); first += piece) {
        const auto part = values.subspan(first, std::min(piece, values.size() - first));
        operation(part.data(), static_cast<int>(part.size()));
    }
}

}  // namespace

Communicator::Communicator(MPI_Comm handle) : handle_(handle) {
    MPI_Comm_rank(handle_, &rank_);
    MPI_Comm_size(handle_, &size_);
}

Communicator Communicator::duplicate(MPI_Comm group) {
    MPI_Comm handle = MPI_COMM_NULL;
    MPI_Comm_dup(group, &handle);
    MPI_Comm_set_errhandler(handle, MPI_ERRORS_ARE_FATAL);  // the caller's may be another
    return Communicator(handle);
}

Communicator Communicator::world() { return duplicate(MPI_COMM_WORLD); }

Communicator Communicator::alone() { return {}; }

Communicator::~Communicator() {
    if (handle_ != MPI_COMM_NULL && std::uncaught_exceptions() == 0) {
        MPI_Comm_free(&handle_);
    }
}

Communicator::Communicator(Communicator&& other) noexcept
    : handle_(std::exchange(other.handle_, MPI_COMM_NULL)),
      rank_(other.rank_),
      size_(other.size_),
      bytes_sent_(other.bytes_sent_) {}

int Communicator::ranks_on_node() const {
    if (handle_ == MPI_COMM_NULL) {
        return 1;
    }
    const WaitMark mark("a split", size_);
    MPI_Comm node = MPI_COMM_NULL;
    MPI_Comm_split_type(handle_, MPI_COMM_TYPE_SHARED, rank_, MPI_INFO_NULL, &node);
    int count = 1;
    MPI_Comm_size(node, &count);
    MPI_Comm_free(&node);
    return count;
}

Communicator Communicator::split(int color) const {
    if (handle_ == MPI_COMM_NULL) {
        return alone();
    }
    const WaitMark mark("a split", size_);
    MPI_Comm handle = MPI_COMM_NULL;
    MPI_Comm_split(handle_, color, rank_, &handle);
    return Communicator(handle);
}

template <typename Number>
Request Communicator::send(std::span<const Number> values, int destination, int tag,
                           const MessageName& name) const {
    MPI_Request request = MPI_REQUEST_NULL;
    MPI_Isend(values.data(), count_of(values.size()), type_of<Number>(), destination, tag, handle_,
              &request);
    bytes_sent_ += static_cast<std::int64_t>(values.size_bytes());
    return Request(request, WaitMark::For::receiver, name, destination);
}

template <typename Number>
Request Communicator::receive(std::span<Number> values, int source, int tag,
                              const MessageName& name) const {
    MPI_Request request = MPI_REQUEST_NULL;
    MPI_Irecv(values.data(), count_of(values.size()), type_of<Number>(), source, tag, handle_,
              &request);
    return Request(request, WaitMark::For::message, name, source);
}

template <typename Number>
void Communicator::sum(std::span<Number> values) const {
    if (size_ == 1 || values.empty()) {
        return;
    }
    const WaitMark mark("a sum", size_);
    in_pieces(values, [&](Number* first, int count) {
        MPI_Allreduce(MPI_IN_PLACE, first, count, type_of<Number>(), MPI_SUM, handle_);
    });
    bytes_sent_ += static_cast<std::int64_t>(values.size_bytes());
}

// In each turn every rank gets from another what that has of its part: the numbers travel once, where
// MPI_Reduce_scatter of Open MPI 4.1 copies the whole buffer first.
template <typename Number>
void Communicator::sum_part(std::span<Number> values, Index unit) const {
    if (size_ == 1) {
        return;
    }
    const WaitMark mark("a sum", size_);
    const Index units = units_of(values.size(), unit);
    const auto part_of = [&](int rank) {
        const Range own = part(units, rank);
        return values.subspan(static_cast<std::size_t>(own.begin * unit),
                              static_cast<std::size_t>(own.size() * unit));
    };
    const std::span<Number> own = part_of(rank_);
    const auto theirs = std::make_unique_for_overwrite<Number[]>(own.size());
    for (int turn = 1; turn < size_; ++turn) {
        const int to = (rank_ + turn) % size_;
        const int from = (rank_ - turn + size_) % size_;
        const std::span<Number> sent = part_of(to);
        MPI_Sendrecv(sent.data(), count_of(sent.size()), type_of<Number>(), to, sum_tag,
                     theirs.get(), count_of(own.size()), type_of<Number>(), from, sum_tag, handle_,
                     MPI_STATUS_IGNORE);
        MPI_Reduce_local(theirs.get(), own.data(), count_of(own.size()), type_of<Number>(),
                         MPI_SUM);
    }
    bytes_sent_ += static_cast<std::int64_t>(values.size_bytes() / 2);
}

template <typename Number>
void Communicator::gather_parts(std::span<Number> values, Index unit) const {
    if (size_ == 1) {
        return;
    }
    const WaitMark mark("a gathering", size_);
    const Index units = units_of(values.size(), unit);
    std::vector<int> counts;
    std::vector<int> begins;
    for (int rank = 0; rank < size_; ++rank) {
        const Range own = part(units, rank);
        begins.push_back(static_cast<int>(own.begin * unit));
        counts.push_back(static_cast<int>(own.size() * unit));
    }
    MPI_Allgatherv(MPI_IN_PLACE, 0, type_of<Number>(), values.data(), counts.data(), begins.data(),
                   type_of<Number>(), handle_);
    bytes_sent_ += static_cast<std::int64_t>(values.size_bytes() / 2);
}

double Communicator::sum(double value) const {
    sum(std::span(&value, 1));
    return value;
}

double Communicator::max(double value) const {
    if (handle_ == MPI_COMM_NULL) {
        return value;
    }
    const WaitMark mark("a maximum", size_);
    MPI_Allreduce(MPI_IN_PLACE, &value, 1, MPI_DOUBLE, MPI_MAX, handle_);
    return value;
}

double Communicator::min(double value) const {
    if (handle_ == MPI_COMM_NULL) {
        return value;
    }
    const WaitMark mark("a minimum", size_);
    MPI_Allreduce(MPI_IN_PLACE, &value, 1, MPI_DOUBLE, MPI_MIN, handle_);
    return value;
}

template <typename Number>
void Communicator::broadcast(std::span<Number> values, int root) const {
    if (handle_ == MPI_COMM_NULL) {
        return;
    }
    const WaitMark mark("a broadcast", size_);
    in_pieces(values, [&](Number* first, int count) {
        MPI_Bcast(first, count, type_of<Number>(), root, handle_);
    });
    if (rank_ == root) {
        bytes_sent_ += static_cast<std::int64_t>(values.size_bytes());
    }
}

std::string Communicator::broadcast(const std::string& text, int root) const {
    Index length = static_cast<Index>(text.size());
    broadcast(std::span(&length, 1), root);
    std::string copy = text;
    copy.resize(static_cast<std::size_t>(length));
    broadcast(std::span(copy.data(), copy.size()), root);
    return copy;
}

std::vector<double> Communicator::gather_all(double value) const {
    if (handle_ == MPI_COMM_NULL) {
        return {value};
    }
    const WaitMark mark("a gathering", size_);
    std::vector<double> values(static_cast<std::size_t>(size_));
    MPI_Allgather(&value, 1, MPI_DOUBLE, values.data(), 1, MPI_DOUBLE, handle_);
    return values;
}

void Communicator::barrier() const {
    if (handle_ == MPI_COMM_NULL) {
        return;
    }
    const WaitMark mark("a barrier", size_);
    MPI_Barrier(handle_);
}

template Request Communicator::send(std::span<const float>, int, int, const MessageName&) const;
template Request Communicator::send(std::span<const double>, int, int, const MessageName&) const;
template Request Communicator::receive(std::span<float>, int, int, const MessageName&) const;
template Request Communicator::receive(std::span<double>, int, int, const MessageName&) const;
template void Communicator::sum(std::span<float>) const;
template void Communicator::sum(std::span<double>) const;
template void Communicator::sum(std::span<Index>) const;
template void Communicator::sum_part(std::span<float>, Index) const;
template void Communicator::sum_part(std::span<double>, Index) const;
template void Communicator::gather_parts(std::span<float>, Index) const;
template void Communicator::gather_parts(std::span<double>, Index) const;
template void Communicator::broadcast(std::span<float>, int) const;
template void Communicator::broadcast(std::span<double>, int) const;
template void Communicator::broadcast(std::span<Index>, int) const;
template void Communicator::broadcast(std::span<char>, int) const;

}  // namespace hoist
