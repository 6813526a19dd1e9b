"""Ranks that are killed: the job ends, and goes on as if nothing had happened."""

import unittest

from kills import CASES, KillTest


class Kills(KillTest):
    def test_sweeps_end_with_the_weights_of_an_undisturbed_run(self):
        self.kill_and_resume(CASES[0], ["training", "writing"], seed=1)

    def test_sweeps_over_stages_and_shards_do_too(self):
        self.kill_and_resume(CASES[1], ["training"], seed=2)

    def test_mini_batches_do_too(self):
        self.kill_and_resume(CASES[2], ["writing", "training"], seed=3)


if __name__ == "__main__":
    unittest.main()
