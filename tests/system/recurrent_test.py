"""Networks that read pictures row by row, with one set of weights, as a user would run them."""

import json
import os
import signal
import unittest

import h5py
import numpy

from model_files import assert_same_weights, weights
from program import ProgramTest

USAGE = 64
ROWS = 28


class Recurrent(ProgramTest):
    def setUp(self):
        super().setUp()
        self.config = self.write_config(
            data__format="glyphs", data__samples=2000, data__test_samples=500,
            network__layers=f"{ROWS}x{ROWS}x1-by_rows-recurrent(32)^{ROWS}-10", network__activation="relu",
            network__init="orthogonal", formulation__name="contrastive", weights__solver="muon", weights__step="2e-2",
            weights__ridge=0, train__epochs=6, train__batch=50, grid__stages=1)

    def summary(self, run):
        return json.loads((self.folder / run / "summary.json").read_text())

    def test_learn_from_rows_and_keep_one_map(self):
        self.succeed("train", self.config, "--out", "run", ranks=2)
        self.assertGreater(self.summary("run")["test_accuracy"], 60)  # of ten classes; by chance 10
        maps = weights(self.folder / "run" / "model.h5")
        shown = json.loads(self.succeed("inspect", "run", "--json").out)
        self.assertEqual(shown["parameters"], 32 * (32 + ROWS) + 32 + 10 * 32 + 10)
        # The recurrence by itself, from a state of zeros.
        self.succeed("data", "convert", "--data.format=glyphs", "--data.samples=2000", "--data.test_samples=500", "--out", "data")
        self.succeed("predict", "run", "--out", "scores.h5")
        self.succeed("export", "run", "--to", "run.npz")
        with numpy.load(self.folder / "run.npz") as exported:
            w, b = exported["weights_0"], exported["bias_0"]
            last, shift = exported[f"weights_{ROWS}"], exported[f"bias_{ROWS}"]
        self.assertEqual(w.shape, (32, 32 + ROWS))
        self.assertGreater(len(maps), 2)
        with h5py.File(self.folder / "data" / "test.h5") as file:
            inputs = numpy.array(file["inputs"], dtype=float).reshape(-1, ROWS, ROWS)
        if inputs.max() > 1:
            inputs = inputs / 255
        state = numpy.zeros((len(inputs), 32))
        for row in range(ROWS):
            state = numpy.maximum(numpy.hstack([state, inputs[:, row]]) @ w.T + b, 0)
        scores = state @ last.T + shift
        scores = numpy.exp(scores - scores.max(axis=1, keepdims=True))
        with h5py.File(self.folder / "scores.h5") as file:
            numpy.testing.assert_allclose(file["score"], scores / scores.sum(axis=1, keepdims=True), atol=1e-4)
        self.succeed("import", "run.npz", "--out", "again.h5")
        self.refuses(USAGE, ["carry", ".npz"], "export", "run", "--to", "run.onnx", on=(1,))

    def test_train_alike_on_every_grid(self):
        options = ("--train.precision=double", "--train.epochs=1", "--data.samples=400",
                   "--network.layers=28x28x1-by_rows-recurrent(12)^28-10")
        self.succeed("train", self.config, "--out", "run", *options)
        expected = weights(self.folder / "run" / "model.h5")
        for ranks, stages in ((2, 1), (2, 2), (4, 4)):
            out = f"run-{ranks}-{stages}"
            self.succeed("train", self.config, "--out", out, *options, f"--grid.stages={stages}", ranks=ranks)
            for one, other in zip(expected, weights(self.folder / out / "model.h5"), strict=True):
                numpy.testing.assert_allclose(other, one, rtol=0, atol=1e-9)

    def test_go_on_after_a_stop_to_the_last_bit(self):
        run = self.start("train", self.config, "--out", "stopped", "--train.epochs=8", ranks=2)
        self.wait_for_sweep(run, "stopped", 1)
        os.kill(run.ranks()[-1], signal.SIGUSR1)
        run.finish()
        self.succeed("train", self.config, "--out", "stopped", "--train.epochs=8", "--resume", ranks=2)
        self.succeed("train", self.config, "--out", "whole", "--train.epochs=8", ranks=2)
        assert_same_weights(self, weights(self.folder / "stopped" / "model.h5"), weights(self.folder / "whole" / "model.h5"))

    def test_are_refused_where_rows_are_left(self):
        for phrases, layers in ((["1 rows", "recurrent(UNITS)"], "28x28x1-by_rows-recurrent(8)^27-10"),
                                (["by_rows"], "784-recurrent(8)-10"),
                                (["another size"], "28x28x1-by_rows-recurrent(8)^2-recurrent(9)^26-10")):
            with self.subTest(layers=layers):
                self.refuses(USAGE, phrases, "train", self.config, "--out", "run", f"--network.layers={layers}", on=(1,))


if __name__ == "__main__":
    unittest.main()
