"""import of what other tools write, and what it refuses."""

import io
import unittest
import zipfile

import numpy
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

from dense_networks import Network, samples, softmax
from exchanged_models import Exchange
from model_files import weights

USAGE, BAD = 64, 65

NETWORK = Network([6, 9, 7, 4], ["relu", "relu", "softmax"], standardized=True)


class GivenOnnx(Exchange):
    """Graphs made by the helpers of the onnx package."""

    def setUp(self):
        super().setUp()
        generator = numpy.random.default_rng(11)
        self.tensors = {"w0": generator.normal(size=(7, 6)), "b0": generator.normal(size=7),
                        "w1": generator.normal(size=(3, 7)) / 2, "b1": generator.normal(size=3),
                        "mean": generator.normal(size=6), "deviation": generator.uniform(0.5, 2, size=6)}
        self.tensors = {name: value.astype(numpy.float32) for name, value in self.tensors.items()}
        self.inputs = samples(20, 6)

    def save(self, nodes, sizes=("batch", 6), opset=13, outputs=("y",), **more):
        """The nodes as a model, with the tensors that they take."""
        used = {name for node in nodes for name in node.input}
        tensors = [numpy_helper.from_array(numpy.asarray(value), name)
                   for name, value in (self.tensors | more).items() if name in used]
        graph = helper.make_graph(nodes, "net", [helper.make_tensor_value_info("x", TensorProto.FLOAT, sizes)],
                                  [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
                                  tensors)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=7)
        onnx.save(model, str(self.folder / "given.onnx"))
        return model


