"""How configurations are given, and what is said of those that cannot be used."""

import pathlib
import unittest

import numpy as np

import hoist
from hoist.configuration import flatten, resolve
from samples import FolderTest


class Forms(FolderTest):
    def test_all_forms_say_the_same(self):
        (self.folder / "a b.ini").write_text("# a comment\n[network]\nlayers = 12-10-3  # and one\n\n[train]\nepochs = 3\n"
                                             "[data]\nstandardize = true\n[tune]\ntrain.epochs = 1:9\n")
        expected = {"network.layers": "12-10-3", "train.epochs": "3", "data.standardize": "true"}
        for config, keys in (
            (self.folder / "a b.ini", {}),
            (str(self.folder / "a b.ini"), {}),
            ({"network": {"layers": [12, 10, 3]}, "train": {"epochs": 3}, "data": {"standardize": True}}, {}),
            ({"network.layers": (12, 10, 3), "train.epochs": np.int64(3), "data.standardize": True}, {}),
            (None, {"network_layers": "12-10-3", "train": {"epochs": 3}, "data_standardize": True}),
        ):
            with self.subTest(config=config, keys=keys):
                self.assertEqual(flatten(config, keys), expected)

    def test_keywords_win_and_keep_their_underscores(self):
        keys = flatten({"train.epochs": 3, "train.batch": None}, {"train_epochs": 5, "train_target_accuracy": 99.5})
        self.assertEqual(keys, {"train.epochs": "5", "train.target_accuracy": "99.5"})
        self.assertEqual(flatten(None, {"weights_step": [1e-3, 2e-3], "data_path": pathlib.Path("/a b")}),
                         {"weights.step": "0.001,0.002", "data.path": "/a b"})

    def test_what_cannot_be_a_value_is_named(self):
        for keys, phrases in (({"train_epochs": object()}, ("train.epochs", "object")), ({"epochs": 3}, ("epochs", "section"))):
            with self.assert_error(hoist.ConfigError, *phrases):
                flatten(None, keys)

    def test_files_that_cannot_be_read(self):
        with self.assert_error(hoist.FileError, "nothing.ini", "No such file"):
            flatten(self.folder / "nothing.ini", {})
        (self.folder / "bad.ini").write_text("layers = 3\n")
        with self.assert_error(hoist.ConfigError, "bad.ini", "[section]"):
            flatten(self.folder / "bad.ini", {})
        (self.folder / "binary.ini").write_bytes(b"\xff\xfe\0")
        with self.assert_error(hoist.DataError, "binary.ini"):
            flatten(self.folder / "binary.ini", {})


class Checks(FolderTest):
    def test_defaults_are_those_of_the_program(self):
        resolved = resolve({"network.layers": "12-10-3", "weights.solver": "adam", "train.epochs": "7"})
        self.assertEqual((resolved.length, resolved.unit, resolved.inputs, resolved.outputs, resolved.figure, resolved.precision),
                         (7, "epoch", 12, 3, "accuracy", "float"))
        self.assertIn("solver = adam\n", resolved.ini)
        self.assertEqual(resolve({"network.layers": "12-1", "network.output": "linear"}).figure, "rmse")

    def test_what_cannot_be_used_is_known_before_any_process_starts(self):
        for keys, phrases in (({"train_epochz": 3}, ("train.epochz", "did you mean train.epochs?")),
                              ({"train_epochs": "many"}, ("train.epochs", "whole number")),
                              ({"formulation_name": "classical", "network_activation": "tanh"}, ("tanh",)),
                              ({"resume": True, "overwrite": True}, ("exclude",)),
                              ({"y": [1]}, ("no X",)),
                              ({"ranks": 0}, ("ranks = 0",)), ({"ranks": 1.5}, ("ranks = 1.5",))):
            with self.assert_error(hoist.ConfigError, *phrases) as caught:
                hoist.train(**keys)
            self.assertEqual(caught.exception.status, 64)


if __name__ == "__main__":
    unittest.main()
