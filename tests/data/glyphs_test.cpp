#include <cmath>
#include <set>

#include "data_files.hpp"
#include "hoist/math/normal_equations.hpp"
#include "hoist/math/ridge.hpp"

namespace hoist {
namespace {

DataParts draw(Index samples, Index test_samples, std::uint64_t seed = 1,
               Task task = Task::classes) {
    DataConfig config;
    config.samples = samples;
    config.test_samples = test_samples;
    config.seed = seed;
    return open_dataset(config, {.task = task, .class_names = {}});
}

TEST(Glyphs, are_gray_images_of_ten_named_classes) {
    const DataParts parts = draw(300, 40);
    EXPECT_EQ(parts.train->samples(), 300);
    EXPECT_EQ(parts.test->samples(), 40);
    for (Dataset* data : {parts.train.get(), parts.test.get()}) {
        EXPECT_EQ(data->features(), 784);
        EXPECT_EQ(data->image_size(), (std::pair<Index, Index>{28, 28}));
        EXPECT_EQ(data->outputs(), 10);
        EXPECT_TRUE(data->labeled());
        const auto names = data->class_names();
        EXPECT_EQ(std::set(names.begin(), names.end()).size(), 10U);
    }
    for (const double value : inputs(*parts.train)) {
        const double byte = std::round(value * 255);
        ASSERT_GE(byte, 0);
        ASSERT_LE(byte, 255);
        ASSERT_EQ(value, byte / 255);
    }
}

TEST(Glyphs, have_classes_in_about_equal_numbers) {
    const DataParts parts = draw(5000, 0);
    EXPECT_EQ(parts.test, nullptr);
    std::vector<Index> counts(10);
    for (const Index label : labels(*parts.train)) {
        ++counts.at(static_cast<std::size_t>(label));
    }
    for (const Index count : counts) {
        // Five standard deviations of a binomial count.
        EXPECT_NEAR(static_cast<double>(count), 500, 5 * std::sqrt(5000 * 0.1 * 0.9));
    }
}

TEST(Glyphs, depend_on_the_seed_and_the_sample_alone) {
    const DataParts few = draw(50, 10);
    const DataParts many = draw(200, 30);
    std::vector<Index> first(50);
    std::iota(first.begin(), first.end(), Index{0});
    EXPECT_EQ(inputs(*few.train), inputs(*many.train, first));
    expect_pieces_equal_whole(*few.train);
    const DataParts other = draw(50, 10, 2);
    EXPECT_NE(inputs(*few.train), inputs(*other.train));
    EXPECT_NE(labels(*few.train), labels(*other.train));
}

TEST(Glyphs, are_all_different_also_between_training_and_test) {
    const DataParts parts = draw(1500, 500);
    std::set<std::vector<double>> images;
    for (Dataset* data : {parts.train.get(), parts.test.get()}) {
        for (const Index sample : all_of(*data)) {
            images.insert(inputs(*data, {sample}));
        }
    }
    EXPECT_EQ(images.size(), 2000U);
}

TEST(Glyphs, of_a_class_resemble_one_another) {
    const DataParts parts = draw(2000, 500);
    std::vector<std::vector<double>> means(10, std::vector<double>(784));
    std::vector<double> counts(10);
    const auto train_labels = labels(*parts.train);
    const auto train_inputs = inputs(*parts.train);
    for (std::size_t i = 0; i < train_labels.size(); ++i) {
        const auto label = static_cast<std::size_t>(train_labels[i]);
        ++counts[label];
        for (std::size_t k = 0; k < 784; ++k) {
            means[label][k] += train_inputs[i * 784 + k];
        }
    }
    const auto test_labels = labels(*parts.test);
    const auto test_inputs = inputs(*parts.test);
    int correct = 0;
    for (std::size_t i = 0; i < test_labels.size(); ++i) {
        std::vector<double> distances(10);
        for (std::size_t c = 0; c < 10; ++c) {
            for (std::size_t k = 0; k < 784; ++k) {
                distances[c] += std::pow(test_inputs[i * 784 + k] - means[c][k] / counts[c], 2);
            }
        }
        const auto nearest = std::min_element(distances.begin(), distances.end());
        correct += nearest - distances.begin() == test_labels[i] ? 1 : 0;
    }
    // The nearest of ten means, by chance, is the right one in a tenth of the cases.
    EXPECT_GT(correct, 250);
    EXPECT_LT(correct, 450);
}

TEST(Glyphs, are_not_told_apart_by_a_linear_classifier_alone) {
    constexpr Index train_samples = 4000, test_samples = 1000;
    const DataParts parts = draw(train_samples, test_samples);
    const auto train_inputs = inputs(*parts.train);
    const auto train_labels = labels(*parts.train);
    const auto test_inputs = inputs(*parts.test);
    const auto test_labels = labels(*parts.test);
    const Eigen::Map<const Matrix<double>> x(train_inputs.data(), 784, train_samples);
    Matrix<double> one_hot = Matrix<double>::Zero(10, train_samples);
    for (Index i = 0; i < train_samples; ++i) {
        one_hot(train_labels[static_cast<std::size_t>(i)], i) = 1.0;
    }
    NormalEquations equations(784, 10);
    equations.add<double>(x, one_hot);
    const Matrix<double> fit = RidgeFactor(equations, 10.0, 2.2e-16).solve(equations);
    const Eigen::Map<const Matrix<double>> z(test_inputs.data(), 784, test_samples);
    const Matrix<double> scores =
        (fit.topRows(784).transpose() * z).colwise() + fit.row(784).transpose();
    int correct = 0;
    for (Index i = 0; i < test_samples; ++i) {
        Index best = 0;
        scores.col(i).maxCoeff(&best);
        correct += best == test_labels[static_cast<std::size_t>(i)] ? 1 : 0;
    }
    EXPECT_GT(correct, 600);
    EXPECT_LT(correct, 900);
}

TEST(Glyphs, have_their_class_as_a_value_too) {
    const DataParts classes = draw(20, 0);
    const DataParts numbers = draw(20, 0, 1, Task::values);
    EXPECT_EQ(numbers.train->outputs(), 1);
    EXPECT_TRUE(numbers.train->class_names().empty());
    const auto expected = labels(*classes.train);
    EXPECT_EQ(values(*numbers.train), std::vector<double>(expected.begin(), expected.end()));
    EXPECT_EQ(inputs(*numbers.train), inputs(*classes.train));
    expect_preconditions_checked(*classes.train);
    expect_preconditions_checked(*numbers.train);
    std::vector<Index> label(1);
    EXPECT_THROW(numbers.train->read_labels(std::vector<Index>{0}, label), Defect);
}

TEST(Glyphs, need_a_sample) {
    EXPECT_THROW(draw(0, 10), UsageError);
    EXPECT_THROW(draw(10, -1), UsageError);
}

}  // namespace
}  // namespace hoist
