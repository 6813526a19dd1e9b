#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hoist/base/error.hpp"
#include "hoist/formulation/output_block.hpp"
#include "hoist/train/exchange.hpp"
#include "hoist/train/ridge_refit.hpp"
#include "hoist/train/stage.hpp"

namespace hoist {

/// The parts of the objective E (the mean over samples of loss and penalties, plus
/// sum_l rho_l |W_l|^2) that a rank's layers and samples contribute; summed over all ranks they are E.
struct Energy {
    double loss = 0.0;
    double penalty = 0.0;
    double ridge = 0.0;

    double objective() const { return loss + penalty + ridge; }
};

/// One sweep of block-coordinate descent over a stage, in step with the sweeps of the other ranks.
/// With
///     B(l,k): layer l moves its activations of block k       R(l): layer l refits its weights
/// the wavefront schedule keeps
///     B(l+1,k) precedes B(l,k)              a block moves only against its upper neighbor's newest values
///     all B(l,.) and B(l+1,.) precede R(l)
///     R(l) and R(m) are independent         all layers refit at once
/// which is the sequential backward Gauss-Seidel sweep; checkerboard moves blocks with l + k odd
/// first and the others after, the exact two-color one. Neither depends on the grid. After R the
/// new preactivations travel up, and each layer adds its own terms to the energy.
template <typename Scalar>
class Sweep {
  public:
    /// Whether the weights are to be refit: without, they stay and nothing is allocated for it.
    enum class Refit { yes, no };

    /// Takes part in the training of `stage` (whose layers have weights; activations are made
    /// here). Collective over the stage's ranks `peers`: the constant Gram matrix of the inputs is
    /// summed and factored. All references must outlive it. @throws NumericalError, on all ranks of the stage.
    Sweep(const Config& config, const Communicator& world, const Communicator& peers,
          const Placement& placement, const Samples<Scalar>& samples, Stage<Scalar>& stage,
          Refit refit = Refit::yes);

    /// Sets every X_l = phi(U_l) from the input up. Collective over the world, as are all of the
    /// following.
    void forward();
    /// Takes up X_l and the halo above as they are (a checkpoint's), and computes the
    /// preactivations.
    void resume();
    /// One sweep: moves all activations, refits all weights.
    void operator()();
    /// Moves all activations against fixed weights.
    void move_activations();

    /// After any of the above: this rank's terms of E.
    const Energy& energy() const { return energy_; }
    /// The same for each of this rank's columns, without the ridge and not divided by the number of
    /// samples.
    const Vector<double>& column_energy() const { return column_energy_; }
    const PhaseTimes& times() const { return times_; }
    /// RidgeFactor::shift() of each of this rank's layers, the largest so far. @pre weights are refit.
    const std::vector<double>& shifts() const { return refit_->shifts(); }
    /// @throws NumericalError where this rank's weights could not be refit; the sweep itself then went on with the old ones.
    void require_success() const {
        if (failure_) {
            throw Error(*failure_);
        }
    }
    /// Returns when no message is under way any more, and the preactivations of the lowest layer
    /// have arrived.
    void settle();
    /// gap(x_l, u_l) of this rank's hidden layers, over N, or the penalty over lambda_l where the
    /// formulation lets x_l leave the domain of F; zero for the others. @pre settle(), wavefront.
    std::vector<double> gaps() const;
    /// What gaps() holds, for people.
    std::string gap_formula() const;

  private:
    using Columns = Eigen::Block<Matrix<Scalar>, Eigen::Dynamic, Eigen::Dynamic, true>;

    void move_all(Refit refit);
    void move_wavefront(Refit refit);
    void move_checkerboard(Refit refit);
    void move_jointly(Refit refit);
    std::vector<double> joint_steps() const;
    Matrix<double> joint_iteration(const std::vector<double>& steps,
                                   std::vector<Matrix<Scalar>>& iterates,
                                   const Eigen::ArrayXd& extrapolation);
    void exchange_activations();
    void move(std::size_t position, Index block);
    ConstMatrixRef<Scalar> target_above(std::size_t position, Index block);
    ConstMatrixRef<Scalar> regression_target(std::size_t position, Index block);
    void accumulate(Index block);
    void refit();
    void improve_output();
    void prepare();

    enum class Send { yes, no };

    /// Computes U_{l+1} of a block above the layer at `position`, for that layer or to be sent. The
    /// view lasts until the next blocks have been computed.
    MatrixRef<Scalar> propagate(std::size_t position, Index block, Send send);
    void add_energy(std::size_t position, Index block, const ConstMatrixRef<Scalar>& u);
    void add_ridge();
    void expect_preactivations();
    enum class WeightsAre { changed, unchanged };
    void send_preactivations(WeightsAre weights);
    void send_below(Index block);
    void finish_sends();
    void expect_above(Index block);
    void expect_below(Index block);
    void wait(Request& request);

    double weight_above(std::size_t position) const;
    bool is_highest(std::size_t position) const { return position + 1 == stage_.layers.size(); }
    /// Checkerboard: whether (layer, block) has the color that moves first.
    bool moves_first(Index layer, Index block) const { return (layer + block) % 2 != 0; }
    /// Whether u_l of a block is sent after the refit; otherwise layer l-1 sends it in the middle
    /// of the next sweep.
    bool sent_after_refit(Index layer, Index block) const {
        return config_.schedule == Schedule::wavefront || layer == 1 || moves_first(layer, block);
    }

    Columns columns(Matrix<Scalar>& matrix, Index block) const {
        const Range range = samples_.local(block);
        return matrix.middleCols(range.begin, range.size());
    }
    ConstMatrixRef<Scalar> targets(Index block) const {
        const Range range = samples_.local(block);
        return samples_.targets.middleCols(range.begin, range.size());
    }
    Request& arrival(std::vector<Request>& requests, Index block) const {
        return requests[static_cast<std::size_t>(block - samples_.own.begin)];
    }

    const Config& config_;
    const Communicator& world_;
    const Communicator& peers_;
    const Samples<Scalar>& samples_;
    Stage<Scalar>& stage_;
    bool first_;
    bool last_;
    std::vector<Index> order_;
    Exchange exchange_;
    std::unique_ptr<Formulation<Scalar>> formulation_;
    std::unique_ptr<OutputBlock<Scalar>> output_;

    std::optional<RidgeRefit<Scalar>> refit_;
    /// T of the block at hand.
    Matrix<Scalar> target_;
    /// U_{e+1} of the last few blocks on their way up, with their messages.
    struct Outgoing {
        Matrix<Scalar> columns;
        Request request;
    };
    std::array<Outgoing, 4> outgoing_;
    std::size_t next_outgoing_ = 0;
    std::vector<Request> sent_below_;
    std::vector<Request> arrivals_above_;
    std::vector<Request> arrivals_below_;
    Energy energy_;
    std::optional<Error> failure_;
    Vector<double> column_energy_;
    PhaseTimes times_;
};

}  // namespace hoist
