"""What a Sequential of PyTorch is as a network of hoist, and its weights in either order."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from .errors import ConfigError

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


# Those that never fall, so that a maximum may stand in front of or behind them.
_RISING = (torch.nn.ReLU, torch.nn.LeakyReLU, torch.nn.Tanh, torch.nn.Sigmoid, torch.nn.Hardtanh, torch.nn.Softplus,
           torch.nn.Identity)


class Chain:
    """What hoist makes of a Sequential.

    Attributes:
        maps: the Linear and Conv2d layers.
        names: the activation between each two of them.
        pictures: for each map the channels, rows and columns that a Linear layer reads behind Flatten, else None.
        layers: the text of ``network.layers``.
    """

    def __init__(self, module: torch.nn.Sequential, image: Sequence[int] | None = None):
        """`image`: rows and columns of the input where the first map is a convolution."""
        self.maps: list[torch.nn.Linear | torch.nn.Conv2d] = []
        self.names: list[str] = []
        self.pictures: list[tuple[int, int, int] | None] = []
        self._image = image
        self._pieces: list[str] = []
        self._picture: tuple[int, int, int] | None = None  # what comes to the next layer: channels, rows, columns
        self._flat: tuple[int, int, int] | None = None  # of what it was flattened from
        self._before: torch.nn.Module | None = None
        for position, layer in enumerate(module):
            self._shown = f"layer {position} is {type(layer).__name__}"
            self._take(layer)
        if len(self.names) + 1 != len(self.maps) or isinstance(self.maps[-1], torch.nn.Conv2d):
            raise self._refuse("it does not end in a Linear layer")
        self.layers = "-".join(self._pieces)

    def _take(self, layer: torch.nn.Module) -> None:
        if isinstance(layer, (torch.nn.Dropout, torch.nn.Dropout2d)):
            return
        if isinstance(layer, torch.nn.Linear):
            self._linear(layer)
        elif isinstance(layer, torch.nn.Conv2d):
            self._convolution(layer)
        elif isinstance(layer, torch.nn.Flatten):
            if self._picture is not None:
                self._flat, self._picture = self._picture, None
        elif isinstance(layer, (torch.nn.MaxPool2d, torch.nn.AvgPool2d, torch.nn.AdaptiveAvgPool2d)):
            self._pool(layer)
        elif type(layer) in _NAMES:
            if len(self.names) + 1 != len(self.maps):
                raise self._refuse(f"{self._shown}, not between two Linear layers or convolutions")
            if isinstance(self._before, (torch.nn.AvgPool2d, torch.nn.AdaptiveAvgPool2d)):
                raise self._refuse(f"{self._shown} behind a mean, and hoist has it in front")
            self.names.append(_NAMES[type(layer)](layer))
            if not self.names[-1]:
                raise self._refuse(f"{self._shown} with parameters that hoist has no activation for: {layer}")
        else:
            raise self._refuse(self._shown)
        self._before = layer

    def _add(self, layer: torch.nn.Linear | torch.nn.Conv2d, piece: str) -> None:
        if layer.bias is None:
            raise self._refuse(f"{self._shown} without a bias")
        if len(self.maps) != len(self.names):
            self.names.append("identity")
        self.maps.append(layer)
        self._pieces.append(piece)

    def _linear(self, layer: torch.nn.Linear) -> None:
        if self._picture is not None:
            raise self._refuse(f"{self._shown}, and no Flatten is in front of it")
        if self._flat is not None and layer.in_features != math.prod(self._flat):
            raise self._refuse(f"{self._shown} of {layer.in_features} inputs, and {math.prod(self._flat)} come from "
                               f"images of {'x'.join(map(str, self._image or ()))}")
        if not self.maps:
            self._pieces.append(str(layer.in_features))
        self._add(layer, str(layer.out_features))
        self.pictures.append(self._flat)
        self._flat = None

    def _convolution(self, layer: torch.nn.Conv2d) -> None:
        if not self.maps:
            if self._image is None:
                raise self._refuse(f"{self._shown}, and the rows and columns of its images are not given")
            self._picture = (layer.in_channels, *self._image)
            self._pieces.append(f"{self._image[0]}x{self._image[1]}x{layer.in_channels}")
        if self._picture is None or self._picture[0] != layer.in_channels:
            raise self._refuse(f"{self._shown}, which does not read what is in front of it")
        padding = {"valid": 0, "same": (layer.kernel_size[0] - 1) // 2}.get(layer.padding, layer.padding)
        side, stride, padding = (self._square(size) for size in (layer.kernel_size, layer.stride, padding))
        if layer.groups != 1 or self._square(layer.dilation) != 1 or layer.padding_mode != "zeros" or (
                layer.padding == "same" and side % 2 == 0):
            raise self._refuse(f"{self._shown} with groups, holes, an even side of same padding or an edge that is not "
                               f"zeros: {layer}")
        self._add(layer, f"conv({layer.out_channels},{side},{stride},{padding})")
        self.pictures.append(None)
        self._shrink(side, stride, padding, layer.out_channels)

    def _pool(self, layer: Any) -> None:
        if self._picture is None:
            raise self._refuse(f"{self._shown}, and no convolution is in front of it")
        if isinstance(layer, torch.nn.AdaptiveAvgPool2d):
            if self._square(layer.output_size) != 1:
                raise self._refuse(f"{self._shown} to more than one place")
            self._pieces.append("avgpool")
            self._picture = (self._picture[0], 1, 1)
            return
        side, stride, padding = (self._square(size) for size in (layer.kernel_size, layer.stride, layer.padding))
        if padding or layer.ceil_mode or self._square(getattr(layer, "dilation", 1)) != 1 or (
                getattr(layer, "divisor_override", None)):
            raise self._refuse(f"{self._shown} with an edge, ceil_mode, holes or another divisor: {layer}")
        largest = isinstance(layer, torch.nn.MaxPool2d)
        if largest and not isinstance(self._before, (torch.nn.Conv2d, *_RISING)):
            raise self._refuse(f"{self._shown}, not behind a convolution or its activation (one that never falls)")
        self._pieces.append(f"{'maxpool' if largest else 'avgpool'}({side},{stride})")
        self._shrink(side, stride, 0, self._picture[0])

    def _shrink(self, side: int, stride: int, padding: int, channels: int) -> None:
        assert self._picture is not None
        rows, columns = ((size + 2 * padding - side) // stride + 1 for size in self._picture[1:])
        if rows < 1 or columns < 1:
            raise self._refuse(f"{self._shown}, larger than the picture that comes to it")
        self._picture = (channels, rows, columns)

    def _square(self, size: Any) -> int:
        sizes = set(size) if isinstance(size, (tuple, list)) else {size}
        if len(sizes) != 1:
            raise self._refuse(f"{self._shown} that is not the same down and across")
        return sizes.pop()

    @staticmethod
    def _refuse(why: str) -> ConfigError:
        return ConfigError(f"the module is no chain that hoist knows ({why}); give a Sequential of Linear layers, or of "
                           "Conv2d with pools, Flatten and Linear layers, with one activation between each two of them")


def matrix_of(weights: np.ndarray, picture: tuple[int, int, int] | None) -> np.ndarray:
    """From PyTorch's order, channels outermost, to rows with channels innermost."""
    if picture is not None:
        weights = weights.reshape(-1, *picture)
    return weights.transpose(0, 2, 3, 1).reshape(len(weights), -1) if weights.ndim == 4 else weights


