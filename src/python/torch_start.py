"""Lifted starts for PyTorch, and the way back."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from .errors import ConfigError
from .model import Model, portable_arrays
from .torch_chain import Chain, weights_of
from .training import train


def copy_weights(model: Model, module: torch.nn.Sequential) -> None:
    """Copies the weights of `model` into `module`, which then gives its scores before the output (softmax).

    What the model does to its inputs (standardization) becomes part of the first layer, normalization and the unit of
    values of the maps. Raises ConfigError where the sizes differ, or inputs are standardized in front of a convolution.
    """
    chain = Chain(module, model.input_shape[:2])
    arrays = portable_arrays(model)
    if len(chain.maps) != len(model.weights):
        raise ConfigError(f"the module has {len(chain.maps)} layers with weights and the model {len(model.weights)} maps "
                          f"(it is {model.layers}); give a module of those sizes")
    if "input_mean" in arrays:  # W (x - mean) scale + b
        if isinstance(chain.maps[0], torch.nn.Conv2d):
            raise ConfigError("the module cannot take the standardization of the model (it differs from place to place, "
                              "and a convolution does not); train with data_standardize=False")
        weights = arrays["weights_0"] * arrays["input_scale"]
        arrays["bias_0"] = arrays["bias_0"] - weights @ arrays["input_mean"]
        arrays["weights_0"] = weights
    with torch.no_grad():
        for number, (layer, picture) in enumerate(zip(chain.maps, chain.pictures)):
            weights = torch.from_numpy(np.ascontiguousarray(weights_of(arrays[f"weights_{number}"], picture, layer)))
            if weights.shape != layer.weight.shape:
                raise ConfigError(f"{type(layer).__name__} layer {number} of the module is {tuple(layer.weight.shape)} and "
                                  f"that of the model {tuple(weights.shape)}; give a module of its sizes")
            layer.weight.copy_(weights)
            layer.bias.copy_(torch.from_numpy(arrays[f"bias_{number}"]))


def _samples(given: Any, pictures: bool) -> Any:
    """As hoist takes them: arrays, of pictures with the channels last."""
    array = given.detach().cpu().numpy() if isinstance(given, torch.Tensor) else given
    if not pictures or array is None:
        return array
    array = np.asarray(array)
    if array.ndim != 4:
        raise ConfigError(f"X has the shape {array.shape} and the module begins with a convolution (it takes N x channels x "
                          "rows x columns, as PyTorch does); give images so")
    return array.transpose(0, 2, 3, 1)


def start(module: torch.nn.Sequential, X: Any, y: Any, *, output: str = "softmax", **given: Any) -> Any:
    """Trains a lifted network of the module's layers, and copies its weights into the module. Returns the Run.

    Args:
        module: Linear layers with activations between them, for CrossEntropyLoss, or with one output and
            ``output="linear"`` for MSELoss. In front of them convolutions (Conv2d) with MaxPool2d or AvgPool2d and Flatten
            behind the last; Dropout anywhere is passed over.
        X, y: as for ``train``; tensors are taken, too. Images are N x channels x rows x columns where the module begins
            with a convolution, also X_test; the model of the Run takes them with the channels last.
        given: arguments of ``train`` and keys of the configuration, ``ranks=4, train_epochs=3``.

    Raises ConfigError for another module, and as ``train``.
    """
    pictures = any(isinstance(layer, torch.nn.Conv2d) for layer in module)
    X = _samples(X, pictures)
    chain = Chain(module, np.shape(X)[1:3] if pictures else None)
    for name in {"X_test", "y_test"} & given.keys():
        given[name] = _samples(given[name], pictures and name == "X_test")
    network = {"layers": chain.layers, "activation": ",".join(chain.names) or "relu", "output": output}
    run = train(X=X, y=_samples(y, False), network=network, **given)
    copy_weights(run.model, module)
    return run
