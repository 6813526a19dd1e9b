"""One rank that runs out of memory while the others wait for it."""

import os
import shutil
import signal
import time
import unittest

from kills import END_SECONDS, is_alive
from program import HOIST, MPIRUN, ProgramTest, Run

SYSTEM = 71
LENGTH = 100000


class LackOfMemory(ProgramTest):
    def test_a_rank_without_memory_ends_the_job_with_its_name(self):
        # LD_PRELOAD cannot name a path with a space.
        shutil.copy(os.environ["HOIST_FAILING_MEMORY"], self.folder / "failing_memory.so")
        # Evaluation asks for memory for a block of preactivations each time.
        config = self.write_config(train__sweeps=LENGTH, train__epochs=LENGTH, data__test_samples=2000)
        for options in (["--grid.block=1000"], ["--formulation.name=mac", "--train.batch=20"]):
            for victim in range(3):
                with self.subTest(options=options, victim=victim):
                    shutil.rmtree(self.folder / "run", ignore_errors=True)
                    run = Run([*MPIRUN, "-n", "3", "-x", "LD_PRELOAD=./failing_memory.so", HOIST,
                               "train", config, "--out", "run", "--quiet", "--grid.stages=3", *options], self.folder)
                    self.addCleanup(run.end)
                    self.wait_for_sweep(run, "run", 1)
                    ranks = run.ranks()
                    begun = time.monotonic()
                    os.kill(ranks[victim], signal.SIGRTMIN)
                    result = run.finish(END_SECONDS)
                    self.assertEqual(result.status, SYSTEM, result.err)
                    self.assertEqual(len(result.errors()), 1, result.err)
                    self.assertRegex(result.errors()[0], rf"^hoist: rank {victim}: out of memory; .*hoist plan")
                    while any(map(is_alive, ranks)):
                        self.assertLess(time.monotonic() - begun, END_SECONDS, "a rank outlives the job")
                        time.sleep(0.01)


if __name__ == "__main__":
    unittest.main()
