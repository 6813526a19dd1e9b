"""What a run leaves behind, and what it says on the way."""

import json
import pathlib
import re
import unittest

import h5py
import numpy

import data_files as data
from model_files import assert_same_weights, weights
from program import ProgramTest, metrics_rows, spoken_lines

COLUMNS = ("sweep,epoch,seconds,objective,penalty,loss,train_accuracy,validation_accuracy,test_accuracy,"
           "seconds_activations,seconds_weights,seconds_exchange,seconds_wait,bytes_sent,residual,always_on,always_off,"
           "lambda,violation,cosine,passes,energy,rejected")
SUMMARY = {"test_accuracy", "train_accuracy", "best_test_accuracy", "objective", "seconds_training", "seconds_total",
           "sweeps", "ranks", "stages", "shards", "bytes_sent", "idle_fraction", "peak_memory", "host", "version",
           "seed", "residual", "always_on", "always_off", "lambda", "violation", "cosine", "passes",
           "energy", "rejected"}


class RunDirectory(ProgramTest):
    def summary(self, out="run"):
        return json.loads((self.folder / out / "summary.json").read_text())

    def test_a_run_writes_the_files_that_are_promised(self):
        config = self.write_config()
        for ranks in (1, 3):
            self.succeed("train", config, "--out", f"run-{ranks}", ranks=ranks)
            self.assertEqual({path.name for path in (self.folder / f"run-{ranks}").iterdir()},
                             {"config.ini", "metrics.csv", "summary.json", "model.h5", "log.txt"})

    def test_a_run_without_mpirun_is_one_process(self):
        run = self.start("train", self.write_config(train__sweeps=1000000), "--out", "run")
        self.wait_for_sweep(run, "run", 2)
        tasks = pathlib.Path(f"/proc/{run.process.pid}/task")
        self.assertEqual("".join((task / "children").read_text() for task in tasks.iterdir()), "")

    def test_a_run_is_named_after_its_configuration(self):
        self.succeed("train", self.write_config("by name.ini"))
        self.assertTrue((self.folder / "run-by name" / "model.h5").exists())

    def test_missing_folders_on_the_way_are_made(self):
        self.succeed("train", self.write_config(), "--out", "deep/in there/run")
        self.assertTrue((self.folder / "deep/in there/run/model.h5").exists())

    def test_the_metrics_have_a_row_for_each_sweep(self):
        config = self.write_config(data__validation=0.2)
        for ranks in (1, 3):
            with self.subTest(ranks=ranks):
                self.succeed("train", config, "--out", "run", "--overwrite", ranks=ranks)
                text = (self.folder / "run" / "metrics.csv").read_text()
                self.assertEqual(text.splitlines()[0], COLUMNS)
                rows = metrics_rows(self.folder / "run")
                self.assertEqual([row["sweep"] for row in rows], ["1", "2", "3"])
                seconds = [float(row["seconds"]) for row in rows]
                self.assertEqual(seconds, sorted(seconds))
                for row in rows:
                    self.assertEqual(row["epoch"], "")
                    for name in ("train_accuracy", "validation_accuracy", "test_accuracy"):
                        self.assertTrue(0 <= float(row[name]) <= 100)
                    parts = float(row["penalty"]) + float(row["loss"])
                    self.assertGreaterEqual(float(row["objective"]), parts * (1 - 1e-6))
                    self.assertEqual(int(row["bytes_sent"]) > 0, ranks > 1)
                self.assertLess(float(rows[-1]["objective"]), float(rows[0]["objective"]))

    def test_a_figure_that_does_not_exist_is_empty(self):
        self.succeed("train", self.write_config(data__test_samples=0), "--out", "run")
        for row in metrics_rows(self.folder / "run"):
            self.assertEqual((row["validation_accuracy"], row["test_accuracy"]), ("", ""))
        self.assertIsNone(self.summary()["test_accuracy"])

    def test_the_summary_holds_the_closing_figures(self):
        config = self.write_config(train__seed=5)
        self.succeed("train", config, "--out", "run", ranks=3)
        summary = self.summary()
        self.assertLessEqual(SUMMARY, summary.keys())
        self.assertNotIn("seconds_to_target", summary)
        rows = metrics_rows(self.folder / "run")
        self.assertAlmostEqual(summary["test_accuracy"], float(rows[-1]["test_accuracy"]), places=5)
        self.assertAlmostEqual(summary["train_accuracy"], float(rows[-1]["train_accuracy"]), places=5)
        self.assertAlmostEqual(summary["best_test_accuracy"], max(float(row["test_accuracy"]) for row in rows), places=5)
        self.assertAlmostEqual(summary["objective"], float(rows[-1]["objective"]), places=6)
        self.assertEqual(summary["bytes_sent"], sum(int(row["bytes_sent"]) for row in rows))
        self.assertEqual((summary["ranks"], summary["sweeps"], summary["seed"]), (3, 3, 5))
        self.assertEqual(sum(summary["shards"]), 3)
        self.assertEqual(len(summary["shards"]), summary["stages"])
        self.assertLess(summary["seconds_training"], summary["seconds_total"])
        self.assertTrue(0 <= summary["idle_fraction"] <= 1)
        self.assertTrue(1e6 < summary["peak_memory"] < 1e9)

    def test_a_target_that_is_reached_ends_the_run(self):
        config = self.write_config(train__sweeps=30)
        self.succeed("train", config, "--out", "run", "--set", "train.target_accuracy=11", ranks=3)
        summary = self.summary()
        self.assertLess(summary["sweeps"], 30)
        self.assertGreaterEqual(summary["test_accuracy"], 11)
        self.assertLessEqual(summary["seconds_to_target"], summary["seconds_training"])
        self.assertEqual(len(metrics_rows(self.folder / "run")), summary["sweeps"])

    def test_a_target_that_is_missed_is_null(self):
        self.succeed("train", self.write_config(), "--out", "run", "--set", "train.target_accuracy=100")
        self.assertIsNone(self.summary()["seconds_to_target"])

    def test_a_target_is_looked_at_on_the_validation_part_where_there_is_no_test_part(self):
        config = self.write_config(data__test_samples=0, data__validation=0.25, train__sweeps=30)
        self.succeed("train", config, "--out", "run", "--set", "train.target_accuracy=11")
        self.assertLess(self.summary()["sweeps"], 30)

    def test_the_configuration_written_gives_the_same_run(self):
        config = self.write_config(train__seed=3, data__validation=0.1, grid__shards="1,2")
        self.succeed("train", config, "--out", "first", "--set", "formulation.lambda=5,7", ranks=3)
        self.succeed("train", "first/config.ini", "--out", "second", ranks=3)
        first, second = self.folder / "first", self.folder / "second"
        self.assertEqual((first / "config.ini").read_text(), (second / "config.ini").read_text())
        assert_same_weights(self, weights(first / "model.h5"), weights(second / "model.h5"))

    def test_options_and_settings_win_over_the_file(self):
        config = self.write_config()
        self.succeed("train", config, "--out", "run", "--set", "train.sweeps=1", "--train.seed=9",
                     "--network.layers", "784-11-10")
        self.assertEqual((self.summary()["sweeps"], self.summary()["seed"]), (1, 9))
        self.assertEqual(weights(self.folder / "run" / "model.h5")[0].shape, (11, 784))

    def test_a_regression_has_rmse_in_the_place_of_accuracy(self):
        (self.folder / "train.csv").write_text(data.csv_text(data.table(40)))
        (self.folder / "test.csv").write_text(data.csv_text(data.table(20)))
        config = self.write_config(data__format="csv", data__path=".", data__train="train.csv", data__test="test.csv",
                                   data__standardize="true", network__layers="5-8-1", network__output="linear")
        result = self.succeed("train", config, "--out", "run", ranks=2)
        self.assertEqual((self.folder / "run" / "metrics.csv").read_text().splitlines()[0],
                         COLUMNS.replace("accuracy", "rmse"))
        self.assertLessEqual({key.replace("accuracy", "rmse") for key in SUMMARY}, self.summary().keys())
        self.assertGreater(self.summary()["test_rmse"], 0)
        self.assertIn("rmse", result.out)
        with h5py.File(self.folder / "run" / "model.h5") as file:
            inputs = numpy.loadtxt(self.folder / "train.csv", delimiter=",")[:, :-1]
            numpy.testing.assert_allclose(file["input/mean"][()], inputs.mean(axis=0), rtol=1e-5)
            numpy.testing.assert_allclose(file["input/scale"][()], 1 / inputs.std(axis=0), rtol=1e-5)

    def test_the_last_checkpoints_are_kept(self):
        self.succeed("train", self.write_config(train__sweeps=5), "--out", "run", "--set", "checkpoint.every=1",
                     "--set", "checkpoint.keep=3", ranks=3)
        self.assertEqual(sorted(path.name for path in (self.folder / "run").glob("checkpoint*")),
                         ["checkpoint-000003.h5", "checkpoint-000004.h5", "checkpoint-000005.h5"])

    def test_an_overwritten_run_leaves_nothing_of_the_old_one(self):
        config = self.write_config()
        self.succeed("train", config, "--out", "run", "--set", "checkpoint.every=1")
        self.succeed("train", config, "--out", "run", "--overwrite", "--set", "train.sweeps=1", ranks=3)
        self.assertEqual(list((self.folder / "run").glob("checkpoint*")), [])
        self.assertEqual(len(metrics_rows(self.folder / "run")), 1)


