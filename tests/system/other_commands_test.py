"""inspect, plan, data and bench, as far as their shape is promised."""

import json
import re
import unittest

import h5py
import numpy

import data_files as data
from model_files import weights
from program import ProgramTest, metrics_rows, spoken_lines

USAGE, BAD, MISSING, CANNOT_WRITE = 64, 65, 66, 73


class Inspect(ProgramTest):
    def test_a_model_and_a_checkpoint_are_shown(self):
        self.succeed("train", self.write_config(), "--out", "run", "--set", "checkpoint.every=3")
        norms = [numpy.linalg.norm(matrix, 2) for matrix in weights(self.folder / "run" / "model.h5")[::2]]
        for model in ("run", "run/model.h5", "run/checkpoint-000003.h5"):
            for ranks in (1, 3):
                with self.subTest(model=model, ranks=ranks):
                    shown = self.succeed("inspect", model, ranks=ranks).out
                    self.assertEqual(shown.count("784-16-12-10"), 1)
                    for text in ("classical", "relu", "softmax", "glyphs"):
                        self.assertIn(text, shown)
                    _, _, table = shown.partition("spectral norm")
                    shown_norms = [float(line.split()[-1]) for line in spoken_lines(table)]
                    numpy.testing.assert_allclose(shown_norms, norms, rtol=5e-3)

    def test_pooled_maps_are_shown_as_they_are(self):
        config = self.write_config(network__layers="784-20-10", network__activation="maxpool(4)",
                                   formulation__name="mac", weights__solver="ridge")
        self.succeed("train", config, "--out", "run", ranks=2)
        shown = json.loads(self.succeed("inspect", "run", "--json").out)
        self.assertEqual([(row["inputs"], row["outputs"], row["parameters"]) for row in shown["layers"]],
                         [(784, 80, 785 * 80), (20, 10, 210)])
        self.assertEqual(shown["parameters"], 785 * 80 + 210)

    def test_what_cannot_be_read_is_refused(self):
        self.refuses(MISSING, ["none"], "inspect", "none")
        (self.folder / "text.h5").write_text("not at all\n" * 100)
        self.refuses(BAD, ["text.h5"], "inspect", "text.h5")


class Plan(ProgramTest):
    def plan(self, ranks, *options):
        return json.loads(self.succeed("plan", self.config, "--ranks", ranks, "--json", *options).out)

    def setUp(self):
        super().setUp()
        self.config = self.write_config()

    def test_a_plan_has_a_row_for_each_rank_and_leaves_no_run(self):
        before = self.files()
        for ranks in (1, 7, 300):
            rows = self.plan(ranks)["ranks"]
            self.assertEqual([row["rank"] for row in rows], list(range(ranks)))
            for row in rows:
                self.assertGreater(row["memory"], 0)
                self.assertEqual(row["bytes_sent"] > 0, ranks > 1)
        self.assertEqual(self.files(), before)

    def test_the_plan_is_the_grid_that_train_uses(self):
        for ranks in (2, 5):
            stages = [row["stage"] for row in self.plan(ranks)["ranks"]]
            self.succeed("train", self.config, "--out", "run", "--overwrite", ranks=ranks)
            summary = json.loads((self.folder / "run" / "summary.json").read_text())
            self.assertEqual([stages.count(stage) for stage in range(max(stages) + 1)], summary["shards"])

    def test_the_traffic_is_what_train_sends(self):
        for ranks in (2, 4):
            planned = sum(row["bytes_sent"] for row in self.plan(ranks)["ranks"])
            self.succeed("train", self.config, "--out", "run", "--overwrite", ranks=ranks)
            sent = int(metrics_rows(self.folder / "run")[-1]["bytes_sent"])
            self.assertAlmostEqual(planned / sent, 1, delta=0.1)

    def test_a_person_reads_a_table(self):
        for ranks in (1, 3):
            shown = self.succeed("plan", self.config, "--ranks", 4, ranks=ranks).out
            self.assertEqual(shown.count("784-16-12-10"), 1)
            self.assertRegex(shown, "(?i)memory")

    def test_a_plan_that_cannot_work_is_refused(self):
        self.refuses(USAGE, ["grid.stages"], "plan", self.config, "--ranks", "2", "--set", "grid.stages=3")
        self.refuses(USAGE, ["--ranks"], "plan", self.config, "--ranks", "0")
        self.refuses(USAGE, ["--ranks"], "plan", self.config, "--ranks", "some")
        self.refuses(MISSING, ["none.ini"], "plan", "none.ini", "--ranks", "2")


