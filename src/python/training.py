"""Trains by the program, on ranks of its own."""

from __future__ import annotations

import os
import pathlib
from collections.abc import Callable
from typing import Any

from . import arrays
from .configuration import Config, flatten, resolve
from .errors import ConfigError, Interrupted
from .folders import TemporaryFolder
from .launch import Job, in_allocation
from .progress import Row, Watch
from .run import Run

# What arrays take the place of.
_WHERE_DATA_LIE = ("data.format", "data.path", "data.train", "data.test", "data.inputs", "data.target", "data.ignore",
                   "data.header", "data.missing", "data.gray")


def beside(out: pathlib.Path | None) -> pathlib.Path | None:
    """Where temporary folders go: the usual place, but in an allocation one that all nodes see."""
    return (out or pathlib.Path.cwd() / "run").parent if in_allocation() else None


def train(config: Config = None, X: Any = None, y: Any = None, *, X_test: Any = None, y_test: Any = None,
          ranks: int = 2, threads: int | None = None, out: str | os.PathLike[str] | None = None, resume: bool = False,
          overwrite: bool = False, callback: Callable[[Row], object] | None = None, progress: bool | None = None,
          **keys: Any) -> Run:
    """Trains a network and returns what the run leaves behind.

    Args:
        config: the path of an INI file, or a dictionary of sections, ``{"train": {"epochs": 3}}``, or of keys,
            ``{"train.epochs": 3}``.
        X, y: training samples, N x features (or N x rows x columns (x channels)), and N targets: classes (numbers or
            words), or values where ``network.output`` is linear with one output. Without X the data are those that the
            configuration names. X travels in the precision of training (what is standardized before it is rounded as it
            is), bytes (uint8) as value / 255, in files of a private folder that is removed afterwards, also where Python
            is killed meanwhile.
        X_test, y_test: the test part, likewise.
        ranks: how many processes work on it; 1 starts no launcher. `srun` starts them within a SLURM allocation,
            `mpirun` elsewhere.
        threads: BLAS threads of each rank; by default OPENBLAS_NUM_THREADS, or cores / ranks.
        out: the run directory. By default a temporary one, which goes away with the Run.
        resume, overwrite: what to do with a run that is in `out` already; an error by default.
        callback: is given each new row of metrics.csv as a dictionary of numbers, after each sweep or epoch. What it
            raises stops the run with a checkpoint.
        progress: whether a bar is shown (tqdm); by default on a terminal and in a notebook, where tqdm is installed.
        keys: keys of the configuration, which win over `config`: ``train_epochs=3`` is train.epochs, and
            ``train={"epochs": 3}`` a section. Sequences are joined, ``network_layers=[784, 100, 10]``.

    On Ctrl-C the run stops with a checkpoint (a second one kills it) and Interrupted is raised, whose ``directory`` is
    the run's: with the same arguments, ``out=directory`` and ``resume=True`` it goes on.

    Raises:
        ConfigError, DataError, FileError, SystemFailure, WriteError, Interrupted, NumericalError: each with the message
        of the program.
    """
    if resume and overwrite:
        raise ConfigError("resume and overwrite exclude each other; give one of them")
    if X is None and (y is not None or X_test is not None or y_test is not None):
        raise ConfigError("there are targets or test samples and no X (arrays come with training samples); give X")
    given = flatten(config, keys)
    if X is not None:
        given = {key: value for key, value in given.items() if key not in _WHERE_DATA_LIE}
    resolved = resolve(given)
    temporary = TemporaryFolder("hoist-run-", beside(None)) if out is None else None
    directory = pathlib.Path(out) if temporary is None else temporary.path
    folder = TemporaryFolder("hoist-data-", beside(directory))
    try:
        if X is not None:
            given |= arrays.save(folder.path, resolved.figure, resolved.precision, X, y, X_test, y_test,
                                 standardized=resolved.standardized)
            resolved = resolve(given)
        file = folder.path / "configuration.ini"
        file.write_text(resolved.ini, encoding="utf-8")
        arguments = ["train", str(file), "--out", str(directory), "--quiet"]
        arguments += ["--resume"] * resume + ["--overwrite"] * overwrite
        if threads is not None:
            arguments += ["--threads", str(threads)]
        watch = Watch(directory / "metrics.csv", resolved.unit, resolved.length, callback, progress)
        try:
            job = Job(ranks, arguments, directory)
            for one in filter(None, (folder, temporary)):
                one.outlives(job.number)
            job.wait(watch)
        finally:
            watch.close()
    except BaseException as error:
        if temporary is not None:
            if isinstance(error, Interrupted):  # which leaves a checkpoint to go on from
                temporary.keep()
            else:
                temporary.remove()
        raise
    finally:
        folder.remove()
    return Run(directory, temporary)
