#include "hoist/formulation/lrrn.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "hoist/base/error.hpp"
#include "hoist/base/text.hpp"

namespace hoist {

namespace {

// (beta^{1/2} + beta^{-1/2}) / 2, or 1 for a map whose own norm counts.
double fixed_factor(double beta) {
    return beta > 0.0 ? 0.5 * (std::sqrt(beta) + 1.0 / std::sqrt(beta)) : 1.0;
}

double product_of_fixed_factors(const FormulationOptions& options) {
    double product = 1.0;
    for (const double beta : options.reconstruction) {
        product *= fixed_factor(beta);
    }
    return product;
}

}  // namespace

template <typename Scalar>
Bounds<Scalar> bounds_of_block(const NetworkSpec& spec, Index block) {
    if (block == spec.layers() && !spec.unsupervised()) {
        constexpr Scalar infinite = std::numeric_limits<Scalar>::infinity();
        return {-infinite, infinite};
    }
    const ActivationTraits traits = spec.activation(block).traits();
    return {static_cast<Scalar>(traits.lower), static_cast<Scalar>(traits.upper)};
}

template <typename Scalar>
void RegressionReconstruction<Scalar>::upward(const ConstMatrixRef<Scalar>& z,
                                              MatrixRef<Scalar> p) const {
    map_.apply(z, p);
    upward_from_map(p);
}

template <typename Scalar>
void RegressionReconstruction<Scalar>::upward_from_map(MatrixRef<Scalar> u) const {
    if (beta_ != Scalar{0}) {
        u *= 1 + beta_;
        u.colwise() -= beta_ * map_.shift();
    }
}

template <typename Scalar>
void RegressionReconstruction<Scalar>::linear_upward(double factor, const ConstMatrixRef<Scalar>& w,
                                                     MatrixRef<Scalar> p) const {
    p.setZero();
    map_.add_product(static_cast<Scalar>(factor) * (1 + beta_), w, p);
}

template <typename Scalar>
void RegressionReconstruction<Scalar>::downward(double factor,
                                                const ConstMatrixRef<Scalar>& z_above,
                                                MatrixRef<Scalar> d) const {
    Matrix<Scalar> pull = static_cast<Scalar>(factor) * (1 + beta_) * z_above;
    pull.colwise() -= static_cast<Scalar>(factor) * map_.shift();
    map_.pull_back(pull, d);
}

template <typename Scalar>
void RegressionReconstruction<Scalar>::linear_downward(const ConstMatrixRef<Scalar>& w_above,
                                                       MatrixRef<Scalar> d) const {
    d.setZero();
    map_.add_pull_back(1 + beta_, w_above, d);
}

template <typename Scalar>
Matrix<Scalar> RegressionReconstruction<Scalar>::curvature_below(double factor) const {
    Matrix<Scalar> curvature = map_.gram(static_cast<Scalar>(factor));
    curvature.diagonal().array() += static_cast<Scalar>(factor) * beta_;
    return curvature;
}

template <typename Scalar>
Vector<double> RegressionReconstruction<Scalar>::energy(
    const ConstMatrixRef<Scalar>& z, const ConstMatrixRef<Scalar>& z_above) const {
    Matrix<Scalar> regression(z_above.rows(), z_above.cols());
    map_.apply(z, regression);
    regression -= z_above;
    Matrix<Scalar> reconstruction(z.rows(), z.cols());
    map_.pull_back(z_above, reconstruction);
    reconstruction -= z;
    const auto squares = [](const Matrix<Scalar>& distance) {
        return Vector<double>(distance.template cast<double>().colwise().squaredNorm().transpose());
    };
    return 0.5 * (squares(regression) + static_cast<double>(beta_) * squares(reconstruction));
}

template <typename Scalar>
void RegressionReconstruction<Scalar>::add_gradient(double gamma, const ConstMatrixRef<Scalar>& z,
                                                    const ConstMatrixRef<Scalar>& w,
                                                    const ConstMatrixRef<Scalar>& z_above,
                                                    const ConstMatrixRef<Scalar>& w_above,
                                                    MatrixRef<Scalar> g) const {
    const auto discount = static_cast<Scalar>(gamma);
    Matrix<Scalar> signal = w_above;
    map_.add_product(-discount, w, signal);
    g.col(g.cols() - 1) += signal.rowwise().sum();
    signal += beta_ * w_above;
    Matrix<Scalar> pulled(z_above.rows(), z_above.cols());
    map_.apply(z, pulled);
    pulled = (1 + beta_) * z_above - pulled;
    auto product = g.leftCols(g.cols() - 1);
    product.noalias() += signal * z.transpose();
    product.noalias() += discount * pulled * w.transpose();
    if (beta_ != Scalar{0}) {
        const Matrix<Scalar> one_way = w_above * z_above.transpose();
        map_.add_left_product(-beta_, one_way + one_way.transpose(), product);
    }
}

template <typename Scalar>
void RegressionReconstruction<Scalar>::add_input_gradient(const AddMoment& add_moment,
                                                          const ConstMatrixRef<Scalar>& z_above,
                                                          const ConstMatrixRef<Scalar>& w_above,
                                                          MatrixRef<Scalar> g) const {
    g.col(g.cols() - 1) += w_above.rowwise().sum();
    auto product = g.leftCols(g.cols() - 1);
    add_moment(Matrix<Scalar>((1 + beta_) * w_above), product);
    if (beta_ != Scalar{0}) {
        const Matrix<Scalar> one_way = w_above * z_above.transpose();
        map_.add_left_product(-beta_, one_way + one_way.transpose(), product);
    }
}

template <typename Scalar>
void RegressionReconstruction<Scalar>::add_energy_gradient(double factor,
                                                           const ConstMatrixRef<Scalar>& z,
                                                           const ConstMatrixRef<Scalar>& z_above,
                                                           MatrixRef<Scalar> g) const {
    Matrix<Scalar> u(z_above.rows(), z_above.cols());
    map_.apply(z, u);
    add_input_energy_gradient(
        factor,
        [&z](const ConstMatrixRef<Scalar>& s, MatrixRef<Scalar> product) {
            product.noalias() += s * z.transpose();
        },
        u, z_above, g);
}

template <typename Scalar>
void RegressionReconstruction<Scalar>::add_input_energy_gradient(
    double factor, const AddMoment& add_moment, const ConstMatrixRef<Scalar>& u,
    const ConstMatrixRef<Scalar>& z_above, MatrixRef<Scalar> g) const {
    const auto weight = static_cast<Scalar>(factor);
    Matrix<Scalar> signal = weight * (u - z_above);
    g.col(g.cols() - 1) += signal.rowwise().sum();
    signal -= weight * beta_ * z_above;
    auto product = g.leftCols(g.cols() - 1);
    add_moment(signal, product);
    if (beta_ != Scalar{0}) {
        const Matrix<Scalar> square = z_above * z_above.transpose();
        map_.add_left_product(weight * beta_, square, product);
    }
}

double lipschitz_factor(double beta, double norm) {
    if (beta == 0.0) {
        return norm;
    }
    return norm * norm * beta >= 1.0 ? fixed_factor(beta)
                                     : (1.0 + beta) * norm / (1.0 + beta * norm * norm);
}

double norm_limit(const FormulationOptions& options) {
    const auto free = static_cast<double>(std::ranges::count(options.reconstruction, 0.0));
    return free == 0.0
               ? std::numeric_limits<double>::infinity()
               : std::pow(options.lipschitz / product_of_fixed_factors(options), 1.0 / free);
}

void check_lrrn(const NetworkSpec& spec, const FormulationOptions& options) {
    const auto refuse = [](const std::string& what, const std::string& why,
                           const std::string& advice) {
        throw UsageError("formulation.name = lrrn does not go with " + what, why, advice);
    };
    if (spec.layers() < 2 && !spec.unsupervised()) {
        refuse("network.layers = " + spec.layers_text(), "there is no hidden layer to relax",
               "give it one");
    }
    if (!std::ranges::all_of(spec.maps, &MapSpec::plain)) {
        refuse("network.layers = " + spec.layers_text(),
               "its blocks are least-squares problems whose matrices are small for dense maps only",
               "use dense maps");
    }
    for (const auto& phi : spec.activations) {
        if (!phi->traits().projection) {
            refuse("network.activation = " + phi->name(),
                   "a block stays in an interval, and knows no other activation",
                   "use relu, identity, hard_tanh or hard_sigmoid");
        }
    }
    if (spec.output == Output::simplex) {
        refuse("network.output = simplex", "its output is another explicit block",
               "use softmax or linear");
    }
    const double least = product_of_fixed_factors(options);
    if (std::isinf(norm_limit(options)) && least > options.lipschitz) {
        throw UsageError(
            "formulation.lipschitz = " + to_text(options.lipschitz) + " cannot be kept",
            "formulation.beta makes it " + to_text(least),
            "set it to 1 in each block, or give one block 0");
    }
}

template Bounds<float> bounds_of_block(const NetworkSpec&, Index);
template Bounds<double> bounds_of_block(const NetworkSpec&, Index);
template class RegressionReconstruction<float>;
template class RegressionReconstruction<double>;

}  // namespace hoist
