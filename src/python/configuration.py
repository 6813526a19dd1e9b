"""Configurations as Python has them: files, dictionaries and keywords."""

from __future__ import annotations

import configparser
import os
from collections.abc import Mapping, Sequence
from typing import Any, Union

from . import _hoist
from .errors import ConfigError, DataError, FileError

Config = Union[str, "os.PathLike[str]", Mapping[str, Any], None]


def _text(key: str, value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, os.PathLike)):
        return os.fspath(value)
    if isinstance(value, Sequence):
        return ("-" if key == "network.layers" else ",").join(_text(key, part) for part in value)
    if hasattr(value, "item") and getattr(value, "ndim", None) == 0:  # a scalar of NumPy's
        return _text(key, value.item())
    if isinstance(value, (int, float)):
        return repr(value)
    raise ConfigError(f"{key} = {value!r} is not valid (it is a {type(value).__name__}); "
                      "give a number, a text, a bool or a sequence of them")


def _flattened(given: Mapping[str, Any], separator: str) -> dict[str, str]:
    """``{"train": {"epochs": 3}}`` and ``{"train.epochs": 3}`` alike; None stands for the default."""
    keys: dict[str, str] = {}
    for name, value in given.items():
        if isinstance(value, Mapping):
            for key, part in value.items():
                if part is not None:
                    keys[f"{name}.{key}"] = _text(f"{name}.{key}", part)
        elif value is not None:
            key = name.replace(separator, ".", 1)
            if "." not in key:
                raise ConfigError(f"{name} is not a configuration key (it names no section); "
                                  f"write section{separator}key, as in train{separator}epochs, or {name}={{...}}")
            keys[key] = _text(key, value)
    return keys


def _read(path: str | os.PathLike[str]) -> dict[str, str]:
    parser = configparser.ConfigParser(comment_prefixes="#", inline_comment_prefixes="#", delimiters="=",
                                       interpolation=None, default_section="")
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    try:
        with open(path, encoding="utf-8") as file:
            parser.read_file(file)
    except OSError as error:
        raise FileError(f"cannot read the configuration {os.fspath(path)} ({error.strerror}); check the path") from None
    except configparser.Error as error:
        reason = " ".join(str(error).split())
        raise ConfigError(f"{os.fspath(path)} is not a configuration ({reason}); "
                          "write lines like key = value under [section]") from None
    except UnicodeDecodeError:
        raise DataError(f"{os.fspath(path)} is not a configuration (it is no UTF-8 text); check the path") from None
    return {f"{section}.{key}": value for section in parser.sections() for key, value in parser[section].items()
            if section != "tune"}


def flatten(config: Config, keywords: Mapping[str, Any]) -> dict[str, str]:
    """All keys as ``section.key`` and text. Keywords win over `config`.

    Raises ConfigError where a key has no section or a value is no number or text; FileError.
    """
    if config is None:
        keys = {}
    elif isinstance(config, Mapping):
        keys = _flattened(config, ".")
    else:
        keys = _read(config)
    return keys | _flattened(keywords, "_")


def resolve(keys: Mapping[str, str]) -> _hoist.Resolved:
    """The configuration with all defaults, checked as the program checks it. Raises ConfigError."""
    return _hoist.resolve(dict(keys))
