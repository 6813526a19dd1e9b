"""Temporary folders that go away with this process, however that ends."""

from __future__ import annotations

import contextlib
import os
import pathlib
import shutil
import subprocess
import tempfile
import weakref

# Waits until its input says "keep" or ends, as it does with the process that writes it; in that case until the last
# job whose number it was told is over, too, at most 30 s, so that no rank writes into what is being removed.
_GUARD = """
job=
while read -r word; do
    case $word in keep) exit ;; *) job=$word ;; esac
done
tries=0
while [ -n "$job" ] && kill -0 "$job" && [ $tries -lt 300 ]; do
    sleep 0.1
    tries=$((tries + 1))
done
rm -rf -- "$0"
"""


class TemporaryFolder:
    """A new folder, and a process that removes it where this one is killed.

    Attributes:
        path: where it lies.
    """

    def __init__(self, prefix: str, beside: str | os.PathLike[str] | None = None):
        """In the usual place for temporary files, or in the folder `beside`. Raises OSError."""
        self.path = pathlib.Path(tempfile.mkdtemp(prefix=prefix, dir=beside))
        # In a session of its own, which no signal of a terminal reaches.
        guard = subprocess.Popen(["/bin/sh", "-c", _GUARD, str(self.path.absolute())], stdin=subprocess.PIPE,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/", start_new_session=True)
        self._guard = guard
        self._remove = weakref.finalize(self, _remove, self.path, guard)
        self._remove.atexit = False  # where a job may still write into it; the guard waits for that

    def outlives(self, job: int) -> None:
        """It is removed after the process of that number has ended."""
        assert self._guard.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # somebody has killed it
            self._guard.stdin.write(f"{job}\n".encode())
            self._guard.stdin.flush()

    def keep(self) -> None:
        """Leaves it to others from now on."""
        if self._remove.detach():
            _dismiss(self._guard)

    def remove(self) -> None:
        """Removes it now; without, that is done when this object goes away, or after Python's end."""
        self._remove()


def _remove(path: pathlib.Path, guard: subprocess.Popen[bytes]) -> None:
    shutil.rmtree(path, ignore_errors=True)
    _dismiss(guard)


def _dismiss(guard: subprocess.Popen[bytes]) -> None:
    assert guard.stdin is not None
    with contextlib.suppress(BrokenPipeError):
        guard.stdin.write(b"keep\n")
        guard.stdin.close()
    guard.wait()