class FromOtherTools(GivenOnnx):
    def imported(self, *options):
        self.succeed("import", "given.onnx", "--out", "model.h5", *options)
        return self.predict("model.h5", self.inputs)

    def hidden(self):
        return self.inputs @ self.tensors["w0"].T.astype(float) + self.tensors["b0"]

    def on_top(self, hidden):
        return hidden @ self.tensors["w1"].T.astype(float) + self.tensors["b1"]

    def test_a_sequential_network_of_pytorch(self):
        torch.manual_seed(1)
        for model in (torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(6, 7), torch.nn.ReLU(),
                                          torch.nn.Dropout(0.5), torch.nn.Linear(7, 5), torch.nn.Hardtanh(),
                                          torch.nn.Linear(5, 3), torch.nn.Softmax(dim=-1)),
                      torch.nn.Sequential(torch.nn.Linear(6, 7, bias=False), torch.nn.LeakyReLU(0.2),
                                          torch.nn.Linear(7, 1))):
            model.eval()
            torch.onnx.export(model, torch.zeros(1, 6), str(self.folder / "given.onnx"), opset_version=13)
            expected = model(torch.tensor(self.inputs, dtype=torch.float32)).detach().numpy()
            self.assert_close(self.imported(), expected, 1e-5)

    def test_images_are_flattened_in_the_order_of_their_pixels(self):
        for flatten in (helper.make_node("Flatten", ["x"], ["flat"]),
                        helper.make_node("Reshape", ["x", "shape"], ["flat"])):
            self.save([flatten, helper.make_node("Gemm", ["flat", "w0", "b0"], ["y"], transB=1)],
                      ("batch", 1, 2, 3), shape=numpy.array([-1, 6]))
            self.assert_close(self.imported(), self.hidden(), 1e-5)

    def test_what_stands_around_a_map_becomes_part_of_it(self):
        nodes = [helper.make_node("Sub", ["x", "mean"], ["centered"]),
                 helper.make_node("Div", ["centered", "deviation"], ["scaled"]),
                 helper.make_node("Identity", ["w0"], ["w0_same"]),
                 helper.make_node("Transpose", ["w0_same"], ["w0_t"], perm=[1, 0]),
                 helper.make_node("MatMul", ["scaled", "w0_t"], ["product"]),
                 helper.make_node("Add", ["b0", "product"], ["u"]),
                 helper.make_node("Constant", [], ["half"], value=numpy_helper.from_array(numpy.float32(0.5))),
                 helper.make_node("Mul", ["u", "half"], ["smaller"]),
                 helper.make_node("Dropout", ["smaller"], ["kept"]),
                 helper.make_node("Tanh", ["kept"], ["z"]),
                 helper.make_node("Gemm", ["z", "w1_t", "row"], ["y"], alpha=2.0, beta=0.25)]
        self.save(nodes, w1_t=self.tensors["w1"].T.copy(), row=self.tensors["b1"].reshape(1, 3))
        scaled = (self.inputs - self.tensors["mean"]) / self.tensors["deviation"]
        z = numpy.tanh(0.5 * (scaled @ self.tensors["w0"].T.astype(float) + self.tensors["b0"]))
        expected = 2 * z @ self.tensors["w1"].T.astype(float) + 0.25 * self.tensors["b1"]
        self.assert_close(self.imported(), expected, 1e-5)

    def test_a_scale_that_is_one_number_serves_all_inputs(self):
        self.save([helper.make_node("Mul", ["x", "scale"], ["scaled"]),
                   helper.make_node("Add", ["scaled", "shift"], ["shifted"]),
                   helper.make_node("Gemm", ["shifted", "w0", "b0"], ["y"], transB=1)],
                  scale=numpy.float32(0.5), shift=numpy.array([0.25], dtype=numpy.float32))
        expected = (0.5 * self.inputs + 0.25) @ self.tensors["w0"].T.astype(float) + self.tensors["b0"]
        self.assert_close(self.imported(), expected, 1e-5)

    def test_clips_are_known_by_their_bounds(self):
        for low, high, opset in ((0, 1, 13), (-1, 1, 13), (0, None, 13), (-1, 1, 10)):
            bounds = {"low": numpy.float32(low)} | ({} if high is None else {"high": numpy.float32(high)})
            clip = (helper.make_node("Clip", ["u", *bounds], ["z"]) if opset > 10 else
                    helper.make_node("Clip", ["u"], ["z"], min=float(low), max=float(high)))
            self.save([helper.make_node("Gemm", ["x", "w0", "b0"], ["u"], transB=1), clip,
                       helper.make_node("Gemm", ["z", "w1", "b1"], ["y"], transB=1)], opset=opset, **bounds)
            self.assert_close(self.imported(), self.on_top(numpy.clip(self.hidden(), low, high)), 1e-5)

    def test_double_weights_stay_double(self):
        double = {name: value.astype(float) / 3 for name, value in self.tensors.items()}
        self.save([helper.make_node("Gemm", ["x", "w", "b"], ["y"], transB=1)], w=double["w0"], b=double["b0"])
        self.succeed("import", "given.onnx", "--out", "model.h5")
        numpy.testing.assert_array_equal(weights(self.folder / "model.h5")[0], double["w0"])

    def test_scores_without_softmax_can_be_given_one(self):
        self.save([helper.make_node("Gemm", ["x", "w0", "b0"], ["y"], transB=1)])
        self.assert_close(self.imported(), self.hidden(), 1e-5)
        self.assert_close(self.imported("--output", "softmax"), softmax(self.hidden()), 1e-5)
        self.succeed("export", "model.h5", "--to", "given.onnx")
        self.refuses(USAGE, ["simplex", "softmax"], "import", "given.onnx", "--out", "other.h5", "--output", "simplex")

    def test_numpy_arrays_in_any_order_zipped_or_not(self):
        network = NETWORK
        arrays = {name: numpy.asfortranarray(array) for name, array in network.arrays.items()}
        arrays["activations"] = arrays["activations"].astype("S")
        numpy.savez_compressed(self.folder / "given.npz", **arrays)
        self.succeed("import", "given.npz", "--out", "model.h5")
        self.assert_close(self.predict("model.h5", self.inputs), network.outputs(self.inputs), 1e-5)

    def test_says_what_arrays_a_network_has(self):
        arrays = dict(Network([6, 9, 4], ["relu", "softmax"]).arrays)
        for phrases, lacking in ((["no array activations", "weights_0", "numpy.array(['relu', 'softmax'])"], "activations"),
                                 (["no array weights_1", "bias_1"], "weights_1")):
            numpy.savez(self.folder / "given.npz", **{name: array for name, array in arrays.items() if name != lacking})
            self.refuses(BAD, phrases, "import", "given.npz", "--out", "model.h5")
        moved = {name.replace("weights_1", "weights_2"): array for name, array in arrays.items()}
        numpy.savez(self.folder / "given.npz", **moved)
        self.refuses(BAD, ["weights_2", "weights_1 is missing"], "import", "given.npz", "--out", "model.h5")

    def test_numpy_arrays_as_other_tools_keep_them(self):
        network = Network([6, 9, 4], ["relu", "softmax"], standardized=True)
        arrays = dict(network.arrays)
        rows = arrays | {"bias_0": arrays["bias_0"][None], "bias_1": arrays["bias_1"][:, None],
                         "epochs": numpy.arange(3.0)}
        turned = arrays | {f"weights_{layer}": arrays[f"weights_{layer}"].T for layer in (0, 1)}
        half = {name: array.astype(numpy.float16) if array.dtype == numpy.float32 else array
                for name, array in arrays.items()}
        without = {name: array for name, array in arrays.items() if name != "bias_1"}
        for given, note in ((rows, "epochs is not read"), (turned, "transposed"), (half, ""), (without, "no bias_1")):
            with self.subTest(note):
                numpy.savez(self.folder / "given.npz", **given)
                self.assertIn(note, self.succeed("import", "given.npz", "--out", "model.h5").out)
                expected = half if given is half else arrays
                for layer in (0, 1):
                    found = weights(self.folder / "model.h5")[2 * layer:2 * layer + 2]
                    numpy.testing.assert_array_equal(found[0], expected[f"weights_{layer}"])
                    numpy.testing.assert_array_equal(
                        found[1], expected[f"bias_{layer}"] * (0 if given is without and layer == 1 else 1))


