#include "hoist/problem/batches.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace hoist {
namespace {

struct Case {
    Index samples;
    Index width;
    Index batch;
};

const std::vector<Case> cases{{53, 7, 10},   {100, 25, 20}, {8, 1, 3},  {1, 1, 1},   {30, 4, 0},
                              {30, 11, 100}, {97, 97, 13},  {64, 8, 8}, {1000, 3, 7}};

std::string text(const Case& c) {
    return std::to_string(c.samples) + " samples in ranges of " + std::to_string(c.width) +
           ", batches of " + std::to_string(c.batch);
}

std::vector<Index> samples_of(const Batches& batches, Index batch, Index block) {
    const auto part = batches.samples(batch, block);
    return {part.begin(), part.end()};
}

TEST(Batches, hold_every_sample_once_in_an_epoch_and_each_block_only_those_of_its_range) {
    for (const Case& c : cases) {
        SCOPED_TRACE(text(c));
        const ColumnBlocks ranges(c.samples, c.width);
        Batches batches(ranges, c.batch, 5);
        for (Index epoch = 0; epoch < 3; ++epoch) {
            batches.shuffle(epoch, {0, ranges.count()});
            std::multiset<Index> seen;
            for (Index batch = 0; batch < batches.count(); ++batch) {
                Index columns = 0;
                for (Index block = 0; block < ranges.count(); ++block) {
                    const auto samples = samples_of(batches, batch, block);
                    EXPECT_EQ(static_cast<Index>(samples.size()), batches.columns(batch, block));
                    EXPECT_LE(batches.columns(batch, block), batches.most_columns(block));
                    columns += batches.columns(batch, block);
                    const Range range = ranges.columns(block);
                    for (const Index sample : samples) {
                        EXPECT_TRUE(sample >= range.begin && sample < range.end);
                        seen.insert(sample);
                    }
                }
                EXPECT_EQ(columns, batches.columns(batch));
            }
            EXPECT_EQ(static_cast<Index>(seen.size()), c.samples);
            EXPECT_EQ(static_cast<Index>(std::set<Index>(seen.begin(), seen.end()).size()),
                      c.samples);
        }
    }
}

TEST(Batches, differ_in_size_by_at_most_the_number_of_ranges_and_are_as_many_as_asked_for) {
    for (const Case& c : cases) {
        SCOPED_TRACE(text(c));
        const ColumnBlocks ranges(c.samples, c.width);
        const Batches batches(ranges, c.batch, 5);
        EXPECT_EQ(batches.count(), c.batch == 0 ? 1 : (c.samples + c.batch - 1) / c.batch);
        Index least = c.samples;
        Index most = 0;
        for (Index batch = 0; batch < batches.count(); ++batch) {
            least = std::min(least, batches.columns(batch));
            most = std::max(most, batches.columns(batch));
        }
        EXPECT_LE(most - least, ranges.count());
    }
}

TEST(Batches, do_not_depend_on_who_owns_the_ranges) {
    const ColumnBlocks ranges(53, 7);
    Batches whole(ranges, 10, 5);
    Batches part(ranges, 10, 5);
    for (Index epoch = 0; epoch < 3; ++epoch) {
        whole.shuffle(epoch, {0, ranges.count()});
        for (const Range own : {Range{0, 3}, Range{3, 4}, Range{4, 8}}) {
            part.shuffle(epoch, own);
            for (Index batch = 0; batch < whole.count(); ++batch) {
                for (Index block = own.begin; block < own.end; ++block) {
                    EXPECT_EQ(samples_of(part, batch, block), samples_of(whole, batch, block));
                }
            }
        }
    }
}

std::vector<Index> epoch_of(std::uint64_t seed, Index epoch, Index block) {
    const ColumnBlocks ranges(200, 50);
    Batches batches(ranges, 40, seed);
    batches.shuffle(epoch, {0, ranges.count()});
    std::vector<Index> order;
    for (Index batch = 0; batch < batches.count(); ++batch) {
        const auto samples = samples_of(batches, batch, block);
        order.insert(order.end(), samples.begin(), samples.end());
    }
    return order;
}

TEST(Batches, come_in_an_order_of_seed_epoch_and_range_alone) {
    const auto order = epoch_of(1, 2, 3);
    EXPECT_EQ(epoch_of(1, 2, 3), order);
    EXPECT_NE(epoch_of(1, 3, 3), order);
    EXPECT_NE(epoch_of(2, 2, 3), order);
    EXPECT_FALSE(std::ranges::is_sorted(order));
    auto other = epoch_of(1, 2, 2);
    for (Index& sample : other) {
        sample += 50;
    }
    EXPECT_NE(other, order);
}

TEST(Batches, put_each_sample_in_each_batch_about_equally_often) {
    const ColumnBlocks ranges(40, 20);
    Batches batches(ranges, 10, 1);
    constexpr Index epochs = 2000;
    std::vector<Index> in_first(40, 0);
    for (Index epoch = 0; epoch < epochs; ++epoch) {
        batches.shuffle(epoch, {0, ranges.count()});
        for (Index block = 0; block < ranges.count(); ++block) {
            for (const Index sample : batches.samples(0, block)) {
                ++in_first[static_cast<std::size_t>(sample)];
            }
        }
    }
    // A quarter of the epochs, with a standard deviation of 19.
    for (const Index count : in_first) {
        EXPECT_NEAR(static_cast<double>(count), 500.0, 100.0);
    }
}

TEST(BatchRanges, are_as_many_as_blocks_in_a_batch) {
    EXPECT_EQ(batch_ranges(1000, 100, 25).count(), 4);
    EXPECT_EQ(batch_ranges(1000, 100, 30).count(), 4);
    EXPECT_EQ(batch_ranges(1000, 0, 250).count(), 4);
    EXPECT_EQ(batch_ranges(10, 100, 3).count(), 4);
    EXPECT_EQ(batch_ranges(1, 100, 1).count(), 1);
}

TEST(BatchRanges, are_chosen_as_a_power_of_two_with_fifty_columns_or_more) {
    for (const Index batch : {1, 40, 99, 100, 199, 200, 250, 400, 1600, 3200, 60000}) {
        const Index count = batch_ranges(60000, batch, 0).count();
        EXPECT_TRUE(count > 0 && (count & (count - 1)) == 0) << count;
        EXPECT_LE(count, 32);
        EXPECT_TRUE(count == 1 || batch / count >= 50) << batch;
        EXPECT_TRUE(count == 32 || batch / (2 * count) < 50) << batch;
    }
}

TEST(TrainingBlocks, are_eight_in_a_batch_of_pictures_that_has_so_many) {
    ConfigText settings{{"network.layers", "16x16x1-conv(4,3)-conv(1,3)"},
                        {"network.output", "linear"},
                        {"formulation.name", "contrastive"}};
    for (const auto& [batch, blocks] :
         {std::pair<Index, Index>{4, 4}, {1, 1}, {8, 8}, {32, 8}, {0, 8}}) {
        settings["train.batch"] = std::to_string(batch);
        EXPECT_EQ(training_blocks(parse_config(settings), 400).count(), blocks) << batch;
    }
    settings["train.batch"] = "4";
    settings["grid.block"] = "2";
    EXPECT_EQ(training_blocks(parse_config(settings), 400).count(), 2);
}

}  // namespace
}  // namespace hoist
