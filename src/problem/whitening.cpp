#include "whitening.hpp"

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>

namespace hoist {

namespace {

/// The sum of (1, x)(1, x)' over windows x, in double.
template <typename Scalar>
Matrix<double> moments_of_windows(const Samples<Scalar>& samples, const LinearMap<Scalar>& map) {
    constexpr Index most_samples = 5000;
    const Index n = map.spec().inputs();
    Matrix<double> sum = Matrix<double>::Zero(n + 1, n + 1);
    Matrix<double> extended;
    for (Index block = samples.own.begin; block < samples.own.end; ++block) {
        const Range all = samples.blocks.columns(block);
        const Index count = std::min(all.end, most_samples) - all.begin;
        if (count <= 0) {
            break;
        }
        const Matrix<Scalar> x = samples.inputs.middleCols(samples.local(block).begin, count);
        map.visit_windows(x, [&](const ConstMatrixRef<Scalar>& windows) {
            extended.resize(n + 1, windows.cols());
            extended.row(0).setOnes();
            extended.bottomRows(n) = windows.template cast<double>();
            sum.template selfadjointView<Eigen::Lower>().rankUpdate(extended);
        });
    }
    return sum;
}

}  // namespace

template <typename Scalar>
void whiten(const Samples<Scalar>& samples, const Communicator& peers, Stage<Scalar>& stage) {
    const MapSpec& spec = stage.network.map(0);
    const Index n = spec.inputs();
    const Index pairs = spec.outputs() / 2;
    Matrix<double> sum = moments_of_windows(samples, stage.unnormalized(0));
    peers.sum(std::span(sum.data(), static_cast<std::size_t>(sum.size())));
    const Vector<double> mean = sum.col(0).tail(n) / sum(0, 0);
    Matrix<double> covariance = sum.bottomRightCorner(n, n) / sum(0, 0);
    covariance.template selfadjointView<Eigen::Lower>().rankUpdate(mean, -1.0);

    const Eigen::SelfAdjointEigenSolver<Matrix<double>> eigen(covariance);  // ascending
    const Vector<double> values = eigen.eigenvalues().cwiseMax(0.0);
    const double least = 5e-4 * values.mean();
    Weights<Scalar>& weights = stage.of(0);
    Matrix<double> solution = weights.solution();
    auto columns = solution.topRows(n);
    for (Index k = 0; k < pairs; ++k) {
        const Index at = n - 1 - k;
        const double size = values[at] + least > 0.0 ? std::sqrt(values[at] + least) : 1.0;
        columns.col(k) = eigen.eigenvectors().col(at) / size;
        columns.col(pairs + k) = -columns.col(k);
    }
    if (!spec.normalized) {
        solution.row(n) = -mean.transpose() * columns;
    }
    weights.assign(solution);
}

template void whiten(const Samples<float>&, const Communicator&, Stage<float>&);
template void whiten(const Samples<double>&, const Communicator&, Stage<double>&);

}  // namespace hoist
