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
        summary = json.loads((self.folder / "run" / "summary.json").read_text())
        self.assertEqual(json.loads(self.succeed("evaluate", "run", "--json").out)["accuracy"], summary["test_accuracy"])
        self.succeed("predict", "run", "--out", "scores.csv")
        self.assert_error(self.hoist("export", "run", "--to", "net.onnx"), USAGE, "cannot be exported", "minimizer")

    def test_phases_that_hold_or_nudge_the_output_learn_as_the_adjoint_does(self):
        held = ("--network.output=linear", "--formulation.temperature=1", "--formulation.sweeps=1000",
                "--formulation.tolerance=1e-5")
        for phase, options, least in (("nudged", (), 60), ("clamped", held, 60), ("class_energy", held, 40)):
            with self.subTest(phase=phase):
                self.succeed("train", self.config, "--out", phase, f"--formulation.phase={phase}", *options, ranks=2)
                rule = "lifted" if phase == "class_energy" else "feedforward"
                found = json.loads(self.succeed("evaluate", phase, "--rule", rule, "--json", ranks=2).out)
                self.assertGreater(found["accuracy"], least)

    def test_a_contrast_of_states_that_have_not_converged_is_refused(self):
        clamped = ("--formulation.phase=clamped", "--network.output=linear", "--formulation.temperature=1")
        self.assert_error(self.hoist("train", self.config, "--out", "rough", *clamped), USAGE,
                          "formulation.tolerance", "formulation.sweeps = 1000")
        for ranks in (1, 3):
            with self.subTest(ranks=ranks):
                self.assert_error(self.hoist("train", self.config, "--out", f"short-{ranks}", *clamped,
                                             "--formulation.tolerance=1e-7", "--formulation.sweeps=3", ranks=ranks),
                                  76, "formulation.sweeps = 3", "formulation.phase = adjoint")

    def test_a_loss_of_the_margin_has_its_radii(self):
        for output in ("hinge", "squared_hinge"):
            with self.subTest(output=output):
                self.succeed("train", self.config, "--out", output, f"--network.output={output}",
                             "--formulation.temperature=1")
                found = json.loads(self.succeed("certify", output, "--json").out)
                self.assertGreater(found["accuracy"], 40)
                self.assertGreater(found["median_radius"], 0)

    def test_learns_from_samples_that_show_no_label(self):
        some = ("--data.labeled=60", "--train.epochs=12")
        self.succeed("train", self.config, "--out", "run", *some, "--formulation.energy=0.01", ranks=2)
        summary = json.loads((self.folder / "run" / "summary.json").read_text())
        self.assertGreater(summary["test_accuracy"], 40)
        self.assertGreater(float(metrics_rows(self.folder / "run")[-1]["penalty"]), 0)
        for options, words in ((("--data.labeled=601",), "too many"),
                               (("--data.labeled=60", "--network.output=none", "--formulation.temperature=1"), "label"),
                               (("--data.labeled=60", "--formulation.name=mac", "--formulation.temperature=1"), "lrrn")):
            with self.subTest(options=options):
                self.assert_error(self.hoist("train", self.config, "--out", "no", *options), USAGE, words)

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

    def test_only_this_formulation_has_phases_and_energies(self):
        plain = self.write_config("plain.ini", network__layers="784-8-10", formulation__name="mac")
        for key in ("network.output=none", "network.output=hinge", "network.bias=none", "formulation.phase=nudged",
                    "formulation.nudge_strength=1", "formulation.energy=1", "formulation.offset=1", "formulation.temperature=2"):
            with self.subTest(key=key):
                self.assert_error(self.hoist("train", plain, "--out", "no", "--" + key), USAGE, key.split("=")[0])

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


