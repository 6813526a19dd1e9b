"""Graphs of ONNX operators evaluated by numpy from the operators' definitions."""

import numpy
import onnx
from onnx import numpy_helper


def attributes(node):
    return {attribute.name: onnx.helper.get_attribute_value(attribute) for attribute in node.attribute}


def top_k(values, count, axis):
    assert axis == 1
    return -numpy.sort(-values, axis=1)[:, :int(count[0])]


def gemm(a, b, c=0.0, alpha=1.0, beta=1.0, transA=0, transB=0):
    return alpha * (a.T if transA else a) @ (b.T if transB else b) + beta * c


def normalized(x, scale, shift, mean, variance, epsilon=1e-5, momentum=0.9):
    scale, shift, mean, variance = (v.reshape(-1, *[1] * (x.ndim - 2)) for v in (scale, shift, mean, variance))
    return scale * (x - mean) / numpy.sqrt(variance + epsilon) + shift


def softmax(x, axis=-1):
    powers = numpy.exp(x - x.max(axis=axis, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)


def reshape(x, shape):
    return x.reshape([x.shape[i] if size == 0 else size for i, size in enumerate(shape.astype(int))])


def clip(x, low=-numpy.inf, high=numpy.inf, **bounds):
    return numpy.clip(x, bounds.get("min", low), bounds.get("max", high))


def sigmoid(x):
    return 1 / (1 + numpy.exp(-x))


def linear_classifier(x, coefficients, intercepts, post_transform, **labels):
    scores = x @ numpy.reshape(coefficients, (len(intercepts), -1)).T + intercepts
    scores = {b"SOFTMAX": softmax, b"LOGISTIC": sigmoid, b"NONE": lambda u: u}[post_transform](scores)
    return scores.argmax(axis=1), scores


OPERATORS = {
    "Add": numpy.add,
    "ArgMax": lambda x, axis: x.argmax(axis=axis)[:, None],
    "BatchNormalization": normalized,
    "Cast": lambda x, to: x.astype(onnx.mapping.TENSOR_TYPE_TO_NP_TYPE[to]),
    "Clip": clip,
    "Concat": lambda *parts, axis: numpy.concatenate(parts, axis=axis),
    "Constant": lambda value: numpy_helper.to_array(value),
    "CumSum": lambda x, axis: numpy.cumsum(x, axis=int(axis)),
    "Div": numpy.divide,
    "Dropout": lambda x, *rest, ratio=0.5: x,
    "Flatten": lambda x, axis=1: x.reshape(int(numpy.prod(x.shape[:axis])), -1),
    "Gather": lambda x, indices, axis=0: numpy.take(x, indices, axis=axis),
    "Gemm": gemm,
    "HardSigmoid": lambda x, alpha=0.2, beta=0.5: numpy.clip(alpha * x + beta, 0, 1),
    "Identity": lambda x: x,
    "LeakyRelu": lambda x, alpha=0.01: numpy.where(x < 0, alpha * x, x),
    "LinearClassifier": linear_classifier,
    "Log": numpy.log,
    "LogSoftmax": lambda x, axis=-1: numpy.log(softmax(x, axis)),
    "MatMul": numpy.matmul,
    "Max": numpy.maximum,
    "Min": numpy.minimum,
    "Mul": numpy.multiply,
    "Neg": numpy.negative,
    "Normalizer": lambda x, norm: x / abs(x).sum(axis=1, keepdims=True),
    "PRelu": lambda x, slope: numpy.where(x < 0, slope * x, x),
    "ReduceMax": lambda x, axes, keepdims: x.max(axis=tuple(axes), keepdims=bool(keepdims)),
    "Relu": lambda x: numpy.maximum(x, 0),
    "Reshape": reshape,
    "Scaler": lambda x, offset, scale: (x - offset) * scale,
    "Shape": lambda x: numpy.array(x.shape),
    "Sigmoid": sigmoid,
    "Slice": lambda x, start, end: x[int(start[0]):int(end[0])],
    "Softmax": softmax,
    "Softplus": lambda x: numpy.log1p(numpy.exp(x)),
    "Sqrt": numpy.sqrt,
    "Squeeze": lambda x, axes: x.squeeze(tuple(axes)),
    "Sub": numpy.subtract,
    "Tanh": numpy.tanh,
    "TopK": top_k,
    "Transpose": lambda x, perm=None: x.transpose(perm),
    "Unsqueeze": lambda x, axes: numpy.expand_dims(x, tuple(int(axis) for axis in axes)),
}


def evaluate(model, inputs, output):
    """The tensor `output` of a model, its only input being `inputs`."""
    graph = model.graph
    values = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    values[next(value.name for value in graph.input if value.name not in values)] = inputs
    for node in graph.node:
        results = OPERATORS[node.op_type](*(values[name] for name in node.input), **attributes(node))
        values.update(zip(node.output, results if isinstance(results, tuple) else (results,)))
        if output in node.output:
            return values[output]
    raise KeyError(output)


def run(path, inputs):
    """The output of the model in `path` for samples in rows."""
    return evaluate(onnx.load(str(path)), inputs.astype(numpy.float32), "output")
