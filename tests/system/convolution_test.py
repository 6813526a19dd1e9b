"""Networks of convolutions: trained, resumed, looked at, planned and exchanged as a user would."""

import json
import unittest

import cv2
import h5py
import numpy
import onnx
import torch

import data_files as data
from exchanged_models import Exchange
from model_files import assert_same_weights, weights
from program import metrics_rows

LAYERS = "28x28x1-conv(6,5,2)-maxpool(2)-avgpool(2)-conv(8,3)-20-10"
USAGE, INTERRUPTED = 64, 75


class Convolution(Exchange):
    def settings(self, **more):
        return self.write_config(network__layers=LAYERS, network__activation="relu,tanh,relu", formulation__name="mac",
                                 weights__solver="adam", weights__step="1e-2", train__epochs=5,
                                 train__batch=50, data__samples=1500, data__test_samples=300, **more)

    def figures(self, run):
        return [(float(row["objective"]), float(row["test_accuracy"])) for row in metrics_rows(self.folder / run)]

    def test_learns_the_same_on_any_grid_and_resumes_to_the_same_weights(self):
        config = self.settings()
        self.succeed("train", config, "--out", "one")
        self.assertGreater(self.figures("one")[-1][1], 60.0)
        for ranks, grid in ((2, ["--grid.stages=2"]), (2, ["--grid.stages=1"]), (5, [])):
            self.succeed("train", config, "--out", "grid", "--overwrite", *grid, ranks=ranks)
            for here, there in zip(self.figures("grid"), self.figures("one")):
                self.assertAlmostEqual(here[0], there[0], delta=0.05 * there[0])
        self.assertEqual(self.hoist("train", config, "--out", "halves", "--train.time_limit=0.01").status, INTERRUPTED)
        self.succeed("train", config, "--out", "halves", "--resume")
        assert_same_weights(self, weights(self.folder / "halves" / "model.h5"), weights(self.folder / "one" / "model.h5"))

    def test_sweeps_with_ridge_regressions_lower_the_objective(self):
        config = self.write_config(network__layers="28x28-conv(4,5,3,0)-avgpool(2)-conv(6,3)-10",
                                   formulation__name="fenchel", weights__solver="ridge", weights__ridge="1e-3",
                                   data__samples=600, train__sweeps=6)
        self.succeed("train", config, "--out", "run", ranks=2)
        objective = [figures[0] for figures in self.figures("run")]
        self.assertEqual(objective, sorted(objective, reverse=True))
        self.assertLess(objective[-1], 0.8 * objective[0])

    def test_is_inspected_reported_and_planned(self):
        config = self.settings()
        self.succeed("train", config, "--out", "run", "--train.epochs=1")
        facts = json.loads(self.succeed("inspect", "run", "--json").out)
        self.assertEqual(facts["network"], LAYERS)
        self.assertEqual([(layer["inputs"], layer["outputs"]) for layer in facts["layers"]],
                         [(25, 6), (54, 8), (72, 20), (20, 10)])
        self.assertEqual(facts["parameters"], 26 * 6 + 55 * 8 + 73 * 20 + 21 * 10)
        self.succeed("report", "run", "--out", "page.html")
        self.assertIn('"image":[5,5,1]', (self.folder / "page.html").read_text())
        self.succeed("plan", config, "--ranks", 4)
        self.succeed("evaluate", "run", ranks=2)

    def test_opencv_and_pytorch_predict_the_same(self):
        self.succeed("train", self.settings(), "--out", "run", "--train.epochs=1")
        self.succeed("export", "run", "--to", "model.onnx")
        self.succeed("export", "run", "--to", "model.npz")
        onnx.checker.check_model(onnx.load(str(self.folder / "model.onnx")), full_check=True)
        images = numpy.random.default_rng(1).random((7, 784))
        scores = self.predict("run", images)
        net = cv2.dnn.readNetFromONNX(str(self.folder / "model.onnx"))
        net.setInput(images.astype(numpy.float32))
        self.assert_close(net.forward(), scores, 1e-5)

        file = numpy.load(self.folder / "model.npz")
        self.assertEqual(file["network"].tolist(), [LAYERS])
        weight, bias = ([torch.tensor(file[f"{kind}_{layer}"]) for layer in range(4)] for kind in ("weights", "bias"))
        functional = torch.nn.functional
        x = torch.tensor(images, dtype=torch.float32).reshape(7, 28, 28, 1).permute(0, 3, 1, 2)
        filters = [weight[0].reshape(6, 5, 5, 1), weight[1].reshape(8, 3, 3, 6)]
        x = functional.conv2d(x, filters[0].permute(0, 3, 1, 2), bias[0], stride=2, padding=2)
        x = functional.avg_pool2d(functional.max_pool2d(functional.relu(x), 2), 2)
        x = torch.tanh(functional.conv2d(x, filters[1].permute(0, 3, 1, 2), bias[1], padding=1))
        x = functional.relu(functional.linear(x.permute(0, 2, 3, 1).reshape(7, 72), weight[2], bias[2]))
        x = functional.softmax(functional.linear(x, weight[3], bias[3]), dim=1)
        self.assert_close(x.numpy(), scores, 1e-5)

        self.succeed("import", "model.npz", "--out", "again.h5")
        self.assert_close(self.predict("again.h5", images), scores, 1e-6)
        self.succeed("train", self.settings(), "--out", "more", "--network.init=again.h5", "--train.epochs=1")

    def test_normalized_maps_learn_resume_and_predict_alike_everywhere(self):
        layers = "28x28x1-conv(6,5,2)-batchnorm-maxpool(2)-conv(8,3)-batchnorm-20-batchnorm-10"
        config = self.write_config(network__layers=layers, network__activation="gelu", formulation__name="contrastive",
                                   weights__solver="muon,muon,muon,sgd", weights__step="0.05,0.05,0.05,0.2",
                                   train__epochs=4, train__batch=100, train__label_smoothing=0.1, data__samples=1000,
                                   data__test_samples=300)
        self.succeed("train", config, "--out", "one")
        self.assertGreater(self.figures("one")[-1][1], 80.0)
        self.succeed("train", config, "--out", "grid", ranks=3)
        for here, there in zip(self.figures("grid"), self.figures("one")):
            self.assertAlmostEqual(here[0], there[0], delta=0.05 * there[0])
        self.assertEqual(self.hoist("train", config, "--out", "halves", "--train.time_limit=0.01").status, INTERRUPTED)
        self.succeed("train", config, "--out", "halves", "--resume", ranks=2)
        self.succeed("train", config, "--out", "two", "--grid.stages=2", ranks=2)
        self.assertEqual(json.loads(self.succeed("inspect", "one", "--json").out)["network"], layers)
        self.succeed("evaluate", "one", ranks=2)

        images = numpy.random.default_rng(1).random((1, 784))  # alone, as no batch is
        scores = self.predict("one", images)
        self.succeed("export", "one", "--to", "model.onnx")
        net = cv2.dnn.readNetFromONNX(str(self.folder / "model.onnx"))
        net.setInput(images.astype(numpy.float32))
        self.assert_close(net.forward(), scores, 1e-5)
        self.succeed("export", "one", "--to", "model.npz")
        self.assertEqual(numpy.load(self.folder / "model.npz")["network"].tolist(), [layers.replace("-batchnorm", "")])
        self.succeed("import", "model.npz", "--out", "again.h5")
        self.assert_close(self.predict("again.h5", images), scores, 1e-5)

    def test_scores_of_mirrored_images_are_averaged_where_asked_for(self):
        self.succeed("train", self.settings(), "--out", "run", "--train.epochs=2")
        images = numpy.random.default_rng(2).random((40, 28, 28))
        plain, mirrored = (self.predict("run", some.reshape(40, 784)) for some in (images, images[:, :, ::-1]))
        labels = (plain + mirrored).argmax(axis=1)
        right = 100 * (plain.argmax(axis=1) == labels).mean()
        self.assertLess(right, 100)
        with h5py.File(self.folder / "run" / "model.h5") as model:
            names = model["class_names"].asstr()[()]
        rows = [[*map(repr, map(float, image.reshape(784))), names[label]] for image, label in zip(images, labels)]
        (self.folder / "labeled.csv").write_text(data.csv_text(rows))
        for ranks in (1, 3):
            result = self.succeed("evaluate", "run", "--augment", "mirror", "--data.format=csv", "--data.test=labeled.csv",
                                  "--json", ranks=ranks)
            figures = json.loads(result.out)
            self.assertAlmostEqual(figures["accuracy"], right)
            self.assertEqual(figures["mirrored_accuracy"], 100)
        self.assertIn("mirrored images", self.succeed("evaluate", "run", "--augment", "mirror").out)
        self.assert_error(self.hoist("evaluate", "run", "--augment", "flip"), USAGE, "--augment flip", "mirror")

    def test_a_shape_that_is_not_that_of_the_data_is_refused(self):
        config = self.settings()
        for layers, phrases in (("14x56x1-conv(4,3)-10", ["14x56x1", "28x28"]),
                                ("28x28x3-conv(4,3)-10", ["28x28x3", "784 numbers"]),
                                ("784-conv(4,3)-10", ["conv(4,3)", "no picture", "28x28x1"])):
            result = self.hoist("train", config, "--out", "run", f"--network.layers={layers}",
                                "--network.activation=relu", ranks=2)
            self.assert_error(result, USAGE, *phrases)
        result = self.hoist("train", config, "--out", "run", "--formulation.name=fenchel")
        self.assert_error(result, USAGE, "fenchel", "maxpool")


if __name__ == "__main__":
    unittest.main()
