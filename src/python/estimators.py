"""Estimators of scikit-learn."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import _check_partial_fit_first_call, check_classification_targets
from sklearn.utils.validation import check_is_fitted

from .arrays import Named, Numbered
from .errors import Interrupted
from .folders import TemporaryFolder
from .model import Model
from .training import beside, train

# What is known of weights before the data are seen, in samples that say as much: decay is that over their number.
_PRIOR_SAMPLES = 500.0
# Weights times samples times epochs that take about a minute: below, two ranks gain little, and lose much where others
# use their cores.
_WORTH_RANKS = 1e12


class _Network(BaseEstimator):
    """What both estimators share: their parameters, and the training."""

    def __init__(self, hidden_layer_sizes: Sequence[int] = (200, 100), activation: str = "relu", *,
                 formulation: str = "contrastive", solver: str = "adam", step: float = 1e-3, decay: float | None = None,
                 init: str = "xavier", epochs: int = 100, batch: int = 100, dropout: float = 0.0, standardize: bool = True,
                 ranks: int | None = None, random_state: Any = None, keys: Mapping[str, Any] | None = None):
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.formulation = formulation
        self.solver = solver
        self.step = step
        self.decay = decay
        self.init = init
        self.epochs = epochs
        self.batch = batch
        self.dropout = dropout
        self.standardize = standardize
        self.ranks = ranks
        self.random_state = random_state
        self.keys = keys

    def _train(self, X: np.ndarray, y: Any, outputs: int, output: str, go_on: bool = False) -> None:
        """Trains for the epochs, or where it is to `go_on` for one, from the weights that are there."""
        start = getattr(self, "model_", None) if go_on else None
        if start is None:
            self.loss_curve_: list[float] = []
            self._random = check_random_state(self.random_state)
            self._samples = 0
        self._samples = self._samples + len(X) if go_on else len(X)
        sizes = [X.shape[1], *np.ravel(self.hidden_layer_sizes).tolist(), outputs]
        keys: dict[str, Any] = {
            "network.layers": sizes,
            "network.activation": self.activation,
            "network.output": output,
            "formulation.name": self.formulation,
            "weights.solver": self.solver,
            "weights.step": self.step,
            "weights.decay": _PRIOR_SAMPLES / self._samples if self.decay is None else self.decay,
            "network.init": self.init,
            "train.epochs": 1 if go_on else self.epochs,
            "train.batch": min(self.batch, len(X)),
            "train.evaluate_every": 0,
            "train.dropout": self.dropout,
            "train.seed": int(self._random.randint(1, np.iinfo(np.int32).max)),
            "data.standardize": self.standardize,
            "checkpoint.keep": 1,
        }
        weights = sum(below * above for below, above in zip(sizes, sizes[1:]))
        ranks = self.ranks
        if ranks is None:
            cores = len(os.sched_getaffinity(0))
            ranks = min(2, cores) if weights * len(X) * self.epochs > _WORTH_RANKS else 1
        keys |= dict(self.keys or {})
        folder = None
        names = getattr(self, "feature_names_in_", None)  # of a frame
        named = X if names is None else Named(X, names.tolist())
        try:
            if start is not None:
                folder = TemporaryFolder("hoist-start-", beside(None))
                keys["network.init"] = folder.path / "start.h5"
                start.save(keys["network.init"])
            run = train(keys, named, y, ranks=ranks, progress=False)
        except Interrupted as error:  # a search goes on after an error, and should not after this
            raise KeyboardInterrupt(str(error)) from error
        finally:
            if folder is not None:
                folder.remove()
        self.model_ = Model.load(run.directory, X.dtype)  # answers of doubles have their digits
        self.loss_curve_ += run.metrics["loss"].tolist()
        self.n_iter_ = len(self.loss_curve_)


class Classifier(ClassifierMixin, _Network):
    """A lifted network that classifies.

    Parameters:
        hidden_layer_sizes: units of each hidden layer.
        activation: ``network.activation``, one for all hidden layers.
        formulation, solver, step, init, epochs, batch, dropout: the keys ``formulation.name``, ``weights.solver``,
            ``weights.step``, ``network.init``, ``train.epochs``, ``train.batch`` and ``train.dropout``.
        decay: ``weights.decay``, by default 500 / N: the fewer samples, the smaller weights have to be.
        standardize: whether inputs are brought to mean 0 and variance 1 (``data.standardize``).
        ranks: processes that train; by default one, and two where training takes more than about a minute.
        random_state: the seed, as scikit-learn has it.
        keys: more keys of the configuration, ``{"weights.schedule": "cosine"}``, which win over the others.

    Attributes:
        classes_: the classes in the order of ``predict_proba``.
        model_: the trained hoist.Model.
        n_iter_, loss_curve_: epochs, and the loss after each.
    """

    def fit(self, X: Any, y: Any) -> Classifier:
        """Trains on N x n samples and N classes. Raises ValueError for data that cannot be used, and hoist.Error."""
        X, y = self._validate_data(X, y, dtype=[np.float32, np.float64])
        check_classification_targets(y)
        self.classes_, numbers = np.unique(y, return_inverse=True)
        self._train(X, numbers, max(2, len(self.classes_)), "softmax")
        return self

    def partial_fit(self, X: Any, y: Any, classes: Any = None) -> Classifier:
        """Trains for one epoch on N x n samples and N classes, from the weights that are there.

        The first call draws weights, and takes all `classes`, which need not be in its y; after ``fit`` the network that
        was fitted goes on. Inputs are standardized as in the first call. What the solver remembers of its steps begins
        anew in each call, which starts the program: give hundreds of samples or more. Raises as ``fit``.
        """
        _check_partial_fit_first_call(self, classes)
        X, y = self._validate_data(X, y, dtype=[np.float32, np.float64], reset=not hasattr(self, "model_"))
        check_classification_targets(y)
        unknown = np.setdiff1d(y, self.classes_)
        if unknown.size > 0:
            raise ValueError(f"y holds {unknown[0]!r} (it is none of the classes of the first call); leave its samples out")
        numbers = Numbered(np.searchsorted(self.classes_, y), max(2, len(self.classes_)))
        self._train(X, numbers, numbers.classes, "softmax", go_on=True)
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """The probability of each class, N x classes."""
        check_is_fitted(self)
        X = self._validate_data(X, dtype=[np.float32, np.float64], reset=False)
        return self.model_.scores(X)[:, : len(self.classes_)]

    def predict(self, X: Any) -> np.ndarray:
        """The class of each sample, N."""
        check_is_fitted(self)
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


class Regressor(RegressorMixin, _Network):
    """A lifted network that predicts a value. Parameters and attributes are those of Classifier, without classes."""

    def fit(self, X: Any, y: Any) -> Regressor:
        """Trains on N x n samples and N values. Raises ValueError for data that cannot be used, and hoist.Error."""
        X, y = self._validate_data(X, y, dtype=[np.float32, np.float64], y_numeric=True)
        self._train(X, y, 1, "linear")
        return self

    def partial_fit(self, X: Any, y: Any) -> Regressor:
        """Trains for one epoch on N x n samples and N values, as ``Classifier.partial_fit`` does."""
        X, y = self._validate_data(X, y, dtype=[np.float32, np.float64], y_numeric=True, reset=not hasattr(self, "model_"))
        self._train(X, y, 1, "linear", go_on=True)
        return self

    def predict(self, X: Any) -> np.ndarray:
        """The value of each sample, N."""
        check_is_fitted(self)
        X = self._validate_data(X, dtype=[np.float32, np.float64], reset=False)
        return self.model_.predict(X)
