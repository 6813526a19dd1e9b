"""Numbers that overflow end the program in order, and what had been saved before stays."""

import unittest

import data_files as data
from program import ProgramTest

INTERRUPTED, NUMERICAL = 75, 76


class Overflow(ProgramTest):
    def setUp(self):
        super().setUp()
        for name, scale in (("moderate", 1.0), ("huge", 1e30)):
            rows = [[*(f"{scale * float(field):.6g}" for field in row[:-1]), row[-1]] for row in data.table(240)]
            (self.folder / name).mkdir()
            (self.folder / name / "train.csv").write_text(data.csv_text(rows))
        self.config = self.write_config(
            data__format="csv", data__path="moderate", data__train="train.csv", data__test_samples=0,
            network__layers="5-6-4-3", train__precision="float")

    def train(self, *options, ranks):
        return self.hoist("train", self.config, "--out", f"run-{ranks}", *options, ranks=ranks)

    def test_inputs_too_large_for_the_precision_end_the_run(self):
        for ranks in (1, 3):
            with self.subTest(ranks=ranks):
                result = self.train("--data.path=huge", ranks=ranks)
                self.assert_error(result, NUMERICAL, "not finite")
                self.assertFalse((self.folder / f"run-{ranks}" / "model.h5").exists())

    def test_the_checkpoint_before_an_overflow_stays_and_leads_on(self):
        for ranks in (1, 3):
            with self.subTest(ranks=ranks):
                stopped = self.train("--train.time_limit=1e-9", ranks=ranks)
                self.assertEqual(stopped.status, INTERRUPTED, stopped.err)
                run = self.folder / f"run-{ranks}"
                saved = {path.name: path.read_bytes() for path in run.glob("*.h5")}
                self.assertEqual(list(saved), ["checkpoint-000000.h5"])
                self.assert_error(self.train("--resume", "--data.path=huge", ranks=ranks), NUMERICAL, "not finite")
                self.assertEqual({path.name: path.read_bytes() for path in run.glob("*.h5")}, saved)
                resumed = self.train("--resume", ranks=ranks)
                self.assertEqual(resumed.status, 0, resumed.err)

    def test_weights_that_overflow_before_they_are_made_orthogonal_end_the_run(self):
        for ranks, grid in ((1, "--grid.stages=1"), (2, "--grid.stages=2"), (2, "--grid.stages=1"), (3, "--grid.stages=3")):
            with self.subTest(ranks=ranks, grid=grid):
                result = self.train(
                    "--formulation.name=fenchel", "--weights.solver=sgd", "--weights.step=1e9", "--data.path=huge",
                    "--weights.orthogonal=true", "--overwrite", grid, ranks=ranks)
                self.assert_error(result, NUMERICAL, "not finite")


if __name__ == "__main__":
    unittest.main()
