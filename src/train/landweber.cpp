#include "hoist/train/inversion.hpp"

namespace hoist {

Matrix<double> Inversion::landweber(const Matrix<double>& y, const Vector<double>& residual,
                                    int most_steps) const {
    constexpr double longer = 1.5;
    constexpr double shorter = 0.5;
    Matrix<double> x = start(y.cols()).x[0];
    Eigen::ArrayXd misfit = (answer(x) - y).colwise().squaredNorm().transpose();
    Eigen::ArrayXd length = Eigen::ArrayXd::Constant(y.cols(), 1.0 / curvature_);
    for (int i = 0; i < most_steps && (misfit > residual.array().square()).any(); ++i) {
        const Matrix<double> g = slope_of_misfit(x, y);
        const Eigen::ArrayXd moving = (misfit > residual.array().square()).select(length, 0.0);
        const Matrix<double> next = x - g * moving.matrix().asDiagonal();
        const Eigen::ArrayXd now = (answer(next) - y).colwise().squaredNorm().transpose();
        for (Index j = 0; j < y.cols(); ++j) {
            if (moving[j] > 0.0 && now[j] < misfit[j]) {
                x.col(j) = next.col(j);
                misfit[j] = now[j];
                length[j] *= longer;
            } else if (moving[j] > 0.0) {
                length[j] *= shorter;
            }
        }
    }
    return x;
}

// J'(N(x) - y), back through the network.
Matrix<double> Inversion::slope_of_misfit(const Matrix<double>& x, const Matrix<double>& y) const {
    const State state = forward(x);
    const Activation* last = activation_of_held();
    Matrix<double> e = answer(state) - y;
    for (Index l = maps(); l > 0; --l) {
        const Matrix<double>& at = state.u[static_cast<std::size_t>(l)];
        Matrix<double> d = e;
        const Activation* phi_at = l < maps() ? &network_.activation(l) : last;
        if (phi_at != nullptr) {
            d.resize(at.rows(), at.cols());
            phi_at->pull_back(at, e, d);
        }
        e.resize(map(l - 1).inputs(), x.cols());
        if (l == 1) {
            pull_back_first(d, e);
        } else {
            map(l - 1).pull_back(d, e);
        }
    }
    return e;
}

}  // namespace hoist
