"""Unrolled networks: steps along learned potentials, with splines and shared weights, as a user would run them."""

import json
import unittest

import numpy

from pictures_test import NOISE, USAGE, PictureTest

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

    def test_are_refused_where_they_do_not_fit(self):
        shared = f"--network.layers={STEPS}^3"
        for phrases, options in (
                (["spline", "ridge"], ["--weights.solver=ridge", "--formulation.name=mac"]),
                (["same weights", "sgd, adam or muon"], [shared, "--weights.solver=gram"]),
                (["train.staleness"], [shared, "--train.staleness=1"]),
                (["spline"], ["--formulation.name=bregman"]),
                (["formulation.iterations"], ["--formulation.name=mac", "--formulation.iterations=2"]),
                (["potential(6,4)", "odd side"], ["--network.layers=16x16x1-potential(6,4)"]),
                (["scaled_lifting(3)"], ["--network.activation=scaled_lifting(3)"])):
            with self.subTest(options=options):
                self.refuses(USAGE, phrases, "train", self.config, "--out", "run", *options, on=(1,))


if __name__ == "__main__":
    unittest.main()
