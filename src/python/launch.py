"""Starts the program, alone or on several ranks, and waits for it without ever hanging."""

from __future__ import annotations

import os
import pathlib
import select
import shutil
import signal
import subprocess
import tempfile
import time
import warnings
from collections.abc import Callable

from .errors import ConfigError, FileError, Interrupted, error_of

_WARNING = "hoist: warning: "
# How long a run may take to end once it is killed.
_PATIENCE = 10.0


def find_program() -> str:
    """The program `hoist`: that of HOIST_PROGRAM, of the build that the package is in, or on PATH. Raises FileError."""
    named = os.environ.get("HOIST_PROGRAM")
    if named:
        if not os.access(named, os.X_OK):
            raise FileError(f"cannot start HOIST_PROGRAM={named} (it is no program); correct it, or unset it")
        return named
    built = pathlib.Path(__file__).resolve().parents[2] / "hoist"
    if built.is_file() and os.access(built, os.X_OK):
        return str(built)
    found = shutil.which("hoist")
    if found is None:
        raise FileError("the program hoist is not there (it is neither beside the package nor on PATH); "
                        "build it, or let HOIST_PROGRAM name it")
    return found


def in_allocation() -> bool:
    """Whether srun starts the ranks, on nodes of a SLURM allocation."""
    return "SLURM_JOB_ID" in os.environ and shutil.which("srun") is not None


def _launcher(ranks: int) -> list[str]:
    if ranks == 1:
        return []
    if in_allocation():
        return ["srun", f"--ntasks={ranks}", "--mpi=pmix", "--wait=5"]
    if shutil.which("mpirun") is None:
        raise FileError(f"cannot start {ranks} ranks (mpirun is not there); install openmpi-bin, or train with ranks=1")
    # Not bound, as several runs may share the cores.
    return ["mpirun", "-n", str(ranks), "--oversubscribe", "--bind-to", "none"]


def _environment() -> dict[str, str]:
    """That of this process, without what an MPI program around it says."""
    environment = dict(os.environ)
    if "PMIX_RANK" in environment:
        environment = {name: value for name, value in environment.items()
                       if not name.startswith(("PMIX_", "OMPI_", "PRTE_"))}
    if os.geteuid() == 0:
        environment |= {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
    if not in_allocation() and "OMPI_MCA_orte_default_hostfile" not in environment:
        # On one node; looking for networks between nodes takes a fifth of a second.
        environment.setdefault("OMPI_MCA_pml", "ob1")
        # Ranks that wait leave a core that they share to those that work.
        environment.setdefault("OMPI_MCA_mpi_yield_when_idle", "1")
    return environment


class Job:
    """A command of the program under way. In a session of its own: Ctrl-C reaches Python alone."""

    def __init__(self, ranks: int, arguments: list[str], directory: pathlib.Path | None = None):
        """Raises ConfigError, and FileError where something is missing that it takes."""
        if not isinstance(ranks, int) or isinstance(ranks, bool) or ranks < 1:
            raise ConfigError(f"ranks = {ranks!r} is not valid (it must be a whole number above 0); use ranks=2")
        command = [*_launcher(ranks), find_program(), *arguments]
        if shutil.which("setpriv"):  # a run whose Python has died stops with a checkpoint
            command = ["setpriv", "--pdeathsig", "USR1", *command]
        self._directory = directory
        self._said = tempfile.TemporaryFile()
        try:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                             stderr=self._said, env=_environment(), start_new_session=True)
        except OSError as error:
            self._said.close()
            raise FileError(f"cannot start {command[0]} ({error.strerror}); check that it can be run") from None

    @property
    def number(self) -> int:
        """Of its process."""
        return self._process.pid

    def wait(self, look: Callable[[], None] = lambda: None, interval: float = 0.1) -> None:
        """Returns when the job is done; calls `look` every `interval` seconds until then, and once after.

        On KeyboardInterrupt the run is asked to stop with a checkpoint, on the second one it is killed. What `look`
        raises stops it, too. Raises the class of the job's status with its own message.
        """
        try:
            while not self._over(interval):
                look()
            look()
        except KeyboardInterrupt:
            self._stop()
            own, _ = self._told(self._close())
            raise Interrupted(own or "stopped on request; train again with resume=True", self._directory) from None
        except BaseException:
            self._stop()
            self._close()
            raise
        said = self._close()
        for line in said:
            if line.startswith(_WARNING):
                warnings.warn(line.removeprefix(_WARNING), stacklevel=3)
        status = self._process.returncode
        if status != 0:
            own, last = self._told(said)
            message = own or f"the program ended with status {status} ({last or 'it said nothing'}); see the run's log.txt"
            raise error_of(status, message, self._directory)

    def _over(self, seconds: float) -> bool:
        if self._process.poll() is not None:
            return True
        end = os.pidfd_open(self._process.pid)
        try:
            ended = select.poll()
            ended.register(end, select.POLLIN)
            return bool(ended.poll(1000 * seconds)) and self._process.poll() is not None
        finally:
            os.close(end)

    def _stop(self) -> None:
        try:
            self._process.send_signal(signal.SIGUSR1)  # mpirun and srun hand it on, and the ranks write a checkpoint
            self._process.wait()
        except KeyboardInterrupt:
            self._end()

    def _end(self) -> None:
        for kill in (self._process.terminate, self._process.kill):
            if self._process.poll() is not None:
                return
            kill()  # mpirun takes its ranks along
            until = time.monotonic() + _PATIENCE
            while time.monotonic() < until and not self._over(0.1):
                pass

    def _close(self) -> list[str]:
        """Ends what may still run. Returns the lines of its standard error."""
        self._end()
        with self._said as file:
            file.seek(0)
            return file.read().decode(errors="replace").splitlines()

    @staticmethod
    def _told(said: list[str]) -> tuple[str, str]:
        """What the program says of its end, and what was said last, by a launcher for one."""
        lines = [line for line in said if line.strip("- ") and not line.startswith(_WARNING)]
        own = [line.removeprefix("hoist: ") for line in lines if line.startswith("hoist: ")]
        return own[0] if own else "", " ".join(lines[-3:])
