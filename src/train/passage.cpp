#include "hoist/train/passage.hpp"

#include <algorithm>

namespace hoist {

template <typename Scalar>
Passage<Scalar>::Passage(const NetworkSpec& network, Range layers, const Batches& batches,
                         Range own_blocks, Down what, int passes, Halo<Scalar> messages,
                         Halo<Scalar> verdicts)
    : own(own_blocks),
      going_down(what),
      blocks(static_cast<std::size_t>(own_blocks.size())),
      up(layers),
      down(layers),
      pulls(static_cast<std::size_t>(passes > 1 ? layers.size() : 0)),
      halo(std::move(messages)),
      safeguard(std::move(verdicts)) {
    const Index columns = batches.most_columns(own);
    if (passes > 1) {
        safeguard.resize(columns);
    }
    const bool minimizes = what == Down::residuals;
    for (Index l = std::max<Index>(layers.begin, 1); l <= layers.end; ++l) {
        up.u(l).resize(network.map(l - 1).to.size(), columns);
        if (l < layers.end) {
            up.x(l).resize(network.block(l).size(), columns);
            if (passes > 1) {
                pull(l) = DampedPull<Scalar>(network.block(l).size(), columns);
            }
        }
        // The signal of the lowest layer goes down only, as its residual does in its place.
        if (l > layers.begin || !minimizes) {
            down.u(l).resize(network.map(l - 1).to.size(), columns);
        }
        if (minimizes && l < network.layers()) {
            down.x(l).resize(network.block(l).size(), columns);
        }
    }
    for (Index l = layers.begin; l < layers.end; ++l) {
        moments.emplace_back(network.map(l).normalized ? blocks.size() : 0);
    }
    if (layers.end == network.layers()) {
        targets.resize(network.outputs(), columns);
        output = OutputSignal<Scalar>(network.outputs(), passes > 1 ? columns : 0);
    }
    if (layers.begin == 0) {
        inputs.resize(blocks.size());
    }
}

template <typename Scalar>
void Passage<Scalar>::start(const Batches& batches, Index next, const std::vector<Index>& order,
                            bool comes_below) {
    batch = next;
    blocks = batches.own_columns(batch, own);
    for (const Index block : order) {
        if (!comes_below) {
            expect_below(block);
        }
        expect_above(block);
    }
}

template <typename Scalar>
void Passage<Scalar>::expect(Index block) {
    expect_below(block);
    expect_above(block);
}

template <typename Scalar>
void Passage<Scalar>::expect_below(Index block) {
    const Range layers = up.layers();
    if (layers.begin > 0) {
        halo.expect_below(block, part(up.u(layers.begin), columns(block)));
    }
}

template <typename Scalar>
void Passage<Scalar>::expect_above(Index block) {
    const Range layers = up.layers();
    if (targets.rows() == 0) {  // there is a stage above
        halo.expect_above(block, part(answer(layers.end), columns(block)));
    }
}

template <typename Scalar>
void Passage<Scalar>::normalize(Index block, Index layer, const LinearMap<Scalar>& map) {
    if (auto& all = moments_of(layer); !all.empty()) {
        all[position(block)].normalize(map, part(up.u(layer + 1), columns(block)));
    }
}

template <typename Scalar>
void Passage<Scalar>::pull_back(Index block, Index layer) {
    if (auto& all = moments_of(layer); !all.empty()) {
        all[position(block)].pull_back(part(up.u(layer + 1), columns(block)),
                                       part(down.u(layer + 1), columns(block)));
    }
}

template struct Passage<float>;
template struct Passage<double>;

}  // namespace hoist
