"""The page that `hoist report` writes: its contents against other commands and files, and its looks in a browser."""

import base64
import csv
import html.parser
import json
import re
import struct
import unittest
import zlib

import h5py
import numpy

import data_files as data
from browser import Browser
from program import ProgramTest, metrics_rows

BAD, MISSING, USAGE, CANNOT_WRITE = 65, 66, 64, 73
DESKTOP, PHONE = 1280, 390
VOID = {"meta"}
# What a page may name without loading it: XML's namespaces, and where its library comes from.
NAMED = re.compile(r"https?://(www\.w3\.org/[\w/]*|d3js\.org)")


class Structure(html.parser.HTMLParser):
    """Elements in their order, each closed by its own tag; what they load; the text of each script."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.attributes, self.scripts, self.wrong = [], [], [], [], []
        self.feed(text)
        self.close()
        self.wrong += self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag == "script":
            self.scripts.append("")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)

    def handle_data(self, text):
        if self.open and self.open[-1] == "script":
            self.scripts[-1] += text


def shape_of_png(png):
    """Width, height, and how many distinct rows of pixels there are."""
    width, height = struct.unpack(">2I", png[16:24])
    pieces, position = b"", 8
    while position < len(png):
        (length,), kind = struct.unpack(">I", png[position:position + 4]), png[position + 4:position + 8]
        if kind == b"IDAT":
            pieces += png[position + 8:position + 8 + length]
        position += 12 + length
    pixels = zlib.decompress(pieces)
    stride = len(pixels) // height
    return width, height, len({pixels[row * stride:(row + 1) * stride] for row in range(height)})


class ReportTest(ProgramTest):
    def train(self, out="run", ranks=1, **keys):
        self.succeed("train", self.write_config(**keys), "--out", out, "--quiet", ranks=ranks)

    def train_on_table(self, values, out="run", **keys):
        """On three numbers per sample whose last column is one of `values`; no test part, no images."""
        rows = [[*row[:3], values[sample % len(values)]] for sample, row in enumerate(data.table(90))]
        (self.folder / "table.csv").write_text(data.csv_text(rows, ["a", "b", "c", "target"]))
        self.train(out, **({"data__format": "csv", "data__path": self.folder, "data__train": "table.csv",
                            "network__layers": f"3-6-{len(values)}"} | keys))

    def report(self, *arguments, out="page.html", ranks=1):
        """The text of the page, and the data in it."""
        self.succeed("report", *arguments, "--out", out, ranks=ranks)
        text = (self.folder / out).read_text()
        return text, json.loads(Structure(text).scripts[0])


class Page(ReportTest):
    def test_it_is_well_formed_and_loads_nothing(self):
        self.train()
        text, _ = self.report("run")
        structure = Structure(text)
        self.assertEqual(structure.wrong, [])
        self.assertEqual(structure.tags.count("main"), 1)
        self.assertEqual([value for name, value in structure.attributes if name in ("src", "href")], [])
        self.assertNotIn("://", NAMED.sub("", text))
        self.assertNotRegex(text, r"@import|url\((?!#)(?!\$\{)[^)]*[/.]")
        self.assertIn("default-src 'none'", text)
        self.assertLess(len(text), 700_000)
        self.assertEqual(list(self.folder.glob("*.tmp")), [])

    def test_it_tells_what_the_run_directory_tells(self):
        self.train(data__validation=24, ranks=2)
        run = self.report("run")[1]["runs"][0]
        self.assertEqual((run["name"], run["complete"], run["unit"], run["judged_by"]), ("run", True, "sweep", "accuracy"))
        self.assertEqual(run["summary"], json.loads((self.folder / "run" / "summary.json").read_text()))
        rows = metrics_rows(self.folder / "run")
        self.assertEqual(run["metrics"], {name: [float(row[name]) if row[name] else None for row in rows]
                                          for name in rows[0]})
        settings = {key: (value, usual) for key, value, usual in run["config"]}
        self.assertEqual(settings["network.layers"], ("784-16-12-10", False))
        self.assertEqual(settings["formulation.beta"], ("1", True))

    def test_times_of_ranks_and_layers_of_stages_are_in_the_summary(self):
        self.train(ranks=3, grid__stages=2)
        summary = self.report("run")[1]["runs"][0]["summary"]
        self.assertEqual([phases["wait"] for phases in summary["phase_seconds"]], summary["idle_seconds"])
        self.assertEqual(len(summary["phase_seconds"]), 3)
        for phases in summary["phase_seconds"]:
            self.assertEqual(phases.keys(), {"activations", "weights", "exchange", "wait"})
            self.assertLess(sum(phases.values()), summary["seconds_total"])
            self.assertGreater(phases["weights"], 0)
        layers = [layer for begin, end in summary["stage_layers"] for layer in range(begin, end)]
        self.assertEqual((len(summary["stage_layers"]), layers), (2, [0, 1, 2]))

    def test_figures_are_those_of_evaluate_on_any_number_of_ranks(self):
        self.train()
        expected = json.loads(self.succeed("evaluate", "run", "--json").out)
        for ranks in (1, 3):
            with self.subTest(ranks=ranks):
                model = self.report("run", ranks=ranks)[1]["runs"][0]["model"]
                self.assertEqual(model["figures"]["confusion"], expected["confusion"])
                for name in ("accuracy", "loss", "objective", "gap", "share_linear"):
                    numpy.testing.assert_allclose(model["figures"][name], expected[name], rtol=1e-4, err_msg=name)

    def test_the_most_confused_samples_are_those_furthest_on_the_wrong_side(self):
        self.train()
        self.succeed("predict", "run", "--out", "scores.csv")
        with (self.folder / "scores.csv").open(newline="") as file:
            scores = numpy.array([row[1:] for row in list(csv.reader(file))[1:]], dtype=float)
        model = self.report("run")[1]["runs"][0]["model"]
        rows = model["confused"]
        confusion = numpy.array(model["figures"]["confusion"])
        errors = int(confusion.sum() - numpy.trace(confusion))
        self.assertEqual(len(rows), min(24, errors))
        self.assertGreater(len(rows), 3)
        for row in rows:
            mine = scores[row["sample"]]
            self.assertEqual(row["predicted"], mine.argmax())
            self.assertNotEqual(row["predicted"], row["label"])
            numpy.testing.assert_allclose([row["score"], row["score_of_label"]], [mine.max(), mine[row["label"]]],
                                          rtol=1e-4, atol=1e-7)
            self.assertGreater(confusion[row["label"], row["predicted"]], 0)
            self.assertEqual(len(base64.b64decode(row["bytes"])), 784)
        margins = [row["score"] - row["score_of_label"] for row in rows]
        self.assertEqual(margins, sorted(margins, reverse=True))

    def test_pictures_of_samples_are_the_samples(self):
        data.write_idx(self.folder / "idx")
        self.train(data__format="idx", data__path=self.folder / "idx", network__layers="16-4-3", train__sweeps=1)
        model = self.report("run")[1]["runs"][0]["model"]
        self.assertEqual(model["image"], [data.SIDE, data.SIDE, 1])
        pixels = data.pixels()
        for row in model["confused"]:
            self.assertEqual(base64.b64decode(row["bytes"]), pixels[16 * row["sample"]:16 * (row["sample"] + 1)])
            self.assertEqual(row["label"], data.labels()[row["sample"]])
        self.assertGreater(len(model["confused"]), 0)

    def test_weights_are_those_of_the_units_with_the_largest_norms(self):
        self.train(network__layers="784-70-10")
        weights = self.report("run")[1]["runs"][0]["model"]["weights"]
        with h5py.File(self.folder / "run" / "model.h5") as file:
            matrix = file["layers/0/weights"][()].astype(float)
        order = numpy.argsort(-numpy.linalg.norm(matrix, axis=1), kind="stable")[:48]
        self.assertEqual((weights["units"], weights["of"]), (order.tolist(), 70))
        bytes_ = numpy.frombuffer(base64.b64decode(weights["bytes"]), dtype=numpy.int8).reshape(48, 784)
        shown = numpy.clip(matrix[order], -weights["scale"], weights["scale"])
        numpy.testing.assert_allclose(bytes_ / 127 * weights["scale"], shown, atol=weights["scale"] / 250)
        self.assertLess((numpy.abs(matrix[order]) > weights["scale"]).mean(), 0.051)

    def test_text_in_the_data_cannot_become_markup(self):
        name = 'a<script>alert("b")<!-- &amp;'
        self.train_on_table(["</script><img src=x>", "two"], out=name)
        text, page = self.report(name)
        self.assertEqual(Structure(text).wrong, [])
        self.assertEqual(Structure(text).tags.count("script"), 3)
        self.assertEqual(page["runs"][0]["name"], name)
        self.assertIn("</script><img src=x>", page["runs"][0]["model"]["class_names"])

    def test_runs_of_one_name_are_told_apart_by_their_paths(self):
        self.train("a/run")
        self.train("b/run")
        self.assertEqual([run["name"] for run in self.report("a/run", "b/run/")[1]["runs"]], ["a/run", "b/run/"])
        self.assertEqual([run["name"] for run in self.report("a/run/")[1]["runs"]], ["run"])

    def test_other_data_can_be_given(self):
        self.train()
        page = self.report("run", "--data.samples=100", "--data.test_samples=35")[1]
        self.assertTrue(page["data_given"])
        self.assertEqual(page["runs"][0]["model"]["figures"]["samples"], 35)


class Unfinished(ReportTest):
    def interrupt(self, checkpoints=True):
        """A run as it is while it trains."""
        self.train(checkpoint__every=2, train__sweeps=3)
        for name in ("model.h5", "summary.json"):
            (self.folder / "run" / name).unlink()
        if not checkpoints:
            (self.folder / "run" / "checkpoint-000002.h5").unlink()

    def test_the_newest_checkpoint_stands_for_the_model(self):
        self.interrupt()
        run = self.report("run", ranks=2)[1]["runs"][0]
        self.assertEqual((run["complete"], run["summary"]), (False, None))
        self.assertEqual((run["model"]["file"], run["model"]["after"]), ("checkpoint-000002.h5", 2))
        self.assertEqual(run["metrics"]["sweep"], [1, 2, 3])

    def test_without_a_checkpoint_there_are_curves_all_the_same(self):
        self.interrupt(checkpoints=False)
        run = self.report("run", ranks=2)[1]["runs"][0]
        self.assertIsNone(run["model"])
        self.assertEqual(run["metrics"]["sweep"], [1, 2, 3])

    def test_a_row_that_is_being_written_is_not_read(self):
        self.interrupt()
        metrics = self.folder / "run" / "metrics.csv"
        metrics.write_text(metrics.read_text() + "4,,1.2")
        self.assertEqual(self.report("run")[1]["runs"][0]["metrics"]["sweep"], [1, 2, 3])

    def test_a_run_before_its_first_sweep_has_a_page(self):
        self.interrupt(checkpoints=False)
        metrics = self.folder / "run" / "metrics.csv"
        metrics.write_text(metrics.read_text().splitlines()[0] + "\n")
        self.assertEqual(self.report("run")[1]["runs"][0]["metrics"]["sweep"], [])

    def test_data_that_are_gone_are_said_to_be_gone(self):
        data.write_idx(self.folder / "idx")
        self.train(data__format="idx", data__path=self.folder / "idx", network__layers="16-4-3")
        (self.folder / "idx").rename(self.folder / "moved")
        run = self.report("run", ranks=2)[1]["runs"][0]
        self.assertIsNone(run["model"]["figures"])
        self.assertIn("idx", run["model"]["missing"])
        model = self.report("run", f"--data.path={self.folder / 'moved'}")[1]["runs"][0]["model"]
        self.assertEqual(model["figures"]["samples"], data.SAMPLES)

    def test_a_long_run_is_thinned_and_keeps_its_end(self):
        self.train()
        metrics = self.folder / "run" / "metrics.csv"
        header, *_ = metrics.read_text().splitlines()
        absent = "," * (header.count(",") - header[:header.index(",residual")].count(","))
        rows = [f"{sweep},,{sweep}.5,1,1,1,50,,50,1,1,1,1,0{absent}" for sweep in range(1, 2502)]
        metrics.write_text("\n".join([header, *rows]) + "\n")
        run = self.report("run")[1]["runs"][0]
        self.assertEqual(run["every"], 3)
        self.assertEqual(run["metrics"]["sweep"], [*range(1, 2502, 3), 2501])


class Refusals(ReportTest):
    def test_wrong_use(self):
        self.refuses(USAGE, ["--out"], "report", "run")
        self.refuses(USAGE, ["DIR"], "report", "--out", "page.html")

    def test_what_is_not_a_run(self):
        (self.folder / "empty").mkdir()
        for name in ("empty", "nothing"):
            self.refuses(MISSING, [f"{name} is not a run"], "report", name, "--out", "page.html")

    def test_a_page_that_cannot_be_written(self):
        self.train()
        (self.folder / "folder").mkdir()
        for out in ("no/such/page.html", "folder"):
            self.refuses(CANNOT_WRITE, [out], "report", "run", "--out", out)

    def test_damaged_files_name_the_line(self):
        self.train()
        run = self.folder / "run"
        whole = {name: (run / name).read_text() for name in ("metrics.csv", "summary.json", "config.ini")}
        lines = whole["metrics.csv"].splitlines()
        summary = whole["summary.json"]
        for name, text, phrase in (
                ("metrics.csv", "", "line 1"),
                ("metrics.csv", whole["metrics.csv"].replace("objective", "other", 1), "objective"),
                ("metrics.csv", "\n".join([*lines[:2], lines[2] + ",5", ""]), "line 3"),
                ("metrics.csv", "\n".join([*lines[:3], lines[3].replace(",", ",x", 1), ""]), "line 4"),
                ("metrics.csv", "\n".join([*lines[:3], lines[3][:20]]), "line 4"),
                ("summary.json", summary[:len(summary) // 2], f"line {summary[:len(summary) // 2].count(chr(10)) + 1}"),
                ("summary.json", "[1, 2]", "line 1"),
                ("summary.json", summary.replace('"ranks": 1', '"ranks": "one"'), f"line {summary[:summary.index('ranks')].count(chr(10)) + 1}"),
                ("config.ini", "[train\nsweeps", "config.ini")):
            with self.subTest(name=name, phrase=phrase):
                (run / name).write_text(text)
                self.refuses(BAD, [f"run/{name}", phrase], "report", "run", "--out", "page.html")
                (run / name).write_text(whole[name])

    def test_a_damaged_model(self):
        self.train()
        model = self.folder / "run" / "model.h5"
        model.write_bytes(model.read_bytes()[:-200])
        self.refuses(BAD, ["model.h5"], "report", "run", "--out", "page.html")


class Looks(ReportTest):
    @classmethod
    def setUpClass(cls):
        cls.browser = Browser()
        cls.addClassCleanup(cls.browser.close)

    def look(self, page="page.html", width=DESKTOP, scheme="light"):
        """Opens the page; it must draw itself without a problem and fit the window."""
        self.browser.open(self.folder / page, width, scheme=scheme)
        self.assertEqual(self.browser.ask("document.documentElement.dataset.drawn"), "yes", self.browser.problems)
        self.assertEqual(self.browser.ask("document.documentElement.scrollWidth"), width)
        self.assertEqual(self.browser.problems, [])
        # No text of a drawing may leave it.
        outside = self.browser.ask("""[...document.querySelectorAll("svg text")].filter((text) => {
            const [a, b] = [text.getBoundingClientRect(), text.ownerSVGElement.getBoundingClientRect()];
            return a.width > 0 && (a.left < b.left - 1 || a.right > b.right + 1 || a.top < b.top - 4 || a.bottom > b.bottom + 4);
        }).map((text) => text.textContent)""")
        self.assertEqual(outside, [])

    def count(self, selector):
        return self.browser.ask(f"document.querySelectorAll({json.dumps(selector)}).length")

    def titles(self):
        return self.browser.ask("[...document.querySelectorAll('h2, h3')].map((title) => title.textContent)")

    def text(self):
        return self.browser.ask("document.getElementById('page').textContent")

    def test_it_fits_desktop_and_phone_in_light_and_dark(self):
        self.train(ranks=2, grid__stages=2)
        self.report("run")
        colors = {}
        for width in (DESKTOP, PHONE):
            for scheme in ("light", "dark"):
                with self.subTest(width=width, scheme=scheme):
                    self.look(width=width, scheme=scheme)
                    shot_width, height, distinct = shape_of_png(self.browser.screenshot())
                    self.assertEqual(shot_width, width)
                    self.assertGreater(height, 2000)
                    self.assertGreater(distinct, height / 5)
                    colors[scheme] = self.browser.ask("getComputedStyle(document.documentElement).backgroundColor")
        self.assertEqual(colors["light"], "rgb(255, 255, 255)")
        self.assertNotEqual(colors["dark"], colors["light"])

    def test_every_part_is_drawn(self):
        self.train(ranks=3, grid__stages=2)
        _, page = self.report("run")
        self.look()
        self.assertEqual(self.titles(), [
            "Progress", "Accuracy in per cent", "Objective", "Loss", "Gap", "Time per rank", "Grid",
            "Hidden layers", "First-layer weights", "Confusion matrix", "Most confused samples",
            "Configuration"])
        curves = self.browser.ask("[...document.querySelectorAll('.curve')].map((path) => path.getAttribute('d'))")
        self.assertEqual(len(curves), 2 + 3)  # train and test accuracy; objective, loss, gap
        for path in curves:
            self.assertEqual(path.count(","), 3)  # a point for each of three sweeps
            self.assertNotIn("NaN", path)
        self.assertEqual(self.count("rect.segment[class*=phase]"), 3 * 4)
        self.assertEqual(self.count("rect.owner"), 3)
        self.assertEqual(self.count("rect.cell, rect.diagonal"), 100)
        self.assertEqual(self.count(".tiles:not(.samples) canvas"), 16)
        self.assertEqual(self.count(".samples canvas"), len(page["runs"][0]["model"]["confused"]))
        painted = self.browser.ask("""[...document.querySelectorAll("canvas")].filter((canvas) =>
            new Set(canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data).size > 3).length""")
        self.assertEqual(painted, self.count("canvas"))
        self.assertIn("mpirun -n 3 hoist train run/config.ini", self.text())
        self.assertEqual(self.count("svg[role=img]:not([aria-label]), canvas:not([aria-label])"), 0)

    def test_text_can_be_read_against_its_ground(self):
        """WCAG AA: 4.5 : 1 for every color that text or a curve has."""
        self.train(train__sweeps=1)
        self.report("run")
        for scheme in ("light", "dark"):
            self.look(scheme=scheme)
            ratios = self.browser.ask("""(() => {
                const luminance = (name) => {
                    const text = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
                    const [r, g, b] = [1, 3, 5].map((i) => parseInt(text.slice(i, i + 2), 16) / 255)
                        .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
                    return 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05;
                };
                return ["--ink", "--quiet", "--accent", ...[0, 1, 2, 3, 4, 5].map((i) => `--run-${i}`)]
                    .map((name) => luminance(name) / luminance("--paper")).map((ratio) => Math.max(ratio, 1 / ratio));
            })()""")
            self.assertGreater(min(ratios), 4.5, scheme)

    def test_choices_and_the_pointer_change_the_charts(self):
        self.train()
        _, page = self.report("run")
        self.look()
        ticks = "[...document.querySelectorAll('.charts .bottom text')].map((text) => text.textContent)"
        over_time = self.browser.ask(ticks)
        self.browser.ask("document.querySelector('input[value=steps]').click()")
        self.assertNotEqual(self.browser.ask(ticks), over_time)
        self.assertEqual(self.browser.ask(ticks)[:3], ["1", "2", "3"])
        box = self.browser.ask("(({x, y, width}) => [x, y, width])(document.querySelector('.charts svg').getBoundingClientRect())")
        self.browser.call("Input.dispatchMouseEvent", type="mouseMoved", x=box[0] + 60, y=box[1] + 100)
        readout = self.browser.ask("document.querySelector('.readout:not([hidden])').textContent")
        first = page["runs"][0]["metrics"]["test_accuracy"][0]
        self.assertIn("sweep 1", readout)
        self.assertIn(f"{first:.2f} %", readout)
        self.assertEqual(self.browser.problems, [])

    def test_several_runs_are_overlaid(self):
        self.train("classical")
        self.train("fenchel", formulation__name="fenchel", train__epochs=2, train__batch=40, weights__solver="adam")
        self.succeed("finetune", self.write_config(train__epochs=3, train__batch=40), "--from", "classical",
                     "--set", "weights.solver=adam", "--out", "finetuned", "--quiet")
        _, page = self.report("classical", "fenchel", "finetuned")
        self.assertEqual([run["unit"] for run in page["runs"]], ["sweep", "epoch", "epoch"])
        for width in (DESKTOP, PHONE):
            self.look(width=width)
            self.assertEqual(self.count(".charts figure:first-child path.curve"), 3)
            self.assertEqual(self.browser.ask("[...document.querySelectorAll('.legend')][0].textContent"),
                             "classicalfenchelfinetuned")
            self.assertEqual(self.count(".chapter"), 3)
        self.assertIn("back-propagation", self.text())
        self.assertIn("The gap is the mean over samples of 1/2 |x - phi(u)|^2", self.text())  # of back-propagation
        self.assertNotIn("∞", self.text())
        self.assertGreaterEqual(self.count("td.best"), 1)

    def test_regression_without_a_test_part(self):
        self.train_on_table(["-1", "0.5", "2"], network__layers="3-6-1", network__output="linear")
        self.report("run")
        for width in (DESKTOP, PHONE):
            self.look(width=width)
            self.assertIn("Root mean squared error", self.titles())
            self.assertIn("Predictions", self.titles())
            self.assertEqual(self.count("circle.mark"), 90)
        self.assertIn("training part", self.text())

    def test_a_certificate_has_its_curve(self):
        self.train(formulation__name="lrrn", network__layers="784-12-10", train__epochs=2, weights__step="1e-2")
        _, page = self.report("run")
        certificate = page["runs"][0]["model"]["certificate"]
        radii = [radius for radius, _ in certificate["curve"]]
        certified = json.loads(self.succeed("certify", "run", "--json", "--radii", ",".join(map(repr, radii))).out)
        self.assertAlmostEqual(certificate["bound"], certified["lipschitz"])
        self.assertAlmostEqual(certificate["median_radius"], certified["median_radius"])
        # A radius may be that of a sample, and is written with some digits.
        away = [abs(share - row["accuracy"]) for (_, share), row in zip(certificate["curve"], certified["certified"])]
        self.assertLess(max(away), 0.2)
        for width in (DESKTOP, PHONE):
            self.look(width=width)
            self.assertIn("Certificate", self.titles())
            self.assertGreaterEqual(self.count(".chart path.curve"), 1)

    def test_a_network_without_targets_is_judged_by_its_energy(self):
        self.train(formulation__name="lrrn", network__layers="784-12", network__output="none", train__epochs=3,
                   weights__step="1e-2")
        _, page = self.report("run")
        self.assertEqual(page["runs"][0]["judged_by"], "energy")
        for width in (DESKTOP, PHONE):
            self.look(width=width)
            self.assertIn("Mean free energy", self.titles())
            self.assertNotIn("Confusion matrix", self.titles())

    def test_classes_without_images(self):
        names = ["a rather long name of a class", "</script><b>bold</b>", "c"]
        self.train_on_table(names, train__sweeps=1)
        self.report("run")
        for width in (DESKTOP, PHONE):
            self.look(width=width)
            self.assertNotIn("First-layer weights", self.titles())
            self.assertEqual(self.count("canvas, b"), 0)
            self.assertEqual(self.count("rect.cell, rect.diagonal"), 9)
        self.assertIn(names[1], self.text())

    def test_unfinished_runs_say_so(self):
        self.train(checkpoint__every=2)
        for name in ("model.h5", "summary.json"):
            (self.folder / "run" / name).unlink()
        self.report("run")
        self.look()
        self.assertIn("This run is not complete. The figures go up to sweep 3 of 3; the model is that of the "
                      "checkpoint after sweep 2.", self.text())
        self.assertEqual(self.count("rect.segment[class*=phase]"), 4)
        (self.folder / "run" / "checkpoint-000002.h5").unlink()
        metrics = self.folder / "run" / "metrics.csv"
        metrics.write_text(metrics.read_text().splitlines()[0] + "\n")
        self.report("run")
        self.look(width=PHONE)
        self.assertIn("No sweep is complete", self.text())
        self.assertIn("no model yet", self.text())

    def test_it_prints(self):
        self.train()
        self.report("run")
        self.look(scheme="dark")
        sheets = self.browser.pdf()
        self.assertEqual(sheets[:5], b"%PDF-")
        self.assertGreater(len(re.findall(rb"/Type\s*/Page\b", sheets)), 1)
        self.browser.call("Emulation.setEmulatedMedia", media="print")
        self.assertEqual(self.browser.ask("getComputedStyle(document.documentElement).backgroundColor"),
                         "rgb(255, 255, 255)")
        self.assertEqual(self.browser.ask("getComputedStyle(document.querySelector('.choices')).display"), "none")


if __name__ == "__main__":
    unittest.main()