class Data(ProgramTest):
    def test_glyphs_are_the_same_file_on_every_number_of_ranks(self):
        options = ("--data.samples=50", "--data.test_samples=0", "--data.seed=4")
        contents = []
        for ranks in (1, 3):
            self.succeed("data", "glyphs", "--out", f"glyphs-{ranks}.h5", *options, ranks=ranks)
            with h5py.File(self.folder / f"glyphs-{ranks}.h5") as file:
                self.assertEqual(file["inputs"].shape[0], 50)
                self.assertEqual(int(numpy.prod(file["inputs"].shape[1:])), 784)
                contents.append([file[name][()].tobytes() for name in ("inputs", "labels")])
        self.assertEqual(contents[0], contents[1])

    def test_a_converted_data_set_trains_as_the_original(self):
        data.write_idx(self.folder / "idx")
        common = {"network__layers": "16-5-3"}
        original = self.write_config("idx.ini", data__format="idx", data__path="idx", **common)
        self.succeed("data", "convert", "--data.format=idx", "--data.path=idx", "--out", "train.h5")
        converted = self.write_config("h5.ini", data__format="hdf5", data__path=".", data__train="train.h5", **common)
        rows = []
        for config in (original, converted):
            self.succeed("train", config, "--out", "run", "--overwrite")
            rows.append([row["objective"] for row in metrics_rows(self.folder / "run")])
        self.assertEqual(rows[0], rows[1])

    def test_a_data_set_is_described(self):
        data.write_idx(self.folder / "idx")
        for ranks in (1, 3):
            shown = self.succeed("data", "describe", "--data.format=idx", "--data.path=idx", ranks=ranks).out
            for text in (r"samples +12\b", r"features +16\b.*4 x 4", r"classes +3\b"):
                self.assertEqual(len(re.findall(text, shown)), 1, shown)

    def test_what_is_wrong_is_refused(self):
        self.refuses(USAGE, ["glyhps", "glyphs"], "data", "glyhps")
        self.refuses(MISSING, ["nowhere"], "data", "describe", "--data.format=idx", "--data.path=nowhere")
        self.refuses(CANNOT_WRITE, ["nowhere/out.h5"], "data", "glyphs", "--out", "nowhere/out.h5")


class Bench(ProgramTest):
    def test_the_kernels_are_measured_beside_the_product_of_the_same_run(self):
        figures = json.loads(self.succeed("bench", "kernels", "--json", "--repeat", "1").out)
        self.assertLessEqual({"threads", "precision", "cpu", "kernels"}, figures.keys())
        names = {kernel["name"] for kernel in figures["kernels"]}
        self.assertLessEqual({"nnls_sweep", "w_step", "gram", "forward"}, names)
        for kernel in figures["kernels"]:
            self.assertGreater(kernel["gemm_seconds"], 0)
            self.assertAlmostEqual(kernel["ratio"], kernel["seconds"] / kernel["gemm_seconds"], delta=1e-3)

    def test_a_sweep_is_divided_by_rank(self):
        rows = json.loads(self.succeed("bench", "sweep", "--json", "--repeat", "1", ranks=2).out)["sweep"]
        self.assertEqual(len(rows), 2)
        for row in rows:
            self.assertGreater(row["compute"], 0)
            self.assertGreaterEqual(min(row["exchange"], row["wait"]), 0)

    def test_messages_of_every_size_are_measured(self):
        rows = json.loads(self.succeed("bench", "exchange", "--json", "--repeat", "1", ranks=2).out)["exchange"]
        self.assertGreater(len(rows), 3)
        for row in rows:
            self.assertEqual(row["ranks"], 2)
            self.assertGreater(row["seconds"], 0)
        self.assertEqual(sorted(row["bytes"] for row in rows), [row["bytes"] for row in rows])

    def test_a_benchmark_that_does_not_exist_gets_a_suggestion(self):
        self.refuses(USAGE, ["kernles", "kernels"], "bench", "kernles")


if __name__ == "__main__":
    unittest.main()
