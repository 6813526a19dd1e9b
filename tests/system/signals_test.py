"""Signals that come at any moment, to any ranks, more than once."""

import os
import pathlib
import shutil
import signal
import time
import unittest

from kills import is_alive
from model_files import assert_same_weights, weights
from program import HOIST, LONGEST_SECONDS, PROMPT_SECONDS, ProgramTest, Run

INTERRUPTED = 75
SWEEPS = 60
USR1, TERM, INT, STOP = signal.SIGUSR1, signal.SIGTERM, signal.SIGINT, signal.SIGSTOP
USR2, HUP, XCPU, CONT = signal.SIGUSR2, signal.SIGHUP, signal.SIGXCPU, signal.SIGCONT


def catches(pid, number):
    """Whether the process has a handler for signal `number`."""
    try:
        status = (pathlib.Path("/proc") / str(pid) / "status").read_text()
    except OSError:
        return False
    caught = next(line.split()[1] for line in status.splitlines() if line.startswith("SigCgt"))
    return bool(int(caught, 16) >> (number - 1) & 1)


class Signals(ProgramTest):
    def begin(self, *options, ranks=3):
        shutil.rmtree(self.folder / "run", ignore_errors=True)
        self.config = self.write_config(network__layers="784-24-16-10", train__sweeps=SWEEPS, train__epochs=SWEEPS)
        return self.start("train", self.config, "--out", "run", *options, ranks=ranks)

    def wait_until(self, run, condition):
        end = time.monotonic() + LONGEST_SECONDS
        while not condition():
            self.assertIsNone(run.process.poll(), "it ended before the moment that was waited for")
            self.assertLess(time.monotonic(), end, "the moment does not come")

    def assert_stopped(self, result):
        self.assertEqual(result.status, INTERRUPTED, result.err)
        self.assertEqual(len(result.errors()), 1, result.err)
        self.assertIn("--resume", result.errors()[0])
        self.assertTrue(any((self.folder / "run").glob("checkpoint-*.h5")))

    def assert_resumes(self, *options, ranks):
        self.succeed("train", self.config, "--out", "run", *options, "--resume", ranks=ranks)
        self.succeed("train", self.config, "--out", "whole", *options, "--overwrite", ranks=ranks)
        assert_same_weights(self, weights(self.folder / "run" / "model.h5"), weights(self.folder / "whole" / "model.h5"))

    def test_one_before_the_data_are_read_stops_before_the_first_sweep(self):
        for options in ([], ["--formulation.name=mac", "--train.batch=40"]):
            with self.subTest(options=options):
                run = self.begin(*options)
                self.wait_until(run, lambda run=run: len(run.ranks()) == 3 and catches(run.ranks()[1], USR1))
                os.kill(run.ranks()[1], USR1)
                self.assert_stopped(run.finish())
                self.assertEqual([path.name for path in (self.folder / "run").glob("*.h5")], ["checkpoint-000000.h5"])
                self.assert_resumes(*options, ranks=3)

    def test_one_while_a_checkpoint_is_written_lets_it_be_completed(self):
        run = self.begin("--checkpoint.every=1")
        self.wait_until(run, lambda: any((self.folder / "run").glob("checkpoint-*.tmp")))
        os.kill(run.ranks()[0], TERM)
        self.assert_stopped(run.finish())
        self.assertEqual(list((self.folder / "run").glob("*.tmp")), [])
        self.assert_resumes("--checkpoint.every=1", ranks=3)

    def test_one_during_evaluation_stops_after_it(self):
        # With many test samples most of the time is spent there.
        options = ["--data.test_samples=6000", "--data.samples=60"]
        run = self.begin(*options)
        self.wait_for_sweep(run, "run", 2)
        os.kill(run.ranks()[2], INT)
        self.assert_stopped(run.finish())

    def test_different_ones_to_several_ranks_are_one_request(self):
        run = self.begin()
        self.wait_for_sweep(run, "run", 2)
        for rank, number in zip(run.ranks(), (USR1, TERM, INT), strict=True):
            os.kill(rank, number)
        self.assert_stopped(run.finish())

    def test_a_scheduler_s_two_and_one_delivered_twice_are_one_request(self):
        for numbers in ((USR1, TERM), (TERM, TERM), (USR1, USR1, TERM, INT), (HUP, HUP, USR2, XCPU)):
            with self.subTest(numbers=numbers):
                run = self.begin(ranks=1)
                self.wait_for_sweep(run, "run", 2)
                for number in numbers:
                    run.process.send_signal(number)
                self.assert_stopped(run.finish())

    def test_the_same_one_a_second_later_stops_at_once(self):
        for number in (TERM, INT, USR1, USR2):
            with self.subTest(signal=number):
                run = self.begin()
                self.wait_for_sweep(run, "run", 2)
                ranks = run.ranks()
                os.kill(ranks[1], STOP)  # so that no sweep ends
                begun = time.monotonic()
                while is_alive(ranks[0]):
                    self.assertLess(time.monotonic() - begun, PROMPT_SECONDS)
                    os.kill(ranks[0], number)
                    time.sleep(0.05)
                self.assertGreater(time.monotonic() - begun, 1)
                self.assertEqual(run.finish(PROMPT_SECONDS).status, 128 + number)

    def test_a_closed_terminal_and_limits_of_batch_systems_stop_every_command_that_trains(self):
        search = self.write_config("search.ini", data__validation=0.2, train__sweeps=100000)
        with open(self.folder / search, "a") as file:
            file.write("[tune]\nweights.ridge = 1e-3 1 log\n")
        for command, number, ranks in ((["train", "long.ini"], HUP, 1), (["finetune", "long.ini"], USR2, 1),
                                       (["tune", search], XCPU, 1), (["train", "long.ini"], XCPU, 3),
                                       (["tune", search], HUP, 3), (["train", "long.ini"], USR2, 3)):
            with self.subTest(command=command, signal=number, ranks=ranks):
                shutil.rmtree(self.folder / "run", ignore_errors=True)
                self.write_config("long.ini", train__sweeps=100000, train__epochs=100000)
                run = self.start(*command, "--out", "run", ranks=ranks)
                where = "run/trial-0001" if command[0] == "tune" else "run"
                self.wait_for_sweep(run, where, 2)
                os.kill(run.ranks()[-1], number)
                result = run.finish()
                self.assertEqual(result.status, INTERRUPTED, result.err)
                self.assertEqual(len(list((self.folder / where).glob("checkpoint-*.h5"))), 1)

    def test_what_comes_again_by_itself_does_not_cut_off_the_checkpoint(self):
        for number in (XCPU, HUP):
            with self.subTest(signal=number):
                run = self.begin()
                self.wait_for_sweep(run, "run", 2)
                ranks = run.ranks()
                os.kill(ranks[1], STOP)  # so that no sweep ends
                os.kill(ranks[0], number)
                time.sleep(1.1)  # from then on another signal would end it
                os.kill(ranks[0], number)
                os.kill(ranks[1], CONT)
                self.assert_stopped(run.finish())

    def test_a_run_under_nohup_outlives_its_terminal(self):
        self.config = self.write_config(train__sweeps=100000)
        run = Run(["nohup", HOIST, "train", self.config, "--out", "run"], self.folder)
        self.addCleanup(run.end)
        self.wait_for_sweep(run, "run", 2)
        self.assertFalse(catches(run.process.pid, HUP))
        run.process.send_signal(HUP)
        self.wait_for_sweep(run, "run", 8)
        run.process.send_signal(USR1)
        result = run.finish()
        self.assertEqual(result.status, INTERRUPTED, result.err)

    def test_a_limit_of_time_that_is_over_at_once_stops_before_the_first_sweep(self):
        run = self.begin("--train.time_limit=1e-9", ranks=2)
        self.assert_stopped(run.finish())
        self.assertTrue((self.folder / "run" / "checkpoint-000000.h5").exists())


if __name__ == "__main__":
    unittest.main()
