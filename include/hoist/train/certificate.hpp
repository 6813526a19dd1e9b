#pragma once

#include <optional>
#include <vector>

#include "hoist/train/inference.hpp"

namespace hoist {

/// A Lipschitz constant of the outputs u_{L+1} in the inputs, both in the Euclidean norm, as a product. Each factor is
/// a bound with all rounding.
struct LipschitzBound {
    /// Of each map with the activation above it: lipschitz_factor() of a lifted regression/reconstruction network,
    /// otherwise the norm of the map times a constant of the activation.
    std::vector<double> factors;
    /// What the unit of the network's inputs makes of that of the data.
    double unit = 1.0;
    /// Of u_i - u_j, outputs x outputs: at most sqrt(2) times the whole, and less where rows of the last map are
    /// near one another.
    Matrix<double> of_differences;

    double whole() const;
};

/// Collective over the world.
template <typename Scalar>
LipschitzBound lipschitz_bound(const FormulationOptions& options, const Communicator& world,
                               const Communicator& peers, const Stage<Scalar>& stage,
                               const Standardization& standardization);

/// How far the input of a sample may move, in the Euclidean norm and the unit of the data, so that its predicted class
/// provably stays. With the margin m_j = min over i != j of u_j - u_i of the predicted class j:
struct Radii {
    /// m_j / (sqrt(2) rho): the paper's, of the predicted class, and of the true one (0 where the prediction is
    /// wrong).
    std::vector<double> predicted;
    std::vector<double> true_class;
    /// min over i of (u_j - u_i) / rho_ij, which is never smaller.
    std::vector<double> by_differences;
    std::vector<bool> right;

    /// The share in per cent that is right and has a radius of at least r.
    double certified(double r) const { return share(predicted, r); }
    double certified_by_differences(double r) const { return share(by_differences, r); }

  private:
    double share(const std::vector<double>& radii, double r) const;
};

/// @param outputs of each sample in a column. @param labels of the samples.
Radii radii_of(const Matrix<double>& outputs, const std::vector<Index>& labels,
               const LipschitzBound& bound);

/// The middle one, or the mean of the two in the middle. @pre there are some.
double median_radius(std::vector<double> radii);

/// Where each column is largest, the first of equals.
std::vector<Index> largest_rows(const Matrix<double>& matrix);

}  // namespace hoist
