#include "hoist/math/gaussian_process.hpp"

#include <cmath>
#include <nlopt.hpp>
#include <numbers>
#include <vector>

#include "hoist/base/error.hpp"
#include "hoist/math/quasi_random.hpp"

namespace hoist {

namespace {

constexpr double least_length = 0.05;
constexpr double most_length = 20.0;
constexpr double least_noise = 1e-6;
constexpr double most_noise = 1.0;
constexpr Index starts = 6;
constexpr int steps_per_unknown = 40;

Eigen::LLT<Matrix<double>> factor(Matrix<double> covariance, double noise) {
    covariance.diagonal().array() += noise;
    return Eigen::LLT<Matrix<double>>(covariance);
}

double log_determinant(const Eigen::LLT<Matrix<double>>& factor) {
    return 2.0 * factor.matrixLLT().diagonal().array().log().sum();
}

/// The likelihood of values for given lengths and a given ratio g of noise to variance, at its
/// maximum over mean and variance: with R + g I = L L', the mean is that of generalized least
/// squares, and the variance the mean square of L^-1 (y - mean).
class ProfileLikelihood {
  public:
    ProfileLikelihood(const ConstMatrixRef<double>& points, const ConstVectorRef<double>& values)
        : points_(points), values_(values) {}

    /// @param logarithms of the lengths, then of g.
    GaussianPrior prior(const std::vector<double>& logarithms) {
        const Index dimensions = points_.rows();
        GaussianPrior prior;
        prior.lengths = Eigen::Map<const Vector<double>>(logarithms.data(), dimensions);
        prior.lengths = prior.lengths.array().exp();
        const double ratio = std::exp(logarithms.back());
        const auto root = factor(covariances(prior, points_, points_), ratio);
        const Vector<double> ones = Vector<double>::Ones(points_.cols());
        const Vector<double> white_ones = root.matrixL().solve(ones);
        const Vector<double> white_values = root.matrixL().solve(values_);
        prior.mean = white_ones.dot(white_values) / white_ones.squaredNorm();
        const auto n = static_cast<double>(points_.cols());
        // Equal values have no variance; any positive one will do.
        prior.variance =
            std::max((white_values - prior.mean * white_ones).squaredNorm() / n, 1e-30);
        prior.noise = ratio * prior.variance;
        likelihood_ = -0.5 * (n * std::log(prior.variance) + log_determinant(root));
        return prior;
    }

    /// Of the last prior, up to a constant.
    double likelihood() const { return likelihood_; }

  private:
    const ConstMatrixRef<double>& points_;
    const ConstVectorRef<double>& values_;
    double likelihood_ = 0.0;
};

}  // namespace

Matrix<double> covariances(const GaussianPrior& prior, const ConstMatrixRef<double>& a,
                           const ConstMatrixRef<double>& b) {
    require(a.rows() == prior.lengths.size() && b.rows() == prior.lengths.size(),
            "a point has a coordinate for each length");
    require((prior.lengths.array() > 0.0).all(), "lengths are positive");
    const Vector<double> scale = std::sqrt(5.0) * prior.lengths.cwiseInverse();
    Matrix<double> result(a.cols(), b.cols());
    for (Index j = 0; j < b.cols(); ++j) {
        for (Index i = 0; i < a.cols(); ++i) {
            const double t = (a.col(i) - b.col(j)).cwiseProduct(scale).norm();
            result(i, j) = prior.variance * (1.0 + t + t * t / 3.0) * std::exp(-t);
        }
    }
    return result;
}

GaussianProcess::GaussianProcess(GaussianPrior prior, const ConstMatrixRef<double>& points,
                                 const ConstVectorRef<double>& values)
    : prior_(std::move(prior)), points_(points), residuals_(values.array() - prior_.mean) {
    require(points.cols() == values.size(), "every point has a value");
    require(points.allFinite() && values.allFinite(), "points and values are finite");
    const Matrix<double> covariance = covariances(prior_, points_, points_);
    // Two points may coincide, or nearly so.
    for (const double added : {0.0, 1e-12, 1e-9, 1e-6}) {
        factor_ = factor(covariance, prior_.noise + added * prior_.variance);
        if (factor_.info() == Eigen::Success) {
            weights_ = factor_.solve(residuals_);
            return;
        }
    }
    throw NumericalError("the covariances of a Gaussian process are singular",
                         "many points coincide", "give distinct points, or noise");
}

GaussianProcess::Prediction GaussianProcess::predict(const ConstMatrixRef<double>& points) const {
    const Matrix<double> across = covariances(prior_, points_, points);
    const Matrix<double> white = factor_.matrixL().solve(across);
    const Vector<double> variance =
        prior_.variance - white.colwise().squaredNorm().transpose().array();
    return {(across.transpose() * weights_).array() + prior_.mean,
            variance.cwiseMax(0.0).cwiseSqrt()};
}

double GaussianProcess::log_likelihood() const {
    return -0.5 * (residuals_.dot(weights_) + log_determinant(factor_) +
                   static_cast<double>(residuals_.size()) * std::log(2.0 * std::numbers::pi));
}

GaussianPrior most_likely_prior(const ConstMatrixRef<double>& points,
                                const ConstVectorRef<double>& values) {
    require(points.cols() == values.size() && values.size() >= 2, "two points have values");
    const auto unknowns = static_cast<std::size_t>(points.rows()) + 1;
    std::vector<double> low(unknowns, std::log(least_length));
    std::vector<double> high(unknowns, std::log(most_length));
    low.back() = std::log(least_noise);
    high.back() = std::log(most_noise);

    ProfileLikelihood profile(points, values);
    nlopt::opt search(nlopt::LN_BOBYQA, static_cast<unsigned>(unknowns));
    search.set_lower_bounds(low);
    search.set_upper_bounds(high);
    search.set_max_objective(
        [](const std::vector<double>& logarithms, std::vector<double>&, void* of) {
            auto& likelihood = *static_cast<ProfileLikelihood*>(of);
            likelihood.prior(logarithms);
            return likelihood.likelihood();
        },
        &profile);
    search.set_maxeval(steps_per_unknown * static_cast<int>(unknowns));
    search.set_xtol_abs(1e-3);

    std::vector<double> best;
    double most = -INFINITY;
    const Matrix<double> first = quasi_random_points(static_cast<Index>(unknowns), starts);
    for (Index start = 0; start < starts; ++start) {
        std::vector<double> logarithms(unknowns);
        for (std::size_t i = 0; i < unknowns; ++i) {
            logarithms[i] = std::lerp(low[i], high[i], first(static_cast<Index>(i), start));
        }
        double reached = 0.0;
        try {
            search.optimize(logarithms, reached);
        } catch (const nlopt::roundoff_limited&) {  // as near as rounding allows
            profile.prior(logarithms);
            reached = profile.likelihood();
        }
        if (reached > most) {
            most = reached;
            best = logarithms;
        }
    }
    return profile.prior(best);
}

}  // namespace hoist
