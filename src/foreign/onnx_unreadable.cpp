#include "onnx_unreadable.hpp"

#include <algorithm>
#include <set>

#include "hoist/base/text.hpp"
#include "hoist/math/activation.hpp"

namespace hoist {

OnnxRefusal why_unreadable(const onnx::NodeProto& node) {
    static const std::set<std::string> activations{
        "Celu", "Elu",  "Erf",      "Exp",        "Gelu",  "HardSwish",      "Hardmax",
        "Mish", "Selu", "Softsign", "Softshrink", "Swish", "ThresholdedRelu"};
    const std::string& op = node.op_type();
    if (!is_standard(node)) {
        return {"it is no operator of ONNX itself that hoist knows",
                "export the model to plain operators, its functions inlined"};
    }
    if (std::ranges::any_of(node.attribute(), [](const auto& a) { return a.has_g(); })) {
        return {"it holds a graph of its own", "export the model without branches and loops"};
    }
    if (activations.contains(op)) {
        return {"hoist has no such activation",
                "train the model with one of " + join(activation_names(), ", ")};
    }
    if (op.find("Conv") != std::string::npos || op.find("Pool") != std::string::npos) {
        return {"it is no dense map",
                "export the dense maps behind it alone, and feed them with what "
                "it gives"};
    }
    if (op.find("Quantize") != std::string::npos || op.ends_with("Integer")) {
        return {"it computes with quantized numbers", "export the model before it is quantized"};
    }
    return {"it has no counterpart in hoist", ""};
}

}  // namespace hoist
