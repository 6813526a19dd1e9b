#pragma once

#include <memory>

#include "hoist/math/fixed_operator.hpp"
#include "hoist/math/windows.hpp"

namespace hoist {

/// Where a map looks and what it gives: u_{l+1} = W F(x_l) + b, of shape `to`, where F(x) are the
/// windows of P x, or of x itself where there is no P. A dense map is the one whose window is the
/// whole block. A residual map adds P x to u. A normalized one takes the mean and the deviation of W F(x)
/// from each of its channels before b is added: in training those of a column block, else Weights::moments.
struct MapSpec {
    /// Of x_l and u_{l+1}.
    Shape from;
    Shape to;
    /// P; none is the identity.
    std::shared_ptr<const FixedOperator> in_front;
    Windows windows;
    /// Whether it is a residual map. @pre P x is as u then.
    bool residual = false;
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
    /// The same map behind a fixed operator. @pre the operator's `to` is the windows' `from`.
    MapSpec behind(std::shared_ptr<const FixedOperator> fixed) const {
        return {fixed->from(), to, fixed, windows, residual, normalized};
    }
    /// The same without P, as a map of P x.
    MapSpec without_fixed() const {
        return {windows.from, to, nullptr, windows, residual, normalized};
    }
    /// The same map that adds what it looks at.
    MapSpec added() const { return {from, to, in_front, windows, true, normalized}; }
    /// The same without normalization: of weights that have taken it in, or before it.
    MapSpec unnormalized() const { return {from, to, in_front, windows, residual, false}; }

    /// The columns and the rows of W.
    Index inputs() const { return windows.length(); }
    Index outputs() const { return to.channels; }
    /// How often W is applied to a sample.
    Index places() const { return windows.places(); }
    bool dense() const { return places() == 1; }
    /// Whether u = W x + b.
    bool plain() const { return dense() && in_front == nullptr && !residual; }

    bool operator==(const MapSpec& other) const;
};

}  // namespace hoist