class RefusedOnnx(GivenOnnx):
    MAP = helper.make_node("Gemm", ["x", "w0", "b0"], ["u"], transB=1)
    TOP = helper.make_node("Gemm", ["z", "w1", "b1"], ["y"], transB=1)

    def refuses_file(self, *phrases):
        before = self.files()
        self.assert_error(self.hoist("import", "given.onnx", "--out", "model.h5"), BAD, *phrases)
        self.assertEqual(self.files(), before)

    def refuses_nodes(self, phrases, *nodes, **options):
        with self.subTest(phrases):
            self.save(nodes, **options)
            self.refuses_file(*phrases)

    def test_operators_without_counterpart_are_named(self):
        for op, attributes in (("Elu", {}), ("LogSoftmax", {}), ("Softmax", {"axis": 0}), ("LeakyRelu", {"alpha": 1.5})):
            self.refuses_nodes([op, "the_odd_one"], self.MAP,
                               helper.make_node(op, ["u"], ["z"], name="the_odd_one", **attributes), self.TOP)
        self.refuses_nodes(["Clip", "[6, 0]"], self.MAP, helper.make_node("Clip", ["u", "low", "high"], ["z"]),
                           self.TOP, low=numpy.float32(6), high=numpy.float32(0))
        self.refuses_nodes(["Conv"], helper.make_node("Conv", ["x", "w0"], ["y"]))
        self.refuses_nodes(["FusedGemm", "com.microsoft"],
                           helper.make_node("FusedGemm", ["x", "w0", "b0"], ["y"], domain="com.microsoft"))

    def test_graphs_that_are_no_chain(self):
        square = numpy.eye(7, dtype=numpy.float32)
        self.refuses_nodes(["Add", "sum"], self.MAP, helper.make_node("Relu", ["u"], ["z"]),
                           helper.make_node("MatMul", ["z", "square"], ["v"]),
                           helper.make_node("Add", ["v", "u"], ["y"], name="sum"), square=square)
        self.refuses_nodes(["Relu", "relu output"], self.MAP, helper.make_node("Relu", ["u"], ["y"]))
        self.refuses_nodes(["Relu", "another activation"], self.MAP, helper.make_node("Tanh", ["u"], ["t"]),
                           helper.make_node("Relu", ["t"], ["z"]), self.TOP)
        self.refuses_nodes(["Relu", "inputs"], helper.make_node("Relu", ["x"], ["y"]))
        self.refuses_nodes(["Sigmoid", "sigmoid output"], self.MAP, helper.make_node("Sigmoid", ["u"], ["y"]))
        self.refuses_nodes(["Mul", "activation gives"], self.MAP, helper.make_node("Relu", ["u"], ["r"]),
                           helper.make_node("Mul", ["r", "two"], ["y"]), two=numpy.float32(2))
        self.refuses_nodes(["MatMul", "Flatten"], helper.make_node("MatMul", ["x", "square"], ["y"]),
                           sizes=("batch", 4, 7), square=square)
        self.refuses_nodes(["no dense map"], helper.make_node("Identity", ["x"], ["y"]))

    def test_tensors_that_cannot_be_right(self):
        wrong = {"with 5 inputs": self.tensors["w0"][:, :5], "complex": self.tensors["w0"].astype(numpy.complex64),
                 "not finite": numpy.full((7, 6), numpy.nan, dtype=numpy.float32), "empty": self.tensors["w0"][:0]}
        phrases = {"with 5 inputs": "5", "complex": "COMPLEX64", "not finite": "not finite", "empty": "Gemm"}
        for name, tensor in wrong.items():
            self.refuses_nodes([phrases[name]], helper.make_node("Gemm", ["x", "w", "b0"], ["y"], transB=1), w=tensor)
        self.refuses_nodes(["bias", "7"], helper.make_node("Gemm", ["x", "w0", "b1"], ["y"], transB=1))
        self.refuses_nodes(["takes 6", "has 7"], self.MAP,
                           helper.make_node("Gemm", ["u", "w0", "b0"], ["y"], transB=1))

        model = self.save([self.MAP, helper.make_node("Relu", ["u"], ["z"]), self.TOP])
        for change, phrase in ((lambda tensor: tensor.dims.__setitem__(0, 1 << 40), "shape"),
                               (lambda tensor: tensor.dims.__setitem__(0, -7), "shape"),
                               (lambda tensor: setattr(tensor, "raw_data", tensor.raw_data[:-4]), "shape"),
                               (lambda tensor: setattr(tensor, "data_location", TensorProto.EXTERNAL), "no place")):
            broken = onnx.ModelProto()
            broken.CopyFrom(model)
            change(next(tensor for tensor in broken.graph.initializer if tensor.name == "w0"))
            (self.folder / "given.onnx").write_bytes(broken.SerializeToString())
            self.refuses_file("w0", phrase)

    def test_files_that_are_damaged_or_of_another_kind(self):
        whole = self.save([self.MAP, helper.make_node("Relu", ["u"], ["z"]), self.TOP]).SerializeToString()
        for contents in (b"", b"not at all\n" * 50, whole[:len(whole) // 2], whole[:-3], b"\x89HDF\r\n\x1a\n" * 9):
            (self.folder / "given.onnx").write_bytes(contents)
            self.refuses_file("given.onnx")


class RefusedNpz(Exchange):
    def refuses_arrays(self, phrases, **change):
        """The arrays of a good file, with changes; None takes one away."""
        arrays = NETWORK.arrays | change
        numpy.savez(self.folder / "given.npz", **{name: array for name, array in arrays.items() if array is not None})
        with self.subTest(phrases):
            self.refuses_file(phrases)

    def refuses_file(self, phrases):
        before = self.files()
        self.assert_error(self.hoist("import", "given.npz", "--out", "model.h5"), BAD, *phrases)
        self.assertEqual(self.files(), before)

    def test_arrays_that_are_not_those_of_a_network(self):
        weights_0 = NETWORK.arrays["weights_0"]
        self.refuses_arrays(["wieghts_0", "weights_0"], weights_0=None, wieghts_0=weights_0)
        self.refuses_arrays(["input_maen", "input_mean"], input_mean=None, input_maen=NETWORK.arrays["input_mean"])
        self.refuses_arrays(["weights_3"], weights_3=weights_0)
        self.refuses_arrays(["bias_1", "b1"], bias_1=None, b1=NETWORK.arrays["bias_1"])
        self.refuses_arrays(["input_scale"], input_scale=None)
        self.refuses_arrays(["activations"], activations=None)
        self.refuses_arrays(["activations"], activations=numpy.array([1.0, 2.0]))
        self.refuses_arrays(["swish"], activations=numpy.array(["relu", "swish", "softmax"]))
        self.refuses_arrays(["relu"], activations=numpy.array(["relu", "relu", "relu"]))
        self.refuses_arrays(["sign"], activations=numpy.array(["relu", "sign", "softmax"]))
        self.refuses_arrays(["map 1"], weights_1=weights_0)
        self.refuses_arrays(["map 0", "bias"], bias_0=numpy.zeros(3))
        self.refuses_arrays(["map 0", "not finite"], weights_0=weights_0 * numpy.inf)
        self.refuses_arrays(["mean"], input_mean=numpy.zeros(5))
        self.refuses_arrays(["bias_0", "vector"], bias_0=numpy.zeros((9, 2)))
        self.refuses_arrays(["map 1"], weights_1=NETWORK.arrays["weights_1"].T)

    def test_types_that_are_not_read(self):
        weights_0 = NETWORK.arrays["weights_0"]
        for kind in (">f4", "<i4", "<c8"):
            self.refuses_arrays(["weights_0", kind], weights_0=weights_0.astype(kind))
        self.refuses_arrays(["weights_0", "|O"], weights_0=weights_0.astype(object))
        self.refuses_arrays(["weights_0", "3 dimensions"], weights_0=weights_0[None])

    def test_files_that_are_damaged_or_of_another_kind(self):
        buffer = io.BytesIO()
        numpy.savez_compressed(buffer, **NETWORK.arrays)
        whole = buffer.getvalue()
        flipped = bytearray(whole)
        flipped[whole.index(b"weights_1.npy") + 60] ^= 1
        for contents in (b"", b"not at all\n" * 50, whole[:len(whole) // 2], whole[:-3], bytes(flipped)):
            (self.folder / "given.npz").write_bytes(contents)
            self.refuses_file(["given.npz"])

    def test_sizes_that_the_file_cannot_hold(self):
        header = "{'descr': '<f4', 'fortran_order': False, 'shape': (1099511627776, 1048576), }"
        array = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + bytes(64)
        for claimed in (None, 1 << 31):
            with zipfile.ZipFile(self.folder / "given.npz", "w") as file:
                for name, good in (NETWORK.arrays | {"weights_0": None}).items():
                    buffer = io.BytesIO()
                    numpy.save(buffer, good)
                    file.writestr(name + ".npy", array if good is None else buffer.getvalue())
                if claimed:  # in the directory of the archive
                    file.getinfo("weights_0.npy").file_size = claimed
            self.refuses_file(["weights_0"])


if __name__ == "__main__":
    unittest.main()
