"""The estimators are held to scikit-learn's own rules, and do what it takes them for."""

import os
import pickle
import unittest
from unittest import mock

import numpy as np
import pandas
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_digits
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

import hoist
from hoist import estimators
from samples import clusters


class Rules(unittest.TestCase):
    def test_classifier_passes_the_checks_of_scikit_learn(self):
        check_estimator(hoist.Classifier(random_state=1))

    def test_regressor_passes_the_checks_of_scikit_learn(self):
        check_estimator(hoist.Regressor(random_state=1))


class Use(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.X, cls.y = load_digits(return_X_y=True)
        cls.fast = hoist.Classifier(random_state=1)

    def test_it_learns_digits(self):
        fitted = clone(self.fast).fit(self.X[:1200], self.y[:1200])
        self.assertGreater(fitted.score(self.X[1200:], self.y[1200:]), 0.9)
        self.assertEqual(len(fitted.loss_curve_), fitted.n_iter_)
        np.testing.assert_allclose(fitted.predict_proba(self.X).sum(axis=1), 1, atol=1e-6)
        again = pickle.loads(pickle.dumps(fitted))
        np.testing.assert_array_equal(again.predict(self.X), fitted.predict(self.X))

    def test_names_of_columns_are_those_of_the_frame(self):
        X, y = clusters()
        frame = pandas.DataFrame(X, columns=[f"column {number}" for number in range(12)])
        fitted = hoist.Classifier(epochs=5, random_state=1).fit(frame, y)
        self.assertEqual(fitted.feature_names_in_.tolist(), frame.columns.tolist())
        self.assertEqual(fitted.model_.columns, frame.columns.tolist())
        turned = frame[frame.columns[::-1]]
        np.testing.assert_array_equal(fitted.model_.predict(turned), fitted.predict(frame))
        with self.assertRaisesRegex(ValueError, "feature names"):  # as all estimators of scikit-learn do
            fitted.predict(turned)
        self.assertIsNone(fitted.fit(X, y).model_.columns)
        self.assertFalse(hasattr(fitted, "feature_names_in_"))

    def test_the_seed_decides(self):
        probabilities = [clone(self.fast).set_params(random_state=seed).fit(self.X, self.y).predict_proba(self.X)
                         for seed in (1, 1, 2)]
        np.testing.assert_array_equal(probabilities[0], probabilities[1])
        self.assertFalse(np.array_equal(probabilities[0], probabilities[2]))

    def test_words_and_pipelines_and_searches(self):
        names = np.array([f"digit {digit}" for digit in range(10)])[self.y]
        search = GridSearchCV(make_pipeline(StandardScaler(), self.fast),
                              {"classifier__hidden_layer_sizes": [(20,), (30, 20)]}, cv=2)
        search.fit(self.X[:600], names[:600])
        self.assertGreater(search.score(self.X[600:], names[600:]), 0.8)
        self.assertTrue(all(name.startswith("digit ") for name in search.predict(self.X[:5])))

    def test_it_predicts_values(self):
        X, y = load_diabetes(return_X_y=True)
        scores = cross_val_score(hoist.Regressor(epochs=20, random_state=1), X, y, cv=3)
        self.assertGreater(scores.mean(), 0.3)

    def test_other_keys_reach_the_program(self):
        fitted = hoist.Classifier(epochs=2, keys={"train.precision": "double", "weights.schedule": "cosine"}).fit(self.X, self.y)
        self.assertEqual(fitted.model_.dtype, np.float64)
        self.assertIn("schedule = cosine\n", fitted.model_.config)
        with self.assertRaisesRegex(hoist.ConfigError, "nonsense"):
            hoist.Classifier(keys={"train.nonsense": 1}).fit(self.X, self.y)

    def test_ranks_start_for_large_problems_only(self):
        started = []
        with mock.patch.object(estimators, "train", side_effect=lambda *given, ranks, **more: started.append(ranks) or self.stop()):
            for samples, epochs in ((100, 100), (50000, 1000)):
                X, y = clusters(samples, 64)
                with self.assertRaises(InterruptedError):
                    hoist.Classifier(epochs=epochs).fit(X, y)
        self.assertEqual(started, [1, min(2, len(os.sched_getaffinity(0)))])

    @staticmethod
    def stop():
        raise InterruptedError

    def test_parts_are_learned_one_after_another(self):
        net = hoist.Classifier(hidden_layer_sizes=(30,), step=5e-3, batch=20, random_state=1)
        with self.assertRaisesRegex(ValueError, "classes must be passed on the first call"):
            clone(net).partial_fit(self.X, self.y)
        parts = np.array_split(np.random.default_rng(1).permutation(1200), 4)
        for call in range(16):
            part = parts[call % 4]
            part = part[self.y[part] != call % 4]  # no part has all classes
            net.partial_fit(self.X[part], self.y[part], classes=np.arange(10))
        self.assertEqual((net.n_iter_, len(net.loss_curve_)), (16, 16))
        self.assertEqual(net.predict_proba(self.X[:3]).shape, (3, 10))
        self.assertGreater(net.score(self.X[1200:], self.y[1200:]), 0.7)
        with self.assertRaisesRegex(ValueError, "11"):
            net.partial_fit(self.X[:20], np.full(20, 11))

    def test_what_was_fitted_goes_on(self):
        X, y = clusters()
        fitted = hoist.Classifier(hidden_layer_sizes=(8,), epochs=3, random_state=1).fit(X, y)
        scaling = hoist.model.portable_arrays(fitted.model_)["input_mean"]
        before = fitted.model_.weights[0].copy()
        fitted.partial_fit(10 + X[:100], y[:100])  # which does not change how inputs are standardized
        after = hoist.model.portable_arrays(fitted.model_)["input_mean"]
        np.testing.assert_array_equal(after, scaling)
        change = np.abs(fitted.model_.weights[0] - before).max()
        self.assertTrue(0 < change < np.abs(before).max(), change)
        self.assertEqual(fitted.n_iter_, 4)

    def test_a_regression_goes_on_in_its_unit(self):
        X, y = load_diabetes(return_X_y=True)
        net = hoist.Regressor(random_state=1).fit(X, y)
        before = net.predict(X)
        net.set_params(step=1e-9, decay=0.0).partial_fit(X[:50], y[:50])
        np.testing.assert_allclose(net.predict(X), before, rtol=1e-3)
        part = hoist.Regressor(random_state=1)
        for _ in range(30):
            part.partial_fit(X, y)
        self.assertGreater(part.score(X, y), 0.3)

    def test_an_interrupt_ends_a_search_too(self):
        with mock.patch.object(estimators, "train", side_effect=hoist.Interrupted("stopped; go on")):
            with self.assertRaises(KeyboardInterrupt):
                GridSearchCV(hoist.Classifier(), {"epochs": [1, 2]}, cv=2).fit(self.X, self.y)

    def test_a_small_fit_takes_no_time(self):
        X, y = clusters(60)
        begun = self.processor_seconds()
        hoist.Classifier().fit(X, y)
        self.assertLess(self.processor_seconds() - begun, 5)

    @staticmethod
    def processor_seconds():
        """Of this process and its children, which others who are busy do not lengthen."""
        return sum(os.times()[:4])


if __name__ == "__main__":
    unittest.main()
