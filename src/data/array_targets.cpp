#include "array_targets.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "array_part.hpp"
#include "class_names.hpp"
#include "hoist/base/error.hpp"
#include "hoist/base/text.hpp"

namespace hoist {

namespace {

/// Calls `take` with the rows of an array one after another, reading a few megabytes at a time.
template <typename Take>
void for_each_row(RowArray& array, Index rows, Index columns, Take take) {
    const Index block = std::max<Index>((Index{1} << 18) / columns, 1);
    std::vector<double> numbers;
    for (Index first = 0; first < rows; first += block) {
        const Index count = std::min(block, rows - first);
        numbers.resize(static_cast<std::size_t>(count * columns));
        array.read_rows(first, numbers);
        for (Index row = 0; row < count; ++row) {
            take(first + row,
                 std::span<const double>(numbers).subspan(static_cast<std::size_t>(row * columns),
                                                          static_cast<std::size_t>(columns)));
        }
    }
}

/// All numbers of an array that holds one per sample, whichever way it lies.
std::vector<double> numbers_of(RowArray& array) {
    std::vector<double> numbers;
    for_each_row(array, array.rows(), array.row_size(), [&](Index, std::span<const double> row) {
        numbers.insert(numbers.end(), row.begin(), row.end());
    });
    return numbers;
}

[[noreturn]] void refuse_label(const RowArray& array, Index sample, const std::string& why,
                               const std::string& advice = "store class numbers from 0, or names") {
    throw DataError("labels out of range in " + array.shown(),
                    "sample " + std::to_string(sample) + " has " + why, advice);
}

std::vector<Index> whole_numbers(RowArray& array) {
    std::vector<Index> labels;
    for (const double value : numbers_of(array)) {
        if (value != std::trunc(value)) {
            refuse_label(array, std::ssize(labels), to_text(value) + ", which is no class number",
                         "store class numbers or names, or predict values: network.output = linear "
                         "with one output (--values in hoist data)");
        }
        if (std::abs(value) > 0x1p53) {
            refuse_label(array, std::ssize(labels),
                         to_text(value) + ", which is too large for a class number");
        }
        labels.push_back(static_cast<Index>(value));
    }
    return labels;
}

std::vector<Index> one_hot_labels(RowArray& array, Index samples) {
    std::vector<Index> labels;
    const Index classes = array.row_size();
    for_each_row(array, samples, classes, [&](Index sample, std::span<const double> row) {
        const auto one = std::ranges::find(row, 1.0);
        if (one == row.end() || std::ranges::count(row, 0.0) != classes - 1) {
            throw DataError(array.shown() + " does not hold one class per sample",
                            "it is " + array.form() + ", and sample " + std::to_string(sample) +
                                " is not a single 1 among zeros",
                            "store class numbers, names or one-hot rows; for real values set "
                            "network.output = linear with one output");
        }
        labels.push_back(one - row.begin());
    });
    return labels;
}

/// Whether numbers can only be names: where counting from 0 makes no sense of them, 1 to 26 or -1
/// and 1.
bool number_from_elsewhere(const std::vector<Index>& labels) {
    const auto [least, most] = std::ranges::minmax(labels);
    return least >= 1 || (least == -1 && most == 1 && std::ranges::count(labels, 0) == 0);
}

}  // namespace

Targets ArrayTargets::read(RowArray& array, Index samples,
                           const std::vector<std::string>& class_names) {
    if (array.kind() == ElementKind::other) {
        throw DataError(array.shown() + " cannot be predicted", "it is " + array.form(),
                        "store numbers or names");
    }
    const Index elements = array.rows() * array.row_size();
    if (elements == 0) {
        throw DataError(array.shown() + " is empty", "it is " + array.form(),
                        "store a class or a value for each sample");
    }
    const bool one_each = elements == samples && (array.rows() == samples || array.rows() == 1);
    if (!one_each && array.rows() != samples) {
        throw DataError("inputs and targets differ in number",
                        "there are " + std::to_string(samples) + " inputs and " +
                            std::to_string(array.rows()) + " in " + array.shown(),
                        "correct the file");
    }
    if (task_ == Task::values) {
        return values(array, samples, one_each ? 1 : array.row_size());
    }
    return classes(array, samples, class_names);
}

Targets ArrayTargets::values(RowArray& array, Index samples, Index outputs) const {
    if (array.kind() == ElementKind::text) {
        throw DataError(array.shown() + " holds text", "values to predict are numbers",
                        "store numbers, or set network.output = softmax for classes");
    }
    Targets targets{.task = Task::values, .present = true, .outputs = outputs};
    targets.values = numbers_of(array);
    require(std::ssize(targets.values) == samples * outputs, "each sample has its values");
    require_numbers(array, targets.values, 0, outputs, largest_);
    return targets;
}

Targets ArrayTargets::classes(RowArray& array, Index samples,
                              const std::vector<std::string>& class_names) {
    const bool one_each = array.rows() * array.row_size() == samples;
    if (array.kind() != ElementKind::text) {
        if (one_each) {
            return numbered(array, whole_numbers(array), class_names);
        }
        std::vector<Index> labels = one_hot_labels(array, samples);
        if (!class_names.empty() || !names_.empty()) {
            return numbered(array, std::move(labels), class_names);
        }
        for (Index i = 0; i < array.row_size(); ++i) {
            names_.push_back(std::to_string(i));
        }
        return numbered(array, std::move(labels), names_);
    }
    if (!one_each) {
        throw DataError(array.shown() + " does not hold one class per sample",
                        "it is " + array.form(), "store one name per sample");
    }
    std::vector<std::string> of_samples = array.read_texts();
    std::ranges::transform(of_samples, of_samples.begin(), class_name);
    if (names_.empty()) {
        const std::set<std::string> distinct(of_samples.begin(), of_samples.end());
        names_ = sorted_class_names({distinct.begin(), distinct.end()});
    }
    return named(array, of_samples);
}

Targets ArrayTargets::numbered(const RowArray& array, std::vector<Index> labels,
                               const std::vector<std::string>& class_names) {
    if (!class_names.empty()) {
        labels = numbered_targets(Task::classes, std::move(labels), std::ssize(class_names),
                                  array.shown())
                     .labels;
        if (names_.empty()) {
            names_ = class_names;
        }
        std::vector<std::string> of_samples;
        for (const Index label : labels) {
            of_samples.push_back(class_name(class_names[static_cast<std::size_t>(label)]));
        }
        return named(array, of_samples);
    }
    if (names_.empty() && !counts_ && number_from_elsewhere(labels)) {
        for (const Index label : std::set<Index>(labels.begin(), labels.end())) {
            names_.push_back(std::to_string(label));
        }
    }
    const auto is_number = [](const std::string& name) { return to_number(name).has_value(); };
    if (!names_.empty() && std::ranges::all_of(names_, is_number)) {
        std::vector<std::string> of_samples;
        std::ranges::transform(labels, std::back_inserter(of_samples),
                               [](Index label) { return std::to_string(label); });
        return named(array, of_samples);
    }
    counts_ = true;
    Targets targets =
        numbered_targets(Task::classes, std::move(labels), std::ssize(names_), array.shown());
    targets.class_names = names_worth_showing(names_);
    return targets;
}

Targets ArrayTargets::named(const RowArray& array,
                            const std::vector<std::string>& of_samples) const {
    Targets targets{.task = Task::classes, .present = true, .outputs = std::ssize(names_)};
    targets.class_names = names_worth_showing(names_);
    const ClassNumbers numbers(names_);
    for (std::size_t i = 0; i < of_samples.size(); ++i) {
        const auto number = numbers.find(of_samples[i]);
        if (!number) {
            refuse_label(array, static_cast<Index>(i),
                         "the class \"" + of_samples[i] + "\", which is none of the " +
                             std::to_string(names_.size()) + " classes known");
        }
        targets.labels.push_back(*number);
    }
    return targets;
}

}  // namespace hoist
