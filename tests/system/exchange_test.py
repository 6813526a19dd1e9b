"""export and import of hoist's own models: round trips, and the same predictions in OpenCV and PyTorch."""

import json
import unittest

import cv2
import numpy
import onnx
import torch
from onnx import TensorProto

import data_files as data
import onnx_operators
from dense_networks import Network, samples
from exchanged_models import Exchange
from model_files import assert_same_weights, weights

USAGE, BAD, MISSING, CANNOT_WRITE = 64, 65, 66, 73

FULL = numpy.float64
NETWORKS = {
    "one map": Network([6, 3], ["softmax"]),
    "relu": Network([6, 9, 7, 4], ["relu", "relu", "softmax"], standardized=True),
    "slopes": Network([6, 8, 8, 4], ["leaky_relu(0.1)", "leaky_relu(0.3)", "linear"]),
    "regression": Network([6, 8, 1], ["tanh", "linear"], standardized=True),
    "width one": Network([1, 1, 1], ["sigmoid", "linear"], standardized=True),
    "double": Network([6, 8, 7, 4], ["softplus", "leaky_relu(0.3)", "softmax"], FULL, standardized=True),
    "ramps": Network([6, 8, 8, 8, 3], ["hard_tanh", "hard_sigmoid", "soft_threshold(0.2)", "softmax"]),
    "waves": Network([6, 8, 8, 8, 3], ["sin", "saturated_sin", "identity", "linear"], FULL),
    "gelu": Network([6, 9, 8, 4], ["gelu", "gelu", "softmax"]),
    "groups": Network([6, 5, 4, 3], ["maxpool(3)", "softmax", "softmax"]),
    "liftings": Network([6, 12, 8, 4], ["lifting(4,1.5)", "scaled_lifting(3)", "softmax"], standardized=True),
    "more labels": Network([6, 12, 4], ["scaled_lifting(5,2)", "linear"]),
    "simplex": Network([6, 9, 5], ["simplex", "simplex"], standardized=True),
}
# OpenCV 4.6 knows their operators on fewer dimensions, or not at all.
NOT_IN_OPENCV = {"simplex", "liftings", "more labels"}


