#include "hoist/foreign/npz_model.hpp"

#include <algorithm>

#include "hoist/base/error.hpp"
#include "hoist/base/text.hpp"
#include "hoist/io/npz_file.hpp"

namespace hoist {

namespace {

std::string weights_name(std::size_t map) { return "weights_" + std::to_string(map); }
std::string bias_name(std::size_t map) { return "bias_" + std::to_string(map); }

/// Rows of `columns` numbers, or a vector where that is 0.
template <typename Number>
NumpyArray array_of(const Matrix<double>& transposed, bool vector) {
    std::vector<Number> values(static_cast<std::size_t>(transposed.size()));
    std::transform(transposed.data(), transposed.data() + transposed.size(), values.begin(),
                   [](double value) { return static_cast<Number>(value); });
    return {vector ? std::vector<Index>{transposed.size()}
                   : std::vector<Index>{transposed.cols(), transposed.rows()},
            std::move(values)};
}

NumpyArray array_of(const Matrix<double>& transposed, bool vector, Precision precision) {
    return precision == Precision::single ? array_of<float>(transposed, vector)
                                          : array_of<double>(transposed, vector);
}

/// The numbers of an array as a matrix whose columns are its rows; a vector is one row.
class Numbers {
  public:
    Numbers(const NpzReader& file, const std::string& name, std::size_t dimensions,
            const std::string& shown)
        : array_(file.read(name)) {
        if (array_.shape.size() != dimensions ||
            std::holds_alternative<std::vector<std::string>>(array_.values)) {
            throw DataError(
                "cannot use the array " + name + " in " + shown,
                "it is not a " + std::string(dimensions == 2 ? "matrix" : "vector") + " of numbers",
                "save weights as n_out x n_in and biases as n_out");
        }
    }

    bool full() const { return std::holds_alternative<std::vector<double>>(array_.values); }

    Matrix<double> transposed() const {
        const Index rows = array_.shape.back();
        const Index columns = array_.shape.size() == 2 ? array_.shape.front() : 1;
        if (const auto* single = std::get_if<std::vector<float>>(&array_.values)) {
            return Eigen::Map<const Matrix<float>>(single->data(), rows, columns).cast<double>();
        }
        return Eigen::Map<const Matrix<double>>(std::get<std::vector<double>>(array_.values).data(),
                                                rows, columns);
    }

  private:
    NumpyArray array_;
};

std::vector<std::string> read_activations(const NpzReader& file, const std::string& shown) {
    NumpyArray array = file.read("activations");
    auto* names = std::get_if<std::vector<std::string>>(&array.values);
    if (names == nullptr || names->empty()) {
        throw DataError("cannot use the array activations in " + shown, "it is no list of names",
                        "save it as numpy.array(['relu', 'softmax']): the hidden ones, then the "
                        "output");
    }
    return *names;
}

void refuse_others(const std::vector<std::string>& names, std::size_t maps,
                   const std::string& shown) {
    std::vector<std::string> known{"activations", "input_mean", "input_scale"};
    for (std::size_t l = 0; l < maps; ++l) {
        known.push_back(weights_name(l));
        known.push_back(bias_name(l));
    }
    for (const std::string& name : names) {
        if (std::ranges::find(known, name) == known.end()) {
            const auto meant = nearest(name, known);
            throw DataError(shown + " holds an unknown array, " + name,
                            "with " + std::to_string(maps) + " names in activations there are " +
                                weights_name(0) + " and " + bias_name(0) + " to " +
                                weights_name(maps - 1) + " and " + bias_name(maps - 1) +
                                ", input_mean and input_scale",
                            meant ? "did you mean " + *meant + "?" : "leave it out");
        }
    }
}

}  // namespace

void write_npz_model(const std::filesystem::path& path, const PortableModel& model) {
    std::vector<std::pair<std::string, NumpyArray>> arrays;
    NumpyArray names;
    std::vector<std::string> activations;
    for (std::size_t l = 0; l < model.maps.size(); ++l) {
        const auto& [matrix, bias] = model.maps[l];
        arrays.emplace_back(weights_name(l), array_of(matrix.transpose(), false, model.precision));
        arrays.emplace_back(bias_name(l), array_of(bias, true, model.precision));
        activations.push_back(l + 1 < model.maps.size() ? model.network.activations[l]->name()
                                                        : to_text(model.network.output));
    }
    arrays.emplace_back("activations", NumpyArray{{std::ssize(activations)}, activations});
    if (!model.standardization.empty()) {
        arrays.emplace_back("input_mean", array_of<double>(model.standardization.mean, true));
        arrays.emplace_back("input_scale", array_of<double>(model.standardization.scale, true));
    }
    write_npz(path, arrays);
}

PortableModel read_npz_model(const std::filesystem::path& path) try {
    const std::string shown = path.string();
    const NpzReader file(path);
    const std::vector<std::string> arrays = file.names();
    const std::vector<std::string> names = read_activations(file, shown);
    refuse_others(arrays, names.size(), shown);
    PortableModel model;
    for (std::size_t l = 0; l < names.size(); ++l) {
        const Numbers weights(file, weights_name(l), 2, shown);
        const Numbers bias(file, bias_name(l), 1, shown);
        if (weights.full() || bias.full()) {
            model.precision = Precision::full;
        }
        model.maps.push_back({weights.transposed().transpose(), bias.transposed()});
        if (l + 1 < names.size()) {
            model.network.activations.push_back(parse_activation(names[l]));
        }
    }
    model.network.output = parse_output(names.back());
    const auto has = [&](const char* name) { return std::ranges::count(arrays, name) > 0; };
    if (has("input_mean") || has("input_scale")) {
        model.standardization = {Numbers(file, "input_mean", 1, shown).transposed(),
                                 Numbers(file, "input_scale", 1, shown).transposed()};
    }
    complete(model, shown);
    return model;
} catch (const UsageError& error) {  // the name of an activation or output
    throw DataError(path.string() + " cannot be used", error.what(), "");
}

}  // namespace hoist
