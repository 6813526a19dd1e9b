#pragma once

#include <Eigen/Dense>
#include <string>

namespace hoist {

/// An activation and its derivative by their definitions, in double; shares no code with the
/// program.
class DefinedActivation {
  public:
    /// @param text as in a configuration: `leaky_relu(0.1)`.
    explicit DefinedActivation(const std::string& text);

    /// phi(u).
    Eigen::MatrixXd of(const Eigen::MatrixXd& u) const;
    /// J'e, J the derivative at u, away from kinks.
    Eigen::MatrixXd pull_back(const Eigen::MatrixXd& u, const Eigen::MatrixXd& e) const;
    /// Whether phi consists of linear pieces.
    bool piecewise_linear() const;
    /// phi(u - g), where each of the entries that phi makes of a number of u has a g of its own.
    Eigen::MatrixXd pulled(const Eigen::MatrixXd& u, const Eigen::MatrixXd& g) const;
    /// The sum over the entries of each number of u.
    Eigen::MatrixXd summed(const Eigen::MatrixXd& x) const;

  private:
    double of(double u) const;
    double slope(double u) const;
    Eigen::Index interval(double u) const;
    double value(Eigen::Index knot) const;
    Eigen::VectorXd lifted(double u) const;
    Eigen::Index entries() const;

    std::string name_;
    double parameter_ = 0.0;
    double range_ = 1.0;
};

}  // namespace hoist
