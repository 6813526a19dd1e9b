"""Data and models that the tests share, and the program to compare with."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import numpy as np

import hoist

HOIST = os.environ["HOIST"]


def clusters(samples=240, features=12, classes=3, seed=1):
    """Classes as noisy clusters: float32 samples as rows, and labels from 0."""
    random = np.random.default_rng(seed)
    y = np.arange(samples) % classes
    centers = random.normal(size=(classes, features))
    return (centers[y] + 0.5 * random.normal(size=(samples, features))).astype(np.float32), y


SMALL = {"network.layers": "12-10-8-3", "formulation.name": "contrastive", "train.epochs": 10, "train.batch": 20,
         "weights.step": 2e-2}


class FolderTest(unittest.TestCase):
    """Gives each test an empty folder, whose path has a space."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="hoist test "))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def hoist(self, *arguments):
        """Runs the program itself."""
        result = subprocess.run([HOIST, *map(str, arguments)], cwd=self.folder, capture_output=True, text=True, timeout=100)
        self.assertEqual(result.returncode, 0, f"{arguments}: {result.stdout}{result.stderr}")
        return result.stdout

    def predicted(self, model, X, **keys):
        """Labels (or the first column) and scores that `hoist predict` writes for the samples."""
        np.save(self.folder / "X_asked.npy", X)
        self.hoist("predict", model, "--out", "predicted.csv", "--data.format=numpy", f"--data.path={self.folder}",
                   "--data.train=X_asked.npy", *(f"--{key}={value}" for key, value in keys.items()))
        header, *lines = (line.split(",") for line in (self.folder / "predicted.csv").read_text().splitlines())
        first = 1 if header[0] in ("label", "energy") else 0
        return [line[0] for line in lines], np.array([line[first:] for line in lines], dtype=float)

    def assert_error(self, kind, *phrases):
        """A context in which hoist raises that error, in the form `problem (why); what to do`."""
        return _Expected(self, kind, phrases)


class _Expected:
    def __init__(self, test, kind, phrases):
        self.test, self.phrases = test, phrases
        self.context = test.assertRaises(kind)

    def __enter__(self):
        self.context.__enter__()
        return self

    def __exit__(self, *raised):
        if not self.context.__exit__(*raised):
            return False
        self.exception = self.context.exception
        message = str(self.exception)
        self.test.assertIsInstance(self.exception, hoist.Error)
        self.test.assertRegex(message, r"(?s)^\S.*[^;]; \S.*$")
        for phrase in self.phrases:
            self.test.assertIn(phrase, message)
        return True
