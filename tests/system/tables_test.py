"""Tables as they are found: words, missing values, headers; and models that know the columns they were trained on."""

import csv
import gzip
import json
import random
import unittest

from program import ProgramTest

USAGE, BAD = 64, 65


def rows(samples=60, seed=1):
    """Two numbers, a word that says the class of a sample, and the class."""
    generator = random.Random(seed)
    table = []
    for sample in range(samples):
        color = ("red", "green", "blue")[sample % 3]
        table.append({"width": f"{generator.uniform(-1, 1):.3f}", "height": f"{generator.uniform(-1, 1):.3f}",
                      "color": color, "kind": {"red": "02139", "green": "say \"no\"", "blue": "12e4"}[color]})
    return table


class Tables(ProgramTest):
    def put(self, name, table, columns=("width", "height", "color", "kind"), header=True, **dialect):
        with open(self.folder / name, "w", newline="") as file:
            writer = csv.DictWriter(file, columns, extrasaction="ignore", **dialect)
            if header:
                writer.writeheader()
            writer.writerows(table)

    def config(self, **keys):
        return self.write_config("table.ini", **({
            "data__format": "csv", "data__path": ".", "data__train": "train.csv", "network__layers": "5-8-3",
            "formulation__name": "fenchel", "train__epochs": 60, "train__batch": 12,
            "weights__step": "0.02"} | keys))

    def train(self, **keys):
        return self.succeed("train", self.config(**keys), "--out", "run", "--overwrite", "--quiet")

    def refuses_training(self, status, phrases, ranks=1, **keys):
        result = self.hoist("train", self.config(**keys), "--out", "run", "--overwrite", "--quiet", ranks=ranks)
        self.assert_error(result, status, *phrases)

    def accuracy(self, *options):
        return json.loads(self.succeed("evaluate", "run", "--json", *options).out)["accuracy"]

    def labels(self, *options):
        self.succeed("predict", "run", "--out", "p.csv", *options)
        with open(self.folder / "p.csv", newline="") as file:
            return [row["label"] for row in csv.DictReader(file)]


class Models(Tables):
    def setUp(self):
        super().setUp()
        self.put("train.csv", rows())

    def test_words_are_inputs_and_class_names_stay_what_they_are(self):
        self.train()
        self.assertEqual(self.labels("--data.test=train.csv"), [row["kind"] for row in rows()])
        shown = json.loads(self.succeed("inspect", "run", "--json").out)
        self.assertEqual([column["name"] for column in shown["columns"]], ["width", "height", "color"])
        self.assertEqual(shown["columns"][2]["words"], ["blue", "green", "red"])
        self.assertEqual(sorted(shown["class_names"]), sorted({row["kind"] for row in rows()}))
        table = self.succeed("inspect", "run").out
        self.assertIn("color is one of blue, green, red", table)

    def test_the_format_may_be_named_again(self):
        self.put("train.csv", rows(), ("kind", "height", "color", "width"))
        self.train(data__target="kind", data__ignore="height", network__layers="4-8-3")
        for options in ([], ["--data.format=csv"]):
            options = [*options, "--data.path=.", "--data.test=train.csv"]
            self.assertEqual(self.accuracy(*options), 100.0, options)
            self.assertEqual(self.labels(*options), [row["kind"] for row in rows()], options)

    def test_other_tables_are_matched_by_the_names_of_their_columns(self):
        self.train()
        test = rows(30, seed=2)
        for columns, header in ((("color", "kind", "height", "width"), True),
                                (("width", "height", "color", "kind"), False)):
            self.put("test.csv", test, columns, header)
            self.assertEqual(self.accuracy("--data.test=test.csv"), 100.0, columns)
        self.put("test.csv", test, ("color", "height", "width"))
        self.assertEqual(self.labels("--data.test=test.csv"), [row["kind"] for row in test])
        self.put("test.csv", [row | {"depth": 1} for row in test], ("depth", "height", "color", "kind"))
        for command in (["evaluate", "run"], ["predict", "run", "--out", "p2.csv"]):
            for ranks in (1, 2):
                self.assert_error(self.hoist(*command, "--data.test=test.csv", ranks=ranks), BAD,
                                  "lacks width", "has also depth")

    def test_a_word_that_is_new_is_an_error_or_a_missing_value(self):
        self.train()
        test = rows(3, seed=2)
        test[1]["color"] = "pink"
        self.put("test.csv", test)
        self.assert_error(self.hoist("evaluate", "run", "--data.test=test.csv"), BAD, "line 3", "(color)", "pink",
                          "data.missing")
        self.assertEqual(len(self.labels("--data.test=test.csv", "--data.missing=mean")), 3)
        # A prediction for each sample, or none.
        self.assert_error(self.hoist("predict", "run", "--out", "none.csv", "--data.test=test.csv",
                                     "--data.missing=drop"), BAD, "1 samples", "data.missing")
        self.assertFalse((self.folder / "none.csv").exists())
        dropped = self.succeed("evaluate", "run", "--json", "--data.test=test.csv", "--data.missing=drop")
        self.assertEqual(json.loads(dropped.out)["samples"], 2)
        self.assertIn("1 of 3 samples", dropped.err)

    def test_what_a_model_does_not_take_is_refused(self):
        self.train()
        self.assert_error(self.hoist("evaluate", "run", "--data.limit=5"), USAGE, "data.limit")

    def test_the_mean_of_the_training_part_stands_for_what_is_missing(self):
        # y = x: the model tells what it was given.
        self.put("train.csv", [{"x": x, "y": x} for x in (0, 1, 2, 3, 4, 5)] + [{"x": "?", "y": 2.5}], ("x", "y"))
        self.train(network__layers="1-1", network__output="linear", formulation__name="classical",
                   data__missing="mean", weights__ridge="1e-9", train__sweeps=3)
        self.put("test.csv", [{"x": "NA"}, {"x": 4}], ("x",))
        self.succeed("predict", "run", "--out", "p.csv", "--data.test=test.csv")
        with open(self.folder / "p.csv", newline="") as file:
            values = [float(row["value_0"]) for row in csv.DictReader(file)]
        self.assertAlmostEqual(values[0], 2.5, delta=0.01)
        self.assertAlmostEqual(values[1], 4.0, delta=0.01)

    def test_a_start_is_given_its_inputs_in_their_order(self):
        self.train()
        self.put("train.csv", rows(), ("color", "height", "width", "kind"))
        self.succeed("train", self.config(network__init="run/model.h5", train__epochs=0), "--out", "second", "--quiet")
        self.assertEqual(json.loads((self.folder / "second" / "summary.json").read_text())["train_accuracy"], 100.0)


