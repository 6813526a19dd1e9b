"""What models answer in this process: as the program does, whatever the network, the layout and the thread."""

import concurrent.futures
import ctypes
import pickle
import sys
import time
import unittest

import numpy as np

import hoist
from samples import SMALL, FolderTest, clusters


def trained(X, y, **keys):
    return hoist.train(SMALL, X, y, ranks=1, **keys)


class Answers(FolderTest):
    @classmethod
    def setUpClass(cls):
        cls.X, cls.y = clusters()
        cls.trained = trained(cls.X, cls.y, data_standardize=True)
        cls.model = cls.trained.model

    def test_scores_and_classes_are_those_of_the_program(self):
        labels, scores = self.predicted(self.trained.directory, self.X)
        np.testing.assert_allclose(self.model.scores(self.X), scores, rtol=1e-6, atol=1e-9)
        self.assertEqual([str(label) for label in self.model.predict(self.X)], labels)
        self.assertGreater((self.model.predict(self.X) == self.y).mean(), 0.9)

    def test_activations_are_those_of_the_formula(self):
        first, second, scores = self.model.activations(self.X)
        layers = self.trained.model._local  # of which the numbers are compared in double
        W, b = [w.astype(float) for w in self.model.weights], [v.astype(float) for v in self.model.biases]
        self.model.save(self.folder / "a.npz")
        with np.load(self.folder / "a.npz") as file:
            x = (self.X - file["input_mean"]) * file["input_scale"]
        for level, found in enumerate((first, second)):
            x = np.maximum(x @ W[level].T + b[level], 0)
            self.assertEqual(found.dtype, np.float32)
            np.testing.assert_allclose(found, x, rtol=1e-4, atol=1e-4)
        u = x @ W[2].T + b[2]
        exp = np.exp(u - u.max(axis=1, keepdims=True))
        np.testing.assert_allclose(scores, exp / exp.sum(axis=1, keepdims=True), rtol=1e-4, atol=1e-5)
        self.assertEqual(layers.layers, "12-10-8-3")

    def test_inputs_are_lifted_as_the_program_lifts_them(self):
        run = trained(self.X, self.y, data_lift="each(-3,3,5)", network_layers="60-8-3", network_activation="relu")
        self.assertEqual(run.model._local.inputs, 12)
        _, scores = self.predicted(run.directory, self.X)
        np.testing.assert_allclose(run.model.scores(self.X), scores, rtol=1e-6, atol=1e-9)
        hidden = run.model.activations(self.X[:5])[0]
        W, b = run.model.weights[0], run.model.biases[0]
        labels = np.linspace(-3, 3, 5)
        share = (self.X[:5, :, None] - labels) / 1.5
        lifted = np.maximum(0, 1 - abs(share))  # hats, and linear outside of the labels
        low, high = self.X[:5] < -3, self.X[:5] > 3
        lifted[low] = np.stack([1 - share[low][:, 0], share[low][:, 0], *np.zeros((3, low.sum()))], axis=1)
        lifted[high] = np.stack([*np.zeros((3, high.sum())), -share[high][:, 4], 1 + share[high][:, 4]], axis=1)
        np.testing.assert_allclose(hidden, np.maximum(lifted.reshape(5, 60) @ W.T + b, 0), rtol=1e-4, atol=1e-5)

    def test_standardized_inputs_keep_the_digits_by_which_they_differ(self):
        late = self.X.astype(float) + 1.7e9  # where a float has one number for each 128
        run = trained(late, self.y, data_standardize=True)
        labels, scores = self.predicted(run.directory, late)
        np.testing.assert_allclose(run.model.scores(late), scores, rtol=1e-6, atol=1e-9)
        self.assertGreater((run.model.predict(late) == self.y).mean(), 0.9)
        np.testing.assert_array_equal(run.model.activations(late)[-1], run.model.scores(late))
        with self.assert_error(hoist.DataError, "sample 2", "inf"):
            late[2, 3] = np.inf
            run.model.scores(late)

    def test_every_layout_and_type_gives_the_same_answer(self):
        expected = self.model.scores(self.X)
        wide = np.zeros((len(self.X), 24), np.float32)
        wide[:, ::2] = self.X
        for name, array in {"fortran": np.asfortranarray(self.X), "strided": wide[:, ::2], "double": self.X.astype(float),
                            "list": self.X.tolist(), "reversed": self.X[::-1][::-1],
                            "pictures": self.X.reshape(-1, 3, 4)}.items():
            with self.subTest(name):
                np.testing.assert_array_equal(self.model.scores(array), expected)
        whole = np.arange(36).reshape(3, 12)
        np.testing.assert_array_equal(self.model.scores(whole), self.model.scores(whole.astype(np.float32)))
        np.testing.assert_allclose(self.model.scores(whole.astype(np.uint8)), self.model.scores(whole / 255), rtol=1e-5)

    def test_what_lies_right_is_not_copied(self):
        self.assertIs(hoist.arrays.rows(self.X, "float"), self.X)
        self.assertTrue(np.shares_memory(self.model._rows(self.X), self.X))

    def test_a_sample_does_not_depend_on_the_others(self):
        scores = self.model.scores(self.X)
        for at in (0, 100, len(self.X) - 1):
            np.testing.assert_allclose(self.model.scores(self.X[at:at + 1]), scores[at:at + 1], rtol=1e-5)
        many = np.tile(self.X, (9, 1))  # more than a block
        np.testing.assert_allclose(self.model.scores(many), np.tile(scores, (9, 1)), rtol=1e-5)

    def test_wrong_samples_are_refused(self):
        X = self.X.copy()
        X[17, 3] = np.nan
        for array, phrases in ((X, ("sample 17", "nan", "position 3")), (X[:, :5], ("5 features", "12")),
                               (X[0], ("1 dimension",)), (X[:0], ("empty",)), ([["a"] * 12], ("numbers",)),
                               (self.X.astype(float) * 1e300, ("inf",))):
            with self.assert_error(hoist.DataError, *phrases) as caught:
                self.model.predict(array)
            self.assertEqual(caught.exception.status, 65)
            self.assertIsInstance(caught.exception, ValueError)

    def test_weights_are_views_that_cannot_be_written_and_outlive_the_model(self):
        model = trained(self.X, self.y).model
        weights, bias = model.weights[0], model.biases[0]
        self.assertEqual((weights.shape, bias.shape, weights.dtype), ((10, 12), (10,), np.float32))
        kept = weights.copy()
        with self.assertRaises(ValueError):
            weights[0, 0] = 1
        del model
        np.testing.assert_array_equal(weights, kept)

    def test_several_threads_may_ask_at_once(self):
        X = np.tile(self.X, (20, 1))
        expected = self.model.scores(X)
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            for scores in pool.map(lambda _: self.model.scores(X), range(40)):
                np.testing.assert_array_equal(scores, expected)

    def test_no_mpi_is_started(self):
        begun = ctypes.c_int(-1)
        ctypes.CDLL("libmpi.so.40").MPI_Initialized(ctypes.byref(begun))
        self.assertEqual(begun.value, 0)

    def test_models_travel_by_pickle(self):
        again = pickle.loads(pickle.dumps(self.model))
        np.testing.assert_array_equal(again.scores(self.X), self.model.scores(self.X))
        self.assertEqual(repr(again), "<hoist.Model 12-10-8-3, relu, relu, softmax, float32>")

    def test_names_of_classes_come_back_as_they_were(self):
        for names in (["cat", "dog", "eel"], [3, 7, 20], [-1, 0, 1], ["01", "2", "3"]):
            model = trained(self.X, np.array(names)[self.y]).model
            np.testing.assert_array_equal(model.classes, names)
            self.assertGreater((model.predict(self.X) == np.array(names)[self.y]).mean(), 0.9)


