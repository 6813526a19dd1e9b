#include <algorithm>

#include "hoist/math/spectral_norm.hpp"
#include "hoist/train/sweep.hpp"

namespace hoist {

// The step lengths of layers l >= 1 of this stage. The Hessian over all activations of a sample is
// block tridiagonal, with lambda_l I + mu_l W_l'W_l on the diagonal and -lambda_{l+1} W_l' beside
// it; by the block form of Gershgorin's theorem it is at most diag(1/t_l) with 1/t_l = lambda_l +
// mu_l |W_l|^2 + lambda_{l+1} |W_l| + lambda_l |W_{l-1}|.
template <typename Scalar>
std::vector<double> Sweep<Scalar>::joint_steps() const {
    std::vector<double> norms(static_cast<std::size_t>(config_.network.layers()), 0.0);
    if (peers_.rank() == 0) {
        for (const Layer<Scalar>& layer : stage_.layers) {
            norms[static_cast<std::size_t>(layer.index)] =
                spectral_norm_bound<Scalar>(layer.weights.matrix);
        }
    }
    world_.sum(std::span(norms));
    std::vector<double> steps;
    for (std::size_t i = 0; i < stage_.layers.size(); ++i) {
        const Index l = stage_.layers[i].index;
        if (l == 0) {
            steps.push_back(0.0);
            continue;
        }
        const double norm = norms[static_cast<std::size_t>(l)];
        const double norm_below = l > 1 ? norms[static_cast<std::size_t>(l - 1)] : 0.0;
        const double lambda = config_.formulation.lambda_of(l);
        const double mu = weight_above(i);
        const double coupling_above = last_ && is_highest(i) ? 0.0 : mu * norm;
        steps.push_back(1.0 / (lambda + mu * norm * norm + coupling_above + lambda * norm_below));
    }
    return steps;
}

// Accelerated proximal gradient over all activations at once with W fixed (Beck and Teboulle 2009),
// restarted where the momentum points uphill (O'Donoghue and Candes 2015), each column block by
// itself: the blocks are problems of their own. `activations` hold the extrapolated points y,
// `iterates` the points x.
template <typename Scalar>
void Sweep<Scalar>::move_jointly(Refit refit) {
    const std::vector<double> steps = [&] {
        const PhaseClock clock(times_.activations);
        return joint_steps();
    }();
    std::vector<Matrix<Scalar>> iterates;
    for (const Layer<Scalar>& layer : stage_.layers) {
        iterates.push_back(layer.index > 0 ? layer.activations : Matrix<Scalar>());
    }
    const auto take_iterate = [&](Index block) {
        for (std::size_t i = 0; i < stage_.layers.size(); ++i) {
            if (stage_.layers[i].index > 0) {
                columns(stage_.layers[i].activations, block) = columns(iterates[i], block);
            }
        }
    };
    Eigen::ArrayXd momentum = Eigen::ArrayXd::Ones(samples_.blocks.count());
    for (int iteration = 0; iteration < config_.joint_iterations; ++iteration) {
        const Eigen::ArrayXd next = 0.5 * (1.0 + (1.0 + 4.0 * momentum.square()).sqrt());
        Matrix<double> uphill = joint_iteration(steps, iterates, (momentum - 1.0) / next);
        momentum = next;
        const PhaseClock clock(times_.wait);
        // One rank knows each number, so that the sums are the same on every grid.
        world_.sum(std::span(uphill.data(), static_cast<std::size_t>(uphill.size())));
        for (const Index block : order_) {
            if (uphill.row(block).sum() > 0.0) {
                momentum[block] = 1.0;
                take_iterate(block);
            }
        }
    }
    for (const Index block : order_) {
        take_iterate(block);
    }
    exchange_activations();
    for (const Index block : order_) {
        wait(arrival(arrivals_above_, block));
        if (refit == Refit::yes) {
            accumulate(block);
        }
    }
    finish_sends();
}

// One step from y to x for every layer and block, and the extrapolation of each block to the next
// y. Returns, for each block (row) and layer, the inner product of (y - x) / t and x - x_before,
// zero where it is not this rank's: the momentum of a block should be dropped where their sum is
// positive.
template <typename Scalar>
Matrix<double> Sweep<Scalar>::joint_iteration(const std::vector<double>& steps,
                                              std::vector<Matrix<Scalar>>& iterates,
                                              const Eigen::ArrayXd& extrapolation) {
    for (const Index block : order_) {
        expect_below(block);
    }
    exchange_activations();
    const PhaseClock clock(times_.activations);
    Matrix<double> uphill = Matrix<double>::Zero(samples_.blocks.count(), config_.network.layers());
    Matrix<Scalar> pull;
    Matrix<Scalar> x;
    std::size_t sent = 0;
    for (const Index block : order_) {
        std::vector<MatrixRef<Scalar>> above;
        for (std::size_t i = 0; i < stage_.layers.size(); ++i) {
            above.push_back(propagate(i, block, Send::yes));
        }
        wait(arrival(arrivals_above_, block));
        wait(arrival(arrivals_below_, block));
        if (!first_) {
            wait(sent_below_[sent++]);
        }
        // From the bottom up, so that the y above is still the one that U was computed from.
        for (std::size_t i = 0; i < stage_.layers.size(); ++i) {
            Layer<Scalar>& layer = stage_.layers[i];
            if (layer.index == 0) {
                continue;
            }
            pull = static_cast<Scalar>(weight_above(i)) * (above[i] - target_above(i, block));
            auto y = columns(layer.activations, block);
            auto before = columns(iterates[i], block);
            x.resize(y.rows(), y.cols());
            formulation_->gradient_step(layer.index, layer.weights,
                                        columns(layer.preactivations, block), pull, steps[i], y, x);
            const double along =
                (y - x).cwiseProduct(x - before).colwise().sum().template cast<double>().sum();
            uphill(block, layer.index) = along / steps[i];
            y = x + static_cast<Scalar>(extrapolation[block]) * (x - before);
            before = x;
        }
    }
    sent_below_.clear();
    return uphill;
}

// Shows the present activations of this stage's lowest layer to the stage below.
template <typename Scalar>
void Sweep<Scalar>::exchange_activations() {
    for (const Index block : order_) {
        expect_above(block);
    }
    for (const Index block : order_) {
        send_below(block);
    }
}

template std::vector<double> Sweep<float>::joint_steps() const;
template std::vector<double> Sweep<double>::joint_steps() const;
template void Sweep<float>::move_jointly(Refit);
template void Sweep<double>::move_jointly(Refit);
template Matrix<double> Sweep<float>::joint_iteration(const std::vector<double>&,
                                                      std::vector<Matrix<float>>&,
                                                      const Eigen::ArrayXd&);
template Matrix<double> Sweep<double>::joint_iteration(const std::vector<double>&,
                                                       std::vector<Matrix<double>>&,
                                                       const Eigen::ArrayXd&);
template void Sweep<float>::exchange_activations();
template void Sweep<double>::exchange_activations();

}  // namespace hoist