class SameNetworks(Exchange):
    """Each of NETWORKS as a model of hoist and what it exports to, made once."""

    @classmethod
    def setUpClass(cls):
        cls.made = cls("make_all")
        cls.made.setUp()
        cls.addClassCleanup(cls.made.doCleanups)
        cls.made.make_all()

    def make_all(self):
        self.inputs, self.scores = {}, {}
        for name, network in NETWORKS.items():
            self.inputs[name] = samples(40, network.widths[0])
            self.make(network, f"{name}.h5")
            self.scores[name] = self.predict(f"{name}.h5", self.inputs[name])
            for ending in ("onnx", "npz"):
                self.succeed("export", f"{name}.h5", "--to", f"{name}.{ending}")

    def path(self, name, ending):
        return self.made.folder / f"{name}.{ending}"

    def test_predictions_are_those_of_the_definitions(self):
        for name, network in NETWORKS.items():
            with self.subTest(name):
                self.assert_close(self.made.scores[name], network.outputs(self.made.inputs[name]),
                                  1e-12 if network.precision == FULL else 1e-5)

    def test_predictions_and_weights_return_from_both_formats(self):
        for name in NETWORKS:
            for ending in ("onnx", "npz"):
                with self.subTest(f"{name}.{ending}"):
                    self.succeed("import", self.path(name, ending), "--out", "again.h5")
                    assert_same_weights(self, weights(self.folder / "again.h5"), weights(self.path(name, "h5")))
                    again = self.predict("again.h5", self.made.inputs[name])
                    numpy.testing.assert_allclose(again, self.made.scores[name], rtol=1e-6)

    def test_the_onnx_file_is_valid_and_says_where_it_comes_from(self):
        for name, network in NETWORKS.items():
            with self.subTest(name):
                model = onnx.load(str(self.path(name, "onnx")))
                onnx.checker.check_model(model, full_check=True)
                self.assertEqual((model.producer_name, model.opset_import[0].version), ("hoist", 13))
                for values, label, width in ((model.graph.input, "input", network.widths[0]),
                                             (model.graph.output, "output", network.widths[-1])):
                    self.assertEqual([value.name for value in values], [label])
                    tensor = values[0].type.tensor_type
                    self.assertEqual(tensor.elem_type, TensorProto.FLOAT)
                    self.assertEqual(tensor.shape.dim[0].dim_param, "batch")
                    self.assertEqual(tensor.shape.dim[1].dim_value, width)
                metadata = {entry.key: entry.value for entry in model.metadata_props}
                self.assertIn("layers = " + "-".join(map(str, network.widths)), metadata["config"])

    def test_opencv_predicts_the_same_for_any_batch(self):
        for name in NETWORKS.keys() - NOT_IN_OPENCV:
            with self.subTest(name):
                net = cv2.dnn.readNetFromONNX(str(self.path(name, "onnx")))
                for part in (slice(0, 40), slice(7, 8)):
                    net.setInput(self.made.inputs[name][part].astype(numpy.float32))
                    self.assert_close(net.forward(), self.made.scores[name][part], 1e-5)

    def test_what_opencv_does_not_know_is_made_of_standard_operators(self):
        for name in NOT_IN_OPENCV:
            with self.subTest(name):
                found = onnx_operators.run(self.path(name, "onnx"), self.made.inputs[name])
                self.assert_close(found, self.made.scores[name], 1e-5)
        scores = self.made.scores["simplex"]
        self.assertTrue((scores == 0).any() and ((scores > 0) & (scores < 1)).any())

    def test_pytorch_predicts_the_same(self):
        modules = {"relu": torch.nn.ReLU(), "tanh": torch.nn.Tanh(), "softplus": torch.nn.Softplus(),
                   "gelu": torch.nn.GELU(),
                   "leaky_relu(0.1)": torch.nn.LeakyReLU(0.1), "leaky_relu(0.3)": torch.nn.LeakyReLU(0.3),
                   "softmax": torch.nn.Softmax(dim=1), "linear": torch.nn.Identity()}
        for name in ("one map", "relu", "slopes", "regression", "double", "gelu"):
            with self.subTest(name):
                file = numpy.load(self.path(name, "npz"))
                state = torch.tensor(self.made.inputs[name])
                if "input_mean" in file:
                    state = (state - torch.tensor(file["input_mean"])) * torch.tensor(file["input_scale"])
                for layer, activation in enumerate(file["activations"]):
                    weight, bias = (torch.tensor(file[f"{kind}_{layer}"]) for kind in ("weights", "bias"))
                    state = modules[activation](torch.nn.functional.linear(state.to(weight.dtype), weight, bias))
                self.assert_close(state.numpy(), self.made.scores[name], 1e-5)

    def test_the_npz_file_holds_what_is_promised_and_nothing_else(self):
        for name, network in NETWORKS.items():
            with self.subTest(name):
                file = numpy.load(self.path(name, "npz"))
                self.assertEqual(set(file), set(network.arrays))
                for key, array in network.arrays.items():
                    numpy.testing.assert_array_equal(file[key], array)
                    self.assertEqual(file[key].dtype.kind, array.dtype.kind)
                    self.assertLessEqual(file[key].dtype.itemsize, array.dtype.itemsize)


