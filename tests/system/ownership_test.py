"""One process writes into a run directory: what others are told, and what they leave alone."""

import os
import shutil
import signal
import time
import unittest

from model_files import assert_same_weights, weights
from program import HOIST, LONGEST_SECONDS, MPIRUN, ProgramTest, Run, metrics_rows

INTERRUPTED, CANNOT_WRITE, MISSING = 75, 73, 66
CONT, KILL, STOP, USR1 = signal.SIGCONT, signal.SIGKILL, signal.SIGSTOP, signal.SIGUSR1
ENDLESS = 1000000


class Ownership(ProgramTest):
    def setUp(self):
        super().setUp()
        self.config = self.write_config(train__sweeps=ENDLESS, train__epochs=ENDLESS, checkpoint__every=1)

    def hold_still(self, run, out="run", sweep=2):
        """Stops the run where it is, so that its files can be compared."""
        self.wait_for_sweep(run, out, sweep)
        for rank in run.ranks():
            os.kill(rank, STOP)

    def end_in_order(self, run):
        for rank in run.ranks():
            os.kill(rank, USR1)
            os.kill(rank, CONT)
        result = run.finish()
        self.assertEqual(result.status, INTERRUPTED, result.err)

    def assert_refused(self, *commands, ranks=1, where="run"):
        """Of each of the commands, which start together: the wait for a run that is ending is theirs in common."""
        before = self.files()
        for run in [self.start(*command, ranks=ranks) for command in commands]:
            self.assert_error(run.finish(), CANNOT_WRITE, where, "is in use", "process ")
        self.assertEqual(self.files(), before, "the other run's files have changed")

    def assert_rows_in_order(self, out="run"):
        sweeps = [int(row["sweep"] or row["epoch"]) for row in metrics_rows(self.folder / out)]
        self.assertEqual(sweeps, list(range(1, len(sweeps) + 1)))

    def test_of_several_starts_at_once_one_goes_on(self):
        for how in ([], ["--overwrite"], ["--resume"]):
            with self.subTest(how=how):
                runs = [self.start("train", self.config, "--out", "run", *how) for _ in range(3)]
                end = time.monotonic() + LONGEST_SECONDS
                while sum(run.process.poll() is not None for run in runs) < 2:
                    self.assertLess(time.monotonic(), end, "several go on")
                    time.sleep(0.01)
                (first,) = (run for run in runs if run.process.poll() is None)
                for run in (run for run in runs if run is not first):
                    result = run.finish()
                    self.assertEqual(result.status, CANNOT_WRITE, result.err)
                    self.assertIn(f"run is in use (process {first.process.pid} on {os.uname().nodename} writes it); ",
                                  result.err)
                self.wait_for_sweep(first, "run", 3)
                self.end_in_order(first)
                self.assert_rows_in_order()
                self.assertFalse((self.folder / "run" / ".lock").exists())

    def test_a_live_run_is_left_alone(self):
        search = self.write_config("search.ini", data__validation=0.2)
        with open(self.folder / search, "a") as file:
            file.write("[tune]\nweights.ridge = 1e-3 1 log\n")
        for ranks in (1, 3):
            with self.subTest(ranks=ranks):
                shutil.rmtree(self.folder / "run", ignore_errors=True)
                run = self.start("train", self.config, "--out", "run", ranks=ranks)
                self.hold_still(run)
                again = ["--out", "run", "--overwrite"]
                self.assert_refused(
                    ["train", self.config, *again], ["finetune", self.config, *again], ["tune", search, *again],
                    ["train", self.config, "--out", "../" + self.folder.name + "/run/", "--overwrite"])
                self.assert_refused(["train", self.config, "--out", "run", "--resume"], ranks=3)
                self.end_in_order(run)
                self.assert_rows_in_order()

    def test_a_live_run_can_be_looked_at(self):
        run = self.start("train", self.config, "--out", "run")
        self.hold_still(run)
        self.succeed("evaluate", "run")
        self.succeed("inspect", "run")
        self.succeed("report", "run", "--out", "page.html")
        self.succeed("finetune", self.config, "--from", "run", "--out", "another", "--train.epochs=1")
        self.end_in_order(run)

    def test_a_killed_run_keeps_nobody_away(self):
        for ranks in (1, 3):
            for how in ("--resume", "--overwrite"):
                with self.subTest(ranks=ranks, how=how):
                    shutil.rmtree(self.folder / "run", ignore_errors=True)
                    run = self.start("train", self.config, "--out", "run", ranks=ranks)
                    self.wait_for_sweep(run, "run", 2)
                    os.kill(run.ranks()[-1], KILL)
                    self.assertNotEqual(run.finish().status, 0)
                    result = self.hoist("train", self.config, "--out", "run", how, "--train.time_limit=0.01")
                    self.assertEqual(result.status, INTERRUPTED, result.err)
                    self.assertFalse((self.folder / "run" / ".lock").exists())

    def test_a_search_and_its_trials_are_left_alone(self):
        self.config = self.write_config(data__validation=0.2, train__sweeps=ENDLESS, checkpoint__every=1)
        with open(self.folder / self.config, "a") as file:
            file.write("[tune]\nweights.ridge = 1e-3 1 log\n")
        search = self.start("tune", self.config, "--trials", 3, "--parallel", 2, "--out", "search", ranks=2)
        self.hold_still(search, "search/trial-0001")
        (self.folder / "search" / "trial-0003").mkdir()
        self.assert_refused(*([command, self.config, "--out", "search", how] for command in ("train", "tune")
                              for how in ("--resume", "--overwrite")),
                            *(["train", self.config, "--out", f"search/{trial}", "--overwrite"]
                              for trial in ("trial-0001", "trial-0003/")), where="search")
        self.end_in_order(search)

    def test_a_search_is_not_replaced_while_one_of_its_trials_is_trained(self):
        config = self.write_config("short.ini", data__validation=0.2)
        with open(self.folder / config, "a") as file:
            file.write("[tune]\nweights.ridge = 1e-3 1 log\n")
        self.succeed("tune", config, "--trials", 2, "--out", "search")
        shutil.rmtree(self.folder / "search" / "trial-0002")
        run = self.start("train", self.config, "--out", "search/trial-0002")
        self.hold_still(run, "search/trial-0002")
        self.assert_refused(["tune", config, "--trials", 2, "--out", "search", "--overwrite"], where="trial-0002")
        self.end_in_order(run)

    def test_a_run_whose_directory_was_replaced_by_another_run_ends(self):
        first = self.start("train", self.config, "--out", "run", "--checkpoint.every=0")
        self.hold_still(first)
        shutil.rmtree(self.folder / "run")
        second = self.start("train", self.config, "--out", "run")
        self.wait_for_sweep(second, "run", 2)
        first.process.send_signal(CONT)
        result = first.finish()
        self.assertEqual(result.status, CANNOT_WRITE, result.err)
        self.assertIn(f"process {second.process.pid}", result.errors()[-1])
        self.end_in_order(second)
        self.assert_rows_in_order()

    def test_a_lock_file_that_somebody_removes_is_made_again(self):
        run = self.start("train", self.config, "--out", "run")
        self.hold_still(run)
        (self.folder / "run" / ".lock").unlink()
        rows = len(metrics_rows(self.folder / "run"))
        run.process.send_signal(CONT)
        self.hold_still(run, sweep=rows + 2)
        self.assert_refused(["train", self.config, "--out", "run", "--overwrite"])
        self.end_in_order(run)

    def test_a_run_that_others_write_no_more_resumes_to_the_same_weights(self):
        config = self.write_config("short.ini", train__sweeps=60, checkpoint__every=1)
        run = self.start("train", config, "--out", "run")
        self.hold_still(run)
        self.assert_refused(["train", config, "--out", "run", "--resume"])
        run.process.send_signal(KILL)
        run.finish()
        self.succeed("train", config, "--out", "run", "--resume")
        self.succeed("train", config, "--out", "whole")
        assert_same_weights(self, weights(self.folder / "run" / "model.h5"), weights(self.folder / "whole" / "model.h5"))

    def test_nothing_is_made_where_there_is_nothing_to_resume(self):
        self.refuses(MISSING, ["nothing to resume"], "train", self.config, "--out", "none", "--resume")
        self.assertFalse((self.folder / "none").exists())

    def test_starts_side_by_side_share_no_folder_of_the_mpi_library(self):
        # Where one that ends would take it away from one that starts.
        run = Run(["env", "TMPDIR=/dev/null", HOIST, "train", self.write_config("short.ini"), "--out", "run"],
                  self.folder)
        self.addCleanup(run.end)
        result = run.finish()
        self.assertEqual((result.status, result.err), (0, ""))

    def test_a_file_system_without_locks_is_warned_of(self):
        without = ["env", *self.preloaded("HOIST_NO_LOCKS")]
        config = self.write_config("short.ini", data__validation=0.2)
        for launcher in ([], [*MPIRUN, "-n", "3"]):
            with self.subTest(launcher=launcher):
                run = Run([*launcher, *without, HOIST, "train", config, "--out", "run", "--overwrite"], self.folder)
                self.addCleanup(run.end)
                result = run.finish()
                self.assertEqual(result.status, 0, result.err)
                self.assertEqual(len(result.errors()), 1, result.err)
                self.assertIn("warning: run cannot be locked (Function not implemented); ", result.errors()[0])
                self.assertIn("cannot be locked", (self.folder / "run" / "log.txt").read_text())
                self.assertEqual(len(list((self.folder / "run").iterdir())), 5)


if __name__ == "__main__":
    unittest.main()
