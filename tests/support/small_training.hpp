#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "hoist/comm/communicator.hpp"
#include "hoist/config/config.hpp"
#include "hoist/problem/placement.hpp"
#include "hoist/run/checkpoint.hpp"
#include "hoist/train/sweep.hpp"

namespace hoist {

/// A configuration and samples for it, small and the same on every rank.
struct SmallProblem {
    Config config;
    /// n_0 x N and n_{L+1} x N; one-hot targets unless it is a regression.
    Matrix<double> inputs;
    Matrix<double> targets;

    /// The same with other settings of the grid.
    SmallProblem on_grid(int stages, std::vector<int> shards) const;
    /// He's start for this network.
    std::vector<Weights<double>> start() const;
};

/// @param settings keys of the configuration; samples are drawn by the seed, classes in clusters.
SmallProblem small_problem(const ConfigText& settings, Index samples, std::uint64_t seed = 1);

/// This rank's columns of the samples, as load_samples would give them.
template <typename Scalar>
Samples<Scalar> own_samples(const SmallProblem& problem, const Placement& placement, int rank);

/// Collective over the world: the weights of all stages, on every rank.
template <typename Scalar>
std::vector<Weights<Scalar>> gather_weights(const NetworkSpec& network, const Placement& placement,
                                            const Stage<Scalar>& stage, const Communicator& world);

/// One rank's part in training a small problem, step by step. Collective over `world`.
template <typename Scalar>
class SmallTraining {
  public:
    SmallTraining(const SmallProblem& problem, const Communicator& world)
        : SmallTraining(problem, problem.start(), world) {}
    SmallTraining(const SmallProblem& problem, const std::vector<Weights<double>>& start,
                  const Communicator& world);
    /// Takes weights and activations from a checkpoint.
    SmallTraining(const SmallProblem& problem, const std::filesystem::path& checkpoint,
                  const Communicator& world);

    Sweep<Scalar>& sweep() { return *sweep_; }
    const Config& config() const { return problem_.config; }
    const Placement& placement() const { return placement_; }
    const Communicator& peers() const { return peers_; }
    const Samples<Scalar>& samples() const { return samples_; }
    const Stage<Scalar>& stage() const { return stage_; }
    const Variables<Scalar>& variables() const { return variables_; }
    const Communicator& world() const { return world_; }

    void write_checkpoint(const std::filesystem::path& path) const;

    /// Collective: E, the weights and X_l of all ranks, on every rank.
    Energy energy() const;
    std::vector<Weights<Scalar>> weights() const;
    Matrix<Scalar> activations(Index layer) const;

  private:
    struct Parts {};
    SmallTraining(const SmallProblem& problem, const Communicator& world, Parts);

    SmallProblem problem_;
    const Communicator& world_;
    Placement placement_;
    Communicator peers_;
    Samples<Scalar> samples_;
    Stage<Scalar> stage_;
    Variables<Scalar> variables_;
    std::unique_ptr<Sweep<Scalar>> sweep_;
};

/// The energies of a forward pass and of each of `sweeps` sweeps, on every rank.
template <typename Scalar>
std::vector<Energy> trajectory(const SmallProblem& problem, int sweeps, const Communicator& world);

/// Expects that sweeps never raised the objective, and in the end left less than a share of it.
void expect_descent(const std::vector<Energy>& energies, double share);

/// Grids for so many ranks and maps, as shards of each stage: one stage, as many as can be, and
/// uneven ones. {} stands for the one that is chosen by itself.
std::vector<std::vector<int>> some_grids(int ranks, Index maps);

/// "2x3x1".
std::string grid_text(std::span<const int> shards);

}  // namespace hoist
