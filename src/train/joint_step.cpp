#include "joint_step.hpp"

#include <algorithm>

namespace hoist {

template <typename Scalar>
JointStep<Scalar>::JointStep(const Config& config, const Communicator& world,
                             const Communicator& peers, const Stage<Scalar>& stage,
                             Variables<Scalar>& variables, const Samples<Scalar>& samples,
                             StageTerms<Scalar>& terms)
    : config_(config),
      world_(world),
      peers_(peers),
      stage_(stage),
      variables_(variables),
      samples_(samples),
      terms_(terms),
      iterates_(stage.layers),
      momentum_(Eigen::ArrayXd::Ones(samples.blocks.count())) {}

// The Hessian over all activations of a sample is block tridiagonal, with lambda_l I + mu_l W_l'W_l on
// the diagonal and -lambda_{l+1} W_l' beside it; by the block form of Gershgorin's theorem it is at
// most diag(1/t_l) with 1/t_l = lambda_l + mu_l |W_l|^2 + lambda_{l+1} |W_l| + lambda_l |W_{l-1}|.
template <typename Scalar>
void JointStep<Scalar>::begin() {
    std::vector<double> norms(static_cast<std::size_t>(config_.network.layers()), 0.0);
    if (peers_.rank() == 0) {
        for (Index l = stage_.layers.begin; l < stage_.layers.end; ++l) {
            norms[static_cast<std::size_t>(l)] = stage_.map(l).norm_bound();
        }
    }
    world_.sum(std::span(norms));
    for (Index l = stage_.layers.begin; l < stage_.layers.end; ++l) {
        iterates_.x(l) = variables_.x(l);
        if (l == 0) {
            lengths_.push_back(0.0);
            continue;
        }
        const double norm = norms[static_cast<std::size_t>(l)];
        const double norm_below = l > 1 ? norms[static_cast<std::size_t>(l - 1)] : 0.0;
        const double lambda = terms_.lambda(l);
        const double mu = terms_.weight_above(l);
        const double coupling_above = terms_.is_output(l) ? 0.0 : mu * norm;
        lengths_.push_back(1.0 /
                           (lambda + mu * norm * norm + coupling_above + lambda * norm_below));
    }
}

template <typename Scalar>
void JointStep<Scalar>::begin_iteration() {
    const Eigen::ArrayXd next = 0.5 * (1.0 + (1.0 + 4.0 * momentum_.square()).sqrt());
    extrapolation_ = (momentum_ - 1.0) / next;
    momentum_ = next;
    uphill_ = Matrix<double>::Zero(samples_.blocks.count(), config_.network.layers());
}

// From the bottom up, so that the y above is still the one that U was computed from.
template <typename Scalar>
void JointStep<Scalar>::move(Index block, const std::vector<MatrixRef<Scalar>>& above) {
    for (Index l = std::max<Index>(stage_.layers.begin, 1); l < stage_.layers.end; ++l) {
        const auto i = static_cast<std::size_t>(l - stage_.layers.begin);
        pull_ = static_cast<Scalar>(terms_.weight_above(l)) *
                (above[i] - terms_.target_above(l, block));
        auto y = terms_.x(l, block);
        auto before = part(iterates_.x(l), samples_.local(block));
        next_.resize(y.rows(), y.cols());
        terms_.formulation().gradient_step(l, stage_.map(l), terms_.u(l, block), pull_, lengths_[i],
                                           y, next_);
        const double along =
            (y - next_).cwiseProduct(next_ - before).colwise().sum().template cast<double>().sum();
        uphill_(block, l) = along / lengths_[i];
        y = next_ + static_cast<Scalar>(extrapolation_[block]) * (next_ - before);
        before = next_;
    }
}

template <typename Scalar>
void JointStep<Scalar>::restart(const std::vector<Index>& order) {
    // One rank knows each number, so that the sums are the same on every grid.
    world_.sum(std::span(uphill_.data(), static_cast<std::size_t>(uphill_.size())));
    for (const Index block : order) {
        if (uphill_.row(block).sum() > 0.0) {
            momentum_[block] = 1.0;
            take_iterate(block);
        }
    }
}

template <typename Scalar>
void JointStep<Scalar>::take_iterate(Index block) {
    for (Index l = std::max<Index>(stage_.layers.begin, 1); l < stage_.layers.end; ++l) {
        terms_.x(l, block) = part(iterates_.x(l), samples_.local(block));
    }
}

template class JointStep<float>;
template class JointStep<double>;

}  // namespace hoist
