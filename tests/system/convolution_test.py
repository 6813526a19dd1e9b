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

        for kind in ("onnx", "npz"):
            self.succeed("import", f"model.{kind}", "--out", f"from-{kind}.h5")
            self.assert_close(self.predict(f"from-{kind}.h5", images), scores, 1e-6)
            self.assertEqual(json.loads(self.succeed("inspect", f"from-{kind}.h5", "--json").out)["network"], LAYERS)
        self.succeed("train", self.settings(), "--out", "more", "--network.init=from-onnx.h5", "--train.epochs=1")

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
        for kind in ("onnx", "npz"):
            self.succeed("import", f"model.{kind}", "--out", f"from-{kind}.h5")
            self.assert_close(self.predict(f"from-{kind}.h5", images), scores, 1e-5)

    def exported(self, module, shape=(3, 8, 8), name="given.onnx"):
        module.eval()
        torch.onnx.export(module, torch.zeros(1, *shape), str(self.folder / name), opset_version=13,
                          input_names=["x"], dynamic_axes={"x": {0: "batch"}})
        return name

    def test_pytorchs_convolutions_pools_normalizations_and_skips_are_imported(self):
        nn = torch.nn
        torch.manual_seed(4)

        class Skip(nn.Module):
            def __init__(self):
                super().__init__()
                self.map = nn.Conv2d(4, 4, 3, padding=1)

            def forward(self, x):
                return x + self.map(x)

        class Scaled(nn.Module):
            def forward(self, x):
                return (x - torch.tensor([0.4, 0.5, 0.6])[:, None, None]) / torch.tensor([0.2, 0.25, 0.3])[:, None, None]

        class ChannelsLast(nn.Module):
            """As Keras has its inputs and its rows."""
            def forward(self, x):
                x = nn.functional.relu(self.first(x.permute(0, 3, 1, 2)))
                return self.last(x.permute(0, 2, 3, 1).reshape(x.shape[0], -1))

            def __init__(self):
                super().__init__()
                self.first, self.last = nn.Conv2d(3, 2, 3), nn.Linear(72, 3)

        normalized = nn.BatchNorm2d(6)
        with torch.no_grad():
            for numbers in (normalized.weight, normalized.bias, normalized.running_mean, normalized.running_var):
                numbers.copy_(torch.rand(6) + 0.5)
        for expected, module in (
                ("8x8x3-conv(6,3)-maxpool(2)-conv(8,3,1,0)-avgpool-4",
                 nn.Sequential(nn.Conv2d(3, 6, 3, padding=1, bias=False), normalized, nn.ReLU(), nn.MaxPool2d(2),
                               nn.Conv2d(6, 8, 3), nn.Tanh(), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(8, 4),
                               nn.Softmax(dim=1))),
                ("8x8x3-conv(4,3,2)-residual(3)-residual(3)-avgpool-5",
                 nn.Sequential(nn.Conv2d(3, 4, 3, stride=2, padding=1), nn.ReLU(), Skip(), nn.LeakyReLU(0.3), Skip(),
                               nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 5))),
                ("8x8x3-conv(5,5,1,0)-7-3",
                 nn.Sequential(Scaled(), nn.Conv2d(3, 5, 5), nn.GELU(), nn.Flatten(), nn.Linear(80, 7), nn.Sigmoid(),
                               nn.Linear(7, 3))),
                ("8x8x3-conv(4,3)-maxpool(3,1)-4", nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.MaxPool2d(3, stride=1),
                                                                 nn.GELU(), nn.Flatten(), nn.Linear(144, 4)))):
            with self.subTest(expected):
                self.succeed("import", self.exported(module), "--out", f"{expected}.h5")
                facts = json.loads(self.succeed("inspect", f"{expected}.h5", "--json").out)
                self.assertEqual(facts["network"], expected)
                images = torch.rand(6, 3, 8, 8)
                scores = self.predict(f"{expected}.h5", images.permute(0, 2, 3, 1).reshape(6, -1).numpy())
                self.assert_close(scores, module(images).detach().numpy(), 2e-6)
        module = ChannelsLast()
        self.succeed("import", self.exported(module, (8, 8, 3)), "--out", "last.h5")
        images = torch.rand(6, 8, 8, 3)
        self.assert_close(self.predict("last.h5", images.reshape(6, -1).numpy()), module(images).detach().numpy(), 2e-6)

    def test_convolutions_that_hoist_does_not_have_are_refused(self):
        nn = torch.nn
        for phrases, modules in ((["groups"], [nn.Conv2d(3, 3, 3, groups=3)]),
                                 (["dilations"], [nn.Conv2d(3, 3, 3, dilation=2)]),
                                 (["strides", "directions"], [nn.Conv2d(3, 3, 3, stride=(1, 2))]),
                                 (["filters", "square"], [nn.Conv2d(3, 3, (3, 1))]),
                                 (["edge"], [nn.Conv2d(3, 3, 3), nn.ReLU(), nn.MaxPool2d(2, padding=1)]),
                                 (["edge"], [nn.Conv2d(3, 3, 3), nn.ReLU(), nn.AvgPool2d(4, padding=1)]),
                                 (["gelu"], [nn.Conv2d(3, 3, 3), nn.GELU(), nn.MaxPool2d(2)]),
                                 (["scaled or shifted"], [nn.Conv2d(3, 3, 3), nn.ReLU(), nn.BatchNorm2d(3), nn.Conv2d(3, 3, 3)]),
                                 (["ConvTranspose"], [nn.ConvTranspose2d(3, 3, 3)])):
            with self.subTest(phrases):
                if modules[-1].__class__ is not nn.ConvTranspose2d:
                    modules += [nn.Flatten(), nn.LazyLinear(2)]
                module = nn.Sequential(*modules)
                module(torch.zeros(1, 3, 8, 8))
                self.refuses(65, phrases, "import", self.exported(module), "--out", "new.h5", on=(1,))
        self.refuses(65, ["picture"], "import", self.exported(nn.Sequential(nn.Conv2d(3, 3, 3), nn.ReLU())), "--out", "new.h5",
                     on=(1,))

    def test_scores_of_mirrored_images_are_averaged_where_asked_for(self):
        for standardize in ("false", "true"):  # which looks at each pixel apart
            with self.subTest(standardize=standardize):
                self.succeed("train", self.settings(), "--out", "run", "--overwrite", "--train.epochs=2",
                             f"--data.standardize={standardize}")
                images = numpy.random.default_rng(2).random((300, 28, 28))
                plain, mirrored = (self.predict("run", some.reshape(300, 784)) for some in (images, images[:, :, ::-1]))
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
