"""Starts the program as its users do, alone or under mpirun, and looks at what it leaves behind."""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time
import unittest
from dataclasses import dataclass

HOIST = os.environ["HOIST"]
SOURCE = pathlib.Path(os.environ["HOIST_SOURCE"])
ENVIRONMENT = os.environ | {
    "OMPI_ALLOW_RUN_AS_ROOT": "1",
    "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    "OPENBLAS_NUM_THREADS": "1",
    # Ranks that wait leave the core to other tests.
    "OMPI_MCA_mpi_yield_when_idle": "1",
    # Which saves a fifth of a second in each start: the others look for networks of clusters.
    "OMPI_MCA_pml": "ob1",
    # When a rank has failed, mpirun ends the others at once, not in steps of a second.
    "OMPI_MCA_odls_base_sigkill_timeout": "0",
}
MPIRUN = ["mpirun", "--oversubscribe", "--bind-to", "none"]

# What bad input may take; a run that is longer than the second is a hang. Where a sanitizer slows the program
# down, both are longer.
PATIENCE = int(os.environ.get("HOIST_PATIENCE", "1"))
PROMPT_SECONDS = 10 * PATIENCE
LONGEST_SECONDS = 100 * PATIENCE

SMALL = {
    "data.format": "glyphs",
    "data.samples": 240,
    "data.test_samples": 60,
    "network.layers": "784-16-12-10",
    "train.sweeps": 3,
}


@dataclass
class Result:
    status: int
    out: str
    err: str
    seconds: float

    def errors(self):
        """The lines that hoist wrote to standard error, without those of mpirun."""
        return [line for line in self.err.splitlines() if line.startswith("hoist:")]


class Run:
    """A program that has been started and not yet waited for."""

    def __init__(self, command, folder):
        self.begun = time.monotonic()
        self.command = command
        self.process = subprocess.Popen(
            command, cwd=folder, env=ENVIRONMENT, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)

    def finish(self, seconds=LONGEST_SECONDS):
        try:
            out, err = self.process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            self.end()
            raise AssertionError(f"{self.command} hangs: no end after {seconds} s") from None
        return Result(self.process.returncode, out, err, time.monotonic() - self.begun)

    def end(self):
        """Ends what may still run, the ranks too, which mpirun gives process groups of their own."""
        if self.process.poll() is None:
            for pid in [*self.ranks(), self.process.pid]:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            self.process.communicate()

    def ranks(self):
        """The process ids of the ranks in their order; the process itself where there is no mpirun."""
        if self.command[0] != MPIRUN[0]:
            return [self.process.pid]
        found = {}
        for folder in pathlib.Path("/proc").iterdir():
            try:
                status = (folder / "stat").read_text()
                parent = int(status[status.rindex(")") + 2:].split()[1])
                if folder.name.isdigit() and parent == self.process.pid:
                    variables = (folder / "environ").read_bytes().split(b"\0")
                    rank = next(v for v in variables if v.startswith(b"OMPI_COMM_WORLD_RANK="))
                    found[int(rank.split(b"=")[1])] = int(folder.name)
            except (OSError, ValueError, StopIteration):
                continue
        return [found[rank] for rank in sorted(found)]


class ProgramTest(unittest.TestCase):
    """Gives each test an empty folder, whose path has a space, to run in."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="hoist test "))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def write_config(self, name="small.ini", **keys):
        """Writes SMALL with `keys` (data__samples=5 for data.samples = 5) in its place."""
        values = SMALL | {key.replace("__", "."): value for key, value in keys.items()}
        lines = []
        for section in dict.fromkeys(key.split(".")[0] for key in values):
            lines.append(f"[{section}]")
            lines += [f"{key.split('.')[1]} = {value}" for key, value in values.items()
                      if key.split(".")[0] == section]
        (self.folder / name).write_text("\n".join(lines) + "\n")
        return name

    def preloaded(self, library):
        """The variables for env that load the library which an environment variable names before all others."""
        # LD_PRELOAD cannot name a path with a space. The address sanitizer wants to be loaded first.
        shutil.copy(os.environ[library], self.folder / "preloaded.so")
        options = [*filter(None, [os.environ.get("ASAN_OPTIONS")]), "verify_asan_link_order=0"]
        return ["LD_PRELOAD=./preloaded.so", "ASAN_OPTIONS=" + ":".join(options)]

    def start(self, *arguments, ranks=1):
        program = [HOIST, *map(str, arguments)]
        run = Run(program if ranks == 1 else [*MPIRUN, "-n", str(ranks), *program], self.folder)
        self.addCleanup(run.end)
        return run

    def hoist(self, *arguments, ranks=1):
        return self.start(*arguments, ranks=ranks).finish()

    def succeed(self, *arguments, ranks=1):
        result = self.hoist(*arguments, ranks=ranks)
        self.assertEqual(result.status, 0, f"{arguments} on {ranks} ranks: {result.out}{result.err}")
        return result

    def wait_for_sweep(self, run, directory, sweep):
        """Returns once metrics.csv has the row of `sweep`."""
        metrics = self.folder / directory / "metrics.csv"
        end = time.monotonic() + LONGEST_SECONDS
        while not (metrics.exists() and metrics.read_text().count("\n") > sweep):
            self.assertIsNone(run.process.poll(), "it ended before the sweep that was waited for")
            self.assertLess(time.monotonic(), end, "no such sweep in time")
            time.sleep(0.002)

    def files(self):
        """All files in the folder with their contents, the folders that hold none left out."""
        return {str(path.relative_to(self.folder)): path.read_bytes()
                for path in self.folder.rglob("*") if path.is_file()}

    def assert_error(self, result, status, *phrases):
        """One prompt message in the form `hoist: problem (why); what to do`, holding `phrases`; warnings do not count."""
        shown = f"status {result.status}\n{result.out}{result.err}"
        self.assertEqual(result.status, status, shown)
        self.assertLess(result.seconds, PROMPT_SECONDS, shown)
        errors = [line for line in result.errors() if not line.startswith("hoist: warning:")]
        self.assertEqual(len(errors), 1, shown)
        message = errors[0]
        self.assertRegex(message, r"^hoist: \S.*[^;]; \S.*$", shown)
        for phrase in phrases:
            self.assertIn(phrase, message)
        self.assertNotIn("terminate called", result.err)

    def refuses(self, status, phrases, *arguments, on=(1, 3)):
        """At each number of ranks in `on`, with nothing left behind."""
        for ranks in on:
            with self.subTest(ranks=ranks):
                before = self.files()
                result = self.hoist(*arguments, ranks=ranks)
                self.assert_error(result, status, *phrases)
                if ranks == 1:
                    self.assertEqual(result.err.count("\n"), 1, result.err)
                self.assertEqual(self.files(), before, "something half-written is left")


def metrics_rows(directory):
    """The rows of metrics.csv, each as a dictionary of texts."""
    header, *rows = (line.split(",") for line in (directory / "metrics.csv").read_text().splitlines())
    return [dict(zip(header, row, strict=True)) for row in rows]


def spoken_lines(text):
    """The lines that are not empty."""
    return [line for line in re.split(r"[\r\n]+", text) if line.strip()]
