#include "hoist/train/batch_sums.hpp"

#include <gtest/gtest.h>

#include <random>

namespace hoist {
namespace {

constexpr Index inputs = 5;
constexpr Index outputs = 3;
constexpr double mean = 1.0 / 8.0;

Matrix<double> drawn(Index rows, Index columns, unsigned seed) {
    std::mt19937 engine(seed);
    std::normal_distribution<double> normal;
    return Matrix<double>::NullaryExpr(rows, columns, [&] { return normal(engine); });
}

struct Sums {
    Stage<double> stage;
    BatchSums<double>::Solvers solvers;

    explicit Sums(Index layer, Index batch = 0) {
        stage.layers = {layer, layer + 1};
        stage.network.maps.resize(static_cast<std::size_t>(layer) + 1,
                                  MapSpec::dense(inputs, outputs));
        stage.weights.resize(1);
        stage.weights.front().matrix.setZero(outputs, inputs);
        WeightSolverOptions options;
        options.kind = WeightSolverOptions::Kind::gram;
        options.sides = GramSides::both;
        if (batch > 0) {
            options.kind = WeightSolverOptions::Kind::implicit;
            options.batch = batch;
        }
        solvers.push_back(make_weight_solver<double>(options, inputs, outputs));
    }
};

// By their definition, sample by sample.
void expect_sums(const BatchEquations<double>& found, const Matrix<double>& x,
                 const Matrix<double>& s) {
    Matrix<double> gradient = Matrix<double>::Zero(outputs, inputs + 1);
    Matrix<double> input_gram = Matrix<double>::Zero(inputs + 1, inputs + 1);
    Matrix<double> signal_gram = Matrix<double>::Zero(outputs, outputs);
    for (Index j = 0; j < x.cols(); ++j) {
        Vector<double> extended(inputs + 1);
        extended << x.col(j), 1.0;
        gradient += mean * s.col(j) * extended.transpose();
        input_gram += mean * extended * extended.transpose();
        signal_gram += mean * s.col(j) * s.col(j).transpose();
    }
    const auto lower = [](const Matrix<double>& matrix) {
        return Matrix<double>(matrix.triangularView<Eigen::Lower>());
    };
    EXPECT_LT((found.gradient - gradient).norm(), 1e-13);
    EXPECT_LT((lower(found.input_gram) - lower(input_gram)).norm(), 1e-13);
    EXPECT_LT((lower(found.signal_gram) - lower(signal_gram)).norm(), 1e-13);
}

TEST(BatchSums, of_groups_are_those_of_all_columns_and_forget_the_batch_before) {
    const Sums one(1);
    BatchSums<double> sums(one.stage, one.solvers, 8);
    for (const unsigned seed : {1U, 2U}) {
        const Matrix<double> x = drawn(inputs, 8, seed);
        const Matrix<double> s = drawn(outputs, 8, seed + 10);
        Matrix<double> scaled = s;
        sums.begin({0, 1}, 8);
        for (const Range group : {Range{0, 3}, Range{3, 7}, Range{7, 8}}) {
            sums.add(0, group.begin, x.middleCols(group.begin, group.size()),
                     scaled.middleCols(group.begin, group.size()));
        }
        expect_sums(sums.equations(0), x, s);
        EXPECT_LT((scaled - mean * s).norm(), 1e-15);
    }
}

TEST(BatchSums, of_some_rows_after_others_are_those_of_all) {
    const Sums one(1);
    BatchSums<double> sums(one.stage, one.solvers, 8);
    for (const unsigned seed : {1U, 2U}) {
        const Matrix<double> x = drawn(inputs, 8, seed);
        const Matrix<double> s = drawn(outputs, 8, seed + 10);
        Matrix<double> scaled = s;
        sums.begin({0, 1}, 8);
        for (const Range group : {Range{0, 3}, Range{3, 8}}) {
            for (const Range rows : {Range{0, 1}, Range{1, outputs}}) {
                sums.add_rows(0, group.begin, x.middleCols(group.begin, group.size()),
                              scaled.middleCols(group.begin, group.size()), rows);
            }
        }
        expect_sums(sums.equations(0), x, s);
        EXPECT_LT((scaled - mean * s).norm(), 1e-15);
    }
}

TEST(BatchSums, of_parts_take_all_rows_once_in_products_that_are_fast) {
    for (const Index m : {1, 10, 359, 360, 1000, 1500, 5760, 5777}) {
        for (const Index blocks : {1, 2, 5, 8, 32, 1000}) {
            const Index parts = gradient_parts(m, blocks);
            EXPECT_LE(parts, blocks);
            Index next = 0;
            for (Index part = 0; part < parts; ++part) {
                const Range rows = gradient_rows(m, parts, part);
                EXPECT_EQ(rows.begin, next);
                EXPECT_EQ(rows.begin % 16, 0);
                EXPECT_GE(rows.size(), std::min<Index>(m, 160));
                next = rows.end;
            }
            EXPECT_EQ(next, m);
        }
    }
}

TEST(BatchSums, of_input_blocks_are_the_same) {
    const Sums one(0);
    BatchSums<double> sums(one.stage, one.solvers, 8);
    for (const unsigned seed : {3U, 4U}) {
        const Matrix<double> x = drawn(inputs, 8, seed);
        const Matrix<double> s = drawn(outputs, 8, seed + 10);
        Matrix<double> scaled = s;
        std::vector<InputBlock<double>> blocks(3);
        blocks[0].dense = x.leftCols(2);
        blocks[1].compressed.emplace(inputs);
        blocks[1].compressed->append(x.middleCols(2, 3));
        blocks[2].dense = x.rightCols(3);
        const auto all = std::span<const InputBlock<double>>(blocks);
        sums.begin({0, 1}, 8);
        sums.add(0, 0, all.first(2), scaled.leftCols(5));
        sums.add(0, 5, all.last(1), scaled.rightCols(3));
        expect_sums(sums.equations(0), x, s);
    }
}

TEST(BatchSums, of_no_columns_are_zero) {
    const Sums one(1);
    BatchSums<double> sums(one.stage, one.solvers, 8);
    Matrix<double> s = drawn(outputs, 4, 5);
    sums.begin({0, 1}, 8);
    sums.add(0, 0, drawn(inputs, 4, 6), s);
    sums.begin({0, 1}, 8);
    sums.add(0, 0, Matrix<double>(inputs, 0), s.leftCols(0));
    for (const double value : sums.values({0, 1})) {
        EXPECT_EQ(value, 0.0);
    }
}

// What two shards hold, added, is X of the batch; nothing is left of a wider batch before it.
TEST(BatchSums, of_a_narrow_batch_keep_its_inputs_in_their_places) {
    for (const Index layer : {0, 1}) {
        const Sums one(layer, 4);
        std::vector<BatchSums<double>> shards;
        for (int shard = 0; shard < 2; ++shard) {
            shards.emplace_back(one.stage, one.solvers, 4);
        }
        for (const Index columns : {4, 3}) {
            const Matrix<double> x = drawn(inputs, columns, 7);
            Matrix<double> s = drawn(outputs, columns, 8);
            for (const Range part : {Range{0, 1}, Range{1, columns}}) {
                BatchSums<double>& sums = shards[part.begin == 0 ? 0 : 1];
                const auto own = x.middleCols(part.begin, part.size());
                const auto signals = s.middleCols(part.begin, part.size());
                sums.begin({0, 1}, columns);
                if (layer > 0) {
                    sums.add(0, part.begin, own, signals);
                    continue;
                }
                std::vector<InputBlock<double>> blocks(1);
                blocks[0].compressed.emplace(inputs);
                blocks[0].compressed->append(own);
                sums.add(0, part.begin, std::span<const InputBlock<double>>(blocks), signals);
            }
            for (std::size_t i = 0; i < shards[0].values({0, 1}).size(); ++i) {
                shards[0].values({0, 1})[i] += shards[1].values({0, 1})[i];
            }
            EXPECT_EQ(Matrix<double>(shards[0].equations(0).inputs), x);
            EXPECT_EQ(shards[0].equations(0).input_gram.size(), 0);
        }
    }
}

}  // namespace
}  // namespace hoist
