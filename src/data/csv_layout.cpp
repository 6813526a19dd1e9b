#include "csv_layout.hpp"

#include <algorithm>
#include <map>

#include "csv_column_finder.hpp"
#include "csv_values.hpp"
#include "hoist/base/error.hpp"
#include "hoist/base/text.hpp"

namespace hoist {

namespace {

class LayoutFinder {
  public:
    LayoutFinder(const std::string& file, std::span<const std::string_view> first,
                 const DataConfig& config, Index features, const KnownTable& known)
        : file_(file), first_(first), config_(config), features_(features), known_(known) {
        if (!known.table.empty()) {
            features_ = std::ssize(known.table.columns);
        }
    }

    CsvLayout find() {
        layout_.columns = std::ssize(first_);
        layout_.header = is_header();
        if (layout_.header) {
            take_names();
        }
        const CsvColumnFinder columns(file_, first_, layout_.header);
        if (layout_.header && known_.table.named()) {
            find_by_name(columns);
        } else {
            find_by_place(columns);
        }
        if (layout_.inputs.empty()) {
            throw DataError(file_ + " has no inputs",
                            "there is no column but the target and what is ignored",
                            "set fields off by commas, semicolons, tabs or blanks, and check "
                            "data.target and data.ignore");
        }
        return std::move(layout_);
    }

  private:
    bool is_header() const {
        if (config_.header != TableHeader::automatic) {
            return config_.header == TableHeader::present;
        }
        std::vector<Index> numbers;
        for (Index i = 0; i < std::ssize(first_) && numbers.size() < 2; ++i) {
            const std::string_view field = first_[static_cast<std::size_t>(i)];
            if (to_number(field) || is_foreign_number(field)) {
                numbers.push_back(i);
            }
        }
        if (numbers.size() != 1) {
            return numbers.empty();
        }
        // A header whose target's name is a number.
        const CsvColumnFinder columns(file_, first_, true);
        const std::vector<bool> ignored = columns.among(config_.ignore);
        if (std::ranges::count(ignored, false) == features_) {
            return false;
        }
        if (!config_.target.empty()) {
            return columns.find(config_.target) == numbers.front() ||
                   columns.numbered(config_.target) == numbers.front();
        }
        const auto last = std::ranges::find(ignored.rbegin(), ignored.rend(), false);
        return ignored.rend() - last - 1 == numbers.front();
    }

    void take_names() {
        layout_.names.assign(first_.begin(), first_.end());
        for (Index i = 0; i < layout_.columns; ++i) {
            if (!is_utf8(first_[static_cast<std::size_t>(i)])) {
                throw DataError(file_ + ", line 1, column " + std::to_string(i + 1),
                                "its name is not UTF-8", "save the file as UTF-8");
            }
        }
    }

    void find_by_place(const CsvColumnFinder& columns) {
        // Names of columns that were ignored elsewhere say nothing here.
        if (known_.table.empty() || layout_.header) {
            for (const std::string& column : config_.ignore) {
                columns.require(column, "data.ignore");
            }
        }
        const std::vector<bool> ignored = columns.among(config_.ignore);
        const Index left = std::ranges::count(ignored, false);
        const bool target_is_named = layout_.header && !config_.target.empty() &&
                                     !to_number(config_.target) && columns.named(config_.target);
        if (left != features_ || target_is_named) {
            choose_target(columns, ignored);
        }
        for (Index i = 0; i < layout_.columns; ++i) {
            if (!ignored[static_cast<std::size_t>(i)] && layout_.target != i) {
                layout_.inputs.push_back(i);
            }
        }
        if (!known_.table.empty() && std::ssize(layout_.inputs) != features_) {
            throw DataError(file_ + " and " + known_.of + " have different inputs",
                            "of its " + std::to_string(layout_.columns) + " columns " +
                                std::to_string(layout_.inputs.size()) +
                                (layout_.inputs.size() == 1 ? " is an input" : " are inputs") +
                                (left < layout_.columns
                                     ? " and " + std::to_string(layout_.columns - left) + " ignored"
                                     : "") +
                                ", the other has " + std::to_string(features_) + " of them",
                            "give both the same columns, and check data.target and data.ignore");
        }
        if (layout_.header) {
            require_different_names();
        }
    }

    void choose_target(const CsvColumnFinder& columns, const std::vector<bool>& ignored) {
        if (config_.target.empty()) {
            const auto last = std::ranges::find(ignored.rbegin(), ignored.rend(), false);
            if (last == ignored.rend()) {
                return;
            }
            layout_.target = ignored.rend() - last - 1;
            if (layout_.header && first_[static_cast<std::size_t>(*layout_.target)].empty()) {
                const std::string number = std::to_string(*layout_.target + 1);
                throw DataError(file_ + ", line 1, column " + number,
                                "the last column has no name: lines may end with a separator",
                                "leave it out with data.ignore = " + number +
                                    ", or name the column to predict with data.target");
            }
            return;
        }
        layout_.target = columns.require(config_.target, "data.target");
        if (ignored[static_cast<std::size_t>(*layout_.target)]) {
            throw UsageError("the target column " + config_.target + " is also ignored", "",
                             "remove it from data.ignore");
        }
    }

