#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "hoist/base/types.hpp"

namespace hoist {

/// A column of a table: one input that is a number, or one input for each of its words, which is 1
/// where the sample has that word and else 0.
struct TableColumn {
    /// Empty where the table has no header.
    std::string name = {};
    /// In the order of their inputs; none for a column of numbers.
    std::vector<std::string> words = {};

    Index inputs() const { return words.empty() ? 1 : std::ssize(words); }

    bool operator==(const TableColumn&) const = default;
};

/// What the inputs of a table are, as a model remembers them to read other tables alike.
struct TableColumns {
    /// In the order of the inputs.
    std::vector<TableColumn> columns = {};
    /// Of each input, over the training part: what stands for a missing value.
    std::vector<double> means = {};
    /// The name of the column to predict, or empty.
    std::string target = {};

    bool empty() const { return columns.empty(); }
    /// Whether the table has a header.
    bool named() const {
        return std::ranges::any_of(columns,
                                   [](const auto& column) { return !column.name.empty(); });
    }
    /// Numbers per sample.
    Index inputs() const {
        Index sum = 0;
        for (const TableColumn& column : columns) {
            sum += column.inputs();
        }
        return sum;
    }

    bool operator==(const TableColumns&) const = default;
};

/// A few of `names`, for a message: "a, b, c and 5 more".
std::string some_of(const std::vector<std::string>& names);

/// How many numbers and which words make up the inputs, for a message: "2 columns of numbers, 4
/// words of color, 2 words of column 3"; empty where there are no words.
std::string to_text(const TableColumns& table);

}  // namespace hoist
