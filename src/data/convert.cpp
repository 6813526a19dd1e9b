#include "hoist/data/convert.hpp"

#include <algorithm>
#include <numeric>

#include "hoist/io/hdf5_file.hpp"

namespace hoist {

void write_hdf5(Dataset& data, Task task, const std::filesystem::path& path) {
    constexpr Index numbers_at_a_time = Index{1} << 20;
    const Index samples = data.samples();
    const Index features = data.features();
    const Index outputs = !data.labeled() ? 0 : task == Task::classes ? 1 : data.outputs();
    Hdf5Writer writer(path, samples * (features + outputs) * static_cast<Index>(sizeof(double)));
    writer.create<double>("/inputs", samples, features, 0);
    if (data.image_size().first > 0) {
        writer.attribute("/inputs", "image_rows", data.image_size().first);
        writer.attribute("/inputs", "image_columns", data.image_size().second);
    }
    if (data.labeled() && task == Task::classes) {
        writer.create<Index>("/labels", samples, 1, 0);
        if (!data.class_names().empty()) {
            writer.write("/class_names", data.class_names());
        }
    } else if (data.labeled()) {
        writer.create<double>("/targets", samples, outputs, 0);
    }

    const Index block = std::max(Index{1}, numbers_at_a_time / features);
    for (Index first = 0; first < samples; first += block) {
        std::vector<Index> chosen(static_cast<std::size_t>(std::min(block, samples - first)));
        std::iota(chosen.begin(), chosen.end(), first);
        std::vector<double> columns(chosen.size() * static_cast<std::size_t>(features));
        data.read_inputs(chosen, columns);
        writer.write_rows<double>("/inputs", first, features, columns);
        if (data.labeled() && task == Task::classes) {
            std::vector<Index> labels(chosen.size());
            data.read_labels(chosen, labels);
            writer.write_rows<Index>("/labels", first, 1, labels);
        } else if (data.labeled()) {
            columns.resize(chosen.size() * static_cast<std::size_t>(outputs));
            data.read_values(chosen, columns);
            writer.write_rows<double>("/targets", first, outputs, columns);
        }
    }
    writer.commit();
}

}  // namespace hoist
