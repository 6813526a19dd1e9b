"""A chain of ONNX operators evaluated by numpy, for those that OpenCV does not have."""

import numpy
import onnx
from onnx import numpy_helper


def attributes(node):
    return {attribute.name: onnx.helper.get_attribute_value(attribute) for attribute in node.attribute}


def top_k(values, count, axis):
    assert axis == 1
    return -numpy.sort(-values, axis=1)[:, :int(count[0])]


def gemm(x, weights, bias, transB):
    assert transB == 1
    return x @ weights.T + bias


OPERATORS = {
    "Cast": lambda x, to: x.astype(onnx.mapping.TENSOR_TYPE_TO_NP_TYPE[to]),
    "CumSum": lambda x, axis: numpy.cumsum(x, axis=int(axis)),
    "Div": numpy.divide,
    "Gemm": gemm,
    "Mul": numpy.multiply,
    "ReduceMax": lambda x, axes, keepdims: x.max(axis=tuple(axes), keepdims=bool(keepdims)),
    "Relu": lambda x: numpy.maximum(x, 0),
    "Sub": numpy.subtract,
    "TopK": top_k,
}


def run(path, inputs):
    """The output of the model in `path` for samples in rows."""
    graph = onnx.load(str(path)).graph
    values = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    values["input"] = inputs.astype(numpy.float32)
    for node in graph.node:
        arguments = [values[name] for name in node.input]
        values[node.output[0]] = OPERATORS[node.op_type](*arguments, **attributes(node))
    return values["output"]