class Unsupervised(ProgramTest):
    """A network without an output, and its energies."""

    def setUp(self):
        super().setUp()
        random = numpy.random.default_rng(3)
        for folder, shift in (("own", 0), ("foreign", 0.6)):
            (self.folder / folder).mkdir()
            for part, count in (("train", 300), ("test", 120)):
                codes = random.random((count, 2))
                inputs = codes @ random.random((2, 7)) + shift * random.random((count, 7))
                numpy.savetxt(self.folder / folder / f"{part}.csv", inputs, "%.8f", ",")
        self.config = self.write_config(
            "none.ini", data__format="csv", data__path=self.folder / "own", data__train="train.csv",
            data__test="test.csv", network__layers="7-5-3", network__output="none",
            formulation__name="lrrn", formulation__sweeps=30, weights__step="1e-2", train__epochs=20, train__batch=30)

    def energies(self, folder, ranks=1):
        out = self.folder / f"{folder}-{ranks}.csv"
        self.succeed("predict", "run", "--out", out, "--data.path", self.folder / folder, ranks=ranks)
        table = numpy.genfromtxt(out, delimiter=",", names=True)
        self.assertEqual(table.dtype.names, ("energy", "value_0", "value_1", "value_2"))
        return table["energy"]

    def test_tells_foreign_data_from_its_own_by_their_energies(self):
        self.succeed("train", self.config, "--out", "run", ranks=2)
        rows = metrics_rows(self.folder / "run")
        tests = [float(row["test_energy"]) for row in rows if row["test_energy"]]
        self.assertLess(tests[-1], 0.5 * tests[0])
        own, foreign = self.energies("own", ranks=2), self.energies("foreign")
        found = json.loads(self.succeed("evaluate", "run", "--json", "--against", self.folder / "foreign", ranks=2).out)
        summary = json.loads((self.folder / "run" / "summary.json").read_text())
        numpy.testing.assert_allclose([own.mean(), found["energy"]], summary["test_energy"], rtol=1e-4)
        table = {row["data"]: row for row in found["energies"]}
        self.assertEqual(list(table), ["these data", "Gaussian", str(self.folder / "foreign")])
        for name, energies in (("these data", own), (str(self.folder / "foreign"), foreign)):
            numpy.testing.assert_allclose([table[name]["mean"], table[name]["deviation"]],
                                          [energies.mean(), energies.std()], rtol=1e-4)
        above = (foreign[:, None] > own[None]).mean() + 0.5 * (foreign[:, None] == own[None]).mean()
        self.assertAlmostEqual(table[str(self.folder / "foreign")]["auroc"], above, places=3)
        self.assertGreater(table["Gaussian"]["auroc"], 0.6)

    def test_is_the_start_of_a_network_with_an_output(self):
        self.succeed("train", self.config, "--out", "start")
        labels = numpy.arange(300) % 3
        inputs = numpy.loadtxt(self.folder / "own" / "train.csv", delimiter=",")
        numpy.savetxt(self.folder / "own" / "labeled.csv", numpy.column_stack([inputs, labels]), "%.8g", ",")
        config = self.write_config(
            "classes.ini", data__format="csv", data__path=self.folder / "own", data__train="labeled.csv",
            network__layers="7-5-3-3", network__init=self.folder / "start" / "model.h5", formulation__name="lrrn",
            weights__step="1e-9", train__epochs=1)
        self.succeed("train", config, "--out", "run", ranks=3)
        with h5py.File(self.folder / "start" / "model.h5") as start, h5py.File(self.folder / "run" / "model.h5") as run:
            for l in range(2):
                numpy.testing.assert_allclose(run[f"layers/{l}/weights"], start[f"layers/{l}/weights"], atol=1e-6)
        self.assert_error(self.hoist("train", config, "--out", "no", "--network.layers=7-6-3-3"), USAGE, "7-5-3")

    def test_has_a_page_and_is_inspected(self):
        self.succeed("train", self.config, "--out", "run")
        self.assertIn("relu", self.succeed("inspect", "run").out)
        self.succeed("report", "run", "--out", "page.html")
        self.assertIn("test_energy", (self.folder / "page.html").read_text())
        self.assert_error(self.hoist("certify", "run"), USAGE, "network.output = none")
        self.assert_error(self.hoist("export", "run", "--to", "net.npz"), USAGE, "cannot be exported")

    def test_only_a_network_of_energies_is_compared_by_them(self):
        self.succeed("train", self.write_config("plain.ini", network__layers="784-8-10"), "--out", "plain")
        self.assert_error(self.hoist("evaluate", "plain", "--energies"), USAGE, "lrrn")


if __name__ == "__main__":
    unittest.main()