class Models(Exchange):
    def test_any_number_of_ranks_writes_the_same_file(self):
        self.make(NETWORKS["relu"])
        for file in ("model.onnx", "model.npz"):
            self.succeed("export", "model.h5", "--to", file)
            self.succeed("export", "model.h5", "--to", "of-three-" + file, ranks=3)
            self.succeed("import", file, "--out", "again.h5", ranks=3)
            assert_same_weights(self, weights(self.folder / "again.h5"), weights(self.folder / "model.h5"))
        self.assertEqual((self.folder / "of-three-model.onnx").read_bytes(), (self.folder / "model.onnx").read_bytes())

    def test_a_trained_model_keeps_its_classes_and_figures(self):
        names = ["oak", "ash", "elm"]
        rows = [[*row[:-1], names[int(row[-1])]] for row in data.table(60)]
        (self.folder / "trees.csv").write_text(data.csv_text(rows))
        config = self.write_config(data__format="csv", data__path=".", data__train="trees.csv",
                                   network__layers="5-8-3", data__standardize="true")
        self.succeed("train", config, "--out", "run", "--quiet")
        self.succeed("export", "run", "--to", "run.onnx", ranks=2)
        self.succeed("import", "run.onnx", "--out", "again.h5", ranks=2)
        figures = [json.loads(self.succeed("evaluate", model, "--json", "--data.format=csv",
                                           "--data.test=trees.csv").out) for model in ("run", "again.h5")]
        for figure in ("accuracy", "loss", "confusion"):
            self.assertEqual(figures[0][figure], figures[1][figure])
        shown = self.succeed("inspect", "again.h5").out
        self.assertIn("ash, elm, oak", shown)
        self.assertIn("standardized", shown)
        self.assertNotIn("trees.csv", shown)

    def test_an_imported_model_can_be_trained_on(self):
        network = Network([784, 12, 10], ["relu", "softmax"])
        model = self.make(network)
        self.succeed("train", self.write_config(network__layers="784-12-10", network__init=self.folder / model),
                     "--out", "run", "--quiet")
        self.succeed("export", "run", "--to", "run.npz")

    def test_an_imported_model_knows_no_data(self):
        self.make(Network([784, 12, 10], ["relu", "softmax"]))
        self.assert_error(self.hoist("evaluate", "model.h5"), USAGE, "data.test")


class WrongUse(Exchange):
    def test_files_that_are_not_there(self):
        for file in ("none.onnx", "none.npz"):
            self.refuses(MISSING, [file], "import", file, "--out", "model.h5")
        (self.folder / "folder.npz").mkdir()
        self.assert_error(self.hoist("import", "folder.npz", "--out", "model.h5"), MISSING, "folder.npz")
        self.assert_error(self.hoist("export", "none", "--to", "model.npz"), MISSING, "none")

    def test_names_that_say_no_format(self):
        self.make(NETWORKS["one map"])
        for arguments, phrase in ((["export", "model.h5"], "--to"), (["export", "model.h5", "--to", "a.pt"], "a.pt"),
                                  (["import", "given.npz"], "--out"), (["import", "a.pt", "--out", "a.h5"], "a.pt"),
                                  (["import", "given.npz", "--out", "a"], ".h5"),
                                  (["import", "given.npz", "--out", "a.h5", "--output", "relu"], "relu")):
            self.assert_error(self.hoist(*arguments), USAGE, phrase)

    def test_places_where_nothing_can_be_written(self):
        self.make(NETWORKS["one map"])
        for out in ("nowhere/model.onnx", "nowhere/model.npz", "/proc/model.npz"):
            self.refuses(CANNOT_WRITE, [out], "export", "model.h5", "--to", out)
        self.refuses(CANNOT_WRITE, ["nowhere/model.h5"], "import", "given.npz", "--out", "nowhere/model.h5")

    def test_a_damaged_model_is_not_exported(self):
        self.make(NETWORKS["one map"])
        contents = bytearray((self.folder / "model.h5").read_bytes())
        contents[len(contents) // 2] ^= 1
        (self.folder / "model.h5").write_bytes(contents)
        self.refuses(BAD, ["model.h5"], "export", "model.h5", "--to", "model.onnx")


if __name__ == "__main__":
    unittest.main()