class Files(Tables):
    def test_an_absolute_name_needs_no_folder(self):
        self.put("train.csv", rows())
        for key, file in (("data__test", "train.csv"), ("data__train", self.folder / "train.csv")):
            keys = {"data__path": "", "data__train": self.folder / "train.csv", "train__epochs": 1} | {key: file}
            if file == "train.csv":
                self.refuses_training(USAGE, ["data.path"], **keys)
            else:
                self.train(**keys)

    def test_gzip_and_blanks(self):
        text = "".join(f"  {row['width']}   {row['height']}\t{row['color']} {row['color']}_\n" for row in rows())
        (self.folder / "train.csv").write_bytes(gzip.compress(text.encode()))
        self.train(train__epochs=1)

    def test_widths_are_those_after_the_words(self):
        self.put("train.csv", rows())
        self.refuses_training(USAGE, ["5 numbers", "3 words of color", "start it with 5"], network__layers="3-8-3")

    def test_one_class_is_not_answered_in_a_circle(self):
        self.put("train.csv", [row | {"kind": "only"} for row in rows()])
        for layers in ("5-8-3", "5-8-2"):
            self.refuses_training(BAD, ["one class only", "only", "network.output = linear"], network__layers=layers)

    def test_a_number_too_large_for_float_is_found_by_every_rank(self):
        table = rows()
        table[40]["height"] = "1e39"
        self.put("train.csv", table)
        for ranks in (1, 2):
            self.refuses_training(BAD, ["line 42", "column 2 (height)", "1e39", "train.precision"], ranks=ranks)
        table[40]["height"] = "1e-400"
        self.put("train.csv", table)
        self.train(train__epochs=1)

    def test_a_column_that_counts_the_samples_is_warned_of(self):
        self.put("train.csv", [row | {"": index} for index, row in enumerate(rows())],
                 ("", "width", "height", "color", "kind"))
        result = self.train(network__layers="6-8-3", train__epochs=1)
        self.assertIn("warning: column 1", result.err)
        self.assertIn("data.ignore = 1", result.err)
        self.assertIn("warning: column 1", (self.folder / "run" / "log.txt").read_text())

    def test_a_header_of_numbers_is_asked_for(self):
        table = [{"400": "0.5", "410": row["width"], "type": row["color"]} for row in rows()]
        self.put("train.csv", table, ("400", "410", "type"))
        self.refuses_training(BAD, ["line 1", "data.header = true"], network__layers="2-4-3")
        self.train(network__layers="2-4-3", data__header="true", train__epochs=1)

    def test_a_value_to_predict_is_described_by_its_range(self):
        self.put("train.csv", [row | {"kind": f"{index / 7:.4f}"} for index, row in enumerate(rows(300))])
        described = self.succeed("data", "describe", "--data.format=csv", "--data.path=.", "--data.train=train.csv").out
        self.assertLess(described.count("\n"), 15)
        self.assertIn("300 different numbers, 0 to 42.7143", described)
        self.assertIn("3 words: blue, green, red", described)

    def test_what_is_converted_loses_the_names_of_columns_and_says_so(self):
        self.put("train.csv", rows(30))
        told = self.succeed("data", "convert", "--out", "a.h5", "--data.format=csv", "--data.path=.",
                            "--data.train=train.csv").err
        self.assertIn("without the names of their columns", told)


if __name__ == "__main__":
    unittest.main()
