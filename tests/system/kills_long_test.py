"""The same as kills_test.py, many times over."""

import unittest

from kills import CASES, KillTest

ROUNDS = 3
MOMENTS = ["training", "writing", "start", "training"]


class ManyKills(KillTest):
    def test_every_method_on_every_grid_ends_with_the_weights_of_an_undisturbed_run(self):
        for case in CASES:
            for seed in range(ROUNDS):
                with self.subTest(case=case[0], seed=seed):
                    self.kill_and_resume(case, MOMENTS, seed)


if __name__ == "__main__":
    unittest.main()
