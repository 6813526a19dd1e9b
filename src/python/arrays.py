"""NumPy arrays on their way to the library and the program."""

from __future__ import annotations

import pathlib
from typing import Any

import numpy as np

from .errors import DataError

# What types are called in a configuration.
PRECISIONS = {"float32": "float", "float64": "double"}
_TYPES = {"float": np.float32, "double": np.float64}


def rows(given: Any, precision: str, name: str = "X", *, standardized: bool = False) -> np.ndarray:
    """`given` as a C-contiguous array of `precision`, "float" or "double": itself where it is one.

    Where it will be `standardized`, numbers that do not fit into a float keep their digits until then, as doubles.
    Bytes (uint8) become value / 255, as in files. Raises DataError where there is no sample, or no number in it.
    """
    array = given if isinstance(given, np.ndarray) else np.asarray(given)
    if standardized and array.dtype.kind in "iuf" and np.result_type(array.dtype, np.float32) == np.float64:
        precision = "double"
    if array.ndim < 2:
        raise DataError(f"{name} has {array.ndim} dimension{'s' * (array.ndim != 1)} (samples are rows); "
                        f"give an array of samples x features, for one sample {name}.reshape(1, -1)")
    if 0 in array.shape:
        raise DataError(f"{name} is empty (its shape is {array.shape}); give at least one sample and one feature")
    if array.dtype == np.uint8:
        return np.ascontiguousarray(array / _TYPES[precision](255), dtype=_TYPES[precision])
    try:
        with np.errstate(over="ignore"):  # what is too large is infinite then, and refused
            return np.ascontiguousarray(array, dtype=_TYPES[precision])
    except (TypeError, ValueError) as error:
        raise DataError(f"{name} cannot be used ({error}); give numbers") from None


class Named:
    """An array whose columns have names, as those of a frame."""

    def __init__(self, array: np.ndarray, columns: list[str]):
        self.array = array
        self.columns = columns

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        return self.array if dtype is None else self.array.astype(dtype)


def column_names(given: Any) -> list[str] | None:
    """The names of the columns of a frame; None where `given` is none, or they are not all texts, each once."""
    names = list(getattr(given, "columns", ()))
    texts = all(isinstance(name, str) for name in names) and len(set(names)) == len(names)
    return names if names and texts else None


def in_order(given: Any, columns: list[str] | None) -> Any:
    """The columns of a frame by their names, those of `columns`; anything else as it is. Raises DataError."""
    names = column_names(given)
    if columns is None or names is None or names == columns:
        return given
    lacking = [name for name in columns if name not in names]
    if lacking:
        raise DataError(f"X has no column {', '.join(lacking[:5])}{' and others' * (len(lacking) > 5)} (the model takes "
                        f"the columns that it was trained on by their names, and X has {', '.join(names[:5])}"
                        f"{', ...' * (len(names) > 5)}); give a frame with them, or X.to_numpy() in their order")
    return given[columns]


def require_finite(array: np.ndarray, name: str) -> None:
    """Raises DataError, naming the sample, where `array` holds NaN or an infinite number."""
    if np.isfinite(array).all():
        return
    where = tuple(np.argwhere(~np.isfinite(array))[0])
    raise DataError(f"{name} holds {array[where]} in sample {where[0]} (training takes finite numbers); "
                    "replace such values, or leave their samples out")


class Numbered:
    """Labels that are numbers of classes from 0, of which not all need be among them."""

    def __init__(self, labels: np.ndarray, classes: int):
        self.labels = labels
        self.classes = classes


class Classes:
    """How the labels of a data set are numbered from 0.

    Labels that count from 0 are taken as they are; others, words too, are the names of the classes in their order.
    """

    def __init__(self, labels: np.ndarray):
        self.names: np.ndarray | None = None
        if labels.dtype.kind == "f" and np.array_equal(labels, np.rint(labels)):
            labels = labels.astype(np.int64)
        counts = labels.dtype.kind in "iu" and labels.min() >= 0 and np.unique(labels).size == labels.max() + 1
        if not counts:
            self.names = np.unique(labels)

    def number(self, labels: np.ndarray, name: str) -> np.ndarray:
        if self.names is None:
            return labels.astype(np.int64)
        numbers = np.minimum(np.searchsorted(self.names, labels), len(self.names) - 1)
        unknown = self.names[numbers] != labels
        if unknown.any():
            raise DataError(f"{name} holds the class {labels[unknown][0]!r} (y has no such class); "
                            "leave its samples out, or add some of them to y")
        return numbers


def _labels(given: Any, name: str, samples: int) -> np.ndarray:
    array = np.asarray(given)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if len(array) != samples:
        raise DataError(f"X{name[1:]} has {samples} samples and {name} has {len(array)} (each sample has one target); "
                        "give arrays of one length")
    if array.dtype.kind == "O":
        array = array.astype(str)
    if array.dtype.kind == "b":
        array = array.astype(np.int64)
    if array.dtype.kind == "f":
        require_finite(array, name)
    return array


def save(folder: pathlib.Path, figure: str, precision: str, X: Any, y: Any, X_test: Any = None,
         y_test: Any = None, *, standardized: bool = False) -> dict[str, str]:
    """Writes the arrays as NPY files into `folder`; returns the keys of a configuration that reads them.

    `figure` is what the network is judged by, which tells what its targets are: "accuracy", "rmse", ...
    Raises DataError.
    """
    keys = {"data.format": "numpy", "data.path": str(folder), "data.train": "X_train.npy"}
    classes = None
    names = column_names(X)
    for part, inputs, targets in (("train", X, y), ("test", X_test, y_test)):
        suffix = "" if part == "train" else "_test"
        if inputs is None:
            continue
        inputs = in_order(inputs, names)
        array = inputs if isinstance(inputs, np.ndarray) else np.asarray(inputs)
        if array.dtype != np.uint8:
            array = rows(array, precision, f"X{suffix}", standardized=standardized)
            require_finite(array, f"X{suffix}")
        np.save(folder / f"X_{part}.npy", np.ascontiguousarray(array))
        if part == "test":
            keys["data.test"] = "X_test.npy"
        if targets is None:
            continue
        if isinstance(targets, Numbered):
            np.save(folder / "class_names.npy", np.arange(targets.classes).astype(str))
            np.save(folder / f"y_{part}.npy", targets.labels)
            continue
        labels = _labels(targets, f"y{suffix}", len(array))
        if figure == "rmse":
            labels = rows(labels.reshape(len(labels), -1), "double", f"y{suffix}")
        elif labels.ndim == 1:
            classes = classes or Classes(labels)
            labels = classes.number(labels, f"y{suffix}")
        np.save(folder / f"y_{part}.npy", labels)
    if names is not None:
        np.save(folder / "feature_names.npy", np.array(names))
    if classes is not None and classes.names is not None:
        np.save(folder / "class_names.npy", classes.names.astype(str))
    return keys
