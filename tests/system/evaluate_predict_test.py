"""Models in use: evaluate and predict, against each other and against a forward pass by numpy."""

import csv
import json
import unittest

import h5py
import numpy

import data_files as data
from model_files import weights
from program import ProgramTest

BAD, MISSING, USAGE, CANNOT_WRITE = 65, 66, 64, 73
NAMES = ["oak", "ash", "elm"]


def softmax_scores(inputs, layers):
    """Of a relu network whose weights and biases follow one another in `layers`; samples are rows."""
    state = inputs
    for weight, bias in zip(layers[:-2:2], layers[1:-2:2], strict=True):
        state = numpy.maximum(state @ weight.T + bias.ravel(), 0)
    scores = state @ layers[-2].T + layers[-1].ravel()
    scores = numpy.exp(scores - scores.max(axis=1, keepdims=True))
    return scores / scores.sum(axis=1, keepdims=True)


class Models(ProgramTest):
    def train(self, out="run", **keys):
        self.succeed("train", self.write_config(**keys), "--out", out, "--overwrite", "--quiet")

    def train_on_table(self, **keys):
        """On five numbers per sample and three classes with names."""
        for name, samples in (("train.csv", 60), ("test.csv", 30)):
            rows = [[*row[:-1], NAMES[int(row[-1])]] for row in data.table(samples)]
            (self.folder / name).write_text(data.csv_text(rows, ["a", "b", "c", "d", "e", "tree"]))
        self.train(**({"data__format": "csv", "data__path": self.folder, "data__train": "train.csv",
                       "data__test": "test.csv", "network__layers": "5-8-3"} | keys))

    def evaluate(self, *arguments, ranks=1):
        result = self.succeed("evaluate", *arguments, "--json", ranks=ranks)
        self.assertEqual(result.err, "")
        return json.loads(result.out)

    def predictions(self, name):
        """Labels and scores of a CSV file."""
        with (self.folder / name).open(newline="") as file:
            header, *rows = csv.reader(file)
        return header, [row[0] for row in rows], numpy.array([row[1:] for row in rows], dtype=float)


class Evaluate(Models):
    def test_the_figures_are_those_of_the_run(self):
        self.train()
        summary = json.loads((self.folder / "run" / "summary.json").read_text())
        for ranks in (1, 3):
            with self.subTest(ranks=ranks):
                figures = self.evaluate("run", ranks=ranks)
                self.assertLessEqual({"accuracy", "loss", "objective", "samples", "confusion", "gap", "share_linear"},
                                     figures.keys())
                self.assertAlmostEqual(figures["accuracy"], summary["test_accuracy"], places=5)
                confusion = numpy.array(figures["confusion"])
                self.assertEqual(confusion.shape, (10, 10))
                self.assertEqual((confusion.sum(), figures["samples"]), (60, 60))
                self.assertAlmostEqual(100 * numpy.trace(confusion) / 60, figures["accuracy"])
                self.assertEqual((len(figures["gap"]), len(figures["share_linear"])), (2, 2))
                self.assertTrue(numpy.isfinite([figures["loss"], figures["objective"], *figures["gap"]]).all())

    def test_the_figures_do_not_depend_on_the_number_of_ranks(self):
        self.train()
        for rule in ("feedforward", "lifted"):
            with self.subTest(rule=rule):
                one, other = (self.evaluate("run", "--rule", rule, ranks=ranks) for ranks in (1, 5))
                self.assertEqual(one["confusion"], other["confusion"])
                for name in ("loss", "objective", "gap", "share_linear"):
                    numpy.testing.assert_allclose(other[name], one[name], rtol=1e-4, atol=1e-6, err_msg=name)

    def test_every_penalty_has_a_finite_gap_and_says_which(self):
        kept = "F(x) + F*(u) - <x, u>"
        for formulation, activation, formula in (
                ("classical", "hard_tanh", kept), ("fenchel", "softplus", kept), ("bregman", "simplex", kept),
                ("contrastive", "relu", kept), ("mac", "relu", "1/2 |x - phi(u)|^2"),
                ("mac", "sin", "1/2 |x - phi(u)|^2")):
            with self.subTest(formulation=formulation, activation=activation):
                self.train_on_table(formulation__name=formulation, network__activation=activation)
                figures = self.evaluate("run")
                self.assertEqual(figures["gap_formula"], formula)
                self.assertTrue(numpy.isfinite(figures["gap"]).all())
                self.assertGreater(figures["gap"][0], 0)
                self.assertIn(formula, self.succeed("evaluate", "run").out)

    def test_a_model_is_evaluated_by_the_lambda_that_its_run_ended_with(self):
        rising = {"formulation__lambda": 2, "formulation__lambda_end": 50}
        at_once = {"train__target_accuracy": 1e-9}
        pairs = {"its end": ({"formulation__lambda": 50, "train__sweeps": 3},
                             {**rising, "formulation__lambda_until": 0, "train__sweeps": 3}),
                 "where it stopped": ({"formulation__lambda": 2, **at_once}, {**rising, **at_once})}
        for where, pair in pairs.items():
            with self.subTest(where):
                figures = []
                for keys in pair:
                    self.train_on_table(**keys)
                    figures.append(self.evaluate("run"))
                for name in ("accuracy", "objective", "gap"):
                    self.assertEqual(figures[0][name], figures[1][name])

    def test_shares_of_pooled_maps_count_rows_of_the_map(self):
        for solver in ("ridge", "adam"):
            with self.subTest(solver=solver):
                self.train_on_table(formulation__name="mac", network__activation="maxpool(4)", weights__solver=solver)
                matrix, bias = weights(self.folder / "run" / "model.h5")[:2]
                u = numpy.array([row[:-1] for row in data.table(30)], dtype=float) @ matrix.T + bias.ravel()
                self.assertEqual(u.shape, (30, 32))
                figures = self.evaluate("run", ranks=2)
                numpy.testing.assert_allclose(figures["share_linear"], [100 * numpy.mean(u > 0)], atol=1e-9)
                self.assertGreater(figures["gap"][0], 0)
                summary = json.loads((self.folder / "run" / "summary.json").read_text())
                self.assertAlmostEqual(figures["accuracy"], summary["test_accuracy"], places=5)

    def test_rows_of_the_confusion_are_true_classes(self):
        self.train_on_table()
        rows = [row for row in data.table(30) if row[-1] == "1"]
        (self.folder / "ash.csv").write_text(data.csv_text([[*row[:-1], "ash"] for row in rows]))
        names = sorted(NAMES)
        figures = self.evaluate("run", "--data.test=ash.csv")
        self.assertEqual([sum(row) for row in figures["confusion"]], [10 if name == "ash" else 0 for name in names])

    def test_a_model_file_and_a_run_directory_are_the_same(self):
        self.train()
        self.assertEqual(self.evaluate("run"), self.evaluate("run/model.h5"))

    def test_without_json_a_person_reads_the_accuracy(self):
        self.train()
        for ranks in (1, 3):
            self.assertEqual(self.succeed("evaluate", "run", ranks=ranks).out.count("accuracy"), 1)

    def test_a_regression_has_rmse(self):
        for name in ("train.csv", "test.csv"):
            (self.folder / name).write_text(data.csv_text(data.table(40)))
        self.train_on_regression()
        figures = self.evaluate("run", ranks=2)
        summary = json.loads((self.folder / "run" / "summary.json").read_text())
        self.assertAlmostEqual(figures["rmse"], summary["test_rmse"], places=5)
        self.assertNotIn("accuracy", figures)

    def train_on_regression(self):
        self.train(data__format="csv", data__path=self.folder, data__train="train.csv", data__test="test.csv",
                   network__layers="5-8-1", network__output="linear")


