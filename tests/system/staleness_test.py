"""Steps that come late: as many stages would have them, on as few ranks as there are."""

import unittest

from model_files import assert_same_weights, weights
from program import ProgramTest

USAGE, INTERRUPTED = 64, 75


class Staleness(ProgramTest):
    def setUp(self):
        super().setUp()
        self.config = self.write_config(
            network__layers="784-16-14-batchnorm-12-12-10-10", formulation__name="bregman", formulation__passes=1,
            weights__solver="muon", weights__step="1e-2", train__epochs=2, train__batch=60, train__staleness=3,
            train__dropout=0.1, data__noise=0.1, data__samples=600, data__test_samples=100, grid__block=16)

    def trained(self, *options, ranks=1):
        self.succeed("train", self.config, "--out", "run", "--overwrite", *options, ranks=ranks)
        return weights(self.folder / "run" / "model.h5")

    def test_emulated_stages_train_as_real_ones_to_the_last_bit(self):
        for stages in range(2, 7):
            options = [f"--train.look_ahead={'true' if stages % 2 else 'false'}"]
            real = self.trained(f"--grid.stages={stages}", "--grid.shards=1", *options, ranks=stages)
            for ranks in (1, 2):
                with self.subTest(stages=stages, ranks=ranks):
                    emulated = self.trained(f"--grid.emulated_stages={stages}", f"--grid.stages={ranks}", *options,
                                            ranks=ranks)
                    assert_same_weights(self, emulated, real)

    def test_and_so_they_do_with_shards(self):
        real = self.trained("--grid.stages=3", "--grid.shards=2", ranks=6)
        emulated = self.trained("--grid.emulated_stages=3", "--grid.stages=1", "--grid.shards=2", ranks=2)
        assert_same_weights(self, emulated, real)

    def test_no_layer_is_later_than_there_are_stages_above_it(self):
        emulated = "--grid.emulated_stages=4"
        longest = self.trained(emulated, "--train.staleness=1000")
        assert_same_weights(self, longest, self.trained(emulated, "--train.staleness=3"))
        shorter = self.trained(emulated, "--train.staleness=2")
        self.assertNotEqual(longest[0].tobytes(), shorter[0].tobytes())

    def test_steps_that_are_waited_for_are_not_late(self):
        emulated = "--grid.emulated_stages=4"
        late = self.trained(emulated)
        exact = self.trained(emulated, "--train.staleness=0")
        assert_same_weights(self, self.trained(emulated, "--train.drain_every=1"), exact)
        assert_same_weights(self, self.trained(emulated, "--train.drain_every=10"), late)
        waited = self.trained(emulated, "--train.drain_every=3")
        assert_same_weights(self, self.trained("--grid.stages=4", "--train.drain_every=3", ranks=4), waited)
        self.assertNotEqual(waited[0].tobytes(), late[0].tobytes())

    def test_a_stopped_run_goes_on_to_the_same_weights_on_another_grid(self):
        options = ["--grid.emulated_stages=6", "--train.look_ahead=true"]
        whole = self.trained(*options)
        stopped = self.hoist("train", self.config, "--out", "halves", "--train.time_limit=1e-9", *options)
        self.assertEqual(stopped.status, INTERRUPTED)
        self.succeed("train", self.config, "--out", "halves", "--resume", *options, "--grid.stages=3", ranks=3)
        assert_same_weights(self, weights(self.folder / "halves" / "model.h5"), whole)

    def test_what_cannot_be_late_is_refused(self):
        self.refuses(USAGE, ["grid.emulated_stages = 7", "there are 6", "6 or fewer"],
                     "train", self.config, "--out", "run", "--grid.emulated_stages=7")
        self.refuses(USAGE, ["train.staleness = 3", "weights.solver = ridge"],
                     "train", self.config, "--out", "run", "--weights.solver=ridge", "--network.layers=784-16-10",
                     "--train.dropout=0", "--data.noise=0")
        self.refuses(USAGE, ["grid.emulated_stages = 2", "the run has 3 stages"],
                     "train", self.config, "--out", "run", "--grid.emulated_stages=2", "--grid.stages=3", on=(3,))


if __name__ == "__main__":
    unittest.main()
