#include "hoist/foreign/npz_model.hpp"

#include <algorithm>

#include "hoist/base/error.hpp"
#include "hoist/base/text.hpp"
#include "hoist/io/npz_file.hpp"
#include "npz_arrays.hpp"

namespace hoist {

namespace {

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

/// The numbers of an array.
class Numbers {
  public:
    Numbers(const NpzReader& file, const std::string& name, const std::string& shown)
        : array_(file.read(name)), problem_("cannot use the array " + name + " in " + shown) {
        if (std::holds_alternative<std::vector<std::string>>(array_.values)) {
            refuse("it holds no numbers");
        }
    }

    bool full() const { return std::holds_alternative<std::vector<double>>(array_.values); }

    /// Its columns are the rows of the array.
    Matrix<double> transposed() const {
        if (array_.shape.size() != 2) {
            refuse("it is not a matrix of numbers");
        }
        return values().reshaped(array_.shape[1], array_.shape[0]);
    }

    /// Also of one row or column, as other tools write it.
    Vector<double> vector() const {
        const auto longer = std::ranges::count_if(array_.shape, [](Index n) { return n != 1; });
        if (array_.shape.empty() || longer > 1) {
            refuse("it is not a vector of numbers");
        }
        return values();
    }

  private:
    [[noreturn]] void refuse(const std::string& why) const {
        throw DataError(problem_, why, "save weights as n_out x n_in and biases as n_out");
    }

    Vector<double> values() const {
        if (const auto* single = std::get_if<std::vector<float>>(&array_.values)) {
            return Eigen::Map<const Vector<float>>(single->data(), std::ssize(*single))
                .cast<double>();
        }
        const auto& full = std::get<std::vector<double>>(array_.values);
        return Eigen::Map<const Vector<double>>(full.data(), std::ssize(full));
    }

