#include "model_network.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "hoist/base/error.hpp"
#include "hoist/base/text.hpp"
#include "hoist/problem/model_file.hpp"

namespace hoist {

namespace {

/// Reads the maps and activations of a model.
class NetworkReader {
  public:
    NetworkReader(const Hdf5Reader& file, const std::string& shown) : file_(file), shown_(shown) {}

    NetworkSpec operator()() const {
        const auto layers = static_cast<Index>(file_.members("/layers").size());
        std::vector<std::string> activations;
        const bool unsupervised = file_.has_attribute("/", "output") &&
                                  parse_output(file_.text_attribute("/", "output")) == Output::none;
        for (Index l = 0; l < layers - (unsupervised ? 0 : 1); ++l) {
            activations.push_back(file_.text_attribute(layer_name(l), "activation"));
        }
        NetworkSpec network = file_.has_attribute("/", "network")
                                  ? parse_network(file_.text_attribute("/", "network"), activations,
                                                  file_.text_attribute("/", "output"))
                                  : dense_chain(layers, activations);
        if (network.layers() != layers) {
            refuse("it has " + std::to_string(layers) + " layers and is described as " +
                   network.layers_text());
        }
        for (Index l = 0; l < layers; ++l) {
            const auto shape = file_.shape(layer_name(l) + "/weights");
            const MapSpec& map = network.map(l);
            if (shape != std::array<Index, 2>{map.outputs(), map.inputs()}) {
                refuse("layer " + std::to_string(l) + " has weights of " +
                       std::to_string(shape[0]) + " x " + std::to_string(shape[1]));
            }
        }
        for (Index l = 0; l < network.hidden(); ++l) {
            take_coefficients(l, network.activations[static_cast<std::size_t>(l)]);
        }
        return network;
    }

  private:
    void take_coefficients(Index l, std::shared_ptr<const Activation>& phi) const {
        if (!phi->traits().learned) {
            return;
        }
        const std::vector<double> numbers = file_.has(coefficients_name(l))
                                                ? file_.read<double>(coefficients_name(l))
                                                : std::vector<double>();
        const bool finite =
            std::ranges::all_of(numbers, [](double number) { return std::isfinite(number); });
        if (std::ssize(numbers) != phi->coefficients().size() || !finite) {
            refuse("the activation of layer " + std::to_string(l) + ", " + phi->name() + ", has " +
                   std::to_string(numbers.size()) + " coefficients" +
                   (finite ? "" : ", of which some are not finite"));
        }
        phi = phi->with_coefficients(
            Eigen::Map<const Vector<double>>(numbers.data(), std::ssize(numbers)));
    }

    [[noreturn]] void refuse(const std::string& why) const {
        throw DataError(shown_ + " is inconsistent", why, "use another checkpoint");
    }

    // Of the first format.
    NetworkSpec dense_chain(Index layers, const std::vector<std::string>& activations) const {
        NetworkSpec network;
        network.output = parse_output(file_.text_attribute("/", "output"));
        Shape reached;
        for (Index l = 0; l < layers; ++l) {
            const auto shape = file_.shape(layer_name(l) + "/weights");
            if (l == 0) {
                reached = Shape::vector(shape[1]);
            } else if (shape[1] != reached.size()) {
                refuse("the widths of layers " + std::to_string(l - 1) + " and " +
                       std::to_string(l) + " differ");
            }
            std::optional<Shape> x = Shape::vector(shape[0]);
            if (l + 1 < layers) {
                network.activations.push_back(
                    parse_activation(activations[static_cast<std::size_t>(l)]));
                x = network.activations.back()->output(*x);
            }
            if (shape[0] < 1 || shape[1] < 1 || !x) {
                refuse("layer " + std::to_string(l) + " has weights of " +
                       std::to_string(shape[0]) + " x " + std::to_string(shape[1]));
            }
            network.maps.push_back(MapSpec::dense(reached, shape[0]));
            reached = *x;
        }
        return network;
    }

    const Hdf5Reader& file_;
    const std::string& shown_;
};

}  // namespace

NetworkSpec read_network(const Hdf5Reader& file, const std::string& shown) {
    return NetworkReader(file, shown)();
}

}  // namespace hoist
