#pragma once

#include "hoist/math/kernel_work.hpp"
#include "hoist/model/map_spec.hpp"

namespace hoist {

/// The work that a map takes for so many columns: W acts on every window of each, which have to be
/// gathered where they are not the block itself.
class MapWork {
  public:
    MapWork(KernelWork kernels, const MapSpec& map)
        : kernels_(kernels),
          n_(static_cast<double>(map.inputs())),
          m_(static_cast<double>(map.outputs())),
          places_(static_cast<double>(map.places())),
          x_(static_cast<double>(map.from.size())),
          u_(static_cast<double>(map.to.size())),
          gathered_(map.windows.are_the_block() ? 0.0 : n_ * places_),
          normalized_(map.normalized ? u_ : 0.0),
          fixed_(map.in_front ? map.in_front->flops() : 0.0),
          beside_((map.in_front ? x_ + static_cast<double>(map.windows.from.size()) : 0.0) +
                  (map.skips.empty() ? 0.0 : u_)) {}

    /// u = W F(x) + b.
    Work apply(double columns) const {
        return kernels_.map(n_, m_, places_ * columns) + windows(columns) +
               kernels_.passes(3.0, normalized_ * columns);
    }
    /// F'(W's).
    Work pull_back(double columns) const {
        return kernels_.pull_back(n_, m_, places_ * columns) + windows(columns);
    }
    /// The gradient by W of a group of columns, with the way of their signals through what normalizes
    /// them, and its addition.
    Work gradient(double columns) const {
        return kernels_.gradient(n_, m_, places_ * columns) + windows(columns) +
               kernels_.passes(5.0, normalized_ * columns);
    }
    /// The Gram matrices of mini-batches.
    Work input_gram(double columns) const { return {n_ * n_ * places_ * columns}; }
    Work signal_gram(double columns) const { return {m_ * m_ * places_ * columns}; }
    /// Gram matrix and moment of a regression.
    Work gram(double columns) const { return kernels_.gram(n_, places_ * columns); }
    Work moment(double columns) const {
        return kernels_.moment(n_, m_, places_ * columns) + windows(columns);
    }
    Work factor() const { return kernels_.factor(n_); }
    Work solution() const { return kernels_.solution(n_, m_); }
    /// The weights that late steps are expected to lead to, from those before and after a step.
    Work predict() const { return kernels_.passes(5.0, (n_ + 1.0) * m_); }
    /// What is made of W before blocks are moved.
    Work prepare() const { return kernels_.prepare(n_, m_); }
    /// The right-hand sides of x's least-squares problem, and sweeps of coordinate descent over it.
    /// @pre the map is plain.
    Work descent(double columns, double sweeps) const {
        return kernels_.descent(n_, m_, columns, sweeps);
    }
    /// Steps of proximal gradient over x, each with the map, its transpose and the slope above;
    /// adaptive ones take the value at both ends too.
    Work gradient_steps(double columns, double steps, bool adaptive) const {
        const Work one = apply(columns) * (adaptive ? 3.0 : 1.0) + pull_back(columns) +
                         kernels_.passes(3.0, u_ * columns) + kernels_.passes(9.0, x_ * columns);
        return one * steps;
    }

  private:
    Work windows(double columns) const {
        return kernels_.passes(1.0, (gathered_ + beside_) * columns) + Work{fixed_ * columns};
    }

    KernelWork kernels_;
    double n_;
    double m_;
    double places_;
    double x_;
    double u_;
    double gathered_;
    /// Numbers that are normalized.
    double normalized_;
    /// Operations of a fixed operator.
    double fixed_;
    /// Numbers that a fixed operator and the addition of x pass over.
    double beside_;
};

}  // namespace hoist
