"""Lifted regression/reconstruction networks as users train, certify and attack them."""

import json
import unittest

import h5py
import numpy

from program import ProgramTest, metrics_rows

USAGE = 64

LRRN = {"data__samples": 600, "data__test_samples": 200, "data__standardize": "mean",
        "network__layers": "784-12-10-10", "network__init": "orthogonal",
        "formulation__name": "lrrn", "formulation__temperature": "0.25", "weights__step": "1e-2",
        "train__epochs": 6, "train__batch": 50}


class Lrrn(ProgramTest):
    def setUp(self):
        super().setUp()
        self.config = self.write_config("lrrn.ini", **LRRN)

    def certificate(self, *options, ranks=1):
        return json.loads(self.succeed("certify", "run", "--json", *options, ranks=ranks).out)

    def test_trains_with_a_certificate_that_an_attack_does_not_break(self):
        said = self.succeed("train", self.config, "--out", "run", ranks=2)
        self.assertIn("Lipschitz constant at most 1.0000", said.out)
        summary = json.loads((self.folder / "run" / "summary.json").read_text())
        self.assertGreater(summary["test_accuracy"], 60)  # glyphs of ten classes
        self.assertLessEqual(summary["lipschitz"], 1 + 1e-9)
        self.assertGreater(summary["median_radius"], 0)
        found = self.certificate("--radii", "0,0.2,0.4", "--attack", ranks=2)
        self.assertEqual(found["accuracy"], summary["test_accuracy"])
        self.assertAlmostEqual(found["median_radius"], summary["median_radius"], places=6)
        certified = [row["accuracy"] for row in found["certified"]]
        self.assertEqual(certified[0], found["accuracy"])
        self.assertEqual(certified, sorted(certified, reverse=True))
        changed = [attack["changed"] for attack in found["attacks"]]
        self.assertEqual(changed[0], 0)
        self.assertGreater(changed[-1], 0)

    def test_the_bound_is_that_of_the_weights_in_the_file(self):
        self.succeed("train", self.config, "--out", "run", "--formulation.beta=0.5,0",
                     "--formulation.lipschitz=2")
        with h5py.File(self.folder / "run" / "model.h5") as model:
            norms = [numpy.linalg.norm(model[f"layers/{l}/weights"][:].astype(float), 2) for l in range(3)]
        beta = 0.5
        first = (1 + beta) * norms[0] / (1 + beta * norms[0] ** 2)
        if norms[0] >= beta ** -0.5:
            first = (beta ** 0.5 + beta ** -0.5) / 2
        found = self.certificate()
        numpy.testing.assert_allclose(found["factors"], [first, norms[1], norms[2]], rtol=1e-7)
        self.assertLessEqual(found["lipschitz"], 2 * (1 + 1e-9))

    def test_goes_on_from_a_checkpoint_to_the_same_weights(self):
        self.succeed("train", self.config, "--out", "whole")
        limited = self.hoist("train", self.config, "--out", "parts", "--train.time_limit=1e-9")
        self.assertEqual(limited.status, 75)
        self.succeed("train", self.config, "--out", "parts", "--resume")
        for name in ("weights", "bias"):
            for l in range(3):
                with (h5py.File(self.folder / "whole" / "model.h5") as whole,
                      h5py.File(self.folder / "parts" / "model.h5") as parts):
                    numpy.testing.assert_array_equal(whole[f"layers/{l}/{name}"], parts[f"layers/{l}/{name}"])

    def test_metrics_tell_how_far_it_was_relaxed(self):
        self.succeed("train", self.config, "--out", "rough", "--formulation.sweeps=2")
        self.succeed("train", self.config, "--out", "fine", "--formulation.sweeps=60",
                     "--formulation.tolerance=1e-5")
        residuals = [float(metrics_rows(self.folder / run)[-1]["residual"]) for run in ("rough", "fine")]
        self.assertLessEqual(residuals[1], 1e-5)
        self.assertGreater(residuals[0], 1e-3)

    def test_evaluates_predicts_and_refuses_to_be_exported_as_something_else(self):
        self.succeed("train", self.config, "--out", "run")
        accuracy = [json.loads(self.succeed("evaluate", "run", "--json", *rule).out)["accuracy"]
                    for rule in ([], ["--rule", "lifted"])]
        self.assertEqual(accuracy[0], accuracy[1])
        self.succeed("predict", "run", "--out", "scores.csv")
        self.assert_error(self.hoist("export", "run", "--to", "net.onnx"), USAGE, "cannot be exported", "minimizer")

    def test_steps_that_diverge_are_a_numerical_failure(self):
        for ranks in (1, 3):
            with self.subTest(ranks=ranks):
                self.assert_error(self.hoist("train", self.config, "--out", f"diverged-{ranks}", "--weights.solver=sgd",
                                             "--weights.step=1e9", "--formulation.lipschitz=none", ranks=ranks),
                                  76, "weights.step")

    def test_refuses_what_it_cannot_carry(self):
        for key, words in (("--network.activation=tanh", "tanh"), ("--weights.solver=ridge", "ridge"),
                           ("--train.staleness=1", "staleness"), ("--network.output=simplex", "simplex"),
                           ("--formulation.beta=4,1,1", "cannot be kept"),
                           ("--formulation.passes=3", "passes"), ("--train.dropout=0.1", "dropout"),
                           ("--network.layers=784-10", "no hidden layer")):
            with self.subTest(key=key):
                self.assert_error(self.hoist("train", self.config, "--out", "no", key), USAGE, words)

    def test_is_planned_and_not_timed_as_another_method(self):
        plan = json.loads(self.succeed("plan", self.config, "--ranks", "3", "--json", "--grid.stages=3").out)
        self.assertEqual(len(plan["ranks"]), 3)
        self.assert_error(self.hoist("bench", "sweep", self.config), USAGE, "lrrn", "hoist plan")

    def test_certifies_a_feed_forward_network_and_does_not_attack_it(self):
        self.succeed("train", self.write_config("plain.ini", network__layers="784-8-10"), "--out", "run")
        found = self.certificate()
        self.assertGreater(found["lipschitz"], 1)
        self.assert_error(self.hoist("certify", "run", "--attack"), USAGE, "--attack", "adjoint")
        self.assert_error(self.hoist("certify", "run", "--radii", "0.1,x"), USAGE, "--radii", "'x'")


if __name__ == "__main__":
    unittest.main()