class ModelFiles(ProgramTest):
    def test_a_model_has_the_layout_that_is_promised(self):
        config = self.write_config(network__activation="relu,hard_tanh")
        self.succeed("train", config, "--out", "run", ranks=3)
        with h5py.File(self.folder / "run" / "model.h5") as file:
            for layer, shape in enumerate([(16, 784), (12, 16), (10, 12)]):
                self.assertEqual(file[f"layers/{layer}/weights"].shape, shape)
                self.assertEqual(file[f"layers/{layer}/bias"].shape[0], shape[0])
                self.assertEqual(file[f"layers/{layer}/bias"].size, shape[0])
                self.assertIn("name", file[f"layers/{layer}"].attrs)
            kinds = [file[f"layers/{layer}"].attrs["activation"] for layer in range(3)]
            self.assertEqual([k if isinstance(k, str) else k.decode() for k in kinds], ["relu", "hard_tanh", "softmax"])
            self.assertLessEqual({"format_version", "config", "created", "version"}, set(file.attrs))
            self.assertNotIn("activations", file)
            text = file.attrs["config"]
            self.assertEqual(text if isinstance(text, str) else text.decode(),
                             (self.folder / "run" / "config.ini").read_text())

    def test_the_activations_of_a_checkpoint_are_in_the_order_of_the_data(self):
        config = self.write_config(train__precision="double", train__sweeps=2)
        states = []
        for ranks in (1, 3, 7):
            out = f"run-{ranks}"
            self.succeed("train", config, "--out", out, "--set", "checkpoint.every=2", ranks=ranks)
            with h5py.File(self.folder / out / "checkpoint-000002.h5") as file:
                self.assertIn("progress", file)
                self.assertEqual(sorted(file["activations"]), ["1", "2"])
                states.append([file[f"activations/{layer}"][()] for layer in (1, 2)])
        self.assertEqual([state.shape for state in states[0]], [(16, 240), (12, 240)])
        self.assertGreater(states[0][0].max(), 0)
        for state in states[1:]:
            for one, other in zip(state, states[0], strict=True):
                numpy.testing.assert_allclose(one, other, rtol=1e-8, atol=1e-10)


