#include "describe_data.hpp"

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>

#include "hoist/base/text.hpp"
#include "hoist/problem/samples.hpp"

namespace hoist {

namespace {

/// What describe tells of a part.
struct PartFacts {
    std::string name;
    std::string storage;
    Index samples = 0;
    Index features = 0;
    std::pair<Index, Index> image{0, 0};
    bool labeled = false;
    double least = std::numeric_limits<double>::infinity();
    double most = -std::numeric_limits<double>::infinity();
    /// Share of inputs that are not zero.
    double density = 0.0;
    /// Samples of each class (classes), or the range of the targets (values). Class numbers may be
    /// large and far between where the data do not say how many classes there are.
    std::map<Index, Index> counts = {};
    std::vector<std::string> class_names = {};
    std::vector<double> target_range = {};
    TableColumns table = {};
};

void count_classes(Dataset& data, std::span<const Index> samples, PartFacts& facts) {
    std::vector<Index> labels(samples.size());
    data.read_labels(samples, labels);
    for (const Index label : labels) {
        ++facts.counts[label];
    }
}

void widen_target_range(Dataset& data, std::span<const Index> samples, PartFacts& facts) {
    std::vector<double> values(samples.size() * static_cast<std::size_t>(data.outputs()));
    data.read_values(samples, values);
    const auto [least, most] = std::ranges::minmax(values);
    facts.target_range = facts.target_range.empty()
                             ? std::vector{least, most}
                             : std::vector{std::min(least, facts.target_range[0]),
                                           std::max(most, facts.target_range[1])};
}

PartFacts look_at(const std::string& name, Dataset& data, Task task) {
    PartFacts facts{
        name, data.storage(), data.samples(), data.features(), data.image_size(), data.labeled()};
    if (task == Task::classes && data.labeled()) {
        facts.class_names = data.class_names();
        for (Index label = 0; label < data.outputs(); ++label) {
            facts.counts[label] = 0;
        }
    }
    facts.table = data.table();
    const std::vector<Index> all = all_samples(data.samples());
    const ColumnBlocks blocks(data.samples());
    std::vector<double> values;
    Index not_zero = 0;
    for (Index block = 0; block < blocks.count(); ++block) {
        const Range range = blocks.columns(block);
        const std::span<const Index> chosen(all.data() + range.begin,
                                            static_cast<std::size_t>(range.size()));
        values.resize(chosen.size() * static_cast<std::size_t>(data.features()));
        data.read_inputs(chosen, values);
        const auto [least, most] = std::ranges::minmax(values);
        facts.least = std::min(facts.least, least);
        facts.most = std::max(facts.most, most);
        not_zero += std::ssize(values) - std::ranges::count(values, 0.0);
        if (data.labeled() && task == Task::classes) {
            count_classes(data, chosen, facts);
        } else if (data.labeled()) {
            widen_target_range(data, chosen, facts);
        }
    }
    facts.density =
        static_cast<double>(not_zero) / static_cast<double>(data.samples() * data.features());
    return facts;
}

std::string class_name(const PartFacts& part, Index label) {
    return label < std::ssize(part.class_names) ? part.class_names[static_cast<std::size_t>(label)]
                                                : std::to_string(label);
}

void print_json(const std::vector<PartFacts>& parts) {
    nlohmann::ordered_json json;
    for (const PartFacts& part : parts) {
        nlohmann::ordered_json& row = json[part.name];
        if (!part.storage.empty()) {
            row["stored"] = part.storage;
        }
        row["samples"] = part.samples;
        row["features"] = part.features;
        if (part.image.first > 0) {
            row["image"] = {part.image.first, part.image.second};
        }
        row["labeled"] = part.labeled;
        row["range"] = {part.least, part.most};
        row["density"] = part.density;
        if (!part.counts.empty()) {
            for (const auto& [label, count] : part.counts) {
                row["class_counts"].push_back(count);
                row["class_names"].push_back(class_name(part, label));
            }
        }
        for (const TableColumn& column : part.table.columns) {
            row["columns"].push_back({{"name", column.name}, {"words", column.words}});
        }
        if (!part.target_range.empty()) {
            row["target_range"] = part.target_range;
        }
    }
    // Names of files and arrays may be in any encoding.
    std::cout << json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << std::endl;
}

void print_columns(const TableColumns& table) {
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
        const TableColumn& column = table.columns[i];
        if (!column.words.empty()) {
            const std::string name = column.name.empty() ? std::to_string(i + 1) : column.name;
            std::printf("  %-10s %zu words: %s\n", name.c_str(), column.words.size(),
                        some_of(column.words).c_str());
        }
    }
}

// Many classes that are numbers are a value to predict; of other many, the first stand for all.
void print_classes(const PartFacts& part) {
    constexpr std::size_t most = 30;
    if (part.counts.empty()) {
        return;
    }
    std::printf("  %-10s %zu", "classes", part.counts.size());
    double least = std::numeric_limits<double>::infinity();
    double most_of_all = -least;
    bool numbers = part.counts.size() > most;
    for (auto entry = part.counts.begin(); numbers && entry != part.counts.end(); ++entry) {
        const auto value = to_number(class_name(part, entry->first));
        numbers = value.has_value();
        least = std::min(least, value.value_or(least));
        most_of_all = std::max(most_of_all, value.value_or(most_of_all));
    }
    if (numbers) {
        std::printf(" different numbers, %g to %g (--values describes them as such)\n", least,
                    most_of_all);
        return;
    }
    std::printf("\n");
    std::size_t shown = 0;
    for (const auto& [label, count] : part.counts) {
        if (shown++ == most) {
            std::printf("  and %zu more classes\n", part.counts.size() - most);
            return;
        }
        std::printf("  class %-12s %td\n", class_name(part, label).c_str(), count);
    }
}

void print_table(const std::vector<PartFacts>& parts) {
    for (const PartFacts& part : parts) {
        std::printf("%s\n", part.name.c_str());
        if (!part.storage.empty()) {
            std::printf("  %-10s %s\n", "stored", part.storage.c_str());
        }
        std::printf("  %-10s %td\n", "samples", part.samples);
        std::printf("  %-10s %td", "features", part.features);
        if (part.image.first > 0) {
            std::printf(" (images of %td x %td)", part.image.first, part.image.second);
        }
        std::printf("\n  %-10s %g to %g, %.1f %% not zero\n", "values", part.least, part.most,
                    100.0 * part.density);
        print_columns(part.table);
        if (!part.labeled) {
            std::printf("  %-10s none\n", "targets");
        }
        if (!part.target_range.empty()) {
            std::printf("  %-10s %g to %g\n", "targets", part.target_range[0],
                        part.target_range[1]);
        }
        print_classes(part);
    }
}

}  // namespace

void describe_data(const DataParts& data, Task task, bool json) {
    std::vector<PartFacts> parts;
    if (data.train) {
        parts.push_back(look_at("train", *data.train, task));
    }
    if (data.test) {
        parts.push_back(look_at("test", *data.test, task));
    }
    json ? print_json(parts) : print_table(parts);
}

}  // namespace hoist
