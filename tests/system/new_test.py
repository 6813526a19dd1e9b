"""hoist new: configurations to begin with, each a valid one."""

import re
import unittest

import cv2
import numpy

from program import ProgramTest

USAGE = 64
NAMES = ["glyphs", "mnist", "fashion", "cifar10", "table", "regression", "denoise", "lrrn"]
SHORT = ["--train.epochs=1", "--train.sweeps=1", "--quiet", "--overwrite", "--out=run"]


class New(ProgramTest):
    def new(self, name, *options):
        text = self.succeed("new", name, *options).out
        (self.folder / f"{name}.ini").write_text(text)
        return text

    def test_each_is_a_configuration_whose_keys_are_explained_as_in_the_help(self):
        described = " ".join(self.succeed("train", "--help").out.split())
        for name in NAMES:
            with self.subTest(name=name):
                lines = self.new(name, "--data.path=.").splitlines()
                keys = 0
                comment = []
                for line in lines:
                    if line.startswith("#"):
                        comment.append(line[2:])
                        continue
                    if "=" in line:
                        keys += 1
                        self.assertIn(" ".join(comment), described)
                    comment = []
                self.assertGreater(keys, 9)
                self.assertLessEqual(max(map(len, lines[: lines.index("")])), 100)
                self.succeed("plan", f"{name}.ini", "--ranks", 2, "--samples", 1000, "--flops", "1e10",
                             "--bandwidth", "1e10")

    def test_those_with_data_at_hand_train(self):
        numbers = numpy.random.default_rng(1).normal(size=(90, 4))
        rows = [[*map(str, row), "abc"[int(row[0] > 0) + int(row[1] > 0)]] for row in numbers]
        (self.folder / "train.csv").write_text("\n".join(map(",".join, rows)))
        (self.folder / "values.csv").write_text("\n".join(",".join(map(str, row)) for row in
                                                           numpy.column_stack([numbers, numbers.sum(1)])))
        self.new("table")
        self.succeed("train", "table.ini", *SHORT)
        self.new("regression", "--data.train=values.csv")
        self.succeed("train", "regression.ini", *SHORT)
        self.new("glyphs", "--data.samples=200", "--data.test_samples=20")
        self.succeed("train", "glyphs.ini", *SHORT, ranks=2)
        for part in ("train400", "bsd68"):
            (self.folder / part).mkdir()
            pixels = numpy.random.default_rng(2).integers(256, size=(81, 70)).astype(numpy.uint8)
            cv2.imwrite(str(self.folder / part / "1.png"), pixels)
        self.new("denoise", "--data.path=.")
        self.succeed("train", "denoise.ini", *SHORT)

    def test_keys_that_are_given_take_their_place(self):
        text = self.new("mnist", "--train.epochs=7", "--weights.decay=0.2", "--data.path=there")
        for line in ("path = there", "epochs = 7", "decay = 0.2"):
            self.assertEqual(len(re.findall(rf"^{line}$", text, re.M)), 1, line)
        self.refuses(USAGE, ["train.epochs = ten"], "new", "mnist", "--train.epochs=ten")

    def test_without_a_folder_the_run_asks_for_it(self):
        self.new("mnist")
        self.refuses(USAGE, ["data.path is not set", "--set data.path=DIR"], "train", "mnist.ini", on=(1,))

    def test_an_unknown_name_gets_the_list_and_a_suggestion(self):
        self.refuses(USAGE, ["knows no minst", ", ".join(NAMES), "did you mean mnist?"], "new", "minst")
        self.refuses(USAGE, ["choose one of them"], "new", "imagenet", on=(1,))
        self.refuses(USAGE, [*NAMES], "new", on=(1,))
        self.assertIn("|".join(NAMES), self.succeed("new", "--help").out)


if __name__ == "__main__":
    unittest.main()
