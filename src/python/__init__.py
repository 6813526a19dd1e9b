"""hoist in Python: trains lifted networks on several processes, and uses them in this one.

    run = hoist.train(X=X, y=y, network_layers="784-300-100-10", formulation_name="contrastive", ranks=2)
    run.model.predict(X_test)

``train`` starts the program and returns a ``Run``; ``Model`` reads and uses trained networks; ``Classifier`` and
``Regressor`` are estimators of scikit-learn (where that is installed), and ``start`` gives a torch.nn.Sequential a
lifted start (where PyTorch is). All errors are children of ``Error``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import _hoist
from .errors import (
    ConfigError,
    DataError,
    Defect,
    Error,
    FileError,
    Interrupted,
    NumericalError,
    SystemFailure,
    WriteError,
)
from .model import Model
from .run import Run
from .training import train

if TYPE_CHECKING:
    from .estimators import Classifier, Regressor
    from .torch_start import copy_weights, start

__version__ = _hoist.version
__all__ = ["Classifier", "ConfigError", "DataError", "Defect", "Error", "FileError", "Interrupted", "Model",
           "NumericalError", "Regressor", "Run", "SystemFailure", "WriteError", "copy_weights", "start", "train"]

# What takes other packages is imported when it is first used.
_LATER = {"Classifier": "estimators", "Regressor": "estimators", "copy_weights": "torch_start", "start": "torch_start"}


def __getattr__(name: str) -> Any:
    if name in _LATER:
        import importlib

        return getattr(importlib.import_module(f".{_LATER[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
