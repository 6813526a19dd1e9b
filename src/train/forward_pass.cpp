#include "hoist/train/forward_pass.hpp"

#include <array>

namespace hoist {

namespace {

/// A block on its way, in or out.
template <typename Scalar>
struct Passing {
    Matrix<Scalar> columns;
    Request request;
};

}  // namespace

template <typename Scalar>
void ForwardPass<Scalar>::from_first_preactivations(const Samples<Scalar>& samples,
                                                    const Visit& visit) const {
    Matrix<Scalar> activated;
    const auto source = [&](Index block) -> ConstMatrixRef<Scalar> {
        for (const Layer<Scalar>& layer : stage_.layers) {
            if (layer.index == 1) {
                const auto u = view(layer.preactivations, samples, block);
                visit(1, block, u);
                activated.resize(u.rows(), u.cols());
                network_.activation(1).apply(u, activated);
            }
        }
        return activated;
    };
    run(samples, 1, source, visit);
}

template <typename Scalar>
void ForwardPass<Scalar>::run(const Samples<Scalar>& samples, Index start, const Source& source,
                              const Visit& visit) const {
    const std::vector<Index> order = placement_.grid.order(world_.rank(), samples.blocks.count());
    const Exchange exchange(world_, placement_, samples.blocks.count(),
                            Exchange::Channel::evaluation);
    const Index lowest = stage_.layers.front().index;
    const Index highest = stage_.layers.back().index;
    const bool receives = lowest > start;
    std::array<Passing<Scalar>, 2> incoming;
    std::array<Passing<Scalar>, 4> outgoing;
    const auto expect = [&](std::size_t turn) {
        if (receives && turn < order.size()) {
            Passing<Scalar>& slot = incoming[turn % incoming.size()];
            slot.columns.resize(network_.width(lowest), samples.blocks.columns(order[turn]).size());
            slot.request = exchange.receive_from_below<Scalar>(order[turn], slot.columns);
        }
    };
    expect(0);
    Matrix<Scalar> x;
    Matrix<Scalar> u;
    for (std::size_t turn = 0; turn < order.size(); ++turn) {
        const Index block = order[turn];
        expect(turn + 1);
        for (const Layer<Scalar>& layer : stage_.layers) {
            const Index l = layer.index;
            if (l < start) {
                continue;
            }
            const bool arrives = receives && l == lowest;
            if (arrives) {
                incoming[turn % incoming.size()].request.wait();
            }
            Passing<Scalar>& out = outgoing[turn % outgoing.size()];
            const bool leaves = l == highest && l + 1 < network_.layers();
            if (leaves) {
                out.request.wait();
            }
            Matrix<Scalar>& above = leaves ? out.columns : u;
            above.resize(network_.width(l + 1), samples.local(block).size());
            if (l == start) {
                layer.weights.apply(source(block), above);
            } else {
                // x = phi(u) of the layer below, here or just arrived
                Matrix<Scalar>& below = arrives ? incoming[turn % incoming.size()].columns : x;
                network_.activation(l).apply(below, below);
                layer.weights.apply(below, above);
            }
            visit(l + 1, block, above);
            if (leaves) {
                out.request = exchange.send_above<Scalar>(block, out.columns);
            } else {
                std::swap(x, u);
            }
        }
    }
}

template class ForwardPass<float>;
template class ForwardPass<double>;

}  // namespace hoist
