"""The bytes that a run reports, held against the numbers that the method has to send."""

import unittest

from program import ProgramTest, metrics_rows

WIDTHS = (784, 16, 12, 10)
SAMPLES = 240
FLOAT, DOUBLE = 4, 8


def reduction(layer, shards):
    """Numbers of the Gram matrix (its lower triangle) and the moment of a map, about the means of each shard, which travel too
    with the samples of it; the inputs' Gram matrix and means never change."""
    n, m = WIDTHS[layer], WIDTHS[layer + 1]
    moment = (n + shards) * m
    return moment if layer == 0 else moment + n * (n + 1) // 2 + shards * (1 + n)


class Messages(ProgramTest):
    def bytes_of_sweeps(self, ranks, **grid):
        config = self.write_config(train__inner=1, **grid)
        self.succeed("train", config, "--out", "run", "--overwrite", "--quiet", ranks=ranks)
        rows = [row for row in metrics_rows(self.folder / "run") if row["sweep"] != "0"]
        self.assertEqual(len(rows), 3)
        return [float(row["bytes_sent"]) for row in rows]

    def assert_needed(self, found, needed):
        for sent in found:
            self.assertGreaterEqual(sent, needed)
            self.assertLessEqual(sent, 1.01 * needed)

    def test_each_cut_sends_two_matrices(self):
        for stages, cuts in ((2, WIDTHS[1:2]), (3, WIDTHS[1:3])):  # the first layer has most to do
            with self.subTest(stages=stages):
                found = self.bytes_of_sweeps(stages, grid__stages=stages)
                self.assert_needed(found, sum(2 * n * SAMPLES * FLOAT for n in cuts))

    def test_each_stage_sums_its_normal_equations_once(self):
        found = self.bytes_of_sweeps(2, grid__stages=1)
        self.assert_needed(found, 2 * DOUBLE * sum(reduction(layer, 2) for layer in range(3)))

    def test_both_on_stages_of_shards(self):
        found = self.bytes_of_sweeps(6, grid__stages=3, grid__shards=2)
        cuts = sum(2 * n * SAMPLES * FLOAT for n in WIDTHS[1:3])
        self.assert_needed(found, cuts + 2 * DOUBLE * sum(reduction(layer, 2) for layer in range(3)))


if __name__ == "__main__":
    unittest.main()
