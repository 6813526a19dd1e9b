#include "hoist/model/column_groups.hpp"

#include <gtest/gtest.h>

namespace hoist {
namespace {

TEST(ColumnGroups, are_wide_enough_but_the_last_and_hold_every_column_once) {
    ColumnGroups groups({{5, 8}, {8, 10}, {10, 11}, {11, 17}, {17, 18}}, 4);
    for (std::size_t block = 0; block < 5; ++block) {
        groups.complete(block);
    }
    std::vector<Range> columns;
    std::vector<Range> blocks;
    while (!groups.done()) {
        ASSERT_TRUE(groups.ready());
        const ColumnGroups::Group group = groups.take();
        columns.push_back(group.columns);
        blocks.push_back(group.blocks);
    }
    EXPECT_EQ(columns, (std::vector<Range>{{5, 10}, {10, 17}, {17, 18}}));
    EXPECT_EQ(blocks, (std::vector<Range>{{0, 2}, {2, 4}, {4, 5}}));
}

TEST(ColumnGroups, come_in_order_when_all_of_their_blocks_are_complete) {
    ColumnGroups groups({{0, 2}, {2, 4}, {4, 6}, {6, 8}}, 4);
    groups.complete(2);
    groups.complete(3);
    groups.complete(0);
    EXPECT_FALSE(groups.ready());  // the second is complete, but the first is not
    groups.complete(1);
    EXPECT_TRUE(groups.ready());
    EXPECT_EQ(groups.take().columns, (Range{0, 4}));
    EXPECT_TRUE(groups.ready());
    EXPECT_EQ(groups.take().columns, (Range{4, 8}));
    EXPECT_TRUE(groups.done());
    EXPECT_FALSE(groups.ready());
}

TEST(ColumnGroups, of_no_columns_are_one) {
    ColumnGroups none(std::vector<Range>{}, 4);
    EXPECT_TRUE(none.ready());
    EXPECT_TRUE(none.take().columns.empty());
    EXPECT_TRUE(none.done());
    ColumnGroups empty({{3, 3}, {3, 3}}, 4);
    EXPECT_FALSE(empty.ready());
    empty.complete(0);
    empty.complete(1);
    EXPECT_EQ(empty.take().blocks, (Range{0, 2}));
    EXPECT_TRUE(empty.done());
}

}  // namespace
}  // namespace hoist
