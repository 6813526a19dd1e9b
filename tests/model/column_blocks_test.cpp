#include "hoist/model/column_blocks.hpp"

#include <gtest/gtest.h>

namespace hoist {
namespace {

TEST(ColumnBlocks, hold_every_sample_once_in_order) {
    for (const Index samples : {0, 1, 31, 32, 33, 64, 1000, 60000, 1000000}) {
        for (const Index width : {0, 1, 7, 64, 5000}) {
            const ColumnBlocks blocks(samples, width);
            Index next = 0;
            for (Index block = 0; block < blocks.count(); ++block) {
                const Range columns = blocks.columns(block);
                EXPECT_EQ(columns.begin, next);
                EXPECT_GT(columns.size(), 0);
                EXPECT_LE(columns.size(), blocks.width());
                EXPECT_TRUE(block + 1 == blocks.count() || columns.size() == blocks.width());
                next = columns.end;
            }
            EXPECT_EQ(next, samples);
            EXPECT_EQ(blocks.columns(Range{0, blocks.count()}), (Range{0, samples}));
        }
    }
}

TEST(ColumnBlocks, have_the_width_asked_for) {
    EXPECT_EQ(ColumnBlocks(100, 7).width(), 7);
    EXPECT_EQ(ColumnBlocks(100, 7).count(), 15);
}

TEST(ColumnBlocks, left_alone_are_about_64_and_neither_narrow_nor_wide) {
    EXPECT_EQ(ColumnBlocks(10).width(), 32);
    EXPECT_EQ(ColumnBlocks(12000).count(), 64);
    EXPECT_EQ(ColumnBlocks(60000).count(), 64);
    EXPECT_EQ(ColumnBlocks(1000000).width(), 1024);
}

TEST(ColumnBlocks, of_a_range_beyond_the_last_are_empty) {
    const ColumnBlocks blocks(10, 4);
    EXPECT_EQ(blocks.columns(Range{1, 3}), (Range{4, 10}));
    EXPECT_TRUE(blocks.columns(Range{3, 3}).empty());
}

}  // namespace
}  // namespace hoist
