#include "hoist/problem/batch_inputs.hpp"

#include <gtest/gtest.h>

#include <random>

namespace hoist {
namespace {

constexpr Index inputs = 784;
constexpr Index samples = 200;
constexpr Index outputs = 60;

Matrix<double> images(double density) {
    std::mt19937_64 engine(1);
    std::bernoulli_distribution lit(density);
    std::uniform_real_distribution<double> value(0.1, 1.0);
    return Matrix<double>::NullaryExpr(
        inputs, samples, [&](Index, Index) { return lit(engine) ? value(engine) : 0.0; });
}

Weights<double> weights() {
    std::mt19937_64 engine(2);
    std::normal_distribution<double> entry;
    const auto draw = [&](Index, Index) { return entry(engine); };
    return {Matrix<double>::NullaryExpr(outputs, inputs, draw),
            Vector<double>::NullaryExpr(outputs, [&](Index) { return entry(engine); })};
}

AugmentationOptions moved() {
    AugmentationOptions options;
    options.shift = 3.0;
    return options;
}

struct Case {
    double density;
    AugmentationOptions augmentation;
    bool compresses;
};

TEST(BatchInputs, are_mapped_as_they_are_whether_compressed_or_augmented) {
    for (const Case& tried :
         {Case{0.05, {}, true}, Case{0.9, {}, false}, Case{0.05, moved(), true}}) {
        const Matrix<double> x = images(tried.density);
        const BatchInputs<double> batch(x, 0, MapSpec::dense(inputs, outputs),
                                        Augmentation(tried.augmentation, inputs), 7);
        EXPECT_EQ(batch.compresses(), tried.compresses);
        const Weights<double> map = weights();
        Matrix<double> u(outputs, 30);
        batch.apply(map, {50, 80}, u);
        const Matrix<double> expected = (map.matrix * x.middleCols(50, 30)).colwise() + map.bias;
        EXPECT_LT((u - expected).cwiseAbs().maxCoeff(), 1e-11) << tried.density;
    }
}

}  // namespace
}  // namespace hoist
