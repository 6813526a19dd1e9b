"""Kills ranks of a run at random moments, resumes it, and compares what comes out with an undisturbed run."""

import os
import pathlib
import shutil
import signal
import time

from model_files import assert_same_weights, weights
from program import HOIST, LONGEST_SECONDS, ProgramTest, metrics_rows

LENGTH = 60
# Within which every rank is to be gone after one was killed.
END_SECONDS = 5

BATCHES = ["--train.batch=40"]
# Every formulation, every fit of weights, and what else a run remembers.
METHODS = {
    "sweeps": [],
    "checkerboard": ["--grid.block=40", "--train.schedule=checkerboard"],
    "joint sweeps": ["--formulation.step=joint"],
    "sweeps by block pivoting": ["--formulation.nnls=block_pivoting"],
    "fenchel sweeps": ["--formulation.name=fenchel", "--formulation.iterations=3", "--weights.solver=ridge"],
    "bregman sweeps": ["--formulation.name=bregman", "--formulation.iterations=3", "--weights.solver=ridge"],
    "mac sweeps": ["--formulation.name=mac", "--formulation.iterations=3", "--weights.solver=ridge"],
    "classical by adam": ["--weights.solver=adam", *BATCHES],
    "fenchel by Gram matrices": ["--formulation.name=fenchel", "--weights.solver=gram", "--train.batch=60"],
    "fenchel in blocks that are minimized": ["--formulation.name=fenchel", "--formulation.iterations=3", *BATCHES],
    "bregman with averages and dropout": ["--formulation.name=bregman", "--weights.average=0.5", "--train.dropout=0.1",
                                          "--data.noise=0.1", *BATCHES],
    "bregman by implicit steps in passes": ["--formulation.name=bregman", "--formulation.passes=3",
                                            "--formulation.lambda_end=0.5", "--weights.solver=implicit",
                                            "--weights.step=0.3", "--train.rounds=2", *BATCHES],
    "mac by sgd": ["--formulation.name=mac", "--network.activation=tanh", "--weights.solver=sgd", *BATCHES],
    "contrastive by muon": ["--formulation.name=contrastive", "--weights.solver=muon", *BATCHES],
    "late steps": ["--formulation.name=contrastive", "--train.staleness=2", "--train.batch=30"],
    "late steps with predicted weights": ["--formulation.name=bregman", "--formulation.passes=1",
                                          "--train.staleness=1", "--train.look_ahead=true", "--train.drain_every=4",
                                          "--grid.emulated_stages=3", "--weights.solver=muon", "--train.batch=30"],
    "plateau": ["--formulation.name=mac", "--weights.schedule=plateau", "--weights.patience=0", *BATCHES],
    "normalized convolutions": ["--network.layers=28x28x1-conv(4,5,2)-batchnorm-maxpool(2)-16-10",
                                "--formulation.name=contrastive", "--weights.solver=muon", *BATCHES],
    "one map many times": ["--network.layers=784-48-48^2-10", "--formulation.name=contrastive", *BATCHES],
    "lrrn": ["--formulation.name=lrrn", "--network.activation=relu", "--formulation.temperature=0.3",
             "--formulation.sweeps=5", *BATCHES],
}
# Name, ranks, and options.
GRIDS = {
    "on one rank": (1, []),
    "in 3 stages": (3, ["--grid.stages=3"]),
    "in 2 stages": (2, ["--grid.stages=2"]),
    "in 1 stage of 2 shards": (2, ["--grid.stages=1", "--grid.shards=2"]),
    "in 2 stages of 2 and 1 shards": (3, ["--grid.stages=2", "--grid.shards=2,1"]),
}


