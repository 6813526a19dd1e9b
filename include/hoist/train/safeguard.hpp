#pragma once

#include "hoist/train/halo.hpp"
#include "hoist/train/lift.hpp"

namespace hoist {

/// Whether the passes over a batch have done its samples good. The feed-forward state is one of the states that
/// a sample can have, and its energy is the loss alone. In the last pass the energy of each sample is summed
/// on its way up; the last stage compares the two, and its verdict comes down beside the signals. A sample
/// whose energy has grown takes no part in the step: its signals add nothing to it.
template <typename Scalar>
class Safeguard {
  public:
    explicit Safeguard(Halo<Scalar> messages) : messages_(std::move(messages)) {}
    /// Room for so many columns.
    void resize(Index columns);

    /// Of a block in the last pass, what is to come from the neighbors.
    void expect(Index block, Range columns);
    /// On the way up: returns when the energy of the layers below is there; adds that of others; passes it on.
    void await_energy(Index block);
    void add_energy(Range columns, const Vector<double>& energy);
    void send_up(Index block, Range columns);

    /// At the last stage: the loss of the feed-forward state, and that of the last pass.
    void start(Range columns, const Vector<double>& loss);
    void judge(Range columns, const Vector<double>& loss, LiftSums& sums);

    /// On the way down: returns when the verdict is there; passes it on.
    void await_verdict(Index block);
    void send_down(Index block, Range columns);
    /// Sets the columns of those that take no part to zero.
    void silence(Range columns, MatrixRef<Scalar> of) const;

    /// Returns when all that was sent may change.
    void finish_sends() { messages_.finish_sends(); }

  private:
    Halo<Scalar> messages_;
    /// 1 x columns: the energy up to here, and 1 for those that take part, else 0.
    Matrix<Scalar> energy_;
    Matrix<Scalar> kept_;
    Vector<double> feedforward_;
};

}  // namespace hoist
