"""Ranks that are killed: the job ends, and goes on as if nothing had happened."""

import random
import unittest

from kills import KillTest


class Kills(KillTest):
    def test_sweeps_end_with_the_weights_of_an_undisturbed_run(self):
        self.kill_and_resume("sweeps", "in 3 stages", ["training", "writing"], random.Random(1))

    def test_sweeps_over_stages_and_shards_do_too(self):
        self.kill_and_resume("checkerboard", "in 2 stages of 2 and 1 shards", ["training"], random.Random(2))

    def test_mini_batches_do_too(self):
        self.kill_and_resume("bregman with averages and dropout", "in 3 stages", ["writing", "training"],
                             random.Random(3))


if __name__ == "__main__":
    unittest.main()
