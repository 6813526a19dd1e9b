"""Runs that are stopped or killed, and go on as if nothing had happened."""

import os
import shutil
import signal
import time
import unittest

import h5py
import numpy

from kills import is_alive
from model_files import assert_same_weights, weights
from program import PROMPT_SECONDS, ProgramTest, metrics_rows

INTERRUPTED, BAD, MISSING, USAGE = 75, 65, 66, 64
# Enough that a signal sent after the first ones arrives in the middle.
SWEEPS = 80


class StopAndResume(ProgramTest):
    def setUp(self):
        super().setUp()
        self.config = self.write_config(train__sweeps=SWEEPS, network__layers="784-24-16-10")

    def interrupt(self, out, *options, ranks=1, send, after=3):
        """Trains until sweep `after`, then calls send(run) and waits for the end."""
        run = self.start("train", self.config, "--out", out, *options, ranks=ranks)
        self.wait_for_sweep(run, out, after)
        send(run)
        return run.finish()

    def checkpoints(self, out):
        return sorted((self.folder / out).glob("checkpoint-*.h5"))

    def undisturbed(self, ranks, *options):
        self.succeed("train", self.config, "--out", "whole", *options, "--overwrite", ranks=ranks)
        return weights(self.folder / "whole" / "model.h5")

    def assert_stopped_with_checkpoint(self, result, out):
        self.assertEqual(result.status, INTERRUPTED, result.err)
        self.assertEqual(len(result.errors()), 1, result.err)
        self.assertIn("--resume", result.errors()[0])
        self.assertEqual(len(self.checkpoints(out)), 1)
        self.assertFalse((self.folder / out / "model.h5").exists())
        self.assertFalse((self.folder / out / "summary.json").exists())

    def test_a_signal_to_one_rank_saves_a_checkpoint_that_leads_to_the_same_weights(self):
        for ranks in (1, 2, 4):
            with self.subTest(ranks=ranks):
                out = f"run-{ranks}"
                result = self.interrupt(out, ranks=ranks, send=lambda run: os.kill(run.ranks()[-1], signal.SIGUSR1))
                self.assert_stopped_with_checkpoint(result, out)
                self.succeed("train", self.config, "--out", out, "--resume", ranks=ranks)
                assert_same_weights(self, weights(self.folder / out / "model.h5"), self.undisturbed(ranks))

    def test_a_run_on_mini_batches_stops_and_goes_on_to_the_same_weights(self):
        options = ("--formulation.name=contrastive", "--train.epochs=40", "--train.batch=50", "--train.dropout=0.1",
                   "--data.noise=0.1", "--weights.average=0.8", "--network.activation=leaky_relu",
                   "--network.learn_slopes=true")
        for ranks in (1, 3):
            with self.subTest(ranks=ranks):
                out = f"run-{ranks}"
                result = self.interrupt(out, *options, ranks=ranks,
                                        send=lambda run: os.kill(run.ranks()[-1], signal.SIGUSR1))
                self.assert_stopped_with_checkpoint(result, out)
                self.succeed("train", self.config, "--out", out, *options, "--resume", ranks=ranks)
                assert_same_weights(self, weights(self.folder / out / "model.h5"), self.undisturbed(ranks, *options))

    def test_a_signal_to_mpirun_saves_a_checkpoint(self):
        result = self.interrupt("run", ranks=3, send=lambda run: run.process.send_signal(signal.SIGUSR1))
        self.assert_stopped_with_checkpoint(result, "run")

    def test_signals_of_schedulers_and_of_the_keyboard_save_a_checkpoint(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(signal=number):
                out = f"run-{int(number)}"
                result = self.interrupt(out, send=lambda run, number=number: run.process.send_signal(number))
                self.assert_stopped_with_checkpoint(result, out)

    def test_a_killed_run_resumes_to_the_same_weights(self):
        for ranks in (1, 3):
            with self.subTest(ranks=ranks):
                out = f"run-{ranks}"
                result = self.interrupt(out, "--set", "checkpoint.every=1", ranks=ranks,
                                        send=lambda run: os.kill(run.ranks()[-1], signal.SIGKILL))
                self.assertNotEqual(result.status, 0)
                self.assertFalse((self.folder / out / "model.h5").exists())
                self.succeed("train", self.config, "--out", out, "--resume", ranks=ranks)
                assert_same_weights(self, weights(self.folder / out / "model.h5"), self.undisturbed(ranks))
                self.assertEqual([p.name for p in (self.folder / out).iterdir() if p.suffix == ".tmp"], [])

    def test_a_killed_rank_ends_the_job(self):
        run = self.start("train", self.config, "--out", "run", ranks=4)
        self.wait_for_sweep(run, "run", 3)
        ranks = run.ranks()
        os.kill(ranks[2], signal.SIGKILL)
        end = time.monotonic() + PROMPT_SECONDS
        result = run.finish(seconds=PROMPT_SECONDS)
        self.assertEqual(result.status, 128 + signal.SIGKILL)
        # mpirun does not wait until the last one is gone.
        while any(map(is_alive, ranks)):
            self.assertLess(time.monotonic(), end, "a rank outlives the job")
            time.sleep(0.01)

    def test_a_checkpoint_of_any_grid_resumes_on_any_other(self):
        precise = ("--set", "train.precision=double")
        whole = self.undisturbed(1, *precise)
        for before, after in ((3, 1), (1, 4), (2, 5)):
            with self.subTest(before=before, after=after):
                out = f"run-{before}-{after}"
                result = self.interrupt(out, *precise, ranks=before,
                                        send=lambda run: os.kill(run.ranks()[0], signal.SIGUSR1))
                self.assertEqual(result.status, INTERRUPTED, result.err)
                self.succeed("train", self.config, "--out", out, *precise, "--resume", ranks=after)
                for one, other in zip(weights(self.folder / out / "model.h5"), whole, strict=True):
                    numpy.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-9)

    def test_a_checkpoint_of_6_ranks_goes_on_on_any_number_and_split(self):
        kinds = {"classical": ["--train.sweeps=30", "--formulation.lambda_end=100"],
                 "mini-batches": ["--formulation.name=fenchel", "--train.epochs=30", "--train.batch=40",
                                  "--train.dropout=0.1", "--weights.average=0.5"]}
        for kind, options in kinds.items():
            options = [*options, "--train.precision=double", "--checkpoint.every=1"]
            six = [*options, "--grid.stages=3", "--grid.shards=2"]
            whole = self.undisturbed(6, *six)
            result = self.interrupt(f"six {kind}", *six, ranks=6,
                                    send=lambda run: os.kill(run.ranks()[4], signal.SIGUSR1))
            self.assertEqual(result.status, INTERRUPTED, result.err)
            for ranks, grid in ((1, []), (2, ["--grid.stages=2"]), (4, ["--grid.stages=2", "--grid.shards=3,1"]),
                                (6, ["--grid.stages=2", "--grid.shards=1,5"]), (8, [])):
                with self.subTest(kind=kind, ranks=ranks, grid=grid):
                    shutil.rmtree(self.folder / "run", ignore_errors=True)
                    shutil.copytree(self.folder / f"six {kind}", self.folder / "run")
                    self.succeed("train", self.config, "--out", "run", *options, *grid, "--resume", ranks=ranks)
                    for one, other in zip(weights(self.folder / "run" / "model.h5"), whole, strict=True):
                        numpy.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-9)

    def test_a_damaged_newest_checkpoint_is_reported_and_the_one_before_taken(self):
        options = ("--set", "checkpoint.every=2", "--set", "checkpoint.keep=3")
        for ranks in (1, 3):
            with self.subTest(ranks=ranks):
                out = f"run-{ranks}"
                self.interrupt(out, *options, ranks=ranks, after=6,
                               send=lambda run: os.kill(run.ranks()[0], signal.SIGUSR1))
                *_, newest = self.checkpoints(out)
                self.flip_a_byte(newest)
                result = self.succeed("train", self.config, "--out", out, *options, "--resume", ranks=ranks)
                self.assertEqual(len(result.errors()), 1, result.err)
                self.assertIn(newest.name, result.errors()[0])
                assert_same_weights(self, weights(self.folder / out / "model.h5"), self.undisturbed(ranks))

    def test_a_truncated_newest_checkpoint_is_reported_and_the_one_before_taken(self):
        options = ("--set", "checkpoint.every=2")
        self.interrupt("run", *options, after=6, send=lambda run: run.process.send_signal(signal.SIGUSR1))
        *_, newest = self.checkpoints("run")
        newest.write_bytes(newest.read_bytes()[:5000])
        result = self.succeed("train", self.config, "--out", "run", *options, "--resume")
        self.assertIn(newest.name, result.errors()[0])
        assert_same_weights(self, weights(self.folder / "run" / "model.h5"), self.undisturbed(1))

    def test_a_run_all_of_whose_checkpoints_are_damaged_is_refused(self):
        self.interrupt("run", send=lambda run: run.process.send_signal(signal.SIGUSR1))
        for path in self.checkpoints("run"):
            self.flip_a_byte(path)
        result = self.hoist("train", self.config, "--out", "run", "--resume")
        self.assertEqual(result.status, BAD, result.err)
        self.assertIn("damaged", result.errors()[-1])

    def test_the_rows_of_the_metrics_are_those_of_a_run_that_was_not_stopped(self):
        rising = ("--formulation.lambda_end=1000", "--formulation.lambda_until=1")
        self.interrupt("run", *rising, send=lambda run: run.process.send_signal(signal.SIGUSR1))
        self.succeed("train", self.config, "--out", "run", *rising, "--resume")
        self.undisturbed(1, *rising)
        columns = [[line.split(",")[3:6] for line in (self.folder / out / "metrics.csv").read_text().splitlines()]
                   for out in ("run", "whole")]
        self.assertEqual(len(columns[0]), SWEEPS + 1)
        self.assertEqual(columns[0], columns[1])

    def test_what_a_power_cut_has_torn_is_dropped_at_resume(self):
        self.interrupt("stopped", send=lambda run: run.process.send_signal(signal.SIGUSR1))
        whole = (self.folder / "stopped" / "metrics.csv").read_bytes()
        log = (self.folder / "stopped" / "log.txt").read_bytes()
        row = whole.splitlines()[-1]
        last = len(row)
        later = b"79" + row[row.index(b","):] + b"\n"
        damages = {"a cut newline": (whole[:-1], 1), "a cut row": (whole[:-last // 2], 1),
                   "a row cut to a digit": (whole[:-last], 1), "a cut header": (whole[:9], None),
                   "zeros at the end": (whole + bytes(4096), 0), "a row that ends in zeros": (whole[:-9] + bytes(4096), 1),
                   "only zeros": (bytes(len(whole)), None), "a row of later": (whole + later, 0),
                   "a torn row with another behind it": (whole[:-last // 2] + later, 1)}
        for name, (damaged, missing) in damages.items():
            with self.subTest(name):
                shutil.rmtree(self.folder / "run", ignore_errors=True)
                shutil.copytree(self.folder / "stopped", self.folder / "run")
                (self.folder / "run" / "metrics.csv").write_bytes(damaged)
                (self.folder / "run" / "log.txt").write_bytes(log + b"2026-11-" + bytes(100))
                if name in ("a cut row", "a row that ends in zeros"):
                    self.succeed("report", "run", "--out", "page.html")
                self.succeed("train", self.config, "--out", "run", "--resume")
                kept = 0 if missing is None else whole.count(b"\n") - 1 - missing
                rows = [int(row["sweep"]) for row in metrics_rows(self.folder / "run")]
                self.assertEqual(rows, [*range(1, kept + 1), *range(whole.count(b"\n"), SWEEPS + 1)])
                self.assertEqual((self.folder / "run" / "metrics.csv").read_bytes()[:len(whole.splitlines()[0])],
                                 whole.splitlines()[0])
                self.assertTrue((self.folder / "run" / "log.txt").read_bytes().startswith(log + b"2026-11-\n2"))
        self.succeed("report", "run", "--out", "page.html")

    def test_the_time_limit_stops_with_a_checkpoint(self):
        for ranks in (1, 3):
            with self.subTest(ranks=ranks):
                out = f"run-{ranks}"
                result = self.hoist("train", self.config, "--out", out, "--set", "train.time_limit=0.05", ranks=ranks)
                self.assert_stopped_with_checkpoint(result, out)

    def test_a_limit_that_is_over_before_the_first_step_is_named(self):
        result = self.hoist("train", self.config, "--out", "run", "--train.time_limit=1e-9")
        self.assert_stopped_with_checkpoint(result, "run")
        for phrase in (f"after sweep 0 of {SWEEPS}", "before the first step", "raise it"):
            self.assertIn(phrase, result.errors()[0])

    def test_a_checkpoint_within_an_epoch_loses_no_bit(self):
        options = ["--formulation.name=contrastive", "--weights.solver=muon", "--train.epochs=1", "--train.batch=20",
                   "--train.dropout=0.1"]
        for ranks in (1, 3):
            with self.subTest(ranks=ranks):
                whole = self.undisturbed(ranks, *options)
                out = f"run-{ranks}"
                often = [*options, "--checkpoint.every=1e-9s", "--checkpoint.keep=100"]
                self.succeed("train", self.config, "--out", out, *often, ranks=ranks)
                assert_same_weights(self, weights(self.folder / out / "model.h5"), whole)
                # What a run has that was killed after the last of them that lies in the epoch.
                within, *after = self.checkpoints(out)
                with h5py.File(within) as file:
                    self.assertGreater(file["progress/batch"][0], 0)
                for path in (*after, self.folder / out / "model.h5", self.folder / out / "summary.json"):
                    path.unlink()
                self.succeed("train", self.config, "--out", out, *options, "--resume", ranks=ranks)
                assert_same_weights(self, weights(self.folder / out / "model.h5"), whole)

    def flip_a_byte(self, path):
        contents = bytearray(path.read_bytes())
        contents[len(contents) // 2] ^= 0x10
        path.write_bytes(contents)


class ResumeOfOtherThings(ProgramTest):
    def stopped_run(self):
        config = self.write_config()
        result = self.hoist("train", config, "--out", "run", "--set", "train.time_limit=1e-9")
        self.assertEqual(result.status, INTERRUPTED, result.err)
        return config

    def test_a_finished_run_says_so_and_stays_as_it_is(self):
        config = self.write_config()
        self.succeed("train", config, "--out", "run")
        before = self.files()
        for ranks in (1, 3):
            result = self.succeed("train", config, "--out", "run", "--resume", ranks=ranks)
            self.assertIn("complete", result.out)
            self.assertEqual(self.files(), before)

    def test_nothing_to_resume(self):
        config = self.write_config()
        self.refuses(MISSING, ["run", "resume"], "train", config, "--out", "run", "--resume")
        self.assertFalse((self.folder / "run").exists())

    def test_another_architecture(self):
        config = self.stopped_run()
        for setting in ("network.layers=784-16-10", "network.layers=784-17-12-10", "network.activation=hard_tanh",
                        "network.output=simplex"):
            self.refuses(USAGE, ["architecture", "784-16-12-10"], "train", config, "--out", "run", "--resume", "--set",
                         setting)

    def test_another_number_of_samples(self):
        config = self.stopped_run()
        self.refuses(USAGE, ["data.samples", "240", "200"], "train", config, "--out", "run", "--resume", "--set",
                     "data.samples=200")


if __name__ == "__main__":
    unittest.main()
