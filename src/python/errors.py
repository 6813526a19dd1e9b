"""What the package raises: a class for each exit status of the program, with its message."""

from __future__ import annotations

import pathlib


class Error(Exception):
    """The root of all errors. The message reads ``problem (why); what to do``.

    Attributes:
        status: the exit status that the program ends with in this case.
        directory: the run directory where a run had begun, else None.
    """

    status = 1

    def __init__(self, message: str, directory: pathlib.Path | None = None):
        super().__init__(message)
        self.directory = directory

    def __reduce__(self):
        return type(self), (str(self), self.directory)


class ConfigError(Error, ValueError):
    """A key, a value or a combination of them that cannot be used."""

    status = 64


class DataError(Error, ValueError):
    """Data or a model file with a defect, or a model that does not fit the data."""

    status = 65


class FileError(Error):
    """A file that is missing or cannot be read, or the program itself."""

    status = 66


class Defect(Error):
    """A defect in hoist."""

    status = 70


class SystemFailure(Error):
    """MPI, the launcher or the system has failed."""

    status = 71


class WriteError(Error):
    """An output that cannot be written, or that would take the place of a run."""

    status = 73


class Interrupted(Error):
    """A run that stopped before its end; with ``resume=True`` it goes on from its checkpoint in ``directory``."""

    status = 75


class NumericalError(Error):
    """An objective or a factor that is not finite."""

    status = 76


_BY_STATUS = {
    kind.status: kind
    for kind in (ConfigError, DataError, FileError, Defect, SystemFailure, WriteError, Interrupted, NumericalError)
}


def error_of(status: int, message: str, directory: pathlib.Path | None = None) -> Error:
    """The error that a status stands for; one that hoist does not use is a failure of the system."""
    return _BY_STATUS.get(status, SystemFailure)(message, directory)
