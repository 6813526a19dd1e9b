#include "hoist/train/forward_pass.hpp"

#include <algorithm>
#include <array>

namespace hoist {

namespace {

/// A block on its way here.
template <typename Scalar>
struct Incoming {
    Matrix<Scalar> columns;
    Request request;
};

/// Some columns of a block, as they lie in this rank's matrices.
struct Slice {
    Index block;
    Range columns;
};

// Blocks of training on mini-batches are as wide as a rank's data.
template <typename Scalar>
std::vector<Slice> slices(const std::vector<Index>& order, const Samples<Scalar>& samples,
                          Index widest) {
    std::vector<Slice> all;
    for (const Index block : order) {
        const Range range = samples.local(block);
        for (Index begin = range.begin; begin < range.end; begin += widest) {
            all.push_back({block, {begin, std::min(begin + widest, range.end)}});
        }
    }
    return all;
}

}  // namespace

template <typename Scalar>
void ForwardPass<Scalar>::from_first_preactivations(const Samples<Scalar>& samples,
                                                    const Variables<Scalar>& variables,
                                                    const Visit& visit) const {
    Matrix<Scalar> activated;
    const auto second_map = [&](const LinearMap<Scalar>& map, Range columns, Matrix<Scalar>& u2) {
        const auto u = variables.u(1).middleCols(columns.begin, columns.size());
        visit(1, columns, u);
        activated.resize(network_.block(1).size(), u.cols());
        network_.activation(1).apply(u, activated);
        map.apply(activated, u2);
    };
    run(samples, 1, second_map, visit);
}

template <typename Scalar>
void ForwardPass<Scalar>::run(const Samples<Scalar>& samples, Index start,
                              const FirstMap& start_map, const Visit& visit) const {
    const std::vector<Slice> order =
        slices(placement_.grid.order(world_.rank(), samples.blocks.count()), samples,
               ColumnBlocks::most_columns(network_.widest()));
    const Exchange exchange(world_, placement_, samples.blocks.count(),
                            Exchange::Channel::evaluation);
    PhaseTimes times;
    Outgoing<Scalar> outgoing(exchange, times);
    std::array<Incoming<Scalar>, 2> incoming;
    const Index lowest = stage_.lowest();
    const bool receives = lowest > start;
    const auto expect = [&](std::size_t turn) {
        if (receives && turn < order.size()) {
            Incoming<Scalar>& slot = incoming[turn % incoming.size()];
            slot.columns.resize(network_.map(lowest - 1).to.size(), order[turn].columns.size());
            slot.request = exchange.receive_from_below<Scalar>(order[turn].block, slot.columns);
        }
    };
    expect(0);
    Matrix<Scalar> x;
    Matrix<Scalar> u;
    for (std::size_t turn = 0; turn < order.size(); ++turn) {
        const auto [block, columns] = order[turn];
        expect(turn + 1);
        for (Index l = std::max(lowest, start); l < stage_.layers.end; ++l) {
            const bool arrives = receives && l == lowest;
            if (arrives) {
                incoming[turn % incoming.size()].request.wait();
            }
            if (l > start) {  // x = phi(u) of the layer below, here or just arrived
                x.resize(network_.block(l).size(), columns.size());
                network_.activation(l).apply(arrives ? incoming[turn % incoming.size()].columns : u,
                                             x);
            }
            const bool leaves = l == stage_.highest() && l + 1 < network_.layers();
            Matrix<Scalar>& above =
                leaves ? outgoing.next(network_.map(l).to.size(), columns.size()) : u;
            above.resize(network_.map(l).to.size(), columns.size());
            if (l == start) {
                start_map(stage_.map(l), columns, above);
            } else {
                stage_.map(l).apply(x, above);
            }
            visit(l + 1, columns, above);
            if (leaves) {
                outgoing.send(block);
            }
        }
    }
    outgoing.finish();
}

template class ForwardPass<float>;
template class ForwardPass<double>;

}  // namespace hoist
