#pragma once

#include <onnx/onnx_pb.h>

#include <string>
#include <vector>

namespace hoist {

/// What of a graph is read.
struct OnnxRoute {
    /// The output at its end: the scores.
    std::string output;
    /// The nodes that the output needs, in the order of the graph.
    std::vector<const onnx::NodeProto*> nodes;
    /// The other outputs: labels, and what the scores are made of.
    std::vector<std::string> left_out;
};

/// Of several outputs takes the one that all others of real numbers lead to.
/// @param shown the file's name, for messages.
/// @throws DataError where there is none.
OnnxRoute find_route(const onnx::GraphProto& graph, const std::string& shown);

/// The names of the classes in the nodes that turn scores to labels; none where they are 0, 1, ...
std::vector<std::string> label_names(const onnx::GraphProto& graph);

}  // namespace hoist
