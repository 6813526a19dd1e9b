"""The same as kills_test.py on every method and grid: 1,000 kills, which take a quarter of an hour on two cores."""

import os
import random
import shutil
import unittest

from kills import GRIDS, METHODS, KillTest

KILLS = int(os.environ.get("HOIST_KILLS", "1000"))
MOMENTS = ["training", "training", "writing", "start"]


class ManyKills(KillTest):
    def test_every_method_on_every_grid_ends_with_the_weights_of_an_undisturbed_run(self):
        cases = [(method, grid) for method in METHODS for grid in GRIDS]
        done = 0
        for i, (method, grid) in enumerate(cases):
            drawn = random.Random(i)
            wanted = KILLS * (i + 1) // len(cases)
            shutil.rmtree(self.folder / "whole", ignore_errors=True)
            with self.subTest(method=method, grid=grid):
                while done < wanted:
                    moments = drawn.choices(MOMENTS, k=min(wanted - done, 6))
                    done += self.kill_and_resume(method, grid, moments, drawn)
            print(f"{done} kills, the last {grid}: {method}", flush=True)
        self.assertGreaterEqual(done, KILLS)


if __name__ == "__main__":
    unittest.main()
