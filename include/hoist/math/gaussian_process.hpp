#pragma once

#include <Eigen/Cholesky>

#include "hoist/math/matrix.hpp"

namespace hoist {

/// What a Gaussian process assumes before it sees values: a constant mean, and the Matern 5/2
/// covariance variance * (1 + t + t^2/3) exp(-t) with t = sqrt(5) |(x - x') / lengths|.
struct GaussianPrior {
    double mean = 0.0;
    double variance = 1.0;
    /// Of each coordinate.
    Vector<double> lengths;
    /// Variance of what is added to each observed value.
    double noise = 0.0;
};

/// Covariances of the columns of `a` with the columns of `b`, without noise: a.cols() x b.cols().
/// @pre both have a row for each of prior.lengths, which are positive.
Matrix<double> covariances(const GaussianPrior& prior, const ConstMatrixRef<double>& a,
                           const ConstMatrixRef<double>& b);

/// A function known by noisy values at some points (Rasmussen and Williams, Gaussian Processes for
/// Machine Learning, algorithm 2.1).
class GaussianProcess {
  public:
    /// @param points one per column, each with a value. @pre all are finite. @throws NumericalError
    /// where the covariances are singular even with a noise of 1e-6 of the variance added.
    GaussianProcess(GaussianPrior prior, const ConstMatrixRef<double>& points,
                    const ConstVectorRef<double>& values);

    /// Of the function, without noise, at each column of `points`.
    struct Prediction {
        Vector<double> mean;
        Vector<double> deviation;
    };
    Prediction predict(const ConstMatrixRef<double>& points) const;

    /// Logarithm of the density of the values under the prior.
    double log_likelihood() const;

    const GaussianPrior& prior() const { return prior_; }
    const Matrix<double>& points() const { return points_; }

  private:
    GaussianPrior prior_;
    Matrix<double> points_;
    Vector<double> residuals_;
    Eigen::LLT<Matrix<double>> factor_;
    Vector<double> weights_;
};

/// The prior under which `values` are most likely, lengths and noise within bounds that suit points
/// in the unit cube: lengths from 0.05 to 20, noise from 1e-6 to 1 of the variance. Mean and
/// variance follow from these in closed form. @pre at least two points.
GaussianPrior most_likely_prior(const ConstMatrixRef<double>& points,
                                const ConstVectorRef<double>& values);

}  // namespace hoist
