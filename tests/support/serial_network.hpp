#pragma once

#include <Eigen/Dense>
#include <vector>

#include "hoist/config/config.hpp"
#include "hoist/train/sweep.hpp"

namespace hoist {

/// A lifted network and its training by the definitions, dense, serial and in double: the answer
/// that every grid must give. Shares no arithmetic with the program: blocks of activations are
/// solved by coordinate descent until nothing moves, weights by the full-pivot LU factor of the
/// normal equations, the simplex block by plain bisection.
struct SerialNetwork {
    /// W_l and b_l.
    std::vector<Eigen::MatrixXd> weights;
    std::vector<Eigen::VectorXd> biases;
    /// X_0, ..., X_L.
    std::vector<Eigen::MatrixXd> activations;
    Eigen::MatrixXd targets;

    Config config;

    /// Takes the start of the weights from `weights`; the activations follow from forward().
    SerialNetwork(const Config& config, const Eigen::MatrixXd& inputs,
                  const Eigen::MatrixXd& targets, const std::vector<Weights<double>>& weights);

    Eigen::Index maps() const { return static_cast<Eigen::Index>(weights.size()); }
    /// U_{l+1} = W_l X_l + b_l.
    Eigen::MatrixXd above(Eigen::Index layer) const;
    /// phi_l of U.
    Eigen::MatrixXd activated(Eigen::Index layer, const Eigen::MatrixXd& u) const;

    /// Sets X_l = phi(U_l).
    void forward();
    /// U_{L+1} of other inputs, feed-forward.
    Eigen::MatrixXd feed_forward(const Eigen::MatrixXd& inputs) const;
    /// Moves X_L, ..., X_1, each against its neighbors' newest values, then refits all weights.
    void sweep_backward();
    /// Moves the blocks of `width` columns with layer + block odd, then the others, then refits.
    void sweep_in_two_colors(Eigen::Index width);

    /// The parts of E.
    Energy energy() const;
    /// The loss of each sample, least over the explicit block where the output has one.
    Eigen::VectorXd losses(const Eigen::MatrixXd& y, const Eigen::MatrixXd& u) const;
    double lower(Eigen::Index layer) const;
    double upper(Eigen::Index layer) const;

  private:
    void move(Eigen::Index layer, Eigen::Index first, Eigen::Index count);
    void refit();
    void refit(Eigen::Index layer, const Eigen::MatrixXd& target);
    Eigen::MatrixXd output_target(const Eigen::MatrixXd& y, const Eigen::MatrixXd& u) const;
    double pull_weight(Eigen::Index layer) const;
};

/// Columnwise minimizer of -sum_i y_i log z_i + lambda/2 |z - u|^2 over the simplex.
Eigen::MatrixXd simplex_block(const Eigen::MatrixXd& y, const Eigen::MatrixXd& u, double lambda);

/// Columnwise softmax.
Eigen::MatrixXd softmax_by_definition(const Eigen::MatrixXd& u);

}  // namespace hoist