def is_alive(pid):
    """Whether the process still runs: one that only waits to be reaped by its parent does not."""
    try:
        state = (pathlib.Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"


class KillTest(ProgramTest):
    def kill_and_resume(self, method, grid, moments, drawn):
        """Kills a run once at each of `moments`, each time but the last resuming it, and compares its end with an
        undisturbed run's. Returns how many of them came before the end."""
        ranks, options = GRIDS[grid]
        options = [*METHODS[method], *options]
        config = self.write_config(network__layers="784-48-16-10", train__sweeps=LENGTH, train__epochs=LENGTH,
                                   checkpoint__every=1)
        if not (self.folder / "whole" / "model.h5").exists():
            self.succeed("train", config, "--out", "whole", *options, "--overwrite", ranks=ranks)
        shutil.rmtree(self.folder / "run", ignore_errors=True)
        how = []
        kills = 0
        for moment in moments:
            run = self.start("train", config, "--out", "run", *options, *how, ranks=ranks)
            if not self.wait_for_moment(run, moment, drawn):
                self.assertEqual(run.finish().status, 0)
                break
            self.kill(run, moment, drawn)
            kills += 1
            how = self.check_what_is_left()
        self.succeed("train", config, "--out", "run", *options, *how, ranks=ranks)
        assert_same_weights(self, weights(self.folder / "run" / "model.h5"),
                            weights(self.folder / "whole" / "model.h5"))
        self.assertEqual(self.figures("run"), self.figures("whole"))
        self.assertEqual([path.name for path in (self.folder / "run").iterdir() if path.suffix == ".tmp"], [])
        return kills

    def rows(self):
        try:
            return (self.folder / "run" / "metrics.csv").read_text().count("\n") - 1
        except FileNotFoundError:
            return 0

    def figures(self, out):
        """What every sweep or epoch is known by, without times."""
        return [(row["sweep"], row["epoch"], row["objective"], row["train_accuracy"], row["test_accuracy"])
                for row in metrics_rows(self.folder / out)]

    def wait_for_moment(self, run, moment, drawn):
        """Returns whether it came before the run was over."""
        end = time.monotonic() + LONGEST_SECONDS
        rows = self.rows() + drawn.randint(1, 8)
        later = drawn.uniform(0.0, 0.02)
        come = {
            "start": lambda: len(run.ranks()) > 0,
            "training": lambda: self.rows() >= rows,
            "writing": lambda: self.rows() >= min(rows, LENGTH - 1) and any((self.folder / "run").glob("*.tmp")),
        }[moment]
        while not come():
            self.assertLess(time.monotonic(), end, f"{moment} does not come")
            if run.process.poll() is not None:
                return False
        if moment != "writing":
            until = time.monotonic() + later
            while time.monotonic() < until:
                pass
        return run.process.poll() is None

    def kill(self, run, moment, drawn):
        ranks = run.ranks()
        if not ranks:  # it has just been over
            self.assertEqual(run.finish().status, 0)
            return
        chosen = [0] if moment == "writing" else drawn.sample(range(len(ranks)), drawn.randint(1, min(2, len(ranks))))
        begun = time.monotonic()
        for rank in chosen:
            try:
                os.kill(ranks[rank], signal.SIGKILL)
            except ProcessLookupError:
                pass
        while any(map(is_alive, ranks)):
            self.assertLess(time.monotonic() - begun, END_SECONDS, "a rank outlives the job")
            time.sleep(0.01)
        try:
            result = run.finish(seconds=END_SECONDS)
        except AssertionError:
            if moment != "start":
                raise
            return  # Open MPI 4.1.4 itself may lock up, in PMIx_server_finalize, when a rank dies in MPI_Init
        if run.command[0] == HOIST and result.status != 0:
            self.assertEqual(result.status, -signal.SIGKILL, result.err)
        elif result.status != 0:  # it may just have been over
            self.assertEqual(result.status, 128 + signal.SIGKILL, result.err)
            if moment != "start":  # before which mpirun may not know its ranks
                self.assertRegex(result.err, rf"process rank [{''.join(map(str, chosen))}] .*signal 9")

    def check_what_is_left(self):
        """No more than the sweep that was under way; returns how to go on."""
        saved = sorted((self.folder / "run").glob("checkpoint-*.h5"))
        if not saved:
            self.assertLessEqual(self.rows(), 1)
            return ["--overwrite"]
        self.assertGreaterEqual(int(saved[-1].stem.rpartition("-")[2]), self.rows() - 1)
        return ["--resume"]