class EveryNetwork(FolderTest):
    """Networks of each kind answer as the program does."""

    def agrees(self, X, y, column=False, **keys):
        run = hoist.train({"formulation.name": "contrastive", "train.epochs": 1, "train.batch": 20} | keys, X, y, ranks=1)
        first, scores = self.predicted(run.directory, X)
        np.testing.assert_allclose(run.model.scores(X), scores, rtol=1e-5, atol=1e-7)
        if column:
            np.testing.assert_allclose(run.model.predict(X), np.array(first, float), rtol=1e-5)
        return run.model

    def test_regression(self):
        X, _ = clusters()
        y = 1e4 + 100 * X[:, 0] + X[:, 1] ** 2
        model = self.agrees(X, y, column=True, **{"network.layers": "12-8-1", "network.output": "linear"})
        self.assertIsNone(model.classes)

    def test_double_precision(self):
        X, y = clusters()
        model = self.agrees(X, y, **{"network.layers": "12-8-3", "train.precision": "double"})
        self.assertEqual((model.dtype, model.weights[0].dtype), (np.float64, np.float64))

    def test_convolutions_normalization_and_pools(self):
        X, y = clusters(120, 64)
        self.agrees(X.reshape(-1, 8, 8), y, **{"network.layers": "8x8x1-conv(4,3)-batchnorm-maxpool(2)-residual(3)-3"})

    def test_splines_and_shared_maps(self):
        X, y = clusters(120, 64)
        self.agrees(X.reshape(-1, 8, 8), y, **{"network.layers": "8x8x1-conv(4,3)-residual(3)^2-3", "network.activation": "spline(5)",
                                              "formulation.name": "mac"})

    def test_networks_that_relax(self):
        X, y = clusters()
        keys = {"network.layers": "12-8-6-3", "formulation.name": "lrrn"}
        model = self.agrees(X, y, **keys)
        free = model.activations(X)[0]
        self.assertEqual(free.shape, (240, 8))
        self.agrees(X, y, column=True, **keys | {"network.output": "none", "network.layers": "12-8-6"})

    def test_pictures_of_any_size(self):
        random = np.random.default_rng(3)
        X = random.random((12, 16, 16), dtype=np.float32)
        run = hoist.train({"network": {"layers": "16x16x1-conv(4,3)-conv(1,3)-add_input", "output": "linear"},
                           "formulation.name": "contrastive", "train": {"epochs": 1, "batch": 4},
                           "data.degrade": "noise(25)"}, X, ranks=1)
        other = random.random((3, 21, 17), dtype=np.float32)
        restored = run.model.scores(other)
        self.assertEqual(restored.shape, other.shape)
        self.assertTrue((restored >= 0).all() and (restored <= 1).all())
        self.assertLess(np.abs(restored - other).mean(), 0.5)
        np.testing.assert_allclose(run.model.predict(other[1:2]), restored[1:2], rtol=1e-5)


