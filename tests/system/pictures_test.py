"""Networks that make pictures of pictures: trained on patches, judged on whole ones, used and refused as a user would."""

import json
import os
import signal
import unittest

import cv2
import numpy

from browser import Browser
from model_files import assert_same_weights, weights
from program import ProgramTest

USAGE, BAD, CANNOT_WRITE = 64, 65, 73
NOISE = 25


def scene(generator, rows, columns, channels):
    """Smooth areas with edges between them."""
    field = cv2.GaussianBlur(generator.normal(size=(rows, columns, channels)), (0, 0), 3)
    field = field.reshape(rows, columns, channels)
    levels = numpy.where(field > 0, 170, 60) + 60 * field / abs(field).max()
    return numpy.clip(levels, 0, 255).astype(numpy.uint8)


def ratio(clean, made):
    """The peak signal-to-noise ratio in decibel."""
    error = numpy.mean((clean.astype(float) - made.astype(float)) ** 2)
    return 10 * numpy.log10(255**2 / error)


class PictureTest(ProgramTest):
    CHANNELS = 1

    def write(self, folder, seed, sizes):
        generator = numpy.random.default_rng(seed)
        (self.folder / folder).mkdir(parents=True)
        pictures = {}
        for number, (rows, columns) in enumerate(sizes):
            name = f"scene {number:02}"
            pictures[name] = scene(generator, rows, columns, self.CHANNELS)
            cv2.imwrite(str(self.folder / folder / f"{name}.png"), pictures[name])
        return pictures

    def setUp(self):
        super().setUp()
        self.write("some pictures/train", 1, [(24 + i % 5, 40 - i % 7) for i in range(40)])
        self.test = self.write("some pictures/test", 2, [(33, 41), (41, 33), (30, 20), (33, 41)])

    def summary(self, run):
        return json.loads((self.folder / run / "summary.json").read_text())

    def read(self, path):
        picture = cv2.imread(str(self.folder / path), cv2.IMREAD_UNCHANGED)
        return picture.reshape(*picture.shape[:2], -1)

    def train_alike_on_grids(self, grids, epochs, *options):
        """In double to 1e-9, and judged alike."""
        options = ("--train.precision=double", f"--train.epochs={epochs}", *options)
        self.succeed("train", self.config, "--out", "run", *options)
        expected = weights(self.folder / "run" / "model.h5")
        for ranks, stages in grids:
            out = f"run-{ranks}-{stages}"
            self.succeed("train", self.config, "--out", out, *options, f"--grid.stages={stages}", ranks=ranks)
            for one, other in zip(expected, weights(self.folder / out / "model.h5"), strict=True):
                numpy.testing.assert_allclose(other, one, rtol=0, atol=1e-9)
            self.assertAlmostEqual(self.summary(out)["test_psnr"], self.summary("run")["test_psnr"], places=6)

    def goes_on_after_a_stop(self, epochs):
        """Of so many epochs, to the last bit."""
        run = self.start("train", self.config, "--out", "stopped", f"--train.epochs={epochs}", ranks=2)
        self.wait_for_sweep(run, "stopped", 2)
        os.kill(run.ranks()[-1], signal.SIGUSR1)
        run.finish()
        self.assertFalse((self.folder / "stopped" / "model.h5").exists())
        self.succeed("train", self.config, "--out", "stopped", f"--train.epochs={epochs}", "--resume", ranks=2)
        self.succeed("train", self.config, "--out", "whole", f"--train.epochs={epochs}", ranks=2)
        assert_same_weights(self, weights(self.folder / "stopped" / "model.h5"), weights(self.folder / "whole" / "model.h5"))

    def ratios(self, folder, pictures):
        return [ratio(clean, self.read(f"{folder}/{name}.png")) for name, clean in pictures.items()]


