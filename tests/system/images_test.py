"""Folders of pictures, one for each class: trained on, evaluated, predicted and refused as a user would."""

import csv
import json
import shutil
import unittest

import cv2
import numpy

from model_files import assert_same_weights, weights
from program import ProgramTest

BAD = 65
CLASSES = ["bird", "big cat", "ship"]
SIDE, SAMPLES = 8, 60


def pictures(seed, samples=SAMPLES):
    """In color, brighter in another corner for each class."""
    generator = numpy.random.default_rng(seed)
    images = generator.integers(0, 120, (samples, SIDE, SIDE, 3), dtype=numpy.uint8)
    labels = numpy.arange(samples) % len(CLASSES)
    for image, label in zip(images, labels):
        image[4 * (label // 2):][:4, 4 * (label % 2):][:, :4] += 100
    return images, labels


class Images(ProgramTest):
    def setUp(self):
        super().setUp()
        for part, seed in (("train", 1), ("test", 2)):
            for number, (image, label) in enumerate(zip(*pictures(seed))):
                folder = self.folder / "some pictures" / part / CLASSES[label]
                folder.mkdir(parents=True, exist_ok=True)
                cv2.imwrite(str(folder / f"{number:04}.png"), image[:, :, ::-1])
        self.config = self.write_config(
            data__format="images", data__path="some pictures", network__layers=f"{SIDE}x{SIDE}x3-conv(6,3)-avgpool(2)-3",
            formulation__name="fenchel", weights__step="1e-2", train__epochs=8, train__batch=20)

    def test_train_as_an_array_of_their_numbers_does_on_any_grid(self):
        self.succeed("train", self.config, "--out", "run", ranks=2)
        arrays = {}
        for part, seed in (("train", 1), ("test", 2)):
            images, labels = pictures(seed)
            names = numpy.array([CLASSES[label] for label in labels])
            order = numpy.argsort(names, kind="stable")  # folder by folder
            arrays |= {f"x_{part}": images[order], f"y_{part}": names[order]}
        numpy.savez(self.folder / "arrays.npz", **arrays)
        self.succeed("train", self.config, "--data.format=numpy", "--data.path=.", "--data.train=arrays.npz", "--out", "arrays",
                     ranks=2)
        assert_same_weights(self, weights(self.folder / "run" / "model.h5"), weights(self.folder / "arrays" / "model.h5"))
        summary = json.loads((self.folder / "run" / "summary.json").read_text())
        self.assertGreater(summary["test_accuracy"], 90.0)

    def test_without_classes_are_predicted_one_by_one(self):
        self.succeed("train", self.config, "--out", "run")
        (self.folder / "new").mkdir()
        images, labels = pictures(3, 9)
        for number, image in enumerate(images):
            cv2.imwrite(str(self.folder / "new" / f"{number}.jpg"), image[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 100])
        self.succeed("predict", "run", "--data.path=new", "--out", "found.csv", ranks=2)
        with open(self.folder / "found.csv") as file:
            found = [row["label"] for row in csv.DictReader(file)]
        self.assertGreaterEqual(sum(name == CLASSES[label] for name, label in zip(found, labels)), 8)

    def test_are_described_with_what_is_not_read(self):
        (self.folder / "some pictures" / "train" / "ship" / "notes.txt").write_text("none")
        result = self.succeed("data", "describe", "--data.format=images", "--data.path=some pictures")
        self.assertIn("notes.txt", result.out + result.err)
        for words in ("8 x 8 x 3", "big cat"):
            self.assertIn(words, result.out)

    def test_that_are_damaged_or_of_another_size_end_the_run_on_all_ranks(self):
        whole = self.folder / "some pictures" / "train" / "ship" / "0050.png"
        bytes_of_it = whole.read_bytes()
        whole.write_bytes(bytes_of_it[: len(bytes_of_it) // 2])
        self.refuses(BAD, ["0050.png", "replace it"], "train", self.config, "--out", "run", on=(1, 3))
        cv2.imwrite(str(whole), numpy.zeros((4, 9, 3), numpy.uint8))
        self.refuses(BAD, ["0050.png", "4 x 9", "8 x 8"], "train", self.config, "--out", "run", on=(2,))
        whole.write_bytes(bytes_of_it)
        shutil.rmtree(self.folder / "some pictures" / "train")
        self.refuses(BAD, ["training part"], "train", self.config, "--out", "run", on=(2,))


if __name__ == "__main__":
    unittest.main()
