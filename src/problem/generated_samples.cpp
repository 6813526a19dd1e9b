#include <random>

#include "hoist/base/random.hpp"
#include "hoist/problem/samples.hpp"

namespace hoist {

template <typename Scalar>
void draw_columns(std::uint64_t seed, bool values, Samples<Scalar>& samples) {
    std::uniform_real_distribution<Scalar> number;
    for (Index i = 0; i < samples.columns.size(); ++i) {
        std::mt19937_64 engine = random_engine(
            seed, Purpose::benchmark, static_cast<std::uint64_t>(samples.columns.begin + i));
        const auto draw = [&] { return number(engine); };
        if (samples.inputs.size() > 0) {
            samples.inputs.col(i) = Vector<Scalar>::NullaryExpr(samples.inputs.rows(), draw);
        }
        if (samples.targets.size() > 0 && values) {
            samples.targets.col(i) = Vector<Scalar>::NullaryExpr(samples.targets.rows(), draw);
        } else if (samples.targets.size() > 0) {
            std::uniform_int_distribution<Index> label(0, samples.targets.rows() - 1);
            samples.targets.col(i).setZero();
            samples.targets(label(engine), i) = Scalar{1};
        }
    }
}

template void draw_columns(std::uint64_t, bool, Samples<float>&);
template void draw_columns(std::uint64_t, bool, Samples<double>&);

}  // namespace hoist
