#pragma once

#include <algorithm>
#include <vector>

#include "hoist/base/types.hpp"

namespace hoist {

/// Neighboring column blocks gathered into groups, wide enough for products that sum over columns.
/// Groups come in the order of the blocks, whatever the order in which the blocks are completed.
class ColumnGroups {
  public:
    ColumnGroups() = default;
    /// Cuts blocks, which follow one another, into groups of at least `width` columns but the last;
    /// there is one, if only an empty one.
    ColumnGroups(const std::vector<Range>& blocks, Index width) : complete_(blocks.size(), false) {
        Group group;
        for (std::size_t i = 0; i < blocks.size(); ++i) {
            if (group.blocks.empty()) {
                group.columns.begin = blocks[i].begin;
            }
            group.columns.end = blocks[i].end;
            group.blocks.end = static_cast<Index>(i) + 1;
            if (group.columns.size() >= width) {
                groups_.push_back(group);
                group.blocks.begin = group.blocks.end;
            }
        }
        if (groups_.empty() || !group.blocks.empty()) {
            groups_.push_back(group);
        }
    }

    /// @param block its position.
    void complete(std::size_t block) { complete_[block] = true; }
    /// Whether there is a next group and all its blocks are complete.
    bool ready() const {
        if (done()) {
            return false;
        }
        const Range blocks = groups_[taken_].blocks;
        const auto first = complete_.begin() + blocks.begin;
        return std::find(first, first + blocks.size(), false) == first + blocks.size();
    }
    bool done() const { return taken_ == groups_.size(); }

    struct Group {
        /// Positions of blocks.
        Range blocks{0, 0};
        Range columns{0, 0};
    };
    /// @pre not done().
    Group take() { return groups_[taken_++]; }

  private:
    std::vector<Group> groups_;
    std::vector<bool> complete_;
    std::size_t taken_ = 0;
};

}  // namespace hoist
