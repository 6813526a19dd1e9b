#pragma once

#include <memory>
#include <vector>

#include "hoist/run/method.hpp"
#include "support/small_training.hpp"

namespace hoist {

/// One rank's part in training a small problem on mini-batches, epoch by epoch. Collective over
/// `world`.
template <typename Scalar>
class SmallBatches {
  public:
    SmallBatches(const SmallProblem& problem, const std::vector<Weights<double>>& start,
                 const Communicator& world);
    SmallBatches(const SmallProblem& problem, const Communicator& world)
        : SmallBatches(problem, problem.start(), world) {}
    /// Goes on from a checkpoint.
    SmallBatches(const SmallProblem& problem, const std::filesystem::path& checkpoint,
                 const Communicator& world);
    /// Pointers to its members are held by the method.
    SmallBatches(const SmallBatches&) = delete;
    SmallBatches& operator=(const SmallBatches&) = delete;

    /// One epoch; or the part of it until `stop` says yes.
    void advance(const std::function<bool()>& stop = [] { return false; });
    void advance_epochs(int count);
    void write_checkpoint(const std::filesystem::path& path);

    Method<Scalar>& method() { return *method_; }
    const Progress& progress() const { return progress_; }
    const Placement& placement() const { return parts_.placement; }
    /// With what has been learned of its activations.
    const NetworkSpec& network() const { return parts_.stage.network; }

    /// Collective: the mean loss of the last epoch and what stands beside it, and the weights; on every rank.
    double loss() const { return world_.sum(method_->energy().loss); }
    double penalty() const { return world_.sum(method_->energy().penalty); }
    std::vector<Weights<Scalar>> weights() const;
    /// Collective: whether all shards of every stage hold the same bits.
    bool shards_agree() const;

  private:
    struct Unstarted {};
    SmallBatches(const SmallProblem& problem, const Communicator& world, Unstarted);

    SmallProblem problem_;
    const Communicator& world_;
    Problem<Scalar> parts_;
    std::unique_ptr<Method<Scalar>> method_;
    Progress progress_;
};

/// [W_l b_l], and the moments of normalized maps, in double.
template <typename Scalar>
std::vector<Matrix<double>> joined(const std::vector<Weights<Scalar>>& weights);

/// The largest |a - b| over all maps, relative to the largest entry of the same map in b.
double relative_distance(const std::vector<Matrix<double>>& a,
                         const std::vector<Matrix<double>>& b);

}  // namespace hoist
