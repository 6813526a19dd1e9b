"""launch/simulate: what hoist plan predicts, held against the program's own messages under SimGrid."""

import csv
import pathlib
import re
import subprocess
import unittest

from program import ENVIRONMENT, HOIST, SOURCE

FLOPS, BANDWIDTH = 1e11, 1e10
NARROW = "-".join(["100"] * 21)


def simulate(folder, *options):
    """The rows of the table and what was printed."""
    out = pathlib.Path(HOIST).parent / folder
    done = subprocess.run([SOURCE / "launch" / "simulate", "--flops", str(FLOPS), "--bandwidth", str(BANDWIDTH),
                           "--hoist", HOIST, "--out", out, *options],
                          env=ENVIRONMENT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    with open(out / "scaling.csv", newline="") as file:
        return list(csv.DictReader(file)), done.stdout, out


class Narrow(unittest.TestCase):
    """Layers so narrow that messages and latencies count for more than they should."""

    @classmethod
    def setUpClass(cls):
        cls.rows, cls.out, cls.folder = simulate("simulated-narrow", "--points", "small", "--layers", NARROW)

    def test_the_plan_is_within_15_percent_at_every_point(self):
        self.assertEqual(len(self.rows), 12)
        for row in self.rows:
            with self.subTest(**row):
                self.assertLess(abs(float(row["off"])), 15.0)

    def test_a_slower_network_never_helps(self):
        seconds = {}
        for row in self.rows:
            where = (row["stages"], row["shards"], row["batch"], row["staleness"])
            seconds[float(row["network"]), where] = float(row["seconds"])
        for (network, where), value in seconds.items():
            if network == 25.0:
                self.assertGreaterEqual(value, 0.999 * seconds[100.0, where])

    def test_a_table_and_a_plot_are_written(self):
        self.assertTrue((self.folder / "scaling.png").read_bytes().startswith(b"\x89PNG"))
        self.assertEqual(len(re.findall(r"^small", self.out, re.MULTILINE)), 14)


class Divided(unittest.TestCase):
    """Steps of muon that shards divide."""

    def test_the_plan_is_within_5_percent_of_one_and_two_shards(self):
        rows, _, _ = simulate("simulated-muon", "--points", "muon", "--network", "25")
        self.assertEqual([row["shards"] for row in rows], ["1", "2"])
        for row in rows:
            self.assertLess(abs(float(row["off"])), 5.0, row)
        self.assertLess(float(rows[1]["seconds"]), 0.65 * float(rows[0]["seconds"]))


class Wide(unittest.TestCase):
    """The network that the targets are stated for, on 20 ranks."""

    def test_targets_are_met(self):
        rows, _, _ = simulate("simulated-wide", "--points", "strong", "batch", "--most-ranks", "20", "--network", "25")
        # Of an epoch, and of one among others.
        least = {("strong", "0", "0"): (85.0, 85.0), ("batch", "20000", "0"): (70.0, 70.0),
                 ("batch", "2000", "1"): (95.0, 97.0), ("batch", "500", "1"): (94.0, 95.0),
                 ("batch", "200", "1"): (90.0, 90.0)}
        for row in rows:
            self.assertLess(abs(float(row["off"])), 15.0)
            key = row["study"], row["batch"], row["staleness"]
            if row["stages"] == "20" and key in least:
                of_epoch, steady = least.pop(key)
                self.assertGreaterEqual(float(row["efficiency"]), of_epoch)
                self.assertGreaterEqual(float(row["steady"]), steady)
        self.assertEqual(least, {})

    def test_unequal_layers(self):
        widths = [784] + [600] * 2 + [300] * 5 + [10]
        rows, out, _ = simulate("simulated-unequal", "--points", "batch", "--network", "25", "--stages", "4",
                                "--layers", "-".join(map(str, widths)))
        self.assertIn("8 layers", out)
        self.assertEqual({row["stages"] for row in rows}, {"4"})
        efficiency = {(row["batch"], row["staleness"]): float(row["efficiency"]) for row in rows}
        for (batch, _), value in efficiency.items():
            self.assertLess(value, 100.0)
            self.assertGreater(efficiency[batch, "1"], efficiency[batch, "0"])
        for row in rows:
            self.assertLess(abs(float(row["off"])), 15.0)


if __name__ == "__main__":
    unittest.main()
