"""import of the ONNX graphs that PyTorch, Keras and scikit-learn write: the model predicts what an evaluation of the
graph by the operators' definitions gives."""

import unittest

import h5py
import numpy
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

import onnx_operators
from dense_networks import ACTIVATIONS, samples
from exchanged_models import Exchange

MISSING, BAD = 66, 65


def definition(name):
    if name.startswith("leaky_relu("):
        slope = float(name[11:-1])
        return lambda u: numpy.where(u < 0, slope * u, u)
    return ACTIVATIONS[name]


def scores(path, inputs):
    """What a model of hoist means, from its file."""
    with h5py.File(path) as file:
        state = inputs.reshape(len(inputs), -1).astype(float)
        if "input" in file:
            state = (state - file["input/mean"][()]) * file["input/scale"][()]
        for layer in range(len(file["layers"])):
            group = file[f"layers/{layer}"]
            u = state @ group["weights"][()].astype(float).T + group["bias"][()]
            last = layer + 1 == len(file["layers"])
            state = definition(file.attrs["output"] if last else group.attrs["activation"])(u)
        return state


class Foreign(Exchange):
    def setUp(self):
        super().setUp()
        generator = numpy.random.default_rng(5)
        self.tensors = {"w0": generator.normal(size=(6, 7)), "b0": generator.normal(size=7),
                        "w1": generator.normal(size=(7, 3)) / 2, "b1": generator.normal(size=3),
                        "w2": generator.normal(size=(7, 1)) / 2, "b2": generator.normal(size=1),
                        **{f"{kind}{width}": generator.uniform(0.5, 2, size=width)
                           for kind in ("scale", "shift", "mean", "variance") for width in (2, 6, 7)}}
        self.tensors = {name: value.astype(numpy.float32) for name, value in self.tensors.items()}
        self.inputs = samples(20, 6)

    def model(self, nodes, shape=("batch", 6), opset=13, outputs=(("y", TensorProto.FLOAT),), listed=False, **more):
        """Nodes are texts `operator inputs > outputs`, or with their attributes."""
        made = []
        for node in nodes:
            text, given = node if isinstance(node, tuple) else (node, {})
            (op, *inputs), results = (side.split() for side in text.split(">"))
            domain = "ai.onnx.ml" if op in ("ZipMap", "LinearClassifier", "Normalizer", "Scaler",
                                            "ArrayFeatureExtractor") else ""
            made.append(helper.make_node(op, inputs, results, domain=domain, name=f"the_{op}", **given))
        used = {name for node in made for name in node.input}
        tensors = [value if isinstance(value, TensorProto) else numpy_helper.from_array(numpy.asarray(value), name)
                   for name, value in (self.tensors | more).items() if name in used]
        values = [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)]
        if listed:
            values = [helper.make_tensor_value_info(t.name, t.data_type, t.dims) for t in tensors] + values
        graph = helper.make_graph(made, "net", values,
                                  [helper.make_tensor_value_info(name, kind, None) for name, kind in outputs], tensors)
        opsets = [helper.make_opsetid("", opset), helper.make_opsetid("ai.onnx.ml", 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=7)

    def imported(self, model, *phrases):
        """What hoist makes of a model, evaluated on the inputs; it says `phrases`."""
        onnx.save(model, str(self.folder / "given.onnx"))
        out = self.succeed("import", "given.onnx", "--out", "model.h5").out
        for phrase in phrases:
            self.assertIn(phrase, out)
        if not phrases:
            self.assertNotIn("note", out)
        return scores(self.folder / "model.h5", self.inputs)

    def agrees(self, nodes, output="y", says=(), inputs=None, **options):
        with self.subTest(nodes=nodes):
            model = self.model(nodes, **options)
            expected = onnx_operators.evaluate(model, self.inputs if inputs is None else inputs, output)
            self.assert_close(self.imported(model, *says), expected.reshape(len(self.inputs), -1), 2e-6)

    def refused(self, status, phrases, nodes, **options):
        with self.subTest(nodes=nodes):
            onnx.save(self.model(nodes, **options), str(self.folder / "given.onnx"))
            before = self.files()
            self.assert_error(self.hoist("import", "given.onnx", "--out", "model.h5"), status, *phrases)
            self.assertEqual(self.files(), before)


MAP = ["MatMul x w0 > v", "Add v b0 > u"]
TOP = "Gemm z w1 b1 > y"


class Maps(Foreign):
    def test_batch_normalization_is_folded_wherever_it_stands(self):
        def normal(given, result, width=7, **more):
            return f"BatchNormalization {given} " + " ".join(
                f"{kind}{width}" for kind in ("scale", "shift", "mean", "variance")) + f" > {result}", more
        self.agrees([*MAP, normal("u", "n", epsilon=0.1), "Relu n > r", normal("r", "s"), normal("s", "z"), TOP])
        self.agrees([normal("x", "n", 6), "MatMul n w0 > p", normal("p", "q"), "Add b0 q > u", "Tanh u > z", TOP])
        self.agrees([normal("x", "n", 2), "Flatten n > f", "Gemm f w0 b0 > y"], shape=("batch", 2, 3, 1),
                    inputs=self.inputs.reshape(-1, 2, 3, 1))
        # A unit whose scale is zero has no standardization; its shift still reaches the map.
        self.agrees([normal("x", "n", 6), "Gemm n w0 b0 > y"], scale6=numpy.array([0, 1, 2, 0, 1, 1], numpy.float32))
        self.refused(BAD, ["the_BatchNormalization", "training", "eval()"],
                     [*MAP, normal("u", "z", training_mode=1), TOP], opset=15)
        self.refused(BAD, ["the_BatchNormalization", "variance", "positive"], [*MAP, normal("u", "z"), TOP],
                     variance7=-self.tensors["variance7"])
        self.refused(BAD, ["the_BatchNormalization", "last activation"], [*MAP, "Relu u > r", normal("r", "y")])

    def test_shifts_and_scales_of_images_become_their_standardization(self):
        images = dict(shape=("batch", 2, 3, 1), inputs=self.inputs.reshape(-1, 2, 3, 1))
        pixels = self.tensors["mean6"].reshape(1, 2, 3, 1)
        channels = self.tensors["scale2"].reshape(2, 1, 1)
        self.agrees(["Sub x pixels > s", "Div s channels > d", "Flatten d > f", "Mul f scale6 > m", "Sub one m > c",
                     "Gemm c w0 b0 > y"], pixels=pixels, channels=channels, one=numpy.float32(1), **images)
        with h5py.File(self.folder / "model.h5") as file:
            self.assertEqual(file["input/mean"].shape, (6,))
        self.refused(BAD, ["the_Sub", "9 numbers", "6 units"], ["Sub x wrong > s", "Flatten s > f", "Gemm f w0 b0 > y"],
                     shape=("batch", 2, 3, 1), wrong=numpy.ones((3, 3, 1), numpy.float32))
        self.refused(BAD, ["the_Add", "each sample"], ["Add x rows > s", "Gemm s w0 b0 > y"],
                     rows=numpy.ones((20, 1), numpy.float32))
        self.refused(BAD, ["the_Div", "zero"], ["Div x zero > s", "Gemm s w0 b0 > y"], zero=numpy.float32(0))

    def test_what_follows_an_activation_reaches_the_next_map(self):
        self.agrees([*MAP, "Tanh u > t", "Mul t scale7 > m", "Neg m > n", "Add shift7 n > z", TOP])
        self.agrees([*MAP, ("Dropout u > d", {"ratio": 0.3}), "Softplus d > z",
                     ("Gemm z w1t row > y", {"alpha": 2.0, "beta": 0.5, "transB": 1})], opset=10,
                    w1t=self.tensors["w1"].T.copy(), row=self.tensors["b1"].reshape(1, 3), listed=True)

    def test_clips_and_ramps_of_any_bounds(self):
        for clip in (("Clip u > z", {"min": 0.0, "max": 6.0}), ("Clip u > z", {"min": -0.5}),
                     ("Clip u > z", {"max": 1.5}), ("HardSigmoid u > z", {}), "Max u low > z", "Min low u > z"):
            self.agrees([*MAP, clip, TOP], opset=10, low=numpy.float32(0.25))

    def test_slopes(self):
        for slope in (numpy.float32([0.3]), numpy.full(7, 0.3, numpy.float32), numpy.full((1, 7), 0, numpy.float32)):
            self.agrees([*MAP, "PRelu u slope > z", TOP], slope=slope)
        self.refused(BAD, ["the_PRelu", "differ"], [*MAP, "PRelu u scale7 > z", TOP])

    def test_types_of_initializers(self):
        bfloat = helper.make_tensor("w0", TensorProto.BFLOAT16, (6, 7),
                                    (self.tensors["w0"].view(numpy.uint32) >> 16).astype(numpy.uint16).tobytes(), True)
        rounded = (self.tensors["w0"].view(numpy.uint32) & 0xffff0000).view(numpy.float32)
        expected = self.inputs @ rounded.astype(float) + self.tensors["b0"]
        self.assert_close(self.imported(self.model(["Gemm x w0 b0 > y"], w0=bfloat)), expected, 2e-6)
        half = {name: self.tensors[name].astype(numpy.float16) for name in ("w0", "b0")}
        expected = self.inputs @ half["w0"].astype(float) + half["b0"]
        nodes = [("Cast x > h", {"to": 10}), "Gemm h w0 b0 > g", ("Cast g > y", {"to": 1})]
        self.assert_close(self.imported(self.model(nodes, **half)), expected, 2e-6)
        field = helper.make_tensor("w0", TensorProto.FLOAT16, (6, 7), half["w0"].ravel().tolist())
        self.assert_close(self.imported(self.model(nodes, w0=field, b0=half["b0"])), expected, 2e-6)


class Shapes(Foreign):
    INDEX = dict(zero=numpy.int64(0), first=numpy.array([0]), next=numpy.array([1]), rest=numpy.array([-1]))

    def test_views_of_the_batch_and_the_rest(self):
        images = dict(shape=("batch", 2, 3, 1), inputs=self.inputs.reshape(-1, 2, 3, 1), **self.INDEX)
        self.agrees(["Shape x > s", ("Gather s zero > n", {"axis": 0}), "Unsqueeze n first > b",
                     ("Concat b rest > v", {"axis": 0}), "Reshape x v > f", "Gemm f w0 b0 > y"], **images)
        self.agrees(["Shape x > s", "Slice s first next > b", ("Concat b six > v", {"axis": 0}), "Reshape x v > f",
                     "Gemm f w0 b0 > y"], six=numpy.array([6]), **images)
        self.agrees([("Transpose x > t", {"perm": [0, 3, 1, 2]}), "Flatten t > f", "Gemm f w0 b0 > y"], **images)
        for shape in ([-1, 6], [0, -1], [0, 6]):
            self.agrees(["Reshape x sizes > f", *[text.replace("x", "f") for text in MAP], "Relu u > z", TOP],
                        sizes=numpy.array(shape), **images)

    def test_shapes_that_mix_samples_are_refused(self):
        images = dict(shape=("batch", 2, 3, 1), **self.INDEX)
        for shape in ([-1, 3], [3, -1], [-1], [2, 3, -1]):
            self.refused(BAD, ["the_Reshape"], ["Reshape x v > f", "Gemm f w0 b0 > y"], v=numpy.array(shape), **images)
        self.refused(BAD, ["the_Transpose", "order"], [("Transpose x > t", {"perm": [0, 2, 1, 3]}), "Flatten t > f",
                                                       "Gemm f w0 b0 > y"], **images)
        self.refused(BAD, ["the_Flatten", "batch"], [("Flatten x > f", {"axis": 0}), "Gemm f w0 b0 > y"], **images)


class Outputs(Foreign):
    HIDDEN = [*MAP, "Relu u > z"]
    ONE = [*HIDDEN, "Gemm z w2 b2 > l", "Sigmoid l > p"]

    def test_logarithms_of_a_softmax(self):
        for end in (["LogSoftmax l > y"], ["Softmax l > s", "Log s > y"]):
            model = self.model([*self.HIDDEN, "Gemm z w1 b1 > l", *end])
            expected = numpy.exp(onnx_operators.evaluate(model, self.inputs, "y"))
            self.assert_close(self.imported(model, "logarithms"), expected, 2e-6)
        self.refused(BAD, ["the_Gemm", "the_LogSoftmax"], [*MAP, "LogSoftmax u > z", TOP])

    def test_one_sigmoid_is_two_classes(self):
        model = self.model([*self.ONE, "Identity p > y"])
        second = onnx_operators.evaluate(model, self.inputs, "y")
        both = numpy.hstack([1 - second, second])
        self.assert_close(self.imported(model, "two classes", "second"), both, 2e-6)
        one = numpy.float32(1)
        for order, says in (("q p", "second"), ("p q", "first")):
            self.agrees([*self.ONE, "Sub one p > q", (f"Concat {order} > y", {"axis": 1})], says=("two classes", says),
                        one=one)
        self.refused(BAD, ["the_Concat"], [*self.ONE, "Sub one p > q", ("Concat q p > y", {"axis": 1})], one=2 * one)
        self.refused(BAD, ["the_Sigmoid", "sigmoid output", "7 units"], [*MAP, "Sigmoid u > y"])

    def test_a_logit_can_be_made_two_classes(self):
        model = self.model([*self.HIDDEN, "Gemm z w2 b2 > y"])
        second = 1 / (1 + numpy.exp(-onnx_operators.evaluate(model, self.inputs, "y")))
        onnx.save(model, str(self.folder / "given.onnx"))
        self.assertIn("two classes", self.succeed("import", "given.onnx", "--out", "model.h5", "--output",
                                                  "softmax").out)
        self.assert_close(scores(self.folder / "model.h5", self.inputs), numpy.hstack([1 - second, second]), 2e-6)

    def test_labels_are_left_out_and_name_the_classes(self):
        label, real = ("label", TensorProto.INT64), ("probabilities", TensorProto.FLOAT)
        names = helper.make_tensor("names", TensorProto.STRING, (2,), [b"no", b"yes"])
        self.agrees([("Cast x > c", {"to": 1}), *[text.replace("x", "c") for text in MAP], "Relu u > z",
                     *self.ONE[len(self.HIDDEN):], "Sub one p > q", ("Concat q p > probabilities", {"axis": 1}),
                     ("ArgMax probabilities > a", {"axis": 1}), "ArrayFeatureExtractor names a > f",
                     "Reshape f flat > label"], "probabilities", ("probabilities is read, not label",),
                    outputs=(label, real), one=numpy.float32([1]), names=names, flat=numpy.array([-1]))
        self.assertIn("no, yes", self.succeed("inspect", "model.h5").out)
        self.agrees([*self.HIDDEN, TOP, ("ArgMax y > label", {"axis": 1})], says=("label",), outputs=(label,))
        self.agrees([*self.HIDDEN, TOP, "Softmax y > probabilities"], "probabilities", ("not y",),
                    outputs=(real, ("y", TensorProto.FLOAT)))
        self.refused(BAD, ["2 outputs", "y, other", "one output"], [*self.HIDDEN, TOP, "Gemm z w2 b2 > other"],
                     outputs=(("y", TensorProto.FLOAT), ("other", TensorProto.FLOAT)))

    def test_linear_classifiers(self):
        label, real = ("label", TensorProto.INT64), ("probabilities", TensorProto.FLOAT)
        rows, shifts = self.tensors["w0"].T[:3], self.tensors["b0"][:3]
        for post_transform, matrix, bias in (("SOFTMAX", rows, shifts),
                                             ("LOGISTIC", [-rows[0], rows[0]], [-shifts[0], shifts[0]])):
            classifier = ("LinearClassifier c > label raw", {
                "coefficients": numpy.ravel(matrix).tolist(), "intercepts": list(map(float, bias)), "multi_class": 1,
                "classlabels_ints": list(range(len(bias))), "post_transform": post_transform})
            self.agrees([("Scaler x > c", {"offset": self.tensors["mean6"].tolist(),
                                           "scale": self.tensors["scale6"].tolist()}),
                         classifier, ("Normalizer raw > probabilities", {"norm": "L1"})], "probabilities",
                        ("not label",), outputs=(label, real))
        self.refused(BAD, ["the_LinearClassifier", "LOGISTIC of 3"],
                     [("LinearClassifier x > label y", {"coefficients": rows.ravel().tolist(), "multi_class": 0,
                                                       "intercepts": shifts.tolist(), "post_transform": "LOGISTIC",
                                                       "classlabels_ints": [0, 1, 2]})], outputs=(label, ("y", 1)))


class PyTorch(Foreign):
    class Example(torch.nn.Module):
        """As PyTorch's introductions write a perceptron."""

        def __init__(self):
            super().__init__()
            self.first, self.second = torch.nn.Linear(6, 7), torch.nn.Linear(7, 5)
            self.norm, self.slope, self.drop = torch.nn.BatchNorm1d(7), torch.nn.PReLU(), torch.nn.Dropout(0.4)
            self.last = torch.nn.Linear(5, 3)

        def forward(self, x):
            x = x.view(x.size(0), -1)
            x = self.drop(torch.relu(self.norm(self.first(x))))
            return torch.nn.functional.log_softmax(self.last(self.slope(self.second(x))), dim=1)

    def test_a_module_of_pytorch(self):
        torch.manual_seed(2)
        module = self.Example()
        images = torch.tensor(self.inputs, dtype=torch.float32).reshape(-1, 1, 2, 3)
        module(3 * images + 1)  # moves the running mean and variance
        module.eval()
        for axes, opset in (({"x": {0: "batch"}}, 13), ({}, 9)):
            torch.onnx.export(module, images[:1], str(self.folder / "given.onnx"), opset_version=opset,
                              do_constant_folding=opset == 9, input_names=["x"], dynamic_axes=axes)
            self.succeed("import", "given.onnx", "--out", "model.h5")
            self.assert_close(scores(self.folder / "model.h5", self.inputs),
                              torch.exp(module(images)).detach().numpy(), 2e-5)


class ExternalData(Foreign):
    def save_apart(self, change=None):
        model = self.model([*MAP, "Relu u > z", TOP])
        onnx.save_model(model, str(self.folder / "given.onnx"), save_as_external_data=True, location="given.onnx.data",
                        size_threshold=0)
        model = onnx.load_model(str(self.folder / "given.onnx"), load_external_data=False)
        for entry in model.graph.initializer[0].external_data:
            entry.value = (change or {}).get(entry.key, entry.value)
        (self.folder / "given.onnx").write_bytes(model.SerializeToString())
        return self.tensors

    def test_weights_in_a_file_beside_the_model(self):
        tensors = self.save_apart()
        self.succeed("import", "given.onnx", "--out", "model.h5")
        with h5py.File(self.folder / "model.h5") as file:
            for layer in (0, 1):
                numpy.testing.assert_array_equal(file[f"layers/{layer}/weights"][()].T, tensors[f"w{layer}"])
                numpy.testing.assert_array_equal(file[f"layers/{layer}/bias"][()], tensors[f"b{layer}"])

    def test_data_that_are_elsewhere_or_too_short(self):
        def refused(status, phrases, change):
            with self.subTest(change):
                self.save_apart(change)
                self.assert_error(self.hoist("import", "given.onnx", "--out", "model.h5"), status, "w0", *phrases)
                self.assertFalse((self.folder / "model.h5").exists())
        for place in ("../../etc/passwd", "/etc/passwd", "sub/../../x", "", ".."):
            refused(BAD, ["not in the folder"], {"location": place})
        (self.folder / "link").symlink_to("/etc/passwd")
        refused(BAD, ["not in the folder"], {"location": "link"})
        refused(MISSING, ["other.data", "both files"], {"location": "other.data"})
        for change in ({"offset": "1000000"}, {"offset": "-4"}, {"offset": "9223372036854775807"}, {"offset": "x"},
                       {"length": "4"}, {"length": "99999999999999999999"}):
            refused(BAD, [], change)
        contents = (self.folder / "given.onnx.data").read_bytes()
        self.save_apart()
        (self.folder / "given.onnx.data").write_bytes(contents[:100])
        self.assert_error(self.hoist("import", "given.onnx", "--out", "model.h5"), BAD, "w0", "has 100")


class Refused(Foreign):
    def test_operators_are_named_with_a_way_out(self):
        for op, phrases in (("Elu", ["relu, ", "train"]), ("ConvTranspose", ["no dense map"]), ("LayerNormalization", ["chain"])):
            self.refused(BAD, [f"the_{op}", *phrases], [*MAP, f"{op} u > z", TOP])
        branch = helper.make_graph([helper.make_node("Constant", [], ["k"], value_float=1.0)], "branch", [],
                                   [helper.make_tensor_value_info("k", TensorProto.FLOAT, None)])
        self.refused(BAD, ["the_If", "graph of its own"],
                     [*MAP, ("If u > z", {"then_branch": branch, "else_branch": branch}), TOP])
        self.refused(BAD, ["the_Add", "two tensors"], [*MAP, "Relu u > r", "Add r u > z", TOP])


if __name__ == "__main__":
    unittest.main()
