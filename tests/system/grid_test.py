"""The figures of a run do not depend on how many ranks it has, nor on how they are laid out."""

import unittest

from program import ProgramTest, metrics_rows

FIGURES = ("objective", "penalty", "loss")


class Grid(ProgramTest):
    def trajectory(self, ranks, *options):
        self.succeed("train", self.config, "--out", "run", "--overwrite", "--quiet", *options, ranks=ranks)
        return metrics_rows(self.folder / "run")

    def assert_same(self, rows, expected, tolerance):
        self.assertEqual(len(rows), len(expected))
        for row, other in zip(rows, expected, strict=True):
            # All in units of the objective: a part may be as small as rounding.
            unit = float(other["objective"])
            for name in FIGURES:
                self.assertAlmostEqual(float(row[name]) / unit, float(other[name]) / unit, delta=tolerance)

    def check(self, tolerance, *options, all_ranks=(2, 3, 4, 6, 7)):
        expected = self.trajectory(1, *options)
        for ranks in all_ranks:
            with self.subTest(ranks=ranks):
                self.assert_same(self.trajectory(ranks, *options), expected, tolerance)

    def setUp(self):
        super().setUp()
        self.config = self.write_config(data__samples=600, network__layers="784-32-20-10", train__sweeps=5,
                                        formulation__lambda=1)

    def test_wavefront_gives_the_same_figures_on_every_number_of_ranks(self):
        self.check(1e-5)

    def test_checkerboard_gives_the_same_figures_on_every_number_of_ranks(self):
        self.check(1e-5, "--set", "train.schedule=checkerboard")

    def test_double_precision_agrees_further(self):
        # metrics.csv has 9 significant digits.
        self.check(2e-9, "--set", "train.precision=double", all_ranks=(3, 7))

    def test_every_layout_of_the_same_ranks_gives_the_same_figures(self):
        expected = self.trajectory(1)
        for shards in ("1,3", "3,1", "2,1,1", "1,1,2", "4"):
            with self.subTest(shards=shards):
                self.assert_same(self.trajectory(4, "--set", f"grid.shards={shards}"), expected, 1e-5)

    def test_the_embedded_data_are_the_same_on_all_ranks(self):
        rows = [self.trajectory(ranks, "--set", "train.sweeps=1", "--set", "data.seed=7")[0] for ranks in (1, 4)]
        other = self.trajectory(1, "--set", "train.sweeps=1", "--set", "data.seed=8")[0]
        self.assertEqual(rows[0]["train_accuracy"], rows[1]["train_accuracy"])
        self.assertNotEqual(rows[0]["objective"], other["objective"])


if __name__ == "__main__":
    unittest.main()