class Predict(Models):
    def test_scores_are_the_output_of_the_network_in_the_order_of_the_data(self):
        self.train_on_table(data__standardize="true")
        inputs = numpy.array([row[:-1] for row in data.table(30)], dtype=float)
        with h5py.File(self.folder / "run" / "model.h5") as file:
            inputs = (inputs - file["input/mean"][()]) * file["input/scale"][()]
        expected = softmax_scores(inputs, weights(self.folder / "run" / "model.h5"))
        names = sorted(NAMES)
        for ranks in (1, 3):
            with self.subTest(ranks=ranks):
                self.succeed("predict", "run", "--out", "out.csv", ranks=ranks)
                header, labels, scores = self.predictions("out.csv")
                self.assertEqual(header, ["label", "score_0", "score_1", "score_2"])
                self.assertEqual(labels, [names[place] for place in scores.argmax(axis=1)])
                numpy.testing.assert_allclose(scores, expected, rtol=1e-4, atol=1e-6)

    def test_scores_have_nine_significant_digits(self):
        self.train(train__precision="double")
        self.succeed("predict", "run", "--out", "out.csv")
        text = (self.folder / "out.csv").read_text().splitlines()[1:]
        fields = [field for line in text for field in line.split(",")[1:]]
        digits = [len(field.partition("e")[0].replace(".", "").lstrip("0")) for field in fields]
        self.assertEqual(max(digits), 9)
        self.assertGreater(numpy.mean(digits), 8)

    def test_hdf5_holds_the_same(self):
        self.train_on_table()
        for ranks in (1, 3):
            self.succeed("predict", "run", "--out", "out.csv", ranks=ranks)
            self.succeed("predict", "run", "--out", "out.h5", ranks=ranks)
            _, labels, scores = self.predictions("out.csv")
            with h5py.File(self.folder / "out.h5") as file:
                self.assertEqual(file["score"].shape, (30, 3))
                numpy.testing.assert_allclose(file["score"][()], scores, rtol=1e-6, atol=1e-8)
                self.assertEqual([label.decode() for label in file["label"][()]], labels)

    def test_classes_without_names_are_numbers(self):
        data.write_idx(self.folder / "idx")
        data.write_idx(self.folder / "idx", part="t10k")
        self.train(data__format="idx", data__path=self.folder / "idx", network__layers="16-5-3")
        self.succeed("predict", "run", "--out", "out.csv")
        _, labels, scores = self.predictions("out.csv")
        self.assertEqual(labels, [str(place) for place in scores.argmax(axis=1)])
        self.succeed("predict", "run", "--out", "out.h5")
        with h5py.File(self.folder / "out.h5") as file:
            self.assertEqual([str(label) for label in file["label"][()]], labels)

    def test_data_without_labels_are_fine(self):
        self.train_on_table()
        self.succeed("predict", "run", "--out", "whole.csv")
        (self.folder / "bare.csv").write_text(data.csv_text([row[:-1] for row in data.table(30)], list("abcde")))
        for ranks in (1, 3):
            self.succeed("predict", "run", "--out", "bare-out.csv", "--data.test=bare.csv", ranks=ranks)
            labels, scores = self.predictions("bare-out.csv")[1:]
            self.assertEqual(labels, self.predictions("whole.csv")[1])
            numpy.testing.assert_allclose(scores, self.predictions("whole.csv")[2], rtol=1e-4, atol=1e-6)

    def test_a_regression_has_values(self):
        for name in ("train.csv", "test.csv"):
            (self.folder / name).write_text(data.csv_text(data.table(40)))
        self.train(data__format="csv", data__path=self.folder, data__train="train.csv", data__test="test.csv",
                   network__layers="5-8-1", network__output="linear")
        self.succeed("predict", "run", "--out", "out.csv", ranks=2)
        lines = (self.folder / "out.csv").read_text().splitlines()
        self.assertEqual(lines[0], "value_0")
        targets = [int(row[-1]) for row in data.table(40)]
        rmse = numpy.sqrt(numpy.mean((numpy.array(lines[1:], dtype=float) - targets) ** 2))
        summary = json.loads((self.folder / "run" / "summary.json").read_text())
        self.assertAlmostEqual(rmse, summary["test_rmse"], places=4)

    def test_the_lifted_rule_predicts_by_probabilities_too(self):
        self.train()
        self.succeed("predict", "run", "--out", "out.csv", "--rule", "lifted", ranks=2)
        numpy.testing.assert_allclose(self.predictions("out.csv")[2].sum(axis=1), 1, rtol=1e-5)


