"""Searches for settings: what they leave behind, how they stop and go on, and what they refuse."""

import csv
import os
import random
import signal
import time
import unittest

from program import LONGEST_SECONDS, ProgramTest, metrics_rows

USAGE, MISSING, OUTPUT, INTERRUPTED, NUMERICAL = 64, 66, 73, 75, 76
EPOCHS = 4
# A step r on the squares of a linear output multiplies the error of its bias by 1 - r at least, whatever becomes of the hidden
# units: in 12 and more steps of at least 1,000 it leaves the range of float.
DIVERGES = {"network__output": "linear", "train__batch": 20}
RANGES = {"weights.step": "1e-5 1e-1 log", "train.batch": "20 80 log integer", "train.dropout": "0 0.5"}


class Tune(ProgramTest):
    def write_search(self, name="search.ini", ranges=RANGES, **keys):
        self.write_config(name, **{"formulation__name": "contrastive", "data__validation": 0.25,
                                   "train__epochs": EPOCHS, **keys})
        with open(self.folder / name, "a") as file:
            file.write("[tune]\n" + "".join(f"{key} = {text}\n" for key, text in ranges.items()))
        return name

    def rows(self, out):
        with open(self.folder / out / "trials.csv", newline="") as file:
            return list(csv.DictReader(file))

    def outcome(self, out):
        """All that a search decided, which leaves out how long it took."""
        return [{key: value for key, value in row.items() if key != "seconds"} for row in self.rows(out)]

    def settings(self, path):
        """The keys and values of an INI file."""
        values, section = {}, ""
        for line in path.read_text().splitlines():
            if line.startswith("["):
                section = line.strip("[]")
            elif "=" in line and not line.startswith("#"):
                key, _, value = line.partition("=")
                values[f"{section}.{key.strip()}"] = value.strip()
        return values

    def checkpoints(self, out):
        return sorted(str(path) for path in (self.folder / out).glob("trial-*/checkpoint-*"))

    def wait_for_figures(self, run, out, trial, epochs):
        """Returns once a trial has trained for so many epochs."""
        metrics = self.folder / out / f"trial-{trial:04}" / "metrics.csv"
        end = time.monotonic() + LONGEST_SECONDS
        while not (metrics.exists() and metrics.read_text().count("\n") > epochs):
            self.assertIsNone(run.process.poll(), "it ended before the trial that was waited for")
            self.assertLess(time.monotonic(), end, "no such trial in time")
            time.sleep(0.002)


