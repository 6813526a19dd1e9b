#include "hoist/foreign/portable_model.hpp"

#include "hoist/base/error.hpp"

namespace hoist {

namespace {

constexpr Index widest = Index{1} << 24;

std::string size_text(const Matrix<double>& matrix) {
    return std::to_string(matrix.rows()) + " x " + std::to_string(matrix.cols());
}

}  // namespace

void make_two_classes(PortableModel& model) {
    auto& [matrix, bias, moments] = model.maps.back();
    require(matrix.rows() == 1, "there is one output");
    matrix = Matrix<double>{{-0.5}, {0.5}} * matrix.eval();
    bias = Vector<double>{{-0.5 * bias[0], 0.5 * bias[0]}};
    model.network.output = Output::softmax;
    if (!model.network.maps.empty()) {
        model.network.maps.back().to = Shape::vector(2);
    }
}

void complete(PortableModel& model, const std::string& shown) {
    const auto check = [&](bool holds, const std::string& why) {
        if (!holds) {
            throw DataError(shown + " holds no network that hoist can use", why, "check the model");
        }
    };
    NetworkSpec& network = model.network;
    const std::size_t count = model.maps.size();
    check(count > 0, "it has no dense map");
    check(network.activations.size() + 1 == count,
          "it has " + std::to_string(count) + " maps and " +
              std::to_string(network.activations.size()) + " activations between them");
    const bool described = !network.maps.empty();
    if (described) {
        check(network.maps.size() == count, "it is described as " + network.layers_text() +
                                                " and has " + std::to_string(count) + " maps");
    }
    Shape reached = Shape::vector(model.maps.front().matrix.cols());
    for (std::size_t l = 0; l < count; ++l) {
        const auto& [matrix, bias, moments] = model.maps[l];
        const std::string map = "map " + std::to_string(l) + " of " + size_text(matrix);
        check(matrix.size() > 0, map + " is empty");
        check(matrix.rows() <= widest && matrix.cols() <= widest, map + " is too wide");
        check(bias.size() == matrix.rows(),
              map + " has a bias of " + std::to_string(bias.size()) + " numbers");
        check(matrix.allFinite() && bias.allFinite(), map + " holds a number that is not finite");
        if (described) {
            check(matrix.rows() == network.maps[l].outputs() &&
                      matrix.cols() == network.maps[l].inputs(),
                  map + " is none of " + network.layers_text());
            continue;
        }
        check(matrix.cols() == reached.size(),
              map + " does not fit the " + std::to_string(reached.size()) + " outputs below it");
        const auto u = Shape::vector(matrix.rows());
        const auto x = l + 1 < count ? network.activations[l]->output(u) : u;
        check(x.has_value(), map + " cannot be cut into the groups of " +
                                 (l + 1 < count ? network.activations[l]->name() : ""));
        network.maps.push_back(MapSpec::dense(reached, matrix.rows()));
        reached = *x;
    }
    check(network.output == Output::linear || network.outputs() > 1,
          "a class needs at least two scores, and it has one output");
    const Standardization& input = model.standardization;
    check(input.mean.size() == input.scale.size() &&
              (input.empty() || input.mean.size() == network.inputs()),
          "its " + std::to_string(network.inputs()) + " inputs have " +
              std::to_string(input.mean.size()) + " means and " +
              std::to_string(input.scale.size()) + " scales");
    check(input.mean.allFinite() && input.scale.allFinite(),
          "the mean or scale of an input is not finite");
    check(model.class_names.empty() ||
              (!network.regression() &&
               static_cast<Index>(model.class_names.size()) == network.outputs()),
          "it names " + std::to_string(model.class_names.size()) + " classes and has " +
              std::to_string(network.outputs()) + " outputs");
}

}  // namespace hoist
