"""What a run leaves behind."""

from __future__ import annotations

import functools
import json
import os
import pathlib
from typing import Any

import numpy as np

from .folders import TemporaryFolder
from .launch import Job
from .model import Model
from .progress import read_columns


class Run:
    """A run directory: that of ``train``, or any other.

    Attributes:
        directory: where its files lie. That of a training without ``out`` goes away with this object.
    """

    def __init__(self, directory: str | os.PathLike[str], temporary: TemporaryFolder | None = None):
        """`temporary` is the directory where it is to go away."""
        self.directory = pathlib.Path(directory)
        self._temporary = temporary

    @property
    def metrics(self) -> dict[str, np.ndarray]:
        """The columns of metrics.csv, one number for each sweep or epoch; NaN where there is no figure."""
        names, rows = read_columns(self.directory / "metrics.csv")
        return {name: np.array([row[name] for row in rows]) for name in names}

    @property
    def summary(self) -> dict[str, Any]:
        """summary.json: final and best figures, times, memory; empty while the run is not complete."""
        path = self.directory / "summary.json"
        return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}

    @functools.cached_property
    def model(self) -> Model:
        """The trained model, or what the newest checkpoint holds. Raises as ``Model.load``."""
        return Model.load(self.directory)

    def report(self, path: str | os.PathLike[str]) -> None:
        """Writes the page of ``hoist report``, an HTML file that needs no network. Raises Error."""
        Job(1, ["report", str(self.directory), "--out", os.fspath(path)]).wait()

    def __repr__(self) -> str:
        return f"<hoist.Run {self.directory}>"