class BadModels(Models):
    def refuses_model(self, status, phrases, model, *options, on=(1,)):
        self.refuses(status, phrases, "evaluate", model, *options, on=on)
        self.refuses(status, phrases, "predict", model, "--out", "out.csv", *options, on=on)

    def test_a_model_that_is_not_there(self):
        self.refuses_model(MISSING, ["none"], "none", on=(1, 3))

    def test_a_folder_without_a_model(self):
        (self.folder / "empty").mkdir()
        self.refuses_model(MISSING, ["empty"], "empty")

    def test_a_file_that_is_no_model(self):
        (self.folder / "text.h5").write_text("not at all\n" * 100)
        self.refuses_model(BAD, ["text.h5"], "text.h5")

    def test_an_hdf5_file_that_is_no_model(self):
        with h5py.File(self.folder / "other.h5", "w") as file:
            file["inputs"] = [[1.0, 2.0]]
        self.refuses_model(BAD, ["other.h5"], "other.h5")

    def test_a_damaged_model(self):
        self.train()
        path = self.folder / "run" / "model.h5"
        contents = bytearray(path.read_bytes())
        contents[len(contents) // 2] ^= 1
        path.write_bytes(contents)
        self.refuses_model(BAD, ["model.h5"], "run", on=(1, 3))

    def test_a_model_that_does_not_fit_the_data(self):
        self.train()
        data.write_idx(self.folder / "idx", part="t10k")
        self.refuses_model(BAD, ["784", "16"], "run", "--data.format=idx", "--data.path=idx",
                           on=(1, 3))

    def test_labels_that_the_model_does_not_know(self):
        self.train_on_table()
        (self.folder / "odd.csv").write_text("1,2,3,4,5,yew\n")
        self.refuses(BAD, ["yew"], "evaluate", "run", "--data.test=odd.csv")

    def test_data_without_labels_cannot_be_evaluated(self):
        self.train_on_table()
        (self.folder / "bare.csv").write_text("1,2,3,4,5\n")
        self.refuses(BAD, ["hoist predict"], "evaluate", "run", "--data.test=bare.csv")

    def test_data_that_are_not_there(self):
        self.train_on_table()
        self.refuses_model(MISSING, ["none.csv"], "run", "--data.test=none.csv", on=(1, 3))

    def test_an_output_that_cannot_be_made(self):
        self.train()
        (self.folder / "file").write_text("here first")
        for out in ("nowhere/out.csv", "nowhere/out.h5", "file/out.csv", "/proc/out.h5"):
            self.refuses(CANNOT_WRITE, [out], "predict", "run", "--out", out)

    def test_wrong_use(self):
        self.train()
        self.refuses(USAGE, ["--out"], "predict", "run")
        self.refuses(USAGE, ["--out", ".csv", ".h5"], "predict", "run", "--out", "out.txt")
        self.refuses(USAGE, ["lifted"], "evaluate", "run", "--rule", "liftd")
        self.refuses(USAGE, ["--jsn"], "evaluate", "run", "--jsn")


if __name__ == "__main__":
    unittest.main()
