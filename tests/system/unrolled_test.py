"""Unrolled networks: steps along learned potentials, with splines and shared weights, as a user would run them."""

import json
import unittest

import cv2
import numpy

from pictures_test import NOISE, USAGE, PictureTest, ratio

STEPS = "16x16x1-keep_input-(potential(6,3)-fidelity)"


class Unrolled(PictureTest):
    def setUp(self):
        super().setUp()
        self.config = self.write_config(
            data__format="images", data__path="some pictures", data__train="train", data__test="test",
            data__degrade=f"noise({NOISE})", data__patches=16, network__layers=STEPS + "*3",
            network__activation="spline(15,1.2)", network__init="cosines", network__output="linear",
            formulation__name="contrastive", weights__solver="adam", weights__step="1e-2", train__epochs=40, train__batch=8,
            grid__block=4)

    def test_restore_pictures_of_any_size(self):
        noisy = 20 * numpy.log10(255 / NOISE)
        parameters = {}
        for steps in ("*3", "^3"):
            self.succeed("train", self.config, "--out", "run" + steps, f"--network.layers={STEPS}{steps}", ranks=2)
            run = "run" + steps
            self.assertGreater(self.summary(run)["test_psnr"], noisy + 3)
            judged = json.loads(self.succeed("evaluate", run, "--json", ranks=2).out)
            self.assertAlmostEqual(judged["psnr"], self.summary(run)["test_psnr"], places=4)
            self.succeed("predict", run, "--out", f"restored{steps}", "--data.degrade=" + f"noise({NOISE})")
            self.assertAlmostEqual(numpy.mean(self.ratios(f"restored{steps}", self.test)), judged["psnr"], delta=0.05)
            shown = json.loads(self.succeed("inspect", run, "--json").out)
            parameters[steps] = shown["parameters"]
            # To other formats, and back.
            self.succeed("export", run, "--to", f"{run}.npz")
            self.succeed("import", f"{run}.npz", "--out", f"{run}.h5")
            again = json.loads(self.succeed("evaluate", f"{run}.h5", "--data.format=images", "--data.path=some pictures",
                                            f"--data.degrade=noise({NOISE})", "--json").out)
            self.assertAlmostEqual(again["psnr"], judged["psnr"], places=3)
            self.refuses(USAGE, ["carry", ".npz"], "export", run, "--to", "run.onnx", "--size", "33x41", on=(1,))
        # Filters with a shift each, knots, and two weights and a shift of what goes back to the input.
        self.assertEqual(parameters, {"*3": 3 * (6 * 10 + 6 * 15 + 3), "^3": 6 * 10 + 6 * 15 + 3})
        self.succeed("report", "run*3", "run^3", "--out", "page.html")
        # Splines are part of what another run starts from.
        self.succeed("finetune", self.config, "--from", "run*3", "--out", "again", "--weights.step=1e-9", "--train.epochs=1")
        self.assertAlmostEqual(self.summary("again")["test_psnr"], self.summary("run*3")["test_psnr"], places=3)

    def test_train_alike_on_every_grid_and_after_a_stop(self):
        self.train_alike_on_grids(((2, 1), (2, 2), (4, 4)), 3, f"--network.layers={STEPS}^3")
        self.goes_on_after_a_stop(200)
        self.assertEqual(self.summary("stopped")["test_psnr"], self.summary("whole")["test_psnr"])

    def blurred(self, picture, spectrum=None):
        """By a Gaussian of 1.6 pixels on the periodic picture, or what else a spectrum says."""
        spectrum = self.spectrum(picture) if spectrum is None else spectrum
        return numpy.real(numpy.fft.ifft2(numpy.fft.fft2(picture) * spectrum))

    def spectrum(self, picture):
        kernels = []
        for count in picture.shape:
            offsets = numpy.arange(-7, 8)  # four deviations to either side
            kernel = numpy.zeros(count)
            numpy.add.at(kernel, offsets % count, numpy.exp(-0.5 * (offsets / 1.6) ** 2))
            kernels.append(numpy.fft.fft(kernel / kernel.sum()))
        return numpy.real(numpy.outer(*kernels))

    def test_take_the_proximal_step_toward_what_was_measured(self):
        # The map starts as that step, and the map before it hands the picture on: (K'y + t y) / (K'K + t).
        self.succeed("train", self.config, "--out", "run", "--data.degrade=blur(1.6)",
                     "--network.layers=16x16x1-keep_input-conv(1,1)-fidelity(blur(1.6),0.05)", "--network.activation=identity",
                     "--network.init=dirac", "--weights.step=1e-9", "--train.epochs=1", ranks=2)
        self.succeed("predict", "run", "--data.degrade=blur(1.6)", "--out", "restored", ranks=2)
        for name, clean in self.test.items():
            k = self.spectrum(clean[:, :, 0])
            expected = self.blurred(clean[:, :, 0].astype(float), k * (k + 0.05) / (k**2 + 0.05))
            made = self.read(f"restored/{name}.png")[:, :, 0]
            self.assertLess(abs(made - numpy.clip(expected, 0, 255)).max(), 0.6, name)

    def test_deblur_better_than_any_regularized_inverse(self):
        degrade = "blur(1.6)+noise(2.55)"
        self.succeed("train", self.config, "--out", "deblurred", f"--data.degrade={degrade}", "--train.epochs=60",
                     "--network.layers=16x16x1-keep_input-(potential(6,3)-fidelity(blur(1.6),0.01))*3", ranks=2)
        self.succeed("predict", "deblurred", f"--data.degrade={degrade}", "--out", "restored")
        self.assertAlmostEqual(numpy.mean(self.ratios("restored", self.test)), self.summary("deblurred")["test_psnr"], delta=0.05)
        generator = numpy.random.default_rng(1)
        best = 0
        for regularization in 10.0 ** numpy.arange(-5, 0, 0.25):
            ratios = []
            for clean in self.test.values():
                k = self.spectrum(clean[:, :, 0])
                measured = self.blurred(clean[:, :, 0]) + generator.normal(scale=2.55, size=k.shape)
                ratios.append(ratio(clean[:, :, 0], self.blurred(measured, k / (k**2 + regularization))))
            best = max(best, numpy.mean(ratios))
        self.assertGreater(self.summary("deblurred")["test_psnr"], best + 0.3)
        shown = json.loads(self.succeed("inspect", "deblurred", "--json").out)
        self.assertIn("fidelity(blur(1.6),0.01)", json.dumps(shown))
        other = "--network.layers=16x16x1-keep_input-(potential(6,3)-fidelity(box(3),0.01))*2"
        self.train_alike_on_grids(((2, 2),), 2, other)
        for measured, remarks in ((degrade, 1), ("box(3)+noise(2.55)", 0)):
            told = self.succeed("train", self.config, "--out", "told", "--overwrite", other, f"--data.degrade={measured}", "--train.epochs=1")
            self.assertEqual((told.out + told.err).count(f"measured by box(3), and data.degrade = {measured}"), remarks)

    def projected(self, picture, angles):
        """The matrix of rays, each of which has the pixels near it by their distance."""
        rows, columns = picture.shape
        y, x = numpy.mgrid[:rows, :columns] - numpy.array([(rows - 1) / 2, (columns - 1) / 2])[:, None, None]
        detectors = int(numpy.ceil(numpy.hypot(rows, columns))) + 2
        places = numpy.arange(detectors) - (detectors - 1) / 2
        theta = numpy.pi * numpy.arange(angles) / angles
        along = x.ravel() * numpy.cos(theta)[:, None] + y.ravel() * numpy.sin(theta)[:, None]
        return numpy.maximum(0, 1 - abs(along[:, None] - places[:, None])).reshape(angles * detectors, -1)

    def test_reconstruct_from_projections_better_than_any_regularized_inverse(self):
        measured = "--data.degrade=radon(12)+noise(1)"
        steps = "--network.layers=16x16x1-keep_input-(potential(6,3)-fidelity(radon(12),0.003))*"
        self.succeed("train", self.config, "--out", "projected", measured, steps + "3", "--train.epochs=60", ranks=2)
        generator = numpy.random.default_rng(1)
        scores = {}
        for clean in self.test.values():
            picture = clean[:, :, 0] / 255
            k = self.projected(picture, 12)
            longer = max(picture.shape)
            rays = k @ picture.ravel() / longer + generator.normal(scale=1 / 255, size=len(k))
            values, vectors = numpy.linalg.eigh(k.T @ k / (12 * longer))
            for t in 10.0 ** numpy.arange(-5, -1, 0.25):
                made = vectors @ ((vectors.T @ (k.T @ rays / 12)) / (values + t))
                scores.setdefault(t, []).append(ratio(clean, 255 * numpy.clip(made, 0, 1).reshape(clean.shape)))
        best = max(numpy.mean(ratios) for ratios in scores.values())
        self.assertGreater(best, 15)
        self.assertGreater(self.summary("projected")["test_psnr"], best + 0.3)
        self.train_alike_on_grids(((2, 2),), 2, measured, steps + "2")
        (self.folder / "large").mkdir()
        cv2.imwrite(str(self.folder / "large/one.png"), numpy.zeros((64, 65), numpy.uint8))
        self.refuses(USAGE, ["64x64"], "predict", "projected", "--data.path=large", "--out", "made", on=(1, 2))

    def test_fill_in_what_a_fixed_mask_loses(self):
        measured = "--data.degrade=fixed_mask(0.5)"
        ratios = {}
        for name, fidelity in {"known": "fidelity(fixed_mask(0.5))", "unknown": "fidelity"}.items():
            self.succeed("train", self.config, "--out", name, measured,
                         f"--network.layers=16x16x1-keep_input-(potential(6,3)-{fidelity})*3", ranks=2)
            ratios[name] = self.summary(name)["test_psnr"]
        self.assertGreater(ratios["known"], ratios["unknown"] + 0.5)

    def test_are_refused_where_they_do_not_fit(self):
        shared = f"--network.layers={STEPS}^3"
        for phrases, options in (
                (["spline", "ridge"], ["--weights.solver=ridge", "--formulation.name=mac"]),
                (["same weights", "sgd, adam or muon"], [shared, "--weights.solver=gram"]),
                (["train.staleness"], [shared, "--train.staleness=1"]),
                (["spline"], ["--formulation.name=bregman"]),
                (["formulation.iterations"], ["--formulation.name=mac", "--formulation.iterations=2"]),
                (["fidelity(noise(2))", "blur(PIXELS)"], ["--network.layers=16x16x1-keep_input-conv(1,1)-fidelity(noise(2))"]),
                (["potential(6,4)", "odd side"], ["--network.layers=16x16x1-potential(6,4)"]),
                (["scaled_lifting(3)"], ["--network.activation=scaled_lifting(3)"])):
            with self.subTest(options=options):
                self.refuses(USAGE, phrases, "train", self.config, "--out", "run", *options, on=(1,))


if __name__ == "__main__":
    unittest.main()
