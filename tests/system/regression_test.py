"""Regressions whose targets are in any unit, near 0 or far from it."""

import json
import unittest

import h5py
import numpy

from program import ProgramTest

SAMPLES = 60
SOLVERS = {"ridge": {"formulation.name": "classical", "train.sweeps": 8},
           "gap": {"formulation.name": "fenchel", "weights.solver": "ridge", "train.sweeps": 8},
           "adam": {"weights.solver": "adam", "weights.step": 0.03},
           "sgd": {"weights.solver": "sgd", "weights.step": 0.02},
           "muon": {"weights.solver": "muon", "weights.step": 0.1},
           "gram": {"weights.solver": "gram", "weights.step": 0.2},
           "implicit": {"weights.solver": "implicit", "weights.step": 0.5}}


class Regression(ProgramTest):
    def setUp(self):
        super().setUp()
        random = numpy.random.default_rng(3)
        self.inputs = random.standard_normal((2 * SAMPLES, 3)).round(3)
        # On a grid that doubles hold beside 2^30 too.
        noise = 0.1 * random.standard_normal(2 * SAMPLES)
        self.values = numpy.round(1024 * (self.inputs @ [1.0, -2.0, 0.5] + noise)) / 1024

    def write(self, values):
        rows = [",".join(map(repr, map(float, [*x, y]))) for x, y in zip(self.inputs, values, strict=True)]
        for name, part in (("train.csv", rows[:SAMPLES]), ("test.csv", rows[SAMPLES:])):
            (self.folder / name).write_text("a,b,c,y\n" + "\n".join(part) + "\n")

    def train(self, values, out="run", ranks=1, **keys):
        self.write(values)
        keys = {"formulation.name": "mac", "train.epochs": 15, "train.batch": 20, "data.format": "csv", "data.path": ".",
                "data.train": "train.csv", "data.test": "test.csv", "network.layers": "3-8-1",
                "network.output": "linear"} | keys
        (self.folder / "c.ini").write_text("")
        self.succeed("train", "c.ini", "--out", out, "--overwrite", "--quiet",
                     *(f"--{key}={value}" for key, value in keys.items()), ranks=ranks)
        return json.loads((self.folder / out / "summary.json").read_text())["test_rmse"]

    def predict(self, model="run", ranks=1):
        self.succeed("predict", model, "--out", "out.h5", ranks=ranks)
        with h5py.File(self.folder / "out.h5") as file:
            return file["value"][()].ravel()

    def test_every_solver_learns_the_same_in_every_unit(self):
        deviation = self.values[:SAMPLES].std()
        for name, keys in SOLVERS.items():
            for precision in ("float", "double"):
                with self.subTest(name, precision=precision):
                    keys = keys | {"train.precision": precision}
                    rmse = self.train(self.values, **keys)
                    self.assertLess(rmse, 0.7 * deviation)
                    # A power of two changes no digit of the standardized values.
                    unit = 2.0**30 if precision == "float" else 2.0**-30
                    self.assertAlmostEqual(self.train(unit * self.values, **keys) / unit, rmse, delta=1e-6 * rmse)
                    self.assertLess(self.train(2.0**30 + self.values, **keys), 0.8 * deviation)

    def test_predictions_and_figures_are_in_the_unit_of_the_data(self):
        values = 1e9 + self.values
        for ranks in (1, 3):
            with self.subTest(ranks=ranks):
                rmse = self.train(values, ranks=ranks)
                with h5py.File(self.folder / "run" / "model.h5") as file:
                    mean, scale = file["output/mean"][()], file["output/scale"][()]
                    self.assertAlmostEqual(mean[0], values[:SAMPLES].mean(), delta=1e-5)
                    self.assertAlmostEqual(1 / scale[0], values[:SAMPLES].std(), delta=1e-5)
                    hidden = self.inputs[SAMPLES:] @ file["layers/0/weights"][()].T + file["layers/0/bias"][()]
                    u = numpy.maximum(hidden, 0) @ file["layers/1/weights"][()].T + file["layers/1/bias"][()]
                expected = (u / scale + mean).ravel()
                found = self.predict(ranks=ranks)
                numpy.testing.assert_allclose(found - 1e9, expected - 1e9, atol=1e-4)
                self.assertAlmostEqual(numpy.sqrt(numpy.mean((found - values[SAMPLES:]) ** 2)), rmse, delta=1e-4)
                figures = json.loads(self.succeed("evaluate", "run", "--json", ranks=ranks).out)
                self.assertAlmostEqual(figures["rmse"], rmse, delta=1e-6 * rmse)

    def test_small_figures_are_shown(self):
        rmse = self.train(1e-9 * self.values)
        shown = self.succeed("evaluate", "run").out.splitlines()[0].split()
        self.assertEqual(shown[0], "rmse")
        self.assertAlmostEqual(float(shown[1]), rmse, delta=1e-4 * rmse)

    def test_exported_models_answer_in_the_unit_of_the_data(self):
        rmse = self.train(2.0**20 + self.values)
        found = self.predict()
        for ending in ("npz", "onnx"):
            with self.subTest(ending):
                self.succeed("export", "run", "--to", f"model.{ending}")
                self.succeed("import", f"model.{ending}", "--out", "again.h5")
                options = ["--data.format=csv", "--data.path=.", "--data.test=test.csv"]
                figures = json.loads(self.succeed("evaluate", "again.h5", "--json", *options).out)
                self.assertAlmostEqual(figures["rmse"], rmse, delta=1e-4 * rmse)
        file = numpy.load(self.folder / "model.npz")
        hidden = numpy.maximum(self.inputs[SAMPLES:] @ file["weights_0"].T + file["bias_0"], 0)
        answers = (hidden @ file["weights_1"].T + file["bias_1"]).ravel()
        numpy.testing.assert_allclose(answers - 2.0**20, found - 2.0**20, atol=1e-4)

    def test_a_start_keeps_its_function_under_targets_in_another_unit(self):
        self.train(self.values, out="start")
        before = self.predict("start")
        (self.folder / "none.ini").write_text("")
        self.write(1000.0 * self.values + 5e4)
        self.succeed("finetune", "none.ini", "--from", "start", "--out", "run", "--train.epochs=0", "--data.format=csv",
                     "--data.path=.", "--data.train=train.csv", "--data.test=test.csv")
        numpy.testing.assert_allclose(self.predict("run"), before, atol=1e-2)

    def test_a_constant_is_learned(self):
        rmse = self.train(numpy.full(2 * SAMPLES, 7e8), **{"weights.solver": "adam", "weights.step": 0.03, "train.epochs": 60})
        self.assertLess(rmse, 0.5)

    def test_a_run_goes_on_from_a_checkpoint_as_if_it_had_not_stopped(self):
        keys = {"checkpoint.every": 1, "checkpoint.keep": 20}
        whole = self.train(1e9 + self.values, **keys)
        directory = self.folder / "run"
        (directory / "model.h5").unlink()
        (directory / "summary.json").unlink()
        for checkpoint in sorted(directory.glob("checkpoint-*.h5"))[6:]:
            checkpoint.unlink()
        self.succeed("train", "run/config.ini", "--out", "run", "--resume", "--quiet")
        self.assertEqual(json.loads((directory / "summary.json").read_text())["test_rmse"], whole)


if __name__ == "__main__":
    unittest.main()