def weights_of(matrix: np.ndarray, picture: tuple[int, int, int] | None, layer: Any) -> np.ndarray:
    """The way back, for `layer`."""
    channels, rows, columns = picture or (tuple(layer.weight.shape[1:]) if layer.weight.ndim == 4 else (0, 0, 0))
    if channels == 0 or matrix.shape != (len(layer.weight), channels * rows * columns):
        return matrix
    turned = matrix.reshape(-1, rows, columns, channels).transpose(0, 3, 1, 2)
    return np.ascontiguousarray(turned.reshape(tuple(layer.weight.shape)))


def arrays_of(module: torch.nn.Sequential, output: str, image: Sequence[int] | None) -> dict[str, np.ndarray]:
    """What an NPZ file of the module holds, as Model.from_torch takes it."""
    chain = Chain(module, image)
    arrays = {"activations": np.array([*chain.names, output])}
    if any(isinstance(layer, torch.nn.Conv2d) for layer in chain.maps):
        arrays["network"] = np.array([chain.layers])
    for number, (layer, picture) in enumerate(zip(chain.maps, chain.pictures)):
        arrays[f"weights_{number}"] = np.ascontiguousarray(matrix_of(layer.weight.detach().cpu().numpy(), picture))
        arrays[f"bias_{number}"] = layer.bias.detach().cpu().numpy()
    return arrays
