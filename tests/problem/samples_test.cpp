#include "hoist/problem/samples.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <set>

#include "support/messages.hpp"
#include "support/small_training.hpp"

namespace hoist {
namespace {

// Ten numbers per input, three classes; notes which samples were asked for.
class Table : public Dataset {
  public:
    explicit Table(Index samples) : inputs_(10, samples) {
        std::mt19937_64 engine(8);
        std::normal_distribution<double> normal;
        for (Index k = 0; k < inputs_.rows(); ++k) {
            for (Index i = 0; i < samples; ++i) {
                inputs_(k, i) = static_cast<double>(k) + 0.1 * std::pow(2.0, k) * normal(engine);
            }
        }
        inputs_.row(4).setConstant(0.1);
        inputs_.row(5).setZero();
    }

    Index samples() const override { return inputs_.cols(); }
    Index features() const override { return inputs_.rows(); }
    bool labeled() const override { return true; }
    Index outputs() const override { return 3; }
    void read_inputs(std::span<const Index> samples, std::span<double> columns) override {
        for (std::size_t i = 0; i < samples.size(); ++i) {
            inputs_read.insert(samples[i]);
            std::ranges::copy(inputs_.col(samples[i]),
                              columns.begin() + static_cast<Index>(i) * features());
        }
    }
    void read_labels(std::span<const Index> samples, std::span<Index> labels) override {
        for (std::size_t i = 0; i < samples.size(); ++i) {
            labels_read.insert(samples[i]);
            labels[i] = label(samples[i]);
        }
    }
    void read_values(std::span<const Index>, std::span<double>) override {}

    Index label(Index sample) const { return (sample * sample) % 3 + shift; }
    const Matrix<double>& inputs() const { return inputs_; }

    Index shift = 0;
    std::set<Index> inputs_read;
    std::set<Index> labels_read;

