#include "hoist/train/damped_pull.hpp"

#include <algorithm>
#include <cmath>

namespace hoist {

template <typename Scalar>
void DampedPull<Scalar>::step(Range columns, int pass, const ConstMatrixRef<Scalar>& g) {
    if (pass == 0) {
        part(pull_, columns) = g;
        theta_.segment(columns.begin, columns.size()).setOnes();
        return;
    }
    constexpr double turns_back = -0.9;
    constexpr double memory = 0.9;
    for (Index j = 0; j < g.cols(); ++j) {
        const Index column = columns.begin + j;
        double& theta = theta_[column];
        const Vector<Scalar> way = g.col(j) - pull_.col(column);
        if (pass > 1) {  // the first way is that from no pull at all
            const Vector<double> before = way_.col(column).template cast<double>();
            const double square = before.squaredNorm();
            const double rho =
                square > 0.0 ? way.template cast<double>().dot(before) / square : 0.0;
            const double k = rho < turns_back ? (1.0 - rho) / theta - 1.0 : 0.0;
            theta = std::min(std::pow(theta, memory), 1.0 / (1.0 + k));
        }
        pull_.col(column) += static_cast<Scalar>(theta) * way;
        way_.col(column) = way;
    }
}

template class DampedPull<float>;
template class DampedPull<double>;

}  // namespace hoist