class Terminal(ProgramTest):
    def test_redirected_output_is_plain_lines(self):
        config = self.write_config()
        for ranks in (1, 3):
            with self.subTest(ranks=ranks):
                result = self.succeed("train", config, "--out", "run", "--overwrite", ranks=ranks)
                self.assertNotIn("\r", result.out)
                self.assertNotIn("\x1b", result.out)
                self.assertEqual(len(re.findall(r"^sweep \d/3 ", result.out, re.MULTILINE)), 3, result.out)
                self.assertEqual(result.err, "")

    def test_the_end_of_a_run_is_a_table_and_the_paths_written(self):
        config = self.write_config()
        for ranks in (1, 3):
            result = self.succeed("train", config, "--out", "run", "--overwrite", "--quiet", ranks=ranks)
            for name in ("test accuracy", "objective", "run/model.h5", "run/metrics.csv", "run/summary.json"):
                self.assertEqual(result.out.count(name), 1, result.out)
            self.assertNotRegex(result.out, r"(?m)^\[|sweep 1")

    def test_the_version_is_a_line_and_the_speed_of_its_kernels_another(self):
        for ranks in (1, 3):
            result = self.succeed("--version", ranks=ranks)
            self.assertRegex(result.out, r"^hoist \d+\.\d+\.\d+\r?\n\S+ kernels of OpenBLAS .* GFLOP/s of a core.*\r?\n$")

    def test_every_command_that_help_lists_has_help_of_its_own(self):
        listed = re.findall(r"^  ([a-z]+)  +\S", self.succeed("--help").out, re.MULTILINE)
        self.assertLessEqual({"train", "evaluate", "predict", "inspect", "plan", "data", "bench"}, set(listed))
        for command in listed:
            with self.subTest(command=command):
                result = self.succeed(command, "--help")
                self.assertIn(f"hoist {command}", spoken_lines(result.out)[0])
                self.assertGreater(len(spoken_lines(result.out)), 2)
        self.assertEqual(self.succeed("train", "--help", ranks=3).out.count("--overwrite"), 1)

    def test_the_help_of_train_shows_every_key_with_its_default(self):
        text = self.succeed("train", "--help").out
        for key in ("network.layers", "weights.ridge", "train.schedule", "grid.shards", "checkpoint.every"):
            self.assertRegex(text, rf"--{re.escape(key)} ")
        self.assertIn("[wavefront]", text)


if __name__ == "__main__":
    unittest.main()
