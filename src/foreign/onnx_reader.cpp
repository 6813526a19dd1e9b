#include <limits>
#include <nlohmann/json.hpp>

#include "hoist/base/error.hpp"
#include "hoist/foreign/onnx_model.hpp"
#include "hoist/io/whole_file.hpp"
#include "onnx_chain.hpp"

namespace hoist {

namespace {

// Older operators broadcast by attributes.
constexpr std::int64_t oldest_opset = 7;

// A model makes no more numbers of its bytes than a compressed file may make bytes of its own.
constexpr std::size_t numbers_per_byte = 1032 / sizeof(double);

/// @return the opset of ONNX itself.
std::int64_t check_opset(const onnx::ModelProto& proto, const std::string& shown) {
    for (const onnx::OperatorSetIdProto& set : proto.opset_import()) {
        if (set.domain().empty() || set.domain() == "ai.onnx") {
            if (set.version() < oldest_opset) {
                throw DataError("cannot import " + shown,
                                "it is of opset " + std::to_string(set.version()),
                                "convert it to opset 13: onnx.version_converter");
            }
            return set.version();
        }
    }
    throw DataError(shown + " is not an ONNX model, or is cut off", "it names no opset",
                    "export the model again");
}

// Other tools use the same key for texts of other forms.
std::vector<std::string> read_class_names(const onnx::ModelProto& proto) {
    for (const onnx::StringStringEntryProto& entry : proto.metadata_props()) {
        if (entry.key() == "class_names") {
            const auto json = nlohmann::json::parse(entry.value(), nullptr, false);
            const auto is_text = [](const nlohmann::json& name) { return name.is_string(); };
            if (json.is_array() && std::all_of(json.begin(), json.end(), is_text)) {
                return json.get<std::vector<std::string>>();
            }
        }
    }
    return {};
}

}  // namespace

PortableModel read_onnx_model(const std::filesystem::path& path) {
    const std::string shown = path.string();
    const std::string bytes = read_whole_file(path);
    onnx::ModelProto proto;
    if (bytes.size() > std::numeric_limits<std::int32_t>::max() ||
        !proto.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
        throw DataError(shown + " is not an ONNX model, or is cut off", "it cannot be parsed",
                        "export the model again");
    }
    const std::int64_t opset = check_opset(proto, shown);
    const std::size_t size = bytes.size() + OnnxTensorReader(path).bytes_beside(proto.graph());
    PortableModel model = OnnxChain(proto.graph(), opset, path, size * numbers_per_byte).read();
    model.class_names = read_class_names(proto);
    const std::vector<std::string> labels = label_names(proto.graph());
    if (model.class_names.empty() && !model.maps.empty() &&
        std::ssize(labels) == model.maps.back().bias.size()) {
        model.class_names = labels;
    }
    complete(model, shown);
    return model;
}

}  // namespace hoist
