"""Lifted starts for PyTorch, and the way back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from . import model as models
from .errors import ConfigError
from .training import train

# What each activation of PyTorch is called in a configuration, with its usual parameters.
_NAMES: dict[type[torch.nn.Module], Callable[[Any], str]] = {
    torch.nn.ReLU: lambda _: "relu",
    torch.nn.LeakyReLU: lambda layer: f"leaky_relu({layer.negative_slope})",
    torch.nn.Tanh: lambda _: "tanh",
    torch.nn.Sigmoid: lambda _: "sigmoid",
    torch.nn.Hardtanh: lambda layer: "hard_tanh" if (layer.min_val, layer.max_val) == (-1, 1) else "",
    torch.nn.GELU: lambda layer: "gelu" if layer.approximate == "none" else "",
    torch.nn.Softplus: lambda layer: "softplus" if layer.beta == 1 else "",
    torch.nn.Identity: lambda _: "identity",
}


def _parts(module: torch.nn.Sequential) -> tuple[list[torch.nn.Linear], list[str]]:
    """The Linear layers, and the name of the activation between each two of them."""
    linear: list[torch.nn.Linear] = []
    names: list[str] = []

    def refuse(why: str) -> ConfigError:
        return ConfigError(f"the module is no chain of dense layers ({why}); "
                           "give a Sequential of Linear layers with one activation between each two")

    for position, layer in enumerate(module):
        shown = f"layer {position} is {type(layer).__name__}"
        if isinstance(layer, torch.nn.Linear):
            if len(linear) != len(names):
                names.append("identity")
            if layer.bias is None:
                raise refuse(f"{shown} without a bias")
            linear.append(layer)
        elif isinstance(layer, (torch.nn.Flatten, torch.nn.Dropout)):
            continue
        elif type(layer) in _NAMES:
            if len(names) + 1 != len(linear):
                raise refuse(f"{shown}, not between two Linear layers")
            names.append(_NAMES[type(layer)](layer))
            if not names[-1]:
                raise refuse(f"{shown} with parameters that hoist has no activation for: {layer}")
        else:
            raise refuse(shown)
    if len(names) + 1 != len(linear):
        raise refuse("it does not end in a Linear layer")
    return linear, names


def model_of(module: torch.nn.Sequential, output: str = "softmax") -> models.Model:
    """As Model.from_torch."""
    linear, names = _parts(module)
    arrays = {"activations": np.array([*names, output])}
    for number, layer in enumerate(linear):
        arrays[f"weights_{number}"] = layer.weight.detach().cpu().numpy()
        arrays[f"bias_{number}"] = layer.bias.detach().cpu().numpy()
    return models.from_arrays(arrays)


def copy_weights(model: models.Model, module: torch.nn.Sequential) -> None:
    """Copies the weights of `model` into `module`, which then gives its scores before the output (softmax).

    What the model does to its inputs (standardization) becomes part of the first layer, normalization and the unit of
    values of the maps. Raises ConfigError where the sizes differ.
    """
    linear, _ = _parts(module)
    arrays = models.portable_arrays(model)
    if len(linear) != len(model.weights):
        raise ConfigError(f"the module has {len(linear)} Linear layers and the model {len(model.weights)} maps "
                          f"(it is {model.layers}); give a module of those sizes")
    if "input_mean" in arrays:  # W (x - mean) scale + b
        weights = arrays["weights_0"] * arrays["input_scale"]
        arrays["bias_0"] = arrays["bias_0"] - weights @ arrays["input_mean"]
        arrays["weights_0"] = weights
    with torch.no_grad():
        for number, layer in enumerate(linear):
            weights = torch.from_numpy(np.ascontiguousarray(arrays[f"weights_{number}"]))
            if weights.shape != layer.weight.shape:
                raise ConfigError(f"Linear layer {number} of the module is {tuple(layer.weight.shape)} and that of the "
                                  f"model {tuple(weights.shape)}; give a module of its sizes")
            layer.weight.copy_(weights)
            layer.bias.copy_(torch.from_numpy(arrays[f"bias_{number}"]))


def start(module: torch.nn.Sequential, X: Any, y: Any, *, output: str = "softmax", **given: Any) -> Any:
    """Trains a lifted network of the module's layers, and copies its weights into the module. Returns the Run.

    Args:
        module: Linear layers with activations between them, for CrossEntropyLoss, or with one output and
            ``output="linear"`` for MSELoss; Flatten and Dropout may be among them, and are passed over.
        X, y: as for ``train``; tensors are taken, too.
        given: arguments of ``train`` and keys of the configuration, ``ranks=4, train_epochs=3``.

    Raises ConfigError for another module, and as ``train``.
    """
    linear, names = _parts(module)
    sizes = [linear[0].in_features, *(layer.out_features for layer in linear)]
    X, y = (part.detach().cpu().numpy() if isinstance(part, torch.Tensor) else part for part in (X, y))
    run = train(X=X, y=y, network={"layers": sizes, "activation": ",".join(names) or "relu", "output": output}, **given)
    copy_weights(run.model, module)
    return run
