"""The files that models come from and go to."""

import unittest

import numpy as np

import hoist
from samples import SMALL, FolderTest, clusters


class ModelFiles(FolderTest):
    @classmethod
    def setUpClass(cls):
        cls.X, cls.y = clusters()
        cls.trained = hoist.train(SMALL, cls.X, cls.y, ranks=1, data_standardize=True)
        cls.model = cls.trained.model

    def test_every_format_holds_the_same_model(self):
        for ending in ("h5", "npz", "onnx"):
            with self.subTest(ending):
                path = self.folder / f"a model.{ending}"
                self.model.save(path)
                again = hoist.Model.load(path)
                np.testing.assert_allclose(again.scores(self.X), self.model.scores(self.X), rtol=1e-5, atol=1e-7)
                self.assertEqual(again.layers, "12-10-8-3")
                self.assertEqual(again.activation_names, ["relu", "relu", "softmax"])

    def test_the_program_reads_what_is_saved(self):
        self.model.save(self.folder / "saved.h5")
        self.assertIn("12-10-8-3", self.hoist("inspect", "saved.h5"))
        _, scores = self.predicted("saved.h5", self.X)
        np.testing.assert_allclose(self.model.scores(self.X), scores, rtol=1e-6, atol=1e-9)

    def test_normalized_maps_keep_their_moments(self):
        X = clusters(120, 64)[0].reshape(-1, 8, 8)
        keys = {"network.layers": "8x8x1-conv(4,3)-batchnorm-3", "formulation.name": "contrastive", "train.epochs": 1}
        model = hoist.train(keys, X, np.arange(120) % 3, ranks=1).model
        for ending in ("h5", "npz", "onnx"):
            model.save(self.folder / f"a.{ending}")
            again = hoist.Model.load(self.folder / f"a.{ending}")
            np.testing.assert_allclose(again.scores(X), model.scores(X), rtol=1e-4, atol=1e-6)

    def test_arrays_of_numpy_become_a_model(self):
        W = np.array([[1.0, -1.0], [2.0, 0.5]])
        np.savez(self.folder / "own.npz", weights_0=W, bias_0=np.zeros(2), activations=np.array(["linear"]))
        np.testing.assert_array_equal(hoist.Model.load(self.folder / "own.npz").scores(np.eye(2)), W.T)

    def test_what_is_no_model_is_refused(self):
        (self.folder / "empty").mkdir()
        (self.folder / "text.h5").write_text("text")
        damaged = bytearray(self.model.to_bytes())
        damaged[len(damaged) // 2] ^= 1
        (self.folder / "damaged.h5").write_bytes(damaged)
        for name, kind in (("nothing.h5", hoist.FileError), ("empty", hoist.FileError), ("text.h5", hoist.DataError),
                           ("damaged.h5", hoist.DataError)):
            with self.assert_error(kind, name):
                hoist.Model.load(self.folder / name)

    def test_where_nothing_can_be_written(self):
        with self.assert_error(hoist.ConfigError, "a.txt", ".onnx"):
            self.model.save(self.folder / "a.txt")
        with self.assert_error(hoist.WriteError, "missing"):
            self.model.save(self.folder / "missing" / "a.h5")

    def test_a_network_that_relaxes_is_not_exported(self):
        model = hoist.train({"network.layers": "12-8-3", "formulation.name": "lrrn", "train.epochs": 1}, self.X, self.y, ranks=1).model
        with self.assert_error(hoist.ConfigError, "lrrn"):
            model.save(self.folder / "a.npz")


if __name__ == "__main__":
    unittest.main()
