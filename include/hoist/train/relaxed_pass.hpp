#pragma once

#include "hoist/train/inference.hpp"
#include "hoist/train/lrrn_relaxation.hpp"

namespace hoist {

/// When a relaxation that is not part of training ends: to the digits that float has.
constexpr RelaxationEnd to_the_minimum{1000, 1e-6};

/// Blocks of a shard of the most divided stage that are relaxed together: enough to keep the stages busy, few
/// enough to hold their states.
Index blocks_at_once(const Placement& placement);

/// The answer of a lifted regression/reconstruction network: the output of the state that minimizes its energy,
/// relaxed from zero, some blocks of columns at a time.
template <typename Scalar>
class RelaxedPass final : public Inference<Scalar> {
  public:
    using typename Inference<Scalar>::Visit;
    using typename Inference<Scalar>::FirstMap;
    using Inference<Scalar>::operator();

    /// All references must outlive it.
    RelaxedPass(const FormulationOptions& options, const Communicator& world,
                const Placement& placement, const Stage<Scalar>& stage)
        : options_(options), world_(world), placement_(placement), stage_(stage) {}

    void operator()(const Samples<Scalar>& samples, const FirstMap& first_map,
                    const Visit& visit) const override;

    /// The terms gamma^k E_k.
    Matrix<double> energies(const Samples<Scalar>& samples, const Visit& visit) const override;

    /// The least energy of each sample where the output is held at each class, classes x samples, on every rank (the
    /// paper's remark 3). Collective over the world. @pre the options clamp the output.
    Matrix<double> class_energies(const Samples<Scalar>& samples) const;

  private:
    using Answer = typename LrrnRelaxation<Scalar>::Answer;
    using Phase = typename LrrnLayers<Scalar>::Phase;
    using Relaxed = std::function<void(LrrnRelaxation<Scalar>& relaxation, Index block)>;
    /// `answer` sees the outputs of each block, and `relaxed` what is left in this stage.
    void run(const Samples<Scalar>& samples, const FirstMap& first_map, After after,
             const Answer& answer, const Relaxed& relaxed) const;
    FirstMap from_inputs(const Samples<Scalar>& samples) const;
    void visit_hidden(const Samples<Scalar>& samples, LrrnRelaxation<Scalar>& relaxation,
                      Index block, const Visit& visit) const;
    /// Fills the columns of a block of this rank, in the rows of its maps.
    void take_energies(const Samples<Scalar>& samples, LrrnRelaxation<Scalar>& relaxation,
                       Index block, Phase phase, Matrix<double>& energies) const;

    const FormulationOptions& options_;
    const Communicator& world_;
    const Placement& placement_;
    const Stage<Scalar>& stage_;
};

}  // namespace hoist
