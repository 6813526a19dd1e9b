#pragma once

#include <memory>
#include <vector>

#include "hoist/math/fixed_operator.hpp"
#include "hoist/math/windows.hpp"

namespace hoist {

/// Channels of P x that are added to those of u as they are, place by place.
struct Skip {
    Index from;
    Index to;
    Index channels;

    bool operator==(const Skip&) const = default;
};

/// The part of a map in a step that two maps make together, x + W2 F(phi(W1 F(x) + b1)) + b2, or in one
/// towards the input of the network, behind which stands no activation; or a map of a recurrent network, which reads one
/// more row of the input.
enum class StepPart { none, opens, closes, toward_input, reads_row };

/// Where a map looks and what it gives: u_{l+1} = W F(x_l) + b, of shape `to`, where F(x) are the
/// windows of P x, or of x itself where there is no P. A dense map is the one whose window is the
/// whole block. A residual map adds P x to u. Where W gives only the first channels of u, skips bring the
/// others from below. A normalized one takes the mean and the deviation of W F(x)
/// from each of its channels before b is added: in training those of a column block, else Weights::moments.
/// The adjoint of the map before it, which looks at `windows` of x_{l-1} with the same W, takes its channels
/// away again: u = skip(x) - F'(W'x)/r with r the places of a window; a descent along the slope of a potential
/// (Chen and Pock 2017, eq. 2).
struct MapSpec {
    /// Of x_l and u_{l+1}.
    Shape from;
    Shape to;
    /// P; none is the identity.
    std::shared_ptr<const FixedOperator> in_front;
    Windows windows;
    std::vector<Skip> skips = {};
    /// The rows of W: the first channels of u, or of x where it is an adjoint; 0: all of them.
    Index leading = 0;
    StepPart part = StepPart::none;
    bool adjoint = false;
    /// Whether each row of W has mean 0 on every channel of its windows, so that no constant picture is seen.
    bool centered = false;
    bool normalized = false;

    /// From a whole block to a plain vector.
    static MapSpec dense(const Shape& from, Index outputs) {
        return {from, Shape::vector(outputs), nullptr, Windows::whole(from)};
    }
    static MapSpec dense(Index inputs, Index outputs) {
        return dense(Shape::vector(inputs), outputs);
    }
    /// The same W at every place. @pre windows.fit().
    static MapSpec convolution(const Windows& windows, Index channels) {
        return {windows.from, windows.shape(channels), nullptr, windows};
    }
    /// The two maps of a step on what `windows` look at: the first gives so many channels and carries what it looks at
    /// behind them, and the second adds to that. @pre the windows give as many places.
    static MapSpec opening(const Windows& windows, Index channels);
    static MapSpec closing(const Windows& windows, Index channels);
    /// The same maps where they are each other's adjoint and centered.
    static MapSpec centered_opening(const Windows& windows, Index channels);
    static MapSpec adjoint_closing(const Windows& windows, Index channels);
    /// x + W [x; y] + b, with y the input of the network that every block carries. @param from the shape of x alone.
    static MapSpec toward_input(const Shape& from);
    /// W [h; r] + b of a state h and the next row r of the input, which reaches it with the rows that are left behind, and hands
    /// these on behind the next state (Elman 1990). @param rest the numbers of the rows behind r.
    static MapSpec recurrent(Index state, Index row, Index rest);
    /// The same map of blocks of which that of x carries so many channels of the input behind its own, and that of u so
    /// many; only the first map finds the input in x itself.
    MapSpec carrying(Index below, Index above) const;
    /// The same map behind a fixed operator. @pre the operator's `to` is the windows' `from`.
    MapSpec behind(std::shared_ptr<const FixedOperator> fixed) const;
    /// The same with W on what a fixed operator makes of x, in front of which come its results and behind them x itself
    /// (steps_toward_data). @pre part is toward_input, and x carries the input.
    MapSpec toward_measurement(std::shared_ptr<const FixedOperator> steps) const;
    /// The same without P, as a map of P x.
    MapSpec without_fixed() const;
    /// The same map that adds what it looks at. @pre that is as u.
    MapSpec added() const;
    /// The same without normalization: of weights that have taken it in, or before it.
    MapSpec unnormalized() const;

    /// The columns and the rows of W.
    Index inputs() const { return windows.length(); }
    Index outputs() const { return leading > 0 ? leading : (adjoint ? from : to).channels; }
    /// How often W is applied to a sample.
    Index places() const { return windows.places(); }
    /// Whether it is applied once, to all of a sample.
    bool dense() const { return places() == 1 && windows.are_the_block(); }
    /// Whether it adds to what W gives.
    bool residual() const;
    /// Whether all of x is added, to all of u.
    bool adds_all() const { return skips == std::vector{Skip{0, 0, to.channels}} && leading == 0; }
    /// Whether W gives all of u, by itself or with all of x added.
    bool simple() const {
        return skips.empty() ? leading == 0 && windows.leading == 0 : adds_all();
    }
    /// Whether u = W x + b.
    bool plain() const { return dense() && in_front == nullptr && simple() && skips.empty(); }

    bool operator==(const MapSpec& other) const;
};

}  // namespace hoist