class Search(Tune):
    def test_a_search_leaves_its_trials_and_the_best_configuration(self):
        config = self.write_search()
        for ranks, parallel in ((1, 1), (3, 1), (3, 2)):
            with self.subTest(ranks=ranks, parallel=parallel):
                out = f"out-{ranks}-{parallel}"
                result = self.succeed("tune", config, "--trials", 9, "--parallel", parallel, "--out", out, ranks=ranks)
                rows = self.rows(out)
                self.assertEqual([row["trial"] for row in rows], [str(i + 1) for i in range(9)])
                self.assertEqual([row["round"] for row in rows], [str(i // parallel + 1) for i in range(9)])
                self.assertEqual(len({tuple(row[key] for key in RANGES) for row in rows}), 9)
                for row in rows:
                    self.assertTrue(1e-5 <= float(row["weights.step"]) <= 1e-1)
                    self.assertTrue(20 <= int(row["train.batch"]) <= 80)
                    self.assertTrue(0 <= float(row["train.dropout"]) <= 0.5)
                    self.assertIn(row["state"], ("complete", "stopped"))
                    self.assertGreater(float(row["seconds"]), 0)
                complete = [row for row in rows if row["state"] == "complete"]
                best = max(complete, key=lambda row: float(row["validation_accuracy"]))
                written = self.settings(self.folder / out / "best.ini")
                for key in RANGES:
                    self.assertEqual(written[key], best[key])
                    self.assertNotIn(f"tune.{key}", written)
                self.assertEqual(written["data.validation"], "0.25")
                self.assertIn(f"{float(best['validation_accuracy']):.2f} %", result.out)
                self.assertEqual(self.checkpoints(out), [])

    def test_the_best_configuration_trains(self):
        config = self.write_search()
        self.succeed("tune", config, "--trials", 3, "--out", "out")
        best = next(row for row in self.rows("out") if f"# trial {row['trial']} of 3" in
                    (self.folder / "out" / "best.ini").read_text())
        self.succeed("train", "out/best.ini", "--out", "same")
        self.assertEqual(float(metrics_rows(self.folder / "same")[-1]["validation_accuracy"]),
                         float(best["validation_accuracy"]))
        self.succeed("train", "out/best.ini", "--data.validation=0", "--out", "all")
        self.assertEqual(metrics_rows(self.folder / "all")[-1]["validation_accuracy"], "")

    def test_the_advice_for_all_data_undoes_a_limit_too(self):
        result = self.succeed("tune", self.write_search(data__limit=100), "--trials", 1, "--out", "out")
        self.assertIn("hoist train out/best.ini --data.validation=0 --data.limit=0", result.out)

    def test_a_trial_is_a_run_that_never_sees_the_test_part(self):
        self.succeed("tune", self.write_search(train__target_accuracy=1), "--trials", 2, "--out", "out")
        for row in self.rows("out"):
            trial = self.folder / "out" / f"trial-000{row['trial']}"
            figures = metrics_rows(trial)
            self.assertEqual(len(figures), EPOCHS)
            self.assertEqual({figure["test_accuracy"] for figure in figures}, {""})
            self.assertEqual(float(figures[-1]["validation_accuracy"]), float(row["validation_accuracy"]))
            self.assertTrue((trial / "model.h5").exists())
            for key in RANGES:
                self.assertEqual(self.settings(trial / "config.ini")[key], row[key])

    def test_the_same_search_makes_the_same_choices_and_another_seed_others(self):
        config = self.write_search()
        for out, seed in (("one", 1), ("two", 1), ("three", 2)):
            self.succeed("tune", config, "--trials", 9, "--out", out, f"--train.seed={seed}")
        self.assertEqual(self.outcome("one"), self.outcome("two"))
        self.assertNotEqual(self.rows("one")[0]["weights.step"], self.rows("three")[0]["weights.step"])

    def test_a_search_is_named_after_its_configuration(self):
        self.succeed("tune", self.write_search("by name.ini"), "--trials", 1)
        self.assertTrue((self.folder / "tune-by name" / "best.ini").exists())

    def test_what_falls_behind_the_median_is_given_up_unless_told_otherwise(self):
        config = self.write_search(train__epochs=12, train__batch=20, ranges={"weights.step": "1e-5 1e-2 log"})
        options = ("--trials", 16, "--sampler", "random")
        self.succeed("tune", config, *options, "--out", "out")
        self.succeed("tune", config, *options, "--stop", "never", "--out", "whole")
        whole = self.rows("whole")
        self.assertEqual({row["state"] for row in whole}, {"complete"})
        stopped = [row for row in self.rows("out") if row["state"] == "stopped"]
        self.assertGreaterEqual(len(stopped), 3)
        curves = [[float(figures["validation_accuracy"])
                   for figures in metrics_rows(self.folder / "whole" / f"trial-{trial:04}")] for trial in range(1, 17)]
        for row in self.rows("out"):
            trial = int(row["trial"])
            figures = metrics_rows(self.folder / "out" / f"trial-{trial:04}")
            self.assertEqual([float(figure["validation_accuracy"]) for figure in figures], curves[trial - 1][:len(figures)])
            if row["state"] == "stopped":
                self.assertTrue(6 <= len(figures) < 12)
                others = sorted(max(curve[:len(figures)]) for curve in curves[:trial - 1])
                self.assertLess(max(curves[trial - 1][:len(figures)]), others[-1])
        self.assertEqual(self.checkpoints("out"), [])

    def test_trials_that_diverge_are_the_worst_and_the_search_goes_on(self):
        config = self.write_search(weights__solver="sgd", **DIVERGES, ranges={"weights.step": "1e-4 1e9 log"})
        for ranks, parallel in ((1, 1), (3, 1), (3, 2)):
            with self.subTest(ranks=ranks, parallel=parallel):
                self.succeed("tune", config, "--trials", 8, "--out", "out", "--overwrite", "--parallel", parallel,
                             ranks=ranks)
                rows = self.rows("out")
                diverged = {row["weights.step"] for row in rows if row["state"] == "diverged"}
                self.assertLessEqual({row["weights.step"] for row in rows if float(row["weights.step"]) > 1e3}, diverged)
                self.assertTrue(0 < len(diverged) < len(rows))
                self.assertNotIn(self.settings(self.folder / "out" / "best.ini")["weights.step"], diverged)

    def test_a_factor_that_fails_on_some_ranks_ends_its_trial_alone(self):
        config = self.write_search(weights__solver="gram", train__epochs=8, **DIVERGES,
                                   ranges={"weights.step": "1e-3 1e9 log"})
        for parallel in (1, 2):
            self.succeed("tune", config, "--trials", 4, "--out", "out", "--overwrite", "--parallel", parallel, ranks=3)
            states = [row["state"] for row in self.rows("out")]
            self.assertIn("diverged", states)
            self.assertNotIn("running", states)

    def test_a_search_of_nothing_but_divergence_is_a_numerical_failure(self):
        config = self.write_search(weights__solver="sgd", **DIVERGES, ranges={"weights.step": "1e8 1e9 log"})
        for ranks in (1, 3):
            result = self.hoist("tune", config, "--trials", 2, "--out", "out", "--overwrite", ranks=ranks)
            self.assert_error(result, NUMERICAL, "all 2 diverged")

    def test_sweeps_are_searched_as_epochs_are(self):
        config = self.write_search(formulation__name="classical", ranges={"formulation.lambda": "0.01 100 log",
                                                                         "weights.ridge": "1e-7 1e-2 log"})
        self.succeed("tune", config, "--trials", 7, "--out", "out", ranks=3)
        self.assertEqual(len(self.rows("out")), 7)

    def test_regression_is_searched_for_the_least_rmse(self):
        numbers = random.Random(5)
        lines = ["a,b,y"]
        for _ in range(200):
            a, b = numbers.random(), numbers.random()
            lines.append(f"{a},{b},{a - 2 * b + 0.01 * numbers.random()}")
        (self.folder / "train.csv").write_text("\n".join(lines) + "\n")
        config = self.write_search(data__format="csv", data__path=".", data__train="train.csv",
                                   network__layers="2-8-1", network__output="linear", train__batch=20,
                                   ranges={"weights.step": "1e-4 1e-1 log"})
        result = self.succeed("tune", config, "--trials", 5, "--out", "out")
        rows = self.rows("out")
        best = min(rows, key=lambda row: float(row["validation_rmse"]))
        self.assertEqual(self.settings(self.folder / "out" / "best.ini")["weights.step"], best["weights.step"])
        self.assertIn(f"rmse {float(best['validation_rmse']):.4f}", result.out)

    def test_training_carries_the_ranges_and_ignores_them(self):
        config = self.write_search()
        self.succeed("train", config, "--out", "run")
        self.assertEqual(self.settings(self.folder / "run" / "config.ini")["tune.weights.step"], "1e-5 1e-1 log")


class Resume(Tune):
    def test_a_longer_search_goes_on_as_if_it_had_been_meant_so(self):
        config = self.write_search()
        for parallel in (1, 2):
            with self.subTest(parallel=parallel):
                options = ("--parallel", parallel, "--overwrite")
                self.succeed("tune", config, "--trials", 12, *options, "--out", "whole", ranks=2)
                self.succeed("tune", config, "--trials", 8, *options, "--out", "parts", ranks=2)
                self.succeed("tune", config, "--trials", 12, *options[:2], "--resume", "--out", "parts", ranks=2)
                self.assertEqual(self.outcome("parts"), self.outcome("whole"))

    def test_an_interrupted_search_goes_on_to_the_same_trials(self):
        config = self.write_search(train__epochs=20)
        for ranks, parallel in ((1, 1), (3, 2)):
            options = ("--trials", 8, "--parallel", parallel)
            whole = f"whole-{ranks}"
            self.succeed("tune", config, *options, "--out", whole, ranks=ranks)
            for send, status in ((signal.SIGUSR1, INTERRUPTED), (signal.SIGKILL, None)):
                with self.subTest(ranks=ranks, signal=send):
                    out = f"parts-{ranks}-{int(send)}"
                    run = self.start("tune", config, *options, "--out", out, ranks=ranks)
                    self.wait_for_figures(run, out, trial=3, epochs=5)
                    for pid in run.ranks():
                        os.kill(pid, send)
                    result = run.finish()
                    if status is not None:
                        self.assertEqual(result.status, status, result.err)
                        self.assertEqual(len(result.errors()), 1, result.err)
                        self.assertIn("--resume", result.errors()[0])
                    self.assertLess([row["state"] for row in self.rows(out)].count("complete"), 8)
                    self.assertFalse((self.folder / out / "best.ini").exists())
                    self.succeed("tune", config, *options, "--out", out, "--resume", ranks=ranks)
                    self.assertEqual(self.outcome(out), self.outcome(whole))
                    self.assertEqual(self.checkpoints(out), [])

    def test_the_time_limit_is_that_of_the_whole_search(self):
        config = self.write_search(train__epochs=2000, ranges={"weights.step": "1e-4 1e-3 log"})
        result = self.hoist("tune", config, "--trials", 3, "--out", "out", "--train.time_limit=0.5")
        self.assertEqual(result.status, INTERRUPTED, result.err)
        self.assertIn("train.time_limit is over", result.errors()[0])
        again = self.hoist("tune", config, "--trials", 3, "--out", "out", "--resume", "--train.time_limit=0.5")
        self.assertEqual(again.status, INTERRUPTED, again.err)

    def test_a_finished_search_says_so(self):
        config = self.write_search()
        self.succeed("tune", config, "--trials", 2, "--out", "out", ranks=3)
        before = self.files()
        result = self.succeed("tune", config, "--trials", 2, "--out", "out", "--resume", ranks=3)
        self.assertIn("nothing to resume", result.out)
        self.assertEqual(self.files(), before)

    def test_another_search_cannot_be_resumed(self):
        config = self.write_search()
        self.succeed("tune", config, "--trials", 2, "--out", "out")
        for change in ("--tune.weights.step=1e-5 1e-2 log", "--tune.weights.decay=0 1", "--train.epochs=9"):
            key = change[2:].partition("=")[0]
            self.refuses(USAGE, [key, "another --out"], "tune", config, "--out", "out", "--resume", change)

    def test_a_malformed_history_is_refused(self):
        config = self.write_search()
        self.succeed("tune", config, "--trials", 2, "--out", "out")
        trials = self.folder / "out" / "trials.csv"
        text = trials.read_text()
        for bad in ("", text.replace("complete", "cmplete"), text.replace("trial,", "tral,"), text + "3,3,1\n"):
            trials.write_text(bad)
            self.refuses(65, ["trials.csv", "--overwrite"], "tune", config, "--trials", "3", "--out", "out", "--resume")

    def test_a_torn_last_row_of_the_history_is_tried_again(self):
        config = self.write_search()
        self.succeed("tune", config, "--trials", 3, "--out", "out")
        before = self.outcome("out")
        trials = self.folder / "out" / "trials.csv"
        text = trials.read_bytes()
        for torn in (text[:-1], text[:-20] + bytes(100)):
            trials.write_bytes(torn)
            self.succeed("tune", config, "--trials", 3, "--out", "out", "--resume")
            self.assertEqual(self.outcome("out"), before)

    def test_a_trial_that_has_lost_its_last_row_is_refused(self):
        config = self.write_search()
        self.succeed("tune", config, "--trials", 2, "--out", "out")
        metrics = self.folder / "out" / "trial-0002" / "metrics.csv"
        *whole, now_last, _ = metrics.read_text().splitlines(keepends=True)
        fields = now_last.split(",")
        fields[whole[0].split(",").index("validation_accuracy")] = "12.5"
        metrics.write_text("".join([*whole, ",".join(fields)]))
        self.refuses(65, ["trial 2", "metrics.csv", "--overwrite"], "tune", config, "--trials", 3, "--out", "out",
                     "--resume")

    def test_a_search_is_not_overwritten_by_accident(self):
        config = self.write_search()
        self.succeed("tune", config, "--trials", 3, "--out", "out")
        self.refuses(OUTPUT, ["--resume", "--overwrite"], "tune", config, "--trials", "1", "--out", "out")
        self.succeed("tune", config, "--trials", 1, "--out", "out", "--overwrite")
        self.assertEqual([path.name for path in sorted((self.folder / "out").glob("trial-*"))], ["trial-0001"])

    def test_there_is_nothing_to_resume_in_an_empty_place(self):
        self.refuses(MISSING, ["nothing to resume"], "tune", self.write_search(), "--out", "none", "--resume")


class BadSearch(Tune):
    def refuses_search(self, phrases, *options, **keys):
        self.refuses(USAGE, phrases, "tune", self.write_search(**keys), *options)

    def test_ranges_that_make_no_sense_are_refused(self):
        for key, text, why in (("weights.step", "1e-2 1e-4 log", "not below"),
                               ("weights.step", "0 1 log", "log scale"),
                               ("weights.step", "0.1", "two numbers"),
                               ("weights.step", "0.1 1 lag", "lag is unknown"),
                               ("train.batch", "20 80", "integer"),
                               ("train.dropout", "0 1", "train.dropout = 1"),
                               ("weights.stp", "0 1", "did you mean tune.weights.step?"),
                               ("network.layers", "1 2", "network.layers"),
                               ("train.seed", "1 9 integer", "train.seed")):
            with self.subTest(key=key, text=text):
                self.refuses_search([why], ranges={key: text})

    def test_a_search_of_nothing_is_refused(self):
        self.refuses(USAGE, ["[tune]"], "tune", self.write_config(data__validation=0.2))

    def test_a_search_without_validation_is_refused(self):
        self.refuses_search(["data.validation", "test part"], data__validation=0)

    def test_options_that_make_no_sense_are_refused(self):
        self.refuses_search(["--trials"], "--trials", "0")
        self.refuses_search(["--parallel", "ranks"], "--parallel", "4")
        self.refuses_search(["--sampler", "gp or random"], "--sampler", "grid")
        self.refuses_search(["--stop", "median or never"], "--stop", "soon")
        self.refuses_search(["--resume", "--overwrite"], "--resume", "--overwrite")
        self.refuses_search(["train.epochs"], train__epochs=0)

    def test_data_that_are_missing_are_told_before_anything_is_written(self):
        self.refuses(MISSING, ["nowhere"], "tune",
                     self.write_search(data__format="idx", data__path="nowhere", ranges={"weights.step": "0.1 1"}))

    def test_a_directory_that_cannot_be_made_is_an_output_error(self):
        (self.folder / "file").write_text("")
        self.refuses(OUTPUT, ["file"], "tune", self.write_search(), "--out", "file/out")


if __name__ == "__main__":
    unittest.main()