    void require_different_names() const {
        std::map<std::string_view, Index> places;
        std::vector<Index> used = layout_.inputs;
        if (layout_.target) {
            used.push_back(*layout_.target);
        }
        std::ranges::sort(used);
        for (const Index place : used) {
            const std::string& name = layout_.names[static_cast<std::size_t>(place)];
            const auto [entry, is_new] = places.emplace(name, place);
            if (!is_new) {
                const std::string both = "columns " + std::to_string(entry->second + 1) + " and " +
                                         std::to_string(place + 1);
                throw DataError(file_ + ", line 1",
                                both + (name.empty() ? " have no name" : " have the name " + name),
                                "give them different names, leave one out with data.ignore, or set "
                                "data.header = false where this is no header");
            }
        }
    }

    void find_by_name(const CsvColumnFinder& columns) {
        const TableColumns& table = known_.table;
        std::vector<bool> used(first_.size(), false);
        std::map<std::string_view, Index> places;
        for (Index i = 0; i < layout_.columns; ++i) {
            places.emplace(first_[static_cast<std::size_t>(i)], i);
        }
        std::vector<std::string> lacking;
        for (const TableColumn& column : table.columns) {
            const auto place = places.find(column.name);
            if (place == places.end()) {
                lacking.push_back(column.name);
                continue;
            }
            columns.named(column.name);  // there must be no second
            layout_.inputs.push_back(place->second);
            used[static_cast<std::size_t>(place->second)] = true;
        }
        const std::vector<bool> ignored = columns.among(config_.ignore);
        for (Index i = 0; i < layout_.columns; ++i) {
            const auto at = static_cast<std::size_t>(i);
            if (ignored[at] && used[at] && lacking.empty()) {
                throw UsageError("data.ignore leaves out " + column(i) + " of " + file_,
                                 "it is an input of " + known_.of,
                                 "give the names of the columns to leave out");
            }
        }
        layout_.target = known_target(columns, used);
        std::vector<std::string> more;
        for (Index i = 0; i < layout_.columns; ++i) {
            const auto at = static_cast<std::size_t>(i);
            if (!used[at] && !ignored[at] && layout_.target != i) {
                more.push_back(layout_.names[at].empty() ? column(i) : layout_.names[at]);
            }
        }
        if (!lacking.empty() || !more.empty()) {
            const std::string lacks = lacking.empty() ? "" : "it lacks " + some_of(lacking);
            const std::string has = more.empty() ? "" : "it has also " + some_of(more);
            throw DataError(
                file_ + " and " + known_.of + " have different inputs",
                lacks + (lacks.empty() || has.empty() ? "" : "; ") + has,
                lacking.empty()
                    ? "leave columns out with data.ignore, or name the one to predict with "
                      "data.target"
                    : "give the columns the names that " + known_.of + " has");
        }
    }

    std::string column(Index place) const { return layout_.column(place); }

    /// The column to predict in a file of which `used` are the inputs, if it is there.
    std::optional<Index> known_target(const CsvColumnFinder& columns,
                                      const std::vector<bool>& used) const {
        const auto free = [&](std::optional<Index> place) {
            return place && !used[static_cast<std::size_t>(*place)] ? place : std::nullopt;
        };
        if (!config_.target.empty() && !columns.numbered(config_.target)) {
            const auto place = columns.named(config_.target);
            if (place && !free(place)) {
                throw UsageError(
                    "the target column " + config_.target + " is an input of " + known_.of, "",
                    "name another with data.target");
            }
            if (place) {
                return place;
            }
        }
        if (!known_.table.target.empty()) {
            if (const auto place = free(columns.named(known_.table.target))) {
                return place;
            }
        }
        return config_.target.empty() ? std::nullopt : free(columns.numbered(config_.target));
    }

    const std::string& file_;
    std::span<const std::string_view> first_;
    const DataConfig& config_;
    Index features_;
    const KnownTable& known_;
    CsvLayout layout_;
};

}  // namespace

std::string CsvLayout::column(Index place) const {
    const std::string number = "column " + std::to_string(place + 1);
    const auto at = static_cast<std::size_t>(place);
    return names.empty() || names[at].empty() ? number : number + " (" + names[at] + ")";
}

CsvLayout find_layout(const std::string& file, std::span<const std::string_view> first,
                      const DataConfig& config, Index features, const KnownTable& known) {
    return LayoutFinder(file, first, config, features, known).find();
}

}  // namespace hoist
