#pragma once

#include <Eigen/Dense>
#include <functional>
#include <vector>

#include "support/defined_activation.hpp"
#include "support/small_training.hpp"

namespace hoist {

/// Training on mini-batches by the definitions, dense, serial and in double: what every grid must
/// give. Shares with the program only the drawing of the batches and the rate schedule.
class SerialBatches {
  public:
    using Matrices = std::vector<Eigen::MatrixXd>;

    /// @param weights [W_l b_l]. @param delays of each map, the batches that its forward passes run
    /// ahead; empty: none.
    SerialBatches(const SmallProblem& problem, const std::vector<Weights<double>>& weights,
                  std::vector<Index> delays = {});

    /// An epoch's batches.
    void epoch();

    /// [W_l b_l].
    const Matrices& weights() const { return weights_; }
    /// The mean over the samples of the last epoch of the loss before each step.
    double loss() const { return loss_; }

    /// The mean loss of the plain feed-forward network over these samples, with weights `at`.
    double plain_loss(const Matrices& at, const std::vector<Index>& samples) const;
    /// Its gradient by the weights, in reverse mode.
    Matrices back_propagated(const Matrices& at, const std::vector<Index>& samples) const;
    /// What the formulation puts in its place.
    Matrices lifted(const Matrices& at, const std::vector<Index>& samples) const {
        return lifted(at, at, samples);
    }
    /// The same at the joint minimum over all activations, which blocks take turns to approach: the
    /// gradient of the energy that is left when they have been minimized out.
    Matrices at_joint_minimum(const Matrices& at, const std::vector<Index>& samples) const;
    /// Of each sample, the energy of the feed-forward state, and of the state to which the pulls there lead:
    /// every x_l minimizes its penalty under W_l' s_{l+1}, on a way up from the input. @pre mac, or relu.
    struct Energies {
        Eigen::VectorXd feedforward;
        Eigen::VectorXd lifted;
    };
    Energies energies_of_two_passes(const Matrices& at, const std::vector<Index>& samples) const;
    std::vector<Index> all_samples() const;

    /// x = the minimizer of lambda D(x, u) + above(W x + b), whose slope is given, by a damped
    /// fixed-point iteration of its optimality condition.
    Eigen::MatrixXd minimized_block(
        Index layer, const Eigen::MatrixXd& map, const Eigen::MatrixXd& u, double weight_above,
        const std::function<Eigen::MatrixXd(const Eigen::MatrixXd&)>& slope) const;
    /// lambda dD/du.
    Eigen::MatrixXd signal(Index layer, const Eigen::MatrixXd& x, const Eigen::MatrixXd& u) const;
    Eigen::MatrixXd output_slope(const Eigen::MatrixXd& y, const Eigen::MatrixXd& u) const;
    /// lambda_l, as contrastive discounts it.
    double lambda(Index layer) const;

  private:
    struct Passage {
        Matrices x;
        Matrices u;
        Eigen::MatrixXd y;
    };
    struct Solver {
        Eigen::MatrixXd first, second, input_gram, signal_gram, input_inverse, signal_inverse;
        Eigen::MatrixXd previous, center;
        Index steps = 0;
    };

    Index maps() const { return static_cast<Index>(weights_.size()); }
    Passage forward(const Matrices& at, const std::vector<Index>& samples) const;
    Matrices signals(const Matrices& below, const Passage& passage) const;
    Matrices lifted(const Matrices& forward_weights, const Matrices& backward_weights,
                    const std::vector<Index>& samples) const;
    Matrices gradients(const Passage& passage, const Matrices& s) const;
    Eigen::MatrixXd answer(Index layer, const Eigen::MatrixXd& u, const Eigen::MatrixXd& g) const;
    Eigen::MatrixXd state_for(Index layer, const Eigen::MatrixXd& u,
                              const Eigen::MatrixXd& g) const;
    Eigen::VectorXd penalty(Index layer, const Eigen::MatrixXd& x, const Eigen::MatrixXd& u) const;
    Eigen::VectorXd losses(const Eigen::MatrixXd& y, const Eigen::MatrixXd& u) const;
    double curvature_above(Index map) const;
    void step(Index map, const Eigen::MatrixXd& gradient, const Eigen::MatrixXd& x,
              const Eigen::MatrixXd& s, int round, double rate);

    SmallProblem problem_;
    Matrices weights_;
    std::vector<Index> delays_;
    std::vector<DefinedActivation> activations_;
    std::vector<Solver> solvers_;
    Index epoch_ = 0;
    double loss_ = 0.0;
};

}  // namespace hoist
