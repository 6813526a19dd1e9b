"""Least squares of `train` on data whose offsets, units and dependencies are awkward."""

import json
import random
import unittest

import h5py
import numpy as np

from program import ProgramTest

WEIGHTS, BIAS = (1.0, -2.0, 3.0, 0.5), 0.3


def predicted(row):
    return sum(weight * x for weight, x in zip(WEIGHTS, row)) + BIAS


class LeastSquares(ProgramTest):
    def setUp(self):
        super().setUp()
        draw = random.Random(5)
        (self.folder / "empty.ini").write_text("")
        self.rows = [[draw.gauss(0.0, 1.0) for _ in WEIGHTS] for _ in range(200)]

    def fit(self, rows, targets, name="run", ranks=1, **settings):
        """The summary and the log of a linear regression without a ridge."""
        lines = [",".join([f"x{i}" for i in range(len(rows[0]))] + ["y"])]
        lines += [",".join(repr(x) for x in [*row, target]) for row, target in zip(rows, targets)]
        (self.folder / f"{name}.csv").write_text("\n".join(lines) + "\n")
        options = {"data.format": "csv", "data.train": f"{name}.csv", "data.path": ".", "data.test_samples": 0,
                   "network.layers": f"{len(rows[0])}-1", "network.output": "linear", "weights.ridge": 0,
                   "formulation.name": "classical", "train.sweeps": 2} | settings
        result = self.hoist("train", "empty.ini", "--out", name, *(f"--{key}={value}" for key, value in options.items()), ranks=ranks)
        self.assertEqual(result.status, 0, result.err)
        return (json.loads((self.folder / name / "summary.json").read_text()),
                (self.folder / name / "log.txt").read_text())

    def test_an_offset_costs_the_digits_of_the_data_alone(self):
        for precision, spacing in (("double", 2.3e-16), ("float", 1.2e-7)):
            for offset in (1e4, 1e6):
                for ranks in (1, 3):
                    with self.subTest(precision=precision, offset=offset, ranks=ranks):
                        rows = [[row[0] + offset, *row[1:]] for row in self.rows]
                        summary, log = self.fit(rows, map(predicted, rows), f"{precision}-{offset:g}-{ranks}", ranks,
                                                **{"train.precision": precision})
                        self.assertLess(summary["train_rmse"], 10 * spacing * offset)
                        self.assertNotIn("ridge_shifts", summary)
                        self.assertNotIn("depend on one another", log)

    def test_an_offset_of_standardized_inputs_costs_nothing(self):
        for offset in (1e6, 1.7e9):  # in the second a float has one number for each 128
            for ranks in (1, 3):
                with self.subTest(offset=offset, ranks=ranks):
                    name = f"{offset:g}-{ranks}"
                    rows = [[row[0] + offset, *row[1:]] for row in self.rows]
                    targets = [predicted(row) for row in self.rows]
                    summary, _ = self.fit(rows, targets, name, ranks, **{"data.standardize": "true"})
                    self.assertLess(summary["train_rmse"], 1e-5)
                    result = self.hoist("evaluate", name, "--data.format=csv", "--data.path=.", f"--data.test={name}.csv",
                                        "--json", ranks=ranks)
                    self.assertEqual(result.status, 0, result.err)
                    self.assertLess(json.loads(result.out)["rmse"], 1e-5)
                    self.succeed("predict", name, "--data.format=csv", "--data.path=.", f"--data.test={name}.csv",
                                 "--out", f"{name}.out.csv", ranks=ranks)
                    found = [float(line) for line in (self.folder / f"{name}.out.csv").read_text().split()[1:]]
                    self.assertLess(max(abs(a - b) for a, b in zip(found, targets, strict=True)), 1e-4)

    def test_units_cost_nothing(self):
        rows = [[x * unit for x, unit in zip(row, (1e6, 1.0, 1e-3, 1e-6))] for row in self.rows]
        summary, _ = self.fit(rows, map(predicted, self.rows), **{"train.precision": "double"})
        self.assertLess(summary["train_rmse"], 1e-13)

    def test_dependent_inputs_are_fitted_and_said_once(self):
        rows = [[*row, row[0], 0.0, 0.1, 1e6] for row in self.rows]
        for precision, most in (("double", 1e-11), ("float", 1e-4)):
            summary, log = self.fit(rows, map(predicted, self.rows), precision, **{"train.precision": precision})
            self.assertLess(summary["train_rmse"], most)
            self.assertEqual(log.count("depend on one another"), 1)
            self.assertGreater(summary["ridge_shifts"][0], 0.0)
            self.assertLess(summary["ridge_shifts"][0], 1e-5)

    def weights(self, run):
        with h5py.File(self.folder / run / "model.h5") as model:
            return model["layers/0/weights"][()][0] / model["output/scale"][()][0]

    def test_errors_of_the_inputs_count_as_their_mean(self):
        targets = [predicted(row) for row in self.rows]
        x = np.array(self.rows) - np.mean(self.rows, axis=0)
        for text, variance in (("gaussian(0.5)", 0.25), ("box(0.9)", 0.27)):
            right = np.linalg.solve(x.T @ x + len(x) * variance * np.eye(4), x.T @ (targets - np.mean(targets)))
            for ranks in (1, 3):
                self.fit(self.rows, targets, f"{text}-{ranks}", ranks, **{"train.precision": "double", "data.uncertainty": text})
                np.testing.assert_allclose(self.weights(f"{text}-{ranks}"), right, rtol=1e-9)
        # As many samples with drawn errors say.
        draw = np.random.default_rng(4)
        for text, errors in (("gaussian(0.5)", draw.normal(0, 0.5, (100, 200, 4))), ("box(0.9)", draw.uniform(-0.9, 0.9, (100, 200, 4)))):
            drawn = f"drawn for {text}"
            self.fit((np.array(self.rows) + errors).reshape(-1, 4).tolist(), targets * 100, drawn, **{"train.precision": "double"})
            self.assertLess(np.abs(self.weights(drawn) - self.weights(f"{text}-1")).max(), 0.05)

    def test_errors_that_no_regression_knows_are_refused(self):
        for words, settings in ((["data.noise"], {"weights.solver": "adam", "formulation.name": "mac"}),
                                (["classical"], {"formulation.name": "fenchel", "network.layers": "4-3-1"}),
                                (["gaussian(DEVIATION)"], {"data.uncertainty": "normal(1)"}),
                                (["from 0"], {"data.uncertainty": "box(-1)"})):
            options = {"network.layers": "4-1", "network.output": "linear", "formulation.name": "classical",
                       "weights.solver": "ridge", "data.uncertainty": "gaussian(0.1)"} | settings
            result = self.hoist("train", "empty.ini", "--out", "bad", *(f"--{key}={value}" for key, value in options.items()))
            self.assertEqual(result.status, 64, result.err)
            for word in words:
                self.assertIn(word, result.err)

    def test_few_samples_are_met(self):
        for count in (1, 3):
            rows = self.rows[:count]
            summary, _ = self.fit(rows, map(predicted, rows), f"few-{count}", **{"train.precision": "double"})
            self.assertLess(summary["train_rmse"], 1e-13)

    def test_a_net_of_few_samples_fits_alike_in_either_precision(self):
        objectives = []
        for precision in ("float", "double"):
            self.succeed("train", "empty.ini", "--out", precision, "--quiet", "--data.samples=5", "--data.test_samples=0",
                         "--network.layers=784-40-30-10", "--formulation.name=classical", "--formulation.lambda=100",
                         "--weights.ridge=1e-9", f"--train.precision={precision}")
            objectives.append(json.loads((self.folder / precision / "summary.json").read_text())["objective"])
            with h5py.File(self.folder / precision / "model.h5") as model:
                for layer in model["layers"].values():
                    self.assertLess(abs(layer["weights"][()]).max(), 100.0)
        self.assertAlmostEqual(objectives[0] / objectives[1], 1.0, delta=0.1)


if __name__ == "__main__":
    unittest.main()
