"""Kills ranks of a run at random moments, resumes it, and compares what comes out with an undisturbed run."""

import os
import pathlib
import random
import signal
import time

from model_files import assert_same_weights, weights
from program import LONGEST_SECONDS, ProgramTest, metrics_rows

LENGTH = 60
# Within which every rank is to be gone after one was killed.
END_SECONDS = 5

# Name, ranks, and options that make the run.
CASES = [
    ("sweeps in 3 stages", 3, ["--grid.stages=3"]),
    ("checkerboard in 2 stages of 2 shards", 4, ["--grid.stages=2", "--grid.shards=2", "--grid.block=40",
                                                 "--train.schedule=checkerboard"]),
    ("mini-batches in 3 stages", 3, ["--formulation.name=bregman", "--train.batch=40", "--grid.stages=3",
                                     "--weights.average=0.5", "--train.dropout=0.1"]),
    ("joint sweeps in 1 stage of 2 shards", 2, ["--formulation.step=joint", "--grid.stages=1", "--grid.shards=2"]),
    ("stale mini-batches in 2 stages", 2, ["--formulation.name=contrastive", "--train.batch=30", "--grid.stages=2",
                                           "--train.staleness=1"]),
    ("mini-batches by Gram matrices in 2 shards", 2, ["--formulation.name=fenchel", "--weights.solver=gram",
                                                      "--train.batch=60", "--grid.stages=1", "--grid.shards=2"]),
]


def is_alive(pid):
    """Whether the process still runs: one that only waits to be reaped by its parent does not."""
    try:
        state = (pathlib.Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"


class KillTest(ProgramTest):
    def kill_and_resume(self, case, moments, seed):
        """Kills a run once at each of `moments`, each time but the last resuming it; compares its end with an
        undisturbed run's."""
        _, ranks, options = case
        drawn = random.Random(seed)
        config = self.write_config(network__layers="784-24-16-10", train__sweeps=LENGTH, train__epochs=LENGTH,
                                   checkpoint__every=1)
        self.succeed("train", config, "--out", "whole", *options, "--overwrite", ranks=ranks)
        how = ["--overwrite"]
        for moment in moments:
            run = self.start("train", config, "--out", "run", *options, *how, ranks=ranks)
            if not self.wait_for_moment(run, moment, drawn):
                self.assertEqual(run.finish().status, 0)
                break
            self.kill(run, moment, drawn)
            how = self.check_what_is_left()
        self.succeed("train", config, "--out", "run", *options, *how, ranks=ranks)
        assert_same_weights(self, weights(self.folder / "run" / "model.h5"),
                            weights(self.folder / "whole" / "model.h5"))
        self.assertEqual(self.figures("run"), self.figures("whole"))
        self.assertEqual([path.name for path in (self.folder / "run").iterdir() if path.suffix == ".tmp"], [])

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
        if result.status != 0:  # it may just have been over
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