class Speed(unittest.TestCase):
    def test_answers_take_hardly_longer_than_their_products(self):
        random = np.random.default_rng(1)
        sizes = [784, 300, 100, 10]
        W = [random.normal(size=(n, m)).astype(np.float32) * 0.05 for m, n in zip(sizes, sizes[1:])]
        arrays = {f"weights_{i}": w for i, w in enumerate(W)} | {f"bias_{i}": w[:, 0] for i, w in enumerate(W)}
        model = hoist.model.from_arrays(arrays | {"activations": np.array(["relu", "relu", "softmax"])})
        X = random.random((10000, 784), dtype=np.float32)
        turned = [np.ascontiguousarray(w.T) for w in W]

        def products():
            x = X
            for w in turned:
                x = x @ w
            return x

        times = [(self.seconds(lambda: model.predict(X)), self.seconds(products)) for _ in range(9)]
        ours, numpy = (min(column) for column in zip(*times))
        print(f"predict takes {ours / numpy:.2f} times NumPy's products, {1000 * ours:.0f} ms", file=sys.stderr)
        self.assertLess(ours, 1.2 * numpy)

    @staticmethod
    def seconds(work):
        """Of processors, which others who are busy do not lengthen."""
        begun = time.process_time()
        work()
        return time.process_time() - begun


if __name__ == "__main__":
    unittest.main()