  private:
    Matrix<double> inputs_;
};

NetworkSpec small_network() { return parse_network("10-4-5-3", "relu", "softmax"); }

std::vector<Placement> placements_for(int ranks) {
    std::vector<Placement> all;
    for (const auto& shards : some_grids(ranks, 3)) {
        all.push_back(place({3.0, 2.0, 1.0}, {0, shards, 0}, ranks));
    }
    return all;
}

// Every third sample.
std::vector<Index> some_of(Index samples) {
    std::vector<Index> chosen;
    for (Index i = 1; i < samples; i += 3) {
        chosen.push_back(i);
    }
    return chosen;
}

TEST(Split, is_disjoint_and_complete_and_of_the_wanted_size) {
    struct Wanted {
        Index samples, limit;
        double validation;
        Index train, held;
    };
    for (const Wanted& wanted :
         {Wanted{100, 0, 0.0, 100, 0}, Wanted{100, 0, 0.25, 75, 25}, Wanted{100, 40, 0.25, 30, 10},
          Wanted{100, 0, 12.0, 88, 12}, Wanted{100, 500, 1.0, 99, 1}, Wanted{7, 0, 0.5, 3, 4}}) {
        const Split split = split_samples(wanted.samples, wanted.limit, wanted.validation, 3);
        EXPECT_EQ(std::ssize(split.train), wanted.train);
        EXPECT_EQ(std::ssize(split.validation), wanted.held);
        EXPECT_TRUE(std::ranges::is_sorted(split.train));
        EXPECT_TRUE(std::ranges::is_sorted(split.validation));
        std::vector<Index> all;
        std::ranges::merge(split.train, split.validation, std::back_inserter(all));
        EXPECT_EQ(all, all_samples(wanted.train + wanted.held));
    }
}

TEST(Split, follows_the_seed_and_nothing_else) {
    const Split one = split_samples(200, 0, 0.3, 1);
    EXPECT_EQ(split_samples(200, 0, 0.3, 1).validation, one.validation);
    EXPECT_NE(split_samples(200, 0, 0.3, 2).validation, one.validation);
    // Drawn, not cut off at an end: each half gives its share.
    const auto low = std::ranges::count_if(one.validation, [](Index i) { return i < 100; });
    EXPECT_GT(low, 15);
    EXPECT_LT(low, 45);
}

TEST(Split, refuses_to_leave_nothing_to_train_on) {
    expect_mentions(message_of<UsageError>([] { split_samples(10, 0, 10.0, 1); }),
                    {"data.validation", "10 of 10"});
    EXPECT_THROW(split_samples(10, 0, 0.99, 1), UsageError);
    EXPECT_THROW(split_samples(100, 5, 5.0, 1), UsageError);
}

TEST(LoadSamples, holds_own_columns_and_only_what_the_stage_needs) {
    const Communicator world = Communicator::world();
    const std::vector<Index> chosen = some_of(100);
    for (const Placement& placement : placements_for(world.size())) {
        SCOPED_TRACE(placement.text());
        Table table(100);
        const int rank = world.rank();
        const auto samples = load_samples<double>(table, chosen, small_network(), placement, rank,
                                                  ColumnBlocks(std::ssize(chosen), 5));
        EXPECT_EQ(samples.blocks.samples(), std::ssize(chosen));
        EXPECT_TRUE(samples.labeled);
        const Range own = samples.columns;
        const std::set<Index> mine(chosen.begin() + own.begin, chosen.begin() + own.end);
        const bool first = placement.first(rank);
        const bool last = placement.last(rank);
        EXPECT_EQ(table.inputs_read, first ? mine : std::set<Index>{});
        EXPECT_EQ(table.labels_read, last ? mine : std::set<Index>{});
        EXPECT_EQ(samples.inputs.size(), first ? 10 * own.size() : 0);
        EXPECT_EQ(samples.targets.size(), last ? 3 * own.size() : 0);
        for (Index i = own.begin; i < own.end; ++i) {
            const Index sample = chosen[static_cast<std::size_t>(i)];
            if (first) {
                EXPECT_EQ(samples.inputs.col(i - own.begin), table.inputs().col(sample));
            }
            if (last) {
                const auto target = samples.targets.col(i - own.begin);
                EXPECT_EQ(target(table.label(sample)), 1.0);
                EXPECT_EQ(target.cwiseAbs().sum(), 1.0);
            }
        }
        const int stage = placement.grid.stage_of(rank);
        const Communicator peers = world.split(stage);
        EXPECT_EQ(peers.sum(static_cast<double>(own.size())), static_cast<double>(chosen.size()));
    }
}

TEST(LoadSamples, refuses_a_label_that_the_network_has_no_output_for) {
    Table table(20);
    const NetworkSpec narrow = parse_network("10-2", "relu", "softmax");
    const Placement placement = place({1.0}, {}, 1);
    table.shift = 1;
    const std::string message = message_of<DataError>([&] {
        load_samples<float>(table, all_samples(20), narrow, placement, 0, ColumnBlocks(20));
    });
    expect_mentions(message, {"label 2 of sample 1 is out of range", "2 outputs"});
}

TEST(Standardization, gives_mean_0_and_variance_1_over_all_shards) {
    const Communicator world = Communicator::world();
    const std::vector<Index> chosen = some_of(200);
    const auto count = static_cast<double>(chosen.size());
    for (const Placement& placement : placements_for(world.size())) {
        SCOPED_TRACE(placement.text());
        Table table(200);
        const int rank = world.rank();
        const Communicator peers = world.split(placement.grid.stage_of(rank));
        if (!placement.first(rank)) {
            continue;
        }
        const ColumnBlocks blocks(std::ssize(chosen), 4);
        const Range own = blocks.columns(placement.grid.owned(rank, blocks.count()));
        const Standardization fitted =
            fit_standardization(sum_inputs(table, chosen, own), std::ssize(chosen), peers);
        const auto samples = load_samples<double>(table, chosen, small_network(), placement, rank,
                                                  blocks, {}, fitted);
        Vector<double> sums = samples.inputs.rowwise().sum();
        Vector<double> squares = samples.inputs.rowwise().squaredNorm();
        peers.sum(std::span(sums.data(), static_cast<std::size_t>(sums.size())));
        peers.sum(std::span(squares.data(), static_cast<std::size_t>(squares.size())));
        for (Index k = 0; k < 10; ++k) {
            const bool constant = k == 4 || k == 5;
            EXPECT_NEAR(sums(k) / count, 0.0, 1e-12) << k;
            EXPECT_NEAR(squares(k) / count, constant ? 0.0 : 1.0, 1e-12) << k;
        }
        EXPECT_EQ(fitted.scale(4), 1.0);
        EXPECT_EQ(fitted.scale(5), 1.0);
    }
}

// As seconds since 1970 in the course of an hour: a float has one number for each two minutes there.
class Late : public Table {
  public:
    explicit Late(Index samples) : Table(samples) {}
    void read_inputs(std::span<const Index> samples, std::span<double> columns) override {
        Table::read_inputs(samples, columns);
        std::ranges::for_each(columns, [](double& input) { input += 1.7e9; });
    }
};

TEST(Standardization, keeps_the_digits_by_which_large_inputs_differ) {
    const std::vector<Index> chosen = all_samples(3000);
    const Placement placement = place({3.0, 2.0, 1.0}, {}, 1);
    const ColumnBlocks blocks(std::ssize(chosen));
    const Communicator alone = Communicator::alone();
    const auto standardized = [&]<typename Scalar>(Dataset& data, Scalar) {
        const Standardization fitted = fit_standardization(
            sum_inputs(data, chosen, {0, std::ssize(chosen)}), std::ssize(chosen), alone);
        return load_samples<Scalar>(data, chosen, small_network(), placement, 0, blocks, {}, fitted)
            .inputs;
    };
    Table table(3000);
    Late late(3000);
    const Matrix<double> near = standardized(table, 1.0);
    const Matrix<double> far = standardized(late, 1.0F).cast<double>();
    EXPECT_LT((near - far).cwiseAbs().maxCoeff(), 1e-4);
    EXPECT_GT(near.row(0).cwiseAbs().maxCoeff(), 2.0);
}

}  // namespace
}  // namespace hoist
