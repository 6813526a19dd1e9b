#pragma once

#include <functional>
#include <vector>

#include "hoist/train/halo.hpp"
#include "hoist/train/stage_terms.hpp"

namespace hoist {

/// Moves the activations of a stage against fixed weights, in step with the other ranks. With
///     B(l,k): layer l moves its activations of block k
/// the wavefront schedule keeps
///     B(l+1,k) precedes B(l,k)              a block moves only against its upper neighbor's newest values
/// which is the sequential backward Gauss-Seidel sweep; checkerboard moves blocks with l + k odd
/// first and the others after, the exact two-color one; joint moves all at once (JointStep). None
/// depends on the grid. When the weights have changed the new preactivations travel up, and each
/// layer adds its own terms to the energy. Functions are collective over the world.
template <typename Scalar>
class Relaxation {
  public:
    /// Takes the stage's part, and makes room in `variables` for this rank's columns of `samples`. All
    /// references must outlive it.
    Relaxation(const Config& config, const Communicator& world, const Communicator& peers,
               const Placement& placement, const Samples<Scalar>& samples, Stage<Scalar>& stage,
               Variables<Scalar>& variables);

    /// Sets every X_l = phi(U_l) from the input up.
    void forward();
    /// Takes up the variables X_l as they are (a checkpoint's), and computes the preactivations.
    void resume();
    /// Moves all activations once. `moved` is told of each block when all layers of the stage and the
    /// one above have moved it; more messages may then be on their way.
    void move(const std::function<void(Index block)>& moved);
    enum class WeightsAre { changed, unchanged };
    /// Shows what the maps make of the moved activations to the layers above. @pre move().
    void propagate(WeightsAre weights);
    /// Both, against weights that stay.
    void operator()() {
        move([](Index) {});
        propagate(WeightsAre::unchanged);
    }

    /// After forward(), resume() or propagate(): this rank's terms of E.
    const Energy& energy() const { return energy_; }
    /// Of this rank's samples, where energy() is taken.
    const LiftSums& lift_sums() const { return lift_sums_; }
    /// The same for each of this rank's columns, without the ridge and not divided by the number of
    /// samples.
    const Vector<double>& column_energy() const { return column_energy_; }
    /// Returns when no message is under way any more, and the preactivations of the lowest layer
    /// have arrived.
    void settle();

    StageTerms<Scalar>& terms() { return terms_; }
    const StageTerms<Scalar>& terms() const { return terms_; }
    /// This rank's blocks in the order to treat them.
    const std::vector<Index>& order() const { return order_; }
    PhaseTimes& times() { return times_; }
    const PhaseTimes& times() const { return times_; }

  private:
    void move_wavefront(const std::function<void(Index)>& moved);
    void move_checkerboard(const std::function<void(Index)>& moved);
    void move_color(bool first_color);
    void move_jointly(const std::function<void(Index)>& moved);

    enum class Send { yes, no };
    MatrixRef<Scalar> propagate(Index layer, Index block, Send send);
    void begin_energy();
    void add_energy(Index layer, Index block, const ConstMatrixRef<Scalar>& u);
    void expect_preactivations();
    void expect_above(Index block);
    void expect_below(Index block);
    void send_down(Index block);

    bool is_highest(Index layer) const { return layer == stage_.highest(); }
    /// Checkerboard: whether (layer, block) has the color that moves first.
    bool moves_first(Index layer, Index block) const { return (layer + block) % 2 != 0; }
    /// Whether u_l of a block is sent by propagate(); otherwise layer l-1 sends it in the middle of the
    /// next move().
    bool sent_after_move(Index layer, Index block) const {
        return config_.schedule == Schedule::wavefront || layer == 1 || moves_first(layer, block);
    }

    const Config& config_;
    const Communicator& world_;
    const Communicator& peers_;
    const Samples<Scalar>& samples_;
    Stage<Scalar>& stage_;
    Variables<Scalar>& variables_;
    std::vector<Index> order_;
    StageTerms<Scalar> terms_;
    PhaseTimes times_;
    Halo<Scalar> halo_;
    Outgoing<Scalar> outgoing_;
    Energy energy_;
    LiftSums lift_sums_;
    Vector<double> column_energy_;
};

}  // namespace hoist
