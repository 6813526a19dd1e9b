"""What a run tells while it goes on."""

from __future__ import annotations

import csv
import io
import pathlib
import sys
from collections.abc import Callable, Iterator
from typing import Any

Row = dict[str, float]


def read_columns(path: pathlib.Path) -> tuple[list[str], list[Row]]:
    """The header and the whole rows of metrics.csv; what a run has no figure for is NaN."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError:
        return [], []
    reader = csv.DictReader(io.StringIO(text[: text.rfind("\n") + 1]))
    rows = [{name: float(value) if value else float("nan") for name, value in row.items()} for row in reader]
    return list(reader.fieldnames or ()), rows


def _make_bar(wanted: bool | None, length: int, unit: str) -> Any:
    if wanted is None:
        wanted = sys.stderr is not None and sys.stderr.isatty() or "ipykernel" in sys.modules
        try:
            import tqdm.auto
        except ImportError:
            return None
    if not wanted:
        return None
    import tqdm.auto

    return tqdm.auto.tqdm(total=length, unit=unit)


class Watch:
    """Shows new rows of a run's metrics.csv as they come, in a bar and to a callback."""

    def __init__(self, path: pathlib.Path, unit: str, length: int, callback: Callable[[Row], object] | None,
                 progress: bool | None):
        self._path = path
        self._unit = unit
        self._told = len(read_columns(path)[1])
        self._callback = callback
        self._bar = _make_bar(progress, length, unit)
        if self._bar is not None and self._told:
            self._bar.update(self._told)
        self._size = -1

    def __call__(self) -> None:
        for row in self._new():
            if self._bar is not None:
                self._bar.update(int(row[self._unit]) - self._bar.n)
                shown = {name: row[name] for name in ("objective", "validation_accuracy", "test_accuracy", "test_rmse")
                         if row.get(name) == row.get(name) and name in row}
                self._bar.set_postfix({name: f"{value:.6g}" for name, value in shown.items()})
            if self._callback is not None:
                self._callback(row)

    def _new(self) -> Iterator[Row]:
        if self._bar is None and self._callback is None:
            return
        try:
            size = self._path.stat().st_size
        except OSError:
            return
        if size == self._size:
            return
        self._size = size
        _, rows = read_columns(self._path)
        for row in rows[self._told:]:
            self._told += 1
            yield row

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()
