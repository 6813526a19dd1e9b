"""Fits by one solve: lifted inputs, a loss that need not be convex, and what a model of them remembers."""

import itertools
import json
import unittest

import h5py
import numpy as np

from program import ProgramTest

TURN = 2 * np.pi


def hats(x, labels):
    """Each number of x between its labels, a row per sample: the interpolant of each unit vector."""
    return np.stack([np.interp(x, labels, unit) for unit in np.eye(len(labels))], axis=1)


def truncated(residuals, limit):
    return np.minimum(np.abs(residuals), limit)


class LiftedFits(ProgramTest):
    def setUp(self):
        super().setUp()
        (self.folder / "empty.ini").write_text("")
        self.draw = np.random.default_rng(3)

    def table(self, name, x, y, names="uvw"):
        rows = np.column_stack([x, y])
        header = ",".join([*names[: rows.shape[1] - 1], "y"])
        lines = [",".join(repr(float(number)) for number in row) for row in rows]
        (self.folder / name).write_text("\n".join([header, *lines]) + "\n")

    OPTIONS = {"data.format": "csv", "data.path": ".", "data.train": "train.csv", "network.output": "linear",
               "formulation.name": "classical", "weights.ridge": 0, "train.sweeps": 1, "train.precision": "double"}

    def keys(self, settings):
        return [f"--{key}={value}" for key, value in settings.items()]

    def fit(self, name="run", ranks=1, **settings):
        result = self.hoist("train", "empty.ini", "--out", name, *self.keys(self.OPTIONS | settings), ranks=ranks)
        self.assertEqual(result.status, 0, result.err)
        return json.loads((self.folder / name / "summary.json").read_text())

    def predictions(self, run, table):
        result = self.hoist("predict", run, "--out", "p.csv", f"--data.test={table}", "--data.path=.")
        self.assertEqual(result.status, 0, result.err)
        return np.loadtxt(self.folder / "p.csv", delimiter=",", skiprows=1)

    def assert_fails(self, result, status, *words):
        self.assertEqual(result.status, status, result.out + result.err)
        self.assertEqual(len(result.errors()), 1, result.err)
        for word in words:
            self.assertIn(word, result.err)

    def test_one_solve_gives_the_least_squares_spline(self):
        x = self.draw.uniform(0, TURN, 50)
        y = np.sin(x) + 0.1 * self.draw.normal(size=50)
        self.table("train.csv", x, y)
        grid = np.linspace(0, TURN, 200)
        self.table("grid.csv", grid, np.sin(grid))
        labels = np.linspace(0, TURN, 9)
        values = np.linalg.lstsq(hats(x, labels), y, rcond=None)[0]
        for ranks in (1, 3):
            summary = self.fit(f"sine-{ranks}", ranks, **{"data.lift": f"each(0,{TURN!r},9)", "network.layers": "9-1"})
            found = self.predictions(f"sine-{ranks}", "grid.csv")
            self.assertLess(np.abs(found - np.interp(grid, labels, values)).max(), 1e-7)
            rmse = np.sqrt(np.mean((np.interp(x, labels, values) - y) ** 2))
            self.assertAlmostEqual(summary["train_rmse"], rmse, delta=1e-9)

    def test_a_grid_of_triangles_is_fitted_in_one_solve(self):
        x = self.draw.uniform(0, TURN, (400, 2))
        y = np.cos(x[:, 1] * np.sin(x[:, 0]))
        self.table("train.csv", x, y)
        side = np.linspace(0, TURN, 6)
        # Barycentric coordinates by solving for them in each of the two triangles of the cell.
        basis = np.zeros((len(x), 36))
        for row, point in zip(basis, x):
            i, j = (min(int(number / side[1]), 4) for number in point)
            for corner in ((i + 1, j), (i, j + 1)):
                vertices = [(i, j), corner, (i + 1, j + 1)]
                system = np.array([[side[a], side[b], 1.0] for a, b in vertices]).T
                shares = np.linalg.solve(system, [*point, 1.0])
                if shares.min() > -1e-12:
                    row[[6 * a + b for a, b in vertices]] = shares
                    break
        values = np.linalg.lstsq(basis, y, rcond=None)[0]
        summary = self.fit(**{"data.lift": f"jointly(0,{TURN!r},6)", "network.layers": "36-1"})
        found = self.predictions("run", "train.csv")
        self.assertLess(np.abs(found - basis @ values).max(), 1e-8)
        self.assertAlmostEqual(summary["train_rmse"], np.sqrt(np.mean((basis @ values - y) ** 2)), delta=1e-9)

    def outliers(self):
        x = self.draw.uniform(0, TURN, 120)
        y = np.sin(x) + 0.05 * self.draw.normal(size=120)
        wrong = self.draw.random(120) < 0.4
        y[wrong] = self.draw.uniform(0.0, 2.0, wrong.sum())
        self.table("train.csv", x, y)
        return x, y

    LIFTED = {"data.lift": f"each(0,{TURN!r},7)", "network.layers": "7-1", "weights.solver": "choice",
              "network.output": "spline(-1.5,2.5,41,truncated(0.3))"}

    def test_a_truncated_loss_has_its_global_optimum_on_every_grid(self):
        x, y = self.outliers()
        z = hats(x, np.linspace(0, TURN, 7))
        choices = np.linspace(-1.5, 2.5, 41)
        costs = truncated(choices[:, None] - y, 0.3) @ z
        best = choices[costs.argmin(axis=0)]
        for ranks in (1, 2, 5):
            summary = self.fit(f"choice-{ranks}", ranks, **self.LIFTED)
            with h5py.File(self.folder / f"choice-{ranks}/model.h5") as model:
                np.testing.assert_allclose(model["layers/0/weights"][()][0], best, atol=1e-12)
                self.assertEqual(model["layers/0/bias"][()].tolist(), [0.0])
            # Of the predictions, the loss as the spline through the labels has it.
            shown = [np.interp(u, choices, truncated(choices - target, 0.3)) for u, target in zip(z @ best, y)]
            self.assertAlmostEqual(summary["objective"], np.mean(shown), delta=1e-12)
            self.assertAlmostEqual(summary["train_rmse"], np.sqrt(np.mean((z @ best - y) ** 2)), delta=1e-12)
        # No two values are better for the convex problem when they change together.
        def objective(v):
            return (truncated(v[:, None] - y, 0.3) * z.T).sum()
        least = objective(best)
        for (q, p), a, b in itertools.product([(0, 1), (2, 5), (3, 6)], choices[::4], choices[::4]):
            other = best.copy()
            other[q], other[p] = a, b
            self.assertGreaterEqual(objective(other), least - 1e-12)

    def test_steps_along_the_slope_lower_the_same_loss(self):
        self.outliers()
        steps = {"network.output": "spline(-1.5,2.5,41,absolute)", "network.layers": "7-1",
                 "data.lift": self.LIFTED["data.lift"], "weights.solver": "sgd", "weights.step": 0.05,
                 "train.batch": 120, "formulation.name": "contrastive"}
        short = self.fit("short", **steps, **{"train.epochs": 2})
        long = self.fit("long", 2, **steps, **{"train.epochs": 200})
        self.assertLess(long["objective"], 0.7 * short["objective"])

    def test_a_model_lifts_what_it_is_given(self):
        self.outliers()
        self.fit(**self.LIFTED)
        plain = self.predictions("run", "train.csv")
        table = np.loadtxt(self.folder / "train.csv", delimiter=",", skiprows=1)
        self.assert_fails(self.hoist("predict", "run", "--out", "q.csv", "--data.test=train.csv", "--data.path=.",
                                     "--data.lift=each(0,1,7)"), 64, "data.lift = each(0,1,7)", "each(0,6.28")
        self.assertIn("lifted: each(0,6.28", self.succeed("inspect", "run").out)
        evaluated = json.loads(self.succeed("evaluate", "run", "--data.test=train.csv", "--data.path=.", "--json").out)
        self.assertAlmostEqual(evaluated["rmse"], np.sqrt(np.mean((plain - table[:, 1]) ** 2)), delta=1e-9)
        for command in (["export", "run", "--to", "a.onnx"], ["export", "run", "--to", "a.npz"],
                        ["invert", "run", "--out", "found", "--data.test=train.csv", "--data.path=."],):
            self.assert_fails(self.hoist(*command), 64, "data.lift")

    def test_what_does_not_go_together_is_said(self):
        self.outliers()
        for settings, *words in (
                ({"network.layers": "10-1"}, "10-1", "every input becomes 7 numbers"),
                ({"data.lift": "jointly(0,1,7)", "network.layers": "50-1"}, "grid of 7 labels"),
                ({"data.lift": "each(0,1)"}, "each(0,1,9)"),
                ({"data.standardize": "true"}, "data.standardize", "leave it out"),
                ({"network.layers": "7-3-1"}, "weights.solver = choice needs one map of lifted inputs"),
                ({"network.layers": "7-2"}, "such a loss is that of one value"),
                ({"network.output": "linear"}, "needs network.output = spline"),
                ({"network.output": "spline(0,1,9,hubber)"}, "'hubber' is no loss"),
                ({"weights.solver": "ridge"}, "no curvature"),
                ({"weights.solver": "implicit"}, "no curvature"),
                ({"network.layers": "14-1"}, "contradicts the data")):
            with self.subTest(settings=settings):
                result = self.hoist("train", "empty.ini", "--out", "bad", *self.keys(self.OPTIONS | self.LIFTED | settings), ranks=2)
                self.assert_fails(result, 64, *words)
                self.assertFalse((self.folder / "bad").exists())


if __name__ == "__main__":
    unittest.main()
