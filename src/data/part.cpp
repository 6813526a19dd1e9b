#include "part.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "hoist/base/error.hpp"
#include "hoist/io/whole_file.hpp"

namespace hoist {

void check_request(const Dataset& data, std::span<const Index> samples, std::size_t size,
                   Index each) {
    require(static_cast<Index>(size) == std::ssize(samples) * each,
            "the output has as many numbers as the samples");
    Index previous = -1;
    for (const Index sample : samples) {
        require(sample > previous && sample < data.samples(), "samples ascend within range");
        previous = sample;
    }
}

void Part::read_inputs(std::span<const Index> samples, std::span<double> columns) {
    check_request(*this, samples, columns.size(), features());
    const auto size = static_cast<std::size_t>(features());
    for (std::size_t begin = 0, end = 0; begin < samples.size(); begin = end) {
        do {
            ++end;
        } while (end < samples.size() && samples[end] == samples[end - 1] + 1);
        read_run(samples[begin], columns.subspan(begin * size, (end - begin) * size));
    }
}

void Part::read_labels(std::span<const Index> samples, std::span<Index> labels) {
    require(targets_.present && targets_.task == Task::classes, "the data have classes");
    check_request(*this, samples, labels.size(), 1);
    for (std::size_t i = 0; i < samples.size(); ++i) {
        labels[i] = targets_.labels[static_cast<std::size_t>(samples[i])];
    }
}

void Part::read_values(std::span<const Index> samples, std::span<double> columns) {
    require(targets_.present && targets_.task == Task::values, "the data have values");
    check_request(*this, samples, columns.size(), targets_.outputs);
    auto out = columns.begin();
    for (const Index sample : samples) {
        out =
            std::copy_n(targets_.values.begin() + sample * targets_.outputs, targets_.outputs, out);
    }
}

Targets numbered_targets(Task task, std::vector<Index> labels, Index classes,
                         const std::filesystem::path& file) {
    Targets targets{.task = task, .present = true};
    if (task == Task::values) {
        targets.outputs = 1;
        targets.values.assign(labels.begin(), labels.end());
        return targets;
    }
    for (std::size_t i = 0; i < labels.size(); ++i) {
        if (labels[i] < 0 || (classes > 0 && labels[i] >= classes)) {
            throw DataError(
                "labels out of range in " + file.string(),
                "sample " + std::to_string(i) + " has " + std::to_string(labels[i]) +
                    (classes > 0 ? ", and there are " + std::to_string(classes) + " classes, from 0"
                                 : ""),
                "number the classes from 0");
        }
    }
    targets.outputs = classes;
    targets.labels = std::move(labels);
    return targets;
}

std::filesystem::path data_file(const DataConfig& config, const std::string& name) {
    const std::filesystem::path path = std::filesystem::path(config.path) / name;
    refuse_other_than_file(path);
    errno = 0;
    std::ifstream stream(path, std::ios::binary);
    if (!stream || (stream.peek(), stream.bad())) {
        throw MissingError("cannot read the data file " + path.string(), std::strerror(errno),
                           "check data.path and the file's name");
    }
    return path;
}

}  // namespace hoist
