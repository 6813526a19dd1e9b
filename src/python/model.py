"""Models in the process itself."""

from __future__ import annotations

import os
import pathlib
import tempfile
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _hoist
from .arrays import PRECISIONS, in_order, rows
from .errors import DataError

if TYPE_CHECKING:
    import torch


def _named(names: list[str], count: int) -> np.ndarray:
    """Class names as they were before they became text: whole numbers where all are."""
    if not names:
        return np.arange(count)
    try:
        numbers = [int(name) for name in names]
    except ValueError:
        return np.array(names)
    return np.array(numbers if [str(number) for number in numbers] == names else names)


class Model:
    """A trained network, in this process and without MPI. Several threads may use one model at once.

    Samples are rows. An array of N x n that is C-contiguous and of the model's precision (``dtype``) is used where it
    lies; any other is converted. Arrays of N x rows x columns (x channels) are taken too, and bytes (uint8) as
    value / 255. The standardization that the model has learned is part of it. Of a frame of pandas the columns that the
    model was trained on are taken by their names, in whatever order they stand and whatever stands beside them.

    Attributes:
        layers: the network as ``network.layers`` has it, "784-300-100-10".
        input_shape: rows, columns and channels of a sample; 1 x 1 x n where it is no picture.
        activation_names: one for each map, those of the hidden layers, then the output: ["relu", "softmax"].
        weights, biases: for each map an array, n_out x n_in and n_out, read-only views of the model's own numbers.
            The filters of a convolution are rows, channels innermost.
        classes: what ``predict`` chooses among, numbers or names; None where there are no classes.
        columns: the names of the inputs, where it was trained on a frame or a table that has names; None otherwise.
        dtype: that of the weights, float32 or float64.
        config: the configuration that it was trained with, as text.
    """

    def __init__(self, local: _hoist.LocalModel):
        self._local = local
        self.layers: str = local.layers
        self.activation_names: list[str] = local.activations
        self.weights: list[np.ndarray] = local.weights
        self.biases: list[np.ndarray] = local.biases
        self.input_shape: tuple[int, int, int] = local.input_shape
        self.columns: list[str] | None = local.columns or None
        self.config: str = local.config
        self.dtype = np.dtype(np.float32 if local.precision == "float" else np.float64)
        self.classes: np.ndarray | None = (
            _named(local.class_names, local.outputs) if local.figure == "accuracy" else None)

    @staticmethod
    def load(path: str | os.PathLike[str], dtype: Any = None) -> Model:
        """Reads a run directory (its model, or else its newest checkpoint), or an HDF5, ONNX or NPZ file.

        `dtype` is what the model then computes in, float32 or float64; by default what it was trained in. Raises
        FileError where the model is not there, DataError where it is none or damaged.
        """
        return Model(_hoist.LocalModel(os.fspath(path), None if dtype is None else PRECISIONS[np.dtype(dtype).name]))

    @staticmethod
    def from_torch(module: torch.nn.Sequential, output: str = "softmax", image: Sequence[int] | None = None) -> Model:
        """A model with the weights of a ``torch.nn.Sequential`` of Linear layers and activations.

        `output` is what stands above the last of them: "softmax", which a module that is trained by
        ``CrossEntropyLoss`` leaves out, or "linear". In front of the Linear layers there may be Conv2d with pools, and
        Flatten; then `image` is the rows and columns of the images, which the model takes as N x rows x columns x
        channels. Raises ConfigError for other modules, which it names.
        """
        from .torch_chain import arrays_of

        return from_arrays(arrays_of(module, output, image))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes a .h5, .npz or .onnx file. Raises ConfigError for another ending, WriteError."""
        self._local.write(os.fspath(path))

    def scores(self, X: Any) -> np.ndarray:
        """The network's output, N x outputs, float64: probabilities under softmax, values of a regression.

        Of a network of pictures the pictures that it makes, in the shape of X. Raises DataError for samples of
        another size, for numbers that are not finite, and for a frame that lacks a column.
        """
        if self._local.figure == "psnr":
            return self._restored(X)
        return self._local.answer(self._rows(X), False)[0]

    def predict(self, X: Any) -> np.ndarray:
        """What `hoist predict` answers, N: classes, values of a regression, or energies where there are no targets.

        Raises as ``scores``.
        """
        if self._local.figure == "energy":
            return self._local.energies(self._rows(X))
        scores = self.scores(X)
        if self.classes is not None:
            return self.classes[scores.argmax(axis=1)]
        return scores[:, 0] if self._local.figure == "rmse" else scores

    def activations(self, X: Any) -> list[np.ndarray]:
        """What stands above each map: the hidden activations x_l, N x n_l in the model's precision, then the scores.

        Pictures are rows of rows x columns x channels numbers. Raises as ``scores``.
        """
        return self._local.answer(self._rows(X), True)

    def _rows(self, X: Any) -> np.ndarray:
        array = rows(in_order(X, self.columns), self._local.precision, standardized=self._local.standardized)
        array = array.reshape(len(array), -1)
        if array.shape[1] != self._local.inputs:
            raise DataError(f"X has {array.shape[1]} features (the network takes {self._local.inputs}, it is "
                            f"{self.layers}); give samples like those that it was trained on")
        return array

    def _restored(self, X: Any) -> np.ndarray:
        array = rows(X, "double")
        height, width, channels = self._local.input_shape
        if array.ndim == 2 and array.shape[1] == height * width * channels:
            pictures = array.reshape(-1, height, width, channels)
        elif array.ndim in (3, 4) and (channels == 1 or array.shape[-1] == channels):
            pictures = array.reshape(*array.shape[:3], channels)
        else:
            raise DataError(f"X of the shape {array.shape} holds no pictures for this network (it takes {channels} "
                            f"channels); give N x rows x columns{' x channels' * (channels > 1)}")
        return self._local.restore(pictures).reshape(array.shape)

    def to_bytes(self) -> bytes:
        """The HDF5 file that ``save`` writes."""
        with tempfile.TemporaryDirectory(prefix="hoist-") as folder:
            path = pathlib.Path(folder) / "model.h5"
            self.save(path)
            return path.read_bytes()

    @staticmethod
    def from_bytes(content: bytes, dtype: Any = None) -> Model:
        """The model of ``to_bytes``, with `dtype` as for ``load``. Raises DataError."""
        with tempfile.TemporaryDirectory(prefix="hoist-") as folder:
            path = pathlib.Path(folder) / "model.h5"
            path.write_bytes(content)
            return Model.load(path, dtype)

    def __reduce__(self):
        return Model.from_bytes, (self.to_bytes(), self.dtype)

    def __repr__(self) -> str:
        return f"<hoist.Model {self.layers}, {', '.join(self.activation_names)}, {self.dtype}>"


def portable_arrays(model: Model) -> dict[str, np.ndarray]:
    """The arrays of the NPZ file that ``save`` writes: normalization and the unit of values are in the weights.

    Raises ConfigError for a network that does not answer feed-forward.
    """
    with tempfile.TemporaryDirectory(prefix="hoist-") as folder:
        path = pathlib.Path(folder) / "model.npz"
        model.save(path)
        with np.load(path) as file:
            return dict(file)


def from_arrays(arrays: dict[str, np.ndarray]) -> Model:
    """The model of such arrays. Raises DataError."""
    with tempfile.TemporaryDirectory(prefix="hoist-") as folder:
        path = pathlib.Path(folder) / "model.npz"
        np.savez(path, **arrays)
        return Model.load(path)