    NumpyArray array_;
    std::string problem_;
};

std::vector<std::string> read_activations(const NpzReader& file, const std::string& shown) {
    require_array(file.names(), "activations", shown);
    NumpyArray array = file.read("activations");
    auto* names = std::get_if<std::vector<std::string>>(&array.values);
    if (names == nullptr || names->empty()) {
        throw DataError("cannot use the array activations in " + shown, "it is no list of names",
                        "save it as numpy.array(['relu', 'softmax']): the hidden ones, then the "
                        "output");
    }
    return *names;
}

/// Whether each map takes what the one below it gives, and has a bias of its size.
bool fits_together(const PortableModel& model) {
    Index below = 0;
    for (std::size_t l = 0; l < model.maps.size(); ++l) {
        const auto& [matrix, bias, moments] = model.maps[l];
        const bool last = l + 1 == model.maps.size();
        const auto u = Shape::vector(matrix.rows());
        const auto x = last ? u : model.network.activations[l]->output(u);
        if ((l > 0 && matrix.cols() != below) || !x ||
            (bias.size() != 0 && bias.size() != matrix.rows())) {
            return false;
        }
        below = x->size();
    }
    const Standardization& input = model.standardization;
    return input.empty() || input.mean.size() == model.maps.front().matrix.cols();
}

void transpose_maps(PortableModel& model) {
    for (Weights<double>& map : model.maps) {
        map.matrix = map.matrix.transpose().eval();
    }
}

/// Turns weights that are stored as n_in x n_out and fit together only so, and adds biases that are
/// not there.
void arrange(PortableModel& model) {
    if (!fits_together(model)) {
        transpose_maps(model);
        if (fits_together(model)) {
            model.remarks.push_back("its weights are n_in x n_out, and are transposed");
        } else {
            transpose_maps(model);  // the first part that does not fit is named
        }
    }
    std::vector<std::string> without;
    for (std::size_t l = 0; l < model.maps.size(); ++l) {
        auto& [matrix, bias, moments] = model.maps[l];
        if (bias.size() == 0) {
            bias = Vector<double>::Zero(matrix.rows());
            without.push_back(bias_name(l));
        }
    }
    if (!without.empty()) {
        model.remarks.push_back("it has no " + join(without, ", ") + ", and zeros are taken");
    }
}

/// Takes the network from its text, which hoist writes.
void describe(PortableModel& model, const NpzReader& file, const std::vector<std::string>& names,
              const std::string& shown) {
    const NumpyArray array = file.read("network");
    const auto* text = std::get_if<std::vector<std::string>>(&array.values);
    if (text == nullptr || text->size() != 1) {
        throw DataError("cannot use the array network in " + shown, "it is no text",
                        "leave it out, or save it as numpy.array(['28x28x1-conv(16,5)-10'])");
    }
    model.network = parse_network(text->front(), {names.begin(), names.end() - 1}, names.back());
}

/// Takes what splines have learned; without a network's text they may be of the units of their map.
void take_coefficients(PortableModel& model, const NpzReader& file, const std::string& shown) {
    for (std::size_t l = 0; l < model.network.activations.size(); ++l) {
        auto& phi = model.network.activations[l];
        const std::string name = coefficients_name(l);
        if (!phi->traits().learned) {
            continue;
        }
        const auto refuse = [&](const std::string& why) {
            throw DataError("cannot use the array " + name + " in " + shown, why,
                            "save one number for each knot of each channel, knot by knot");
        };
        const Vector<double> numbers = Numbers(file, name, shown).vector();
        if (const Index units = model.maps[l].matrix.rows();
            numbers.size() == units * phi->coefficients().size()) {
            phi = phi->of_channels(units);
        }
        if (numbers.size() != phi->coefficients().size() || !numbers.allFinite()) {
            refuse(phi->name() + " has " + std::to_string(phi->coefficients().size()) +
                   " numbers, all of them finite");
        }
        phi = phi->with_coefficients(numbers);
    }
}

}  // namespace

void write_npz_model(const std::filesystem::path& path, const PortableModel& model) {
    std::vector<std::pair<std::string, NumpyArray>> arrays;
    NumpyArray names;
    std::vector<std::string> activations;
    for (std::size_t l = 0; l < model.maps.size(); ++l) {
        const auto& [matrix, bias, moments] = model.maps[l];
        arrays.emplace_back(weights_name(l), array_of(matrix.transpose(), false, model.precision));
        arrays.emplace_back(bias_name(l), array_of(bias, true, model.precision));
        activations.push_back(l + 1 < model.maps.size() ? model.network.activations[l]->name()
                                                        : to_text(model.network.output));
    }
    for (std::size_t l = 0; l < model.network.activations.size(); ++l) {
        const Activation& phi = *model.network.activations[l];
        if (phi.traits().learned) {
            arrays.emplace_back(coefficients_name(l), array_of<double>(phi.coefficients(), true));
        }
    }
    arrays.emplace_back("activations", NumpyArray{{std::ssize(activations)}, activations});
    if (!std::ranges::all_of(model.network.maps, &MapSpec::plain)) {
        arrays.emplace_back("network", NumpyArray{{1}, std::vector{model.network.layers_text()}});
    }
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
    const std::vector<std::string> others = find_others(arrays, names.size(), shown);
    const auto has = [&](const std::string& name) { return std::ranges::count(arrays, name) > 0; };
    PortableModel model;
    for (std::size_t l = 0; l < names.size(); ++l) {
        require_array(arrays, weights_name(l), shown);
        const Numbers weights(file, weights_name(l), shown);
        model.precision = weights.full() ? Precision::full : model.precision;
        model.maps.push_back({weights.transposed().transpose(), {}});
        if (has(bias_name(l))) {
            const Numbers bias(file, bias_name(l), shown);
            model.precision = bias.full() ? Precision::full : model.precision;
            model.maps.back().bias = bias.vector();
        }
        if (l + 1 < names.size()) {
            model.network.activations.push_back(parse_activation(names[l]));
        }
    }
    if (has("input_mean") || has("input_scale")) {
        model.standardization = {Numbers(file, "input_mean", shown).vector(),
                                 Numbers(file, "input_scale", shown).vector()};
    }
    if (has("network")) {
        describe(model, file, names, shown);
    } else {
        arrange(model);
    }
    take_coefficients(model, file, shown);
    if (names.back() == "sigmoid" && model.maps.back().matrix.rows() == 1) {
        make_two_classes(model);
        model.remarks.push_back(two_classes_remark);
    } else {
        model.network.output = parse_output(names.back());
    }
    if (!others.empty()) {
        model.remarks.push_back("of its arrays " + join(others, ", ") +
                                (others.size() == 1 ? " is" : " are") + " not read");
    }
    complete(model, shown);
    return model;
} catch (const UsageError& error) {  // the name of an activation or output
    throw DataError(path.string() + " cannot be used", error.what(), "");
}

}  // namespace hoist
