"""Inputs found for the outputs of trained networks, as a user finds them."""

import csv
import json
import unittest

import cv2
import h5py
import numpy

from program import ProgramTest

USAGE, DATA, MISSING, OUTPUT = 64, 65, 66, 73
FIGURES = "sample,alpha,residual,relative_residual,energy,sweeps,ending,error"


class Invert(ProgramTest):
    def train(self, out="run", **keys):
        keys = {"formulation__name": "fenchel", "weights__solver": "adam", "weights__step": "5e-3", "train__epochs": 2,
                "train__batch": 50} | keys
        keys = {key: value for key, value in keys.items() if value is not None}
        config = self.write_config(f"{out}.ini", **keys)
        self.succeed("train", config, "--out", out)

    def summary(self, out):
        return json.loads((self.folder / out / "summary.json").read_text())

    def rows(self, out):
        with open(self.folder / out / "inversion.csv", newline="") as file:
            return list(csv.DictReader(file))

    def found(self, out):
        with h5py.File(self.folder / out / "inputs.h5") as file:
            return file["input"][:], file["given"][:]

    def test_finds_the_pictures_that_a_wide_layer_saw_by_their_total_variation(self):
        self.train(network__layers="784-400-10", train__epochs=1)
        result = self.succeed("invert", "run", "--out", "tv", "--layer", 1, "--prior", "tv", "--samples", 3, "--compare")
        self.assertIn("PSNR", result.out)
        self.succeed("invert", "run", "--out", "tikhonov", "--layer", 1, "--samples", 3)
        tv, tikhonov = self.summary("tv"), self.summary("tikhonov")
        self.assertGreater(tv["psnr"]["mean"], tikhonov["psnr"]["mean"] + 3.0)
        self.assertGreater(tv["psnr"]["mean"], tv["descent_psnr"]["mean"] + 3.0)
        self.assertGreater(tv["ssim"]["mean"], tikhonov["ssim"]["mean"] + 0.1)
        self.assertEqual(tv["endings"]["unreached"], 0)
        self.assertLess(tv["relative_residual"]["largest"], 0.0012)
        rows = self.rows("tv")
        self.assertEqual([row["sample"] for row in rows], ["0", "1", "2"])
        self.assertAlmostEqual(numpy.mean([float(row["psnr"]) for row in rows]), tv["psnr"]["mean"], places=4)
        inputs, given = self.found("tv")
        self.assertEqual((inputs.shape, given.shape), ((3, 784), (3, 400)))
        picture = cv2.imread(str(self.folder / "tv" / "pictures" / "2.png"), cv2.IMREAD_UNCHANGED)
        self.assertEqual(picture.shape, (28, 28))
        self.assertLessEqual(numpy.abs(picture.ravel() / 255 - inputs[2].clip(0, 1)).max(), 0.501 / 255)
        # What was found leads to what was given, by the network as everybody runs it.
        with h5py.File(self.folder / "run" / "model.h5") as model:
            weights, bias = model["layers/0/weights"][:], model["layers/0/bias"][:]
        made = numpy.maximum(inputs @ weights.T.astype(float) + bias, 0)
        residuals = numpy.linalg.norm(made - given, axis=1)
        self.assertLess(numpy.abs(residuals - [float(row["residual"]) for row in rows]).max(), 1e-6)

    def test_finds_the_same_on_any_number_of_ranks(self):
        self.train()
        for name, options in (("outputs", ["--noise", "0.01", "--samples", "19"]),
                              ("layer", ["--layer", "2", "--prior", "tv", "--alpha", "0.01", "--samples", "10"])):
            self.succeed("invert", "run", "--out", f"{name}-1", *options)
            one = (self.folder / f"{name}-1" / "inversion.csv").read_text()
            for ranks in (2, 3, 5):  # more than there are blocks of samples
                self.succeed("invert", "run", "--out", f"{name}-{ranks}", *options, ranks=ranks)
                self.assertEqual((self.folder / f"{name}-{ranks}" / "inversion.csv").read_text(), one)
                for here, there in zip(self.found(f"{name}-{ranks}"), self.found(f"{name}-1")):
                    self.assertEqual(numpy.abs(here - there).max(), 0.0)

    def test_adds_noise_of_the_length_that_is_asked_for_and_chooses_alpha_by_it(self):
        self.train()
        means = []
        for noise in (0, 0.01, 0.1):
            out = f"noise-{noise}"
            self.succeed("invert", "run", "--out", out, "--layer", 1, "--noise", noise, "--samples", 8)
            means.append(self.summary(out)["alpha"]["median"])
            for row in self.rows(out):
                self.assertLessEqual(float(row["relative_residual"]), 1.15 * max(noise, 0.001), row)
        self.assertEqual(means, sorted(means))
        clean, noisy = self.found("noise-0")[1], self.found("noise-0.1")[1]
        shares = numpy.linalg.norm(noisy - clean, axis=1) / numpy.linalg.norm(clean, axis=1)
        self.assertLess(numpy.abs(shares - 0.1).max(), 1e-9)
        self.succeed("invert", "run", "--out", "other", "--layer", 1, "--noise", 0.1, "--samples", 8, "--seed", 2)
        self.assertGreater(numpy.abs(self.found("other")[1] - noisy).max(), 0.0)
        self.succeed("invert", "run", "--out", "fixed", "--layer", 1, "--alpha", "0.25", "--samples", 2)
        self.assertEqual({row["alpha"] for row in self.rows("fixed")}, {"0.25"})

    def test_takes_values_from_files_as_predict_and_it_itself_write_them(self):
        self.train(network__activation="tanh")
        for name in ("scores.csv", "scores.h5"):
            self.succeed("predict", "run", "--out", name)
            self.succeed("invert", "run", "--given", name, "--out", f"of-{name}", "--samples", 5, ranks=2)
        rows = self.rows("of-scores.csv")
        self.assertEqual(list(rows[0]), FIGURES.split(",")[:-1])
        self.assertLess(numpy.median([float(row["relative_residual"]) for row in rows]), 0.0012)
        numpy.testing.assert_allclose(self.found("of-scores.csv")[0], self.found("of-scores.h5")[0], atol=1e-3)
        # The inputs that were found have these scores.
        self.succeed("predict", "run", "--out", "again.csv", "--data.format=hdf5", "--data.path=of-scores.csv",
                     "--data.test=inputs.h5", "--data.inputs=/input")
        first, again = ([list(map(float, line.split(",")[1:])) for line in (self.folder / name).read_text().splitlines()[1:6]]
                        for name in ("scores.csv", "again.csv"))
        self.assertLess(numpy.median(numpy.abs(numpy.array(first) - again)), 1e-3)
        self.succeed("invert", "run", "--out", "layer", "--layer", 1, "--samples", 5)
        self.succeed("invert", "run", "--out", "same", "--layer", 1, "--given", "layer/inputs.h5")
        numpy.testing.assert_allclose(self.found("same")[0], self.found("layer")[0], atol=1e-9)
        self.succeed("invert", "run", "--out", "picture", "--layer", 1, "--given", "layer/inputs.h5", "--picture", "28x28",
                     "--prior", "tv", "--samples", 1)
        self.assertTrue((self.folder / "picture" / "pictures" / "0.png").exists())
        self.refuses(USAGE, ["784 inputs"], "invert", "run", "--out", "x", "--picture", "28x27", on=(1,))
        self.refuses(USAGE, ["--picture"], "invert", "run", "--out", "x", "--picture", "28", on=(1,))
        self.refuses(USAGE, ["tv", "--picture"], "invert", "run", "--out", "x", "--given", "scores.csv", "--prior", "tv", on=(1,))
        numpy.save(self.folder / "layer.npy", self.found("layer")[1])
        self.succeed("invert", "run", "--out", "array", "--layer", 1, "--given", "layer.npy")
        numpy.testing.assert_allclose(self.found("array")[0], self.found("layer")[0], atol=1e-9)
        self.refuses(DATA, ["12 numbers", "16"], "invert", "run", "--out", "x", "--layer", 2, "--given", "layer.npy")
        self.refuses(MISSING, ["absent.h5"], "invert", "run", "--out", "x", "--given", "absent.h5", on=(1,))
        self.refuses(USAGE, ["ending"], "invert", "run", "--out", "x", "--given", "layer.txt", on=(1,))
        self.refuses(USAGE, ["--compare"], "invert", "run", "--out", "x", "--given", "scores.csv", "--compare", on=(1,))
        self.refuses(USAGE, ["data options"], "invert", "run", "--out", "x", "--given", "scores.csv", "--data.limit=5", on=(1,))

    def test_finds_given_scores_by_their_names(self):
        self.train(network__layers="784-12-10", train__epochs=1)
        self.succeed("predict", "run", "--out", "scores.csv")
        with open(self.folder / "scores.csv", newline="") as file:
            header, *lines = list(csv.reader(file))[:5]
        self.assertEqual(header[0], "label")
        table = [header, *lines]
        turned = [row[::-1] for row in table]
        texts = {
            "as it is": "\n".join(",".join(row) for row in table),
            "turned": "\n".join(",".join(row) for row in turned),
            "quoted": "\n".join(";".join(f'"{name}"' if row is header else name for name in row) for row in table),
            "without names": "\n".join(",".join(row[1:]) for row in lines),
        }
        for name, text in texts.items():
            (self.folder / "given.csv").write_text(text + "\n")
            self.succeed("invert", "run", "--given", "given.csv", "--out", name, "--sweeps", 20)
            numpy.testing.assert_array_equal(self.found(name)[1], numpy.array(lines)[:, 1:].astype(float))
            numpy.testing.assert_array_equal(self.found(name)[0], self.found("as it is")[0])
        for phrases, text in (
                (["score_3"], "\n".join(",".join(row[:4] + row[5:]) for row in table)),
                (["score_0", "cat"], texts["as it is"].replace("score_0", "cat")),
                (["10 numbers", "11"], "\n".join(",".join(["3", *row[1:]]) for row in lines))):
            (self.folder / "given.csv").write_text(text + "\n")
            self.refuses(DATA, phrases, "invert", "run", "--given", "given.csv", "--out", "x", on=(1,))
        self.assertFalse((self.folder / "x").exists())

    def test_refuses_scores_that_are_no_probabilities(self):
        self.train(network__layers="784-12-10", train__epochs=1)
        good = numpy.full((300, 10), 0.1)
        for phrases, place, value in ((["sample 280", "-0.5"], (280, 3), -0.5), (["sample 299", "3.9"], (299, 9), 3.0),
                                      (["finite", "sample 2"], (2, 0), numpy.nan)):
            bad = good.copy()
            bad[place] = value
            numpy.save(self.folder / "given.npy", bad)
            self.refuses(DATA, phrases, "invert", "run", "--given", "given.npy", "--samples", 0, "--out", "x", on=(1, 2))
        self.assertFalse((self.folder / "x").exists())
        # Those of another inversion are the outputs before softmax.
        self.succeed("invert", "run", "--samples", 1, "--sweeps", 5, "--out", "outputs")
        self.refuses(DATA, ["probabilities", "--layer"], "invert", "run", "--given", "outputs/inputs.h5", "--out", "x", on=(1,))
        # Of the samples that are not asked for nothing is said, and two digits of each are enough.
        good[0] = [0.67] + 9 * [0.04]
        good[1] = -1
        numpy.save(self.folder / "given.npy", good)
        self.succeed("invert", "run", "--given", "given.npy", "--samples", 1, "--sweeps", 5, "--out", "x")

    def test_keeps_inputs_in_a_box_also_of_standardized_tables(self):
        lines = ["a,b,c,target"]
        generator = numpy.random.default_rng(1)
        for _ in range(80):
            a, b, c = generator.uniform(0, 1), generator.uniform(2, 300), generator.uniform(-1, 0)
            lines.append(f"{a},{b},{c},{a + b / 100 - c}")
        (self.folder / "table.csv").write_text("\n".join(lines) + "\n")
        self.train(data__format="csv", data__path=self.folder, data__train="table.csv", data__samples=None,
                   data__test_samples=None, data__standardize="true", network__layers="3-20-1", network__output="linear")
        self.succeed("invert", "run", "--out", "box", "--layer", 1, "--prior", "box", "--lower", 0.25, "--upper", 90)
        inputs, _ = self.found("box")
        self.assertGreaterEqual(inputs.min(), 0.25 - 1e-9)
        self.assertLessEqual(inputs.max(), 90 + 1e-9)
        header = (self.folder / "box" / "inversion.csv").read_text().splitlines()[0]
        self.assertEqual(header, FIGURES)
        self.assertFalse((self.folder / "box" / "pictures").exists())
        self.succeed("invert", "run", "--out", "free", "--layer", 1)  # 20 units know 3 numbers
        self.assertLess(self.summary("free")["error"]["median"], 0.02)
        self.refuses(USAGE, ["tv", "pictures"], "invert", "run", "--out", "tv", "--prior", "tv", on=(1, 2))

    def test_goes_through_convolutions_pools_and_activations_without_a_gap(self):
        self.train(network__layers="28x28x1-conv(6,5)-avgpool(2)-conv(8,3)-20-10", train__epochs=1)
        self.succeed("invert", "run", "--out", "conv", "--layer", 1, "--prior", "tv", "--samples", 2)
        self.assertGreater(self.summary("conv")["psnr"]["mean"], 20.0)
        self.train("pooled", network__layers="28x28x1-conv(6,5)-maxpool(2)-20-10", network__activation="gelu",
                   formulation__name="mac", train__epochs=1)
        self.succeed("invert", "pooled", "--out", "mac", "--samples", 2, ranks=2)
        self.assertLess(self.summary("mac")["relative_residual"]["mean"], 0.05)

    def test_takes_models_standardized_in_training(self):
        self.train(data__standardize="true")
        for prior in ("tikhonov", "tv", "box"):
            self.succeed("invert", "run", "--out", prior, "--layer", 1, "--prior", prior, "--samples", 2, "--noise", "0.05")
            self.assertTrue(numpy.isfinite(self.found(prior)[0]).all())

    def test_refuses_what_it_cannot_do(self):
        self.train(train__epochs=1)
        self.refuses(USAGE, ["--out"], "invert", "run")
        self.refuses(USAGE, ["wavelet", "tikhonov, tv or box"], "invert", "run", "--out", "x", "--prior", "wavelet")
        self.refuses(USAGE, ["--alpha", "positive"], "invert", "run", "--out", "x", "--alpha", "0")
        self.refuses(USAGE, ["--alpha", "positive"], "invert", "run", "--out", "x", "--alpha=-1", on=(1,))
        self.refuses(USAGE, ["--noise"], "invert", "run", "--out", "x", "--noise=-0.1", on=(1,))
        self.refuses(USAGE, ["--layer", "2 hidden layers"], "invert", "run", "--out", "x", "--layer", 3)
        self.refuses(USAGE, ["no interval"], "invert", "run", "--out", "x", "--lower", 2, on=(1,))
        self.refuses(USAGE, ["--pior", "--prior"], "invert", "run", "--out", "x", "--pior", "tv", on=(1,))
        self.refuses(MISSING, ["absent"], "invert", "absent", "--out", "x")
        (self.folder / "broken.h5").write_bytes(b"no model")
        self.refuses(DATA, ["broken.h5"], "invert", "broken.h5", "--out", "x", on=(1,))
        self.succeed("invert", "run", "--out", "found", "--samples", 1)
        self.refuses(OUTPUT, ["found", "not empty"], "invert", "run", "--out", "found", "--samples", 1)
        (self.folder / "file").write_text("")
        self.refuses(OUTPUT, ["no folder"], "invert", "run", "--out", "file", on=(1,))
        self.refuses(OUTPUT, ["file/below"], "invert", "run", "--out", "file/below", on=(1, 2))
        self.train("certified", formulation__name="lrrn", weights__step="1e-2", train__epochs=1)
        self.refuses(USAGE, ["lrrn"], "invert", "certified", "--out", "x", on=(1,))


if __name__ == "__main__":
    unittest.main()
