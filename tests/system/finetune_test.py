"""Back-propagation from lifted weights and from other starts."""

import json
import unittest

import h5py
import numpy

from program import ProgramTest, metrics_rows

USAGE, MISSING = 64, 66

STEPS = {"weights__solver": "adam", "weights__step": "1e-4", "train__epochs": 2, "train__batch": 40}


class Finetune(ProgramTest):
    def setUp(self):
        super().setUp()
        self.lifted = self.write_config("lifted.ini", network__activation="hard_tanh")
        self.succeed("train", self.lifted, "--out", "lifted")
        self.config = self.write_config("steps.ini", **STEPS)

    def weights(self, run):
        with h5py.File(self.folder / run / "model.h5") as model:
            return [model[f"layers/{l}/weights"][:] for l in range(3)]

    def test_departs_from_the_network_of_a_model(self):
        self.succeed("finetune", self.config, "--from", "lifted", "--out", "tuned")
        with h5py.File(self.folder / "tuned" / "model.h5") as model:
            self.assertEqual(model["layers/0"].attrs["activation"], "hard_tanh")
        for before, after in zip(self.weights("lifted"), self.weights("tuned"), strict=True):
            moved = numpy.abs(after - before).max()
            self.assertGreater(moved, 0)
            # 12 steps of Adam, each at most (1 - beta1) / sqrt(1 - beta2) times its rate (Kingma and Ba 2015, section 2.1)
            self.assertLessEqual(moved, 12 * 3.17e-4)
        self.assertEqual(len(metrics_rows(self.folder / "tuned")), 2)

    def test_is_better_from_lifted_weights_than_from_random_ones(self):
        def objective(name, *start):
            self.succeed("finetune", self.config, "--out", name, *start)
            return json.loads((self.folder / name / "summary.json").read_text())["objective"]
        self.assertLess(objective("tuned", "--from", "lifted"), 0.7 * objective("scratch", "--network.init=xavier"))

    def test_goes_on_from_a_checkpoint_to_the_same_weights_on_other_ranks(self):
        self.succeed("finetune", self.config, "--from", "lifted", "--out", "whole", ranks=2)
        limited = self.hoist("finetune", self.config, "--from", "lifted", "--out", "parts", "--train.time_limit=1e-9")
        self.assertEqual(limited.status, 75)
        self.succeed("finetune", self.config, "--from", "lifted", "--out", "parts", "--resume", ranks=3)
        for whole, parts in zip(self.weights("whole"), self.weights("parts"), strict=True):
            numpy.testing.assert_allclose(parts, whole, atol=1e-5)

    def test_its_directory_holds_a_configuration_that_trains_the_same(self):
        self.succeed("finetune", self.config, "--from", "lifted", "--out", "tuned")
        self.succeed("train", "tuned/config.ini", "--out", "again")
        for tuned, again in zip(self.weights("tuned"), self.weights("again"), strict=True):
            numpy.testing.assert_array_equal(tuned, again)

    def test_refuses_what_is_not_back_propagation(self):
        for key in ("--weights.solver=ridge", "--formulation.name=fenchel", "--formulation.iterations=3"):
            with self.subTest(key=key):
                self.refuses(USAGE, ["finetune"], "finetune", self.config, key)

    def test_refuses_a_start_that_does_not_fit(self):
        self.refuses(USAGE, ["784-16-12-10"], "finetune", self.config, "--from", "lifted",
                     "--network.layers=784-20-10", "--network.activation=relu")
        self.refuses(USAGE, ["standardize = false"], "finetune", self.config, "--from", "lifted",
                     "--data.standardize=true")
        self.refuses(MISSING, ["nothing"], "finetune", self.config, "--from", "nothing")

    def test_keeps_the_standardization_of_its_start(self):
        self.succeed("train", self.lifted, "--out", "shifted", "--data.standardize=true")
        self.succeed("finetune", self.config, "--from", "shifted", "--data.seed=2", "--out", "tuned")
        for run in ("shifted", "tuned"):
            with h5py.File(self.folder / run / "model.h5") as model:
                means = model["input/mean"][:]
            self.assertGreater(means.max(), 0)
            first = means if run == "shifted" else first
        numpy.testing.assert_array_equal(first, means)


if __name__ == "__main__":
    unittest.main()