class Pictures(PictureTest):
    def setUp(self):
        super().setUp()
        self.config = self.write_config(
            data__format="images", data__path="some pictures", data__train="train", data__test="test",
            data__degrade=f"noise({NOISE})", data__patches=16,
            data__symmetries="true", network__layers="16x16x1-conv(8,6,2,2)-conv(8,3)-conv(4,3)-shuffle(2)-add_input",
            network__output="linear", formulation__name="contrastive", weights__solver="adam", weights__step="2e-2",
            train__epochs=100, train__batch=8, grid__block=4)

    def test_are_restored_and_written(self):
        self.succeed("train", self.config, "--out", "run", ranks=2)
        summary = self.summary("run")
        noisy = 20 * numpy.log10(255 / NOISE)
        self.assertGreater(summary["test_psnr"], noisy + 3)
        self.assertLess(summary["test_psnr"], noisy + 20)
        judged = json.loads(self.succeed("evaluate", "run", "--json", ranks=2).out)
        self.assertAlmostEqual(judged["psnr"], summary["test_psnr"], places=4)
        self.assertGreater(judged["ssim"], 0.5)
        self.assertAlmostEqual(judged["ssim"], summary["test_ssim"], places=6)
        header, *_, last = (self.folder / "run/metrics.csv").read_text().splitlines()
        row = dict(zip(header.split(","), last.split(",")))
        self.assertAlmostEqual(float(row["test_ssim"]), summary["test_ssim"], places=6)
        self.assertEqual(judged["samples"], len(self.test))

        # As it was judged, but for the bytes of files.
        self.succeed("predict", "run", "--out", "as judged", ranks=2)
        self.assertEqual({path.stem for path in (self.folder / "as judged").iterdir()}, set(self.test))
        self.assertAlmostEqual(numpy.mean(self.ratios("as judged", self.test)), judged["psnr"], delta=0.05)

        # Pictures that a user has are taken as they are.
        generator = numpy.random.default_rng(3)
        (self.folder / "noisy").mkdir()
        for name, clean in self.test.items():
            noise = generator.normal(0, NOISE, clean.shape)
            cv2.imwrite(str(self.folder / "noisy" / f"{name}.png"), numpy.clip(numpy.round(clean + noise), 0, 255))
        self.succeed("predict", "run", "--data.path=noisy", "--out", "restored")
        for before, after in zip(self.ratios("noisy", self.test), self.ratios("restored", self.test)):
            self.assertGreater(after, before + 2)

        # And judged with another degradation, where that is asked for.
        less = json.loads(self.succeed("evaluate", "run", "--data.path=some pictures", "--data.degrade=noise(5)", "--json").out)
        self.assertGreater(less["psnr"], judged["psnr"] + 1)
        again = json.loads(self.succeed("evaluate", "run", "--data.path=some pictures", "--json").out)
        self.assertAlmostEqual(again["psnr"], judged["psnr"], places=4)

    def test_leave_for_other_tools_in_the_size_that_they_want(self):
        self.succeed("train", self.config, "--out", "run", "--train.epochs=20")
        self.succeed("predict", "run", "--data.path=some pictures/test", "--out", "restored")
        rows, columns = 30, 20
        self.succeed("export", "run", "--to", "run.onnx", "--size", f"{rows}x{columns}")
        net = cv2.dnn.readNetFromONNX(str(self.folder / "run.onnx"))
        name = next(name for name, clean in self.test.items() if clean.shape[:2] == (rows, columns))
        net.setInput(self.test[name].reshape(1, -1).astype(numpy.float32) / 255)
        made = numpy.round(255 * net.forward().reshape(rows, columns, 1))
        self.assertLessEqual(abs(made - self.read(f"restored/{name}.png")).max(), 1)
        self.assertGreater(abs(made - self.test[name]).max(), 1)

        self.succeed("export", "run", "--to", "run.npz")
        self.succeed("import", "run.npz", "--out", "again.h5")
        self.succeed("predict", "again.h5", "--data.format=images", "--data.path=some pictures/test", "--out", "again")
        for name in self.test:
            self.assertLessEqual(abs(self.read(f"again/{name}.png").astype(int) - self.read(f"restored/{name}.png")).max(), 1)

    def test_train_alike_on_every_grid_and_after_a_stop(self):
        self.train_alike_on_grids(((2, 1), (2, 2), (4, 2)), 4)
        self.goes_on_after_a_stop(800)

    def test_are_made_by_every_method(self):
        noisy = 20 * numpy.log10(255 / NOISE)
        for gain, *options in (
                (1, "--formulation.name=mac"),
                (1, "--formulation.name=bregman", "--formulation.lambda=10", "--weights.step=5e-3"),
                (1, "--formulation.name=fenchel", "--weights.solver=muon"),
                (1, "--formulation.name=contrastive", "--network.activation=scaled_lifting(3)"),
                # Few sweeps over the few patches that stay.
                (0.1, "--formulation.name=bregman", "--formulation.lambda=10", "--weights.solver=ridge", "--weights.ridge=1e-3",
                 "--train.sweeps=4")):
            with self.subTest(options=options):
                self.succeed("train", self.config, "--out", "run", "--overwrite", "--train.epochs=40", *options, ranks=2)
                self.assertGreater(self.summary("run")["test_psnr"], noisy + gain)

    def test_are_refused_where_they_do_not_fit(self):
        train = ("train", self.config, "--out", "run")
        plain = "--network.layers=16x16x1-conv(4,3)-conv(1,3)"
        for phrases, options in (
                (["data.degrade"], ["--network.layers=16x16x1-conv(4,3)-3", "--network.output=softmax"]),
                (["network.output = linear"], [plain, "--network.output=softmax"]),
                (["data.patches = 12", "16x16x1"], ["--data.patches=12"]),
                (["data.patches", "scene"], [plain, "--data.patches=0"]),
                (["patches", "scene"], ["--network.layers=64x64x1-conv(1,3)", "--data.patches=64"]),
                (["channels", "scene"], ["--network.layers=16x16x2-conv(2,3)"]),
                (["data.standardize"], ["--data.standardize=true"]),
                (["data.mirror"], ["--data.mirror=true"]),
                (["noise(x)"], ["--data.degrade=noise(x)"]),
                (["lrrn"], [plain, "--formulation.name=lrrn"])):
            self.refuses(USAGE, phrases, *train, *options, on=(1,))
        self.succeed("train", self.config, "--out", "run", "--train.epochs=1")
        self.refuses(USAGE, ["--out FOLDER"], "predict", "run", "--out", "values.csv")
        self.refuses(USAGE, ["--size 33", "ROWSxCOLUMNS"], "export", "run", "--to", "run.onnx", "--size", "33", on=(1,))
        self.refuses(USAGE, ["33x41"], "export", "run", "--to", "run.onnx", "--size", "33x41", on=(1,))
        self.refuses(USAGE, ["data.patches"], "evaluate", "run", "--data.patches=8")
        self.refuses(USAGE, ["classes"], "certify", "run", on=(1,))
        self.refuses(USAGE, ["--augment mirror"], "evaluate", "run", "--augment", "mirror")
        (self.folder / "odd").mkdir()
        (self.folder / "odd" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n0123")
        self.refuses(BAD, ["broken.png"], "evaluate", "run", "--data.path=odd")
        (self.folder / "taken").write_text("a file")
        self.refuses(CANNOT_WRITE, ["taken"], "predict", "run", "--out", "taken")
        # Nothing that a user has is written over, and no picture over another.
        self.refuses(CANNOT_WRITE, ["not empty"], "predict", "run", "--data.path=some pictures/test", "--out",
                     "some pictures/test")
        (self.folder / "twice").mkdir()
        for ending in ("png", "jpg"):
            cv2.imwrite(str(self.folder / "twice" / f"one.{ending}"), numpy.zeros((20, 20), numpy.uint8))
        self.refuses(CANNOT_WRITE, ["one.png"], "predict", "run", "--data.path=twice", "--out", "new")

    def test_are_shown_in_the_report(self):
        self.succeed("train", self.config, "--out", "run", "--train.epochs=6")
        self.succeed("report", "run", "--out", "page.html", ranks=2)
        browser = Browser()
        self.addCleanup(browser.close)
        browser.open(self.folder / "page.html", 1200)
        self.assertEqual(browser.ask("document.documentElement.dataset.drawn"), "yes", browser.problems)
        self.assertEqual(browser.problems, [])
        self.assertEqual(browser.ask("document.querySelectorAll('.restored canvas').length"), 3 * len(self.test))
        text = browser.ask("document.getElementById('page').textContent")
        self.assertIn("Restored pictures", text)
        self.assertIn(f"{self.summary('run')['test_psnr']:.2f} dB", text)


class ColorPictures(PictureTest):
    CHANNELS = 3

    def test_are_restored_and_written(self):
        config = self.write_config(
            data__format="images", data__path="some pictures", data__degrade="blur(1)+noise(5)+mask(0.1)", data__patches=16,
            network__layers="16x16x3-conv(12,3)-conv(12,3)-conv(3,3)-add_input", network__output="linear",
            formulation__name="contrastive", weights__solver="adam", weights__step="5e-3", train__epochs=30, train__batch=8,
            grid__block=4)
        self.succeed("train", config, "--out", "run", ranks=2)
        judged = json.loads(self.succeed("evaluate", "run", "--json").out)
        self.assertAlmostEqual(judged["psnr"], self.summary("run")["test_psnr"], places=4)
        self.succeed("predict", "run", "--out", "as judged", ranks=2)
        self.assertAlmostEqual(numpy.mean(self.ratios("as judged", self.test)), judged["psnr"], delta=0.05)
        # Left alone, the lost tenth of the pixels holds it below this.
        lost = numpy.mean([10 * numpy.log10(255**2 / (0.1 * numpy.mean(clean.astype(float) ** 2))) for clean in self.test.values()])
        self.assertGreater(judged["psnr"], lost + 1)


if __name__ == "__main__":
    unittest.main()
