"""Small networks of random weights, written as NPZ and evaluated by numpy from the activations' definitions."""

import math
from dataclasses import dataclass, field

import numpy


def softmax(u):
    powers = numpy.exp(u - u.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def simplex(u):
    """By bisection for the threshold at which the positive parts sum to one."""
    low, high = u.min(axis=1, keepdims=True) - 1, u.max(axis=1, keepdims=True)
    for _ in range(100):
        middle = (low + high) / 2
        above = numpy.maximum(u - middle, 0).sum(axis=1, keepdims=True) > 1
        low, high = numpy.where(above, middle, low), numpy.where(above, high, middle)
    return numpy.maximum(u - low, 0)


def lifting(u, labels):
    """Each number as its weights in the labels next to it; outside, the outermost interval goes on."""
    near = [numpy.interp(u, labels, row) for row in numpy.eye(len(labels))]
    below, above = numpy.minimum(u - labels[0], 0), numpy.maximum(u - labels[-1], 0)
    first, last = below / (labels[1] - labels[0]), above / (labels[-1] - labels[-2])
    near[0], near[1] = near[0] - first, near[1] + first
    near[-1], near[-2] = near[-1] + last, near[-2] - last
    return numpy.stack(near, axis=2)


def flat(x):
    return x.reshape(len(x), -1)


ACTIVATIONS = {
    "identity": lambda u: u,
    "linear": lambda u: u,
    "relu": lambda u: numpy.maximum(u, 0),
    "leaky_relu(0.1)": lambda u: numpy.where(u < 0, 0.1 * u, u),
    "leaky_relu(0.3)": lambda u: numpy.where(u < 0, 0.3 * u, u),
    "hard_tanh": lambda u: numpy.clip(u, -1, 1),
    "hard_sigmoid": lambda u: numpy.clip(u, 0, 1),
    "soft_threshold(0.2)": lambda u: numpy.sign(u) * numpy.maximum(abs(u) - 0.2, 0),
    "sigmoid": lambda u: 1 / (1 + numpy.exp(-u)),
    "tanh": numpy.tanh,
    "softplus": lambda u: numpy.log1p(numpy.exp(u)),
    "softmax": softmax,
    "simplex": simplex,
    "sin": numpy.sin,
    "gelu": lambda u: u * (1 + numpy.vectorize(math.erf)(u / math.sqrt(2))) / 2,
    "saturated_sin": lambda u: numpy.sin(numpy.clip(u, -numpy.pi / 2, numpy.pi / 2)),
    "maxpool(3)": lambda u: u.reshape(len(u), -1, 3).max(axis=2),
    "lifting(4,1.5)": lambda u: flat(lifting(u, numpy.linspace(-1.5, 1.5, 4))),
    "scaled_lifting(3)": lambda u: flat(numpy.stack([numpy.minimum(u, 0), numpy.maximum(u, 0)], axis=2)),
    "scaled_lifting(5,2)": lambda u: flat((lifting(u, numpy.linspace(-2, 2, 5)) * numpy.linspace(-2, 2, 5))[..., [0, 1, 3, 4]]),
}
# Rows of W for each unit.
ROWS = {"maxpool(3)": 3, "lifting(4,1.5)": 1 / 4, "scaled_lifting(3)": 1 / 2, "scaled_lifting(5,2)": 1 / 4}


@dataclass
class Network:
    """Weights are n_out x n_in; samples are rows."""
    widths: list
    activations: list
    precision: type = numpy.float32
    standardized: bool = False
    arrays: dict = field(init=False)

    def __post_init__(self):
        generator = numpy.random.default_rng(7)
        self.arrays = {"activations": numpy.array(self.activations)}
        for layer, activation in enumerate(self.activations):
            rows = int(self.widths[layer + 1] * ROWS.get(activation, 1))
            columns = self.widths[layer]
            weights = generator.normal(size=(rows, columns)) * 1.5 / numpy.sqrt(columns)
            self.arrays[f"weights_{layer}"] = weights.astype(self.precision)
            self.arrays[f"bias_{layer}"] = generator.normal(size=rows).astype(self.precision) / 2
        if self.standardized:
            self.arrays["input_mean"] = generator.normal(size=self.widths[0]) * 3
            self.arrays["input_scale"] = generator.uniform(0.2, 2, size=self.widths[0])

    def outputs(self, inputs):
        state = inputs.astype(float)
        if self.standardized:
            state = (state - self.arrays["input_mean"]) * self.arrays["input_scale"]
        for layer, activation in enumerate(self.activations):
            u = state @ self.arrays[f"weights_{layer}"].T.astype(float) + self.arrays[f"bias_{layer}"]
            state = ACTIVATIONS[activation](u)
        return state


def samples(count, features):
    """Exact in single precision."""
    return numpy.random.default_rng(3).normal(size=(count, features)).astype(numpy.float32).astype(float)
