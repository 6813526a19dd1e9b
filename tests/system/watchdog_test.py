"""Ranks that hang or fail by themselves: the job ends and says why."""

import os
import re
import shutil
import signal
import time
import unittest

from kills import is_alive
from program import HOIST, MPIRUN, PATIENCE, PROMPT_SECONDS, ProgramTest, Run

MISSING, SYSTEM = 66, 71
LENGTH = 100000
# What mpirun gives a stopped rank, which it wakes, between SIGTERM and SIGKILL: in it that rank is not to report.
MPIRUN_SECONDS = 1
SECONDS = 2 * PATIENCE


class Watchdog(ProgramTest):
    def begin(self, *options, ranks=3):
        config = self.write_config(train__sweeps=LENGTH, train__epochs=LENGTH, train__watchdog=SECONDS)
        shutil.rmtree(self.folder / "run", ignore_errors=True)
        launcher = [*MPIRUN, "--mca", "odls_base_sigkill_timeout", str(MPIRUN_SECONDS), "-n", str(ranks)]
        run = Run([*(launcher if ranks > 1 else []), HOIST, "train", config, "--out", "run", "--quiet", *options],
                  self.folder)
        self.addCleanup(run.end)
        self.wait_for_sweep(run, "run", 3)
        return run

    def reports(self, run):
        """What each rank says of itself, once the job is over."""
        ranks = run.ranks()
        begun = time.monotonic()
        result = run.finish(PROMPT_SECONDS)
        self.assertEqual(result.status, SYSTEM, result.err)
        while any(map(is_alive, ranks)):
            self.assertLess(time.monotonic() - begun, PROMPT_SECONDS, "a rank outlives the job")
            time.sleep(0.01)
        pattern = rf"hoist: rank (\d+) has made no progress for {SECONDS} s \(it (.*)\); .*train\.watchdog"
        return {int(rank): text for rank, text in re.findall(pattern, result.err)}

    def test_the_ranks_that_wait_for_one_that_hangs_say_so(self):
        for name, options in {"sweeps": ["--grid.stages=3"],
                              "mini-batches": ["--grid.stages=3", "--formulation.name=mac", "--train.batch=20"]}.items():
            with self.subTest(name):
                run = self.begin(*options)
                os.kill(run.ranks()[1], signal.SIGSTOP)
                reports = self.reports(run)
                self.assertEqual(sorted(reports), [0, 2])
                for text in reports.values():
                    self.assertRegex(text, r"^waits for (block \d+ from rank [012] \(receive from (above|below)\)"
                                           r"|rank [012] to take block \d+ \(send (above|below)\)"
                                           r"|the others in a \w+ of 3 ranks) in (sweep|epoch|the .*) \d+$")

    def test_a_file_that_does_not_answer_is_told_from_a_wait(self):
        for ranks in (1, 3):
            with self.subTest(ranks=ranks):
                run = self.begin(ranks=ranks)
                os.mkfifo(self.folder / "pipe")  # whoever writes to it waits for a reader
                (self.folder / "pipe").rename(self.folder / "run" / "metrics.csv")
                reports = self.reports(run)
                self.assertEqual(sorted(reports), list(range(ranks)))
                self.assertRegex(reports[0], r"^computes or uses a file, and waits for no rank, in the evaluation")
                for rank in range(1, ranks):
                    self.assertRegex(reports[rank], r"^waits for the others in a minimum of 3 ranks in the evaluation")

    def test_a_run_with_progress_is_left_alone(self):
        config = self.write_config(train__sweeps=300, train__watchdog=SECONDS)
        for ranks in (1, 3):
            result = self.succeed("train", config, "--out", f"run-{ranks}", ranks=ranks)
            self.assertEqual(result.err, "")


class Failures(ProgramTest):
    def test_data_that_only_one_rank_does_not_find_end_the_job(self):
        data = self.folder / "data"
        data.mkdir()
        rows = [",".join(map(str, [i % 3, i % 5, i % 2])) for i in range(20)]
        (data / "train.csv").write_text("\n".join(rows) + "\n")
        config = self.write_config(data__format="csv", data__path="data", data__train="train.csv",
                                   network__layers="2-4-2")
        program = [HOIST, "train", config, "--out", "run"]
        hidden = ["unshare", "--map-root-user", "--mount", "sh", "-c", 'mount -t tmpfs tmpfs data && exec "$@"', "sh"]
        run = Run([*MPIRUN, "-n", "2", *program, ":", "-n", "1", *hidden, *program], self.folder)
        self.addCleanup(run.end)
        self.assert_error(run.finish(), MISSING, "data/train.csv")
        self.assertFalse((self.folder / "run").exists())


if __name__ == "__main__":
    unittest.main()
