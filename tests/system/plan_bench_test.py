"""What plan and bench say, held against what runs need and do."""

import json
import subprocess
import sys
import unittest

import h5py

from program import ENVIRONMENT, HOIST, LONGEST_SECONDS, MPIRUN, ProgramTest, metrics_rows

USAGE, CANNOT_WRITE = 64, 73

# Starts the program that follows and leaves its peak of resident memory in a file of the rank's.
PEAK_OF_A_RANK = """
import os, resource, subprocess, sys
status = subprocess.run(sys.argv[2:], stdout=subprocess.DEVNULL).returncode
with open(sys.argv[1] + os.environ["OMPI_COMM_WORLD_RANK"], "w") as file:
    file.write(str(1024 * resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
sys.exit(status)
"""

# Where the time of a run is not looked at, which saves measuring the machine.
RATES = ("--flops", 1e11, "--bandwidth", 1e10)

EMPTY_PROGRAM = """
#include <mpi.h>
int main(int count, char** arguments) {
    MPI_Init(&count, &arguments);
    return MPI_Finalize();
}
"""


class Memory(ProgramTest):
    """The peak of every rank, beyond that of an empty MPI program, within 10 % of the plan and 6 MB, which the
    buffers of an MPI library vary by from machine to machine."""

    empty_peaks = {}  # by the number of ranks

    def peaks_of_empty_program(self, ranks):
        if ranks not in self.empty_peaks:
            subprocess.run(["mpicc", "-x", "c", "-", "-o", "empty"], input=EMPTY_PROGRAM, text=True, check=True,
                           cwd=self.folder)
            self.empty_peaks[ranks] = self.peaks(ranks, str(self.folder / "empty"))
        return self.empty_peaks[ranks]

    def peaks(self, ranks, *program):
        done = subprocess.run([*MPIRUN, "-n", str(ranks), sys.executable, "-c", PEAK_OF_A_RANK, "peak-", *program],
                              cwd=self.folder, env=ENVIRONMENT, timeout=LONGEST_SECONDS, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertEqual(done.returncode, 0, done.stderr)
        return [int((self.folder / f"peak-{rank}").read_text()) for rank in range(ranks)]

    def compare(self, ranks, **keys):
        usual = {"data__samples": 20000, "data__test_samples": 2000, "network__layers": "784-300-100-10"}
        config = self.write_config(**usual | ({} if "train__epochs" in keys else {"train__sweeps": 1}) | keys)
        plan = json.loads(self.succeed("plan", config, "--ranks", ranks, "--json", *RATES).out)
        empty = self.peaks_of_empty_program(ranks)
        full = self.peaks(ranks, HOIST, "train", config, "--out", "run", "--overwrite")
        for row, with_data, without in zip(plan["ranks"], full, empty, strict=True):
            with self.subTest(ranks=ranks, rank=row["rank"], keys=keys):
                peak = with_data - without
                self.assertAlmostEqual(row["memory"], peak, delta=0.1 * peak + 6e6)

    def test_on_one_rank(self):
        self.compare(1)
        self.compare(1, formulation__lambda_end=1000, train__sweeps=2)

    def test_on_two_shards(self):
        self.compare(2)

    def test_of_relaxed_batches(self):
        lrrn = {"formulation__name": "lrrn", "train__epochs": 1, "train__batch": 1000, "data__standardize": "mean",
                "network__layers": "784-200-100-10", "formulation__sweeps": 2, "train__evaluate_every": 0}
        self.compare(1, **lrrn)
        self.compare(2, **lrrn, grid__stages=2)
        self.compare(3, **lrrn, grid__stages=3)
        self.compare(2, **lrrn, grid__shards=2)

    def test_on_two_stages(self):
        self.compare(2, grid__stages=2)

    def test_on_four_shards(self):
        self.compare(4)

    def test_on_three_stages_and_four_ranks(self):
        self.compare(4, grid__shards="2,1,1")

    def test_in_double_precision(self):
        self.compare(2, train__precision="double")

    def test_on_mini_batches(self):
        for ranks, keys in ((1, {}), (2, {"grid__stages": 2}), (2, {"grid__shards": 2}),
                            (3, {"grid__stages": 3, "train__staleness": 1, "train__look_ahead": "true"}),
                            (1, {"weights__solver": "gram"})):
            self.compare(ranks, formulation__name="contrastive", train__epochs=1,
                         train__batch=500, **{"weights__solver": "adam"} | keys)

    def test_of_pictures(self):
        for ranks, keys in ((1, {}), (2, {"grid__stages": 2})):
            self.compare(ranks, network__layers="28x28x1-conv(16,5)-batchnorm-maxpool(2)-conv(32,3)-maxpool(2)-10",
                         formulation__name="contrastive", weights__solver="muon", train__epochs=1, train__batch=500,
                         data__samples=8000, **keys)


class Plan(ProgramTest):
    def test_sweeps_are_planned_by_what_the_formulation_computes(self):
        keys = {"network__layers": "784-300-300-10", "weights__solver": "ridge", "train__inner": 1}
        rates = ["--samples", 20000, "--flops", 1e10, "--bandwidth", 1e10]
        flops = []
        for formulation in ({"formulation__name": "classical", "formulation__nnls_sweeps": 200},
                            {"formulation__name": "fenchel", "formulation__nnls_sweeps": 200},
                            {"formulation__name": "fenchel", "formulation__iterations": 10}):
            config = self.write_config(**keys | formulation)
            plan = json.loads(self.succeed("plan", config, "--ranks", 1, "--json", *rates).out)
            flops.append(plan["seconds"])
        # Coordinate descent belongs to classical alone; the others take steps of proximal gradient.
        self.assertGreater(flops[0], 5 * flops[1])
        self.assertGreater(flops[2], 1.5 * flops[1])

    def test_the_traffic_of_a_sweep_is_predicted_to_the_byte(self):
        for keys in ({"grid__stages": 1}, {"grid__stages": 3}, {"grid__shards": "1,2"},
                     {"train__schedule": "checkerboard"},
                     {"grid__shards": "2,1", "formulation__name": "mac", "weights__solver": "ridge",
                      "network__activation": "maxpool(4)"}):
            with self.subTest(**keys):
                config = self.write_config(**keys)
                plan = json.loads(self.succeed("plan", config, "--ranks", 3, "--json", *RATES).out)
                self.succeed("train", config, "--out", "run", "--overwrite", ranks=3)
                planned = sum(row["bytes_sent"] for row in plan["ranks"])
                self.assertEqual(planned, float(metrics_rows(self.folder / "run")[-1]["bytes_sent"]))

    def test_the_samples_are_those_of_the_run(self):
        config = self.write_config(data__limit=200, data__validation=0.1)
        plan = json.loads(self.succeed("plan", config, "--ranks", 2, "--json").out)
        self.assertEqual(plan["samples"], 180)
        shares = [row["columns"] for row in plan["ranks"] if row["stage"] == 0]
        self.assertEqual(sum(shares), 180)

    def test_the_rates_are_measured_and_the_figures_agree_with_one_another(self):
        plan = json.loads(self.succeed("plan", self.write_config(), "--ranks", 2, "--json").out)
        self.assertGreater(plan["flops_per_second"], 1e8)
        self.assertGreater(plan["bytes_per_second"], 1e8)
        self.assertAlmostEqual(plan["speedup"], plan["seconds_one_rank"] / plan["seconds"])
        self.assertAlmostEqual(plan["efficiency"], plan["speedup"] / 2)
        for row in plan["ranks"]:
            self.assertAlmostEqual(row["compute"] + row["exchange"] + row["wait"], plan["seconds"])

    def test_samples_and_rates_may_be_given_in_the_place_of_data_and_measurements(self):
        config = self.write_config(network__layers="20-16-3", grid__stages=2)
        rates = ["--flops", 1e9, "--bandwidth", 1e9]
        plan, slower = (json.loads(self.succeed("plan", config, "--ranks", 2, "--json", "--samples", 500, *rates,
                                                "--latency", 0.0, "--network", network).out)
                        for network in (1e9, 1e3))
        self.assertEqual((plan["samples"], plan["flops_per_second"]), (500, 1e9))
        # 16 numbers of 4 bytes of each sample go either way, all after one another or nearly so.
        self.assertGreater(slower["seconds"], 2 * 16 * 500 * 4 / 1e3)
        self.assertLess(plan["seconds"], 0.01 * slower["seconds"])

    def test_wrong_figures_are_refused(self):
        for option in ("--samples", "--flops", "--bandwidth", "--network", "--latency"):
            self.refuses(USAGE, [option], "plan", self.write_config(), f"{option}=-1")

    def test_widths_that_contradict_the_data_are_refused_before_the_run(self):
        self.refuses(USAGE, ["784"], "plan", self.write_config(network__layers="100-16-10"), "--ranks", 2)


class Bench(ProgramTest):
    def test_kernels_are_measured_in_either_precision_on_given_data(self):
        figures = json.loads(self.succeed("bench", "kernels", "--json", "--precision", "double", "--repeat", 1,
                                          "--threads", 1).out)
        self.assertEqual([kernel["name"] for kernel in figures["kernels"]],
                         ["nnls_sweep", "w_step", "gram", "forward", "backward", "input_forward", "input_gradient",
                          *["conv_forward", "conv_adjoint", "conv_gradient"] * 2])
        self.assertEqual((figures["precision"], figures["threads"]), ("double", 1))

    def test_a_sweep_of_a_configuration_is_measured(self):
        config = self.write_config()
        figures = json.loads(self.succeed("bench", "sweep", config, "--json", "--grid.stages=2", ranks=3).out)
        self.assertEqual((figures["layers"], figures["samples"]), ("784-16-12-10", 240))
        self.assertEqual({row["stage"] for row in figures["sweep"]}, {0, 1})
        for row in figures["sweep"]:
            self.assertLessEqual(row["compute"], figures["seconds"] * 1.5)
            self.assertTrue(0 < row["share_compute"] <= 1)

    def test_sweeps_and_mini_batches_are_measured_on_random_samples(self):
        for keys in ({}, {"formulation__name": "bregman", "train__batch": 100, "train__epochs": 1}):
            config = self.write_config(network__layers="20-16-3", **keys)
            for ranks in (1, 3):
                figures = json.loads(self.succeed("bench", "sweep", config, "--json", "--samples", 300,
                                                  "--repeat", 1, ranks=ranks).out)
                self.assertEqual((figures["samples"], len(figures["sweep"])), (300, ranks))
                self.assertGreater(figures["seconds"], 0.0)
        self.refuses(USAGE, ["--samples"], "bench", "sweep", "--samples=-1")

    def test_messages_need_two_ranks(self):
        result = self.hoist("bench", "exchange")
        self.assert_error(result, USAGE, "2 ranks")

    def test_wrong_use_is_refused(self):
        self.refuses(USAGE, ["half", "double"], "bench", "--precision", "half")
        self.refuses(USAGE, ["--repeat"], "bench", "--repeat", 0)
        self.refuses(USAGE, ["CONFIG"], "bench", "kernels", "small.ini")


class Data(ProgramTest):
    def write_table(self):
        rows = [f"{i % 7}.5,{(i * i) % 5},{i / 4}" for i in range(1, 31)]
        (self.folder / "table.csv").write_text("a,b,quality\n" + "\n".join(rows) + "\n")
        return ["--data.format=csv", "--data.path=.", "--data.train=table.csv", "--values"]

    def test_a_converted_table_is_described_as_the_original(self):
        table = self.write_table()
        self.succeed("data", "convert", *table, "--out", "converted")
        converted = ["--data.format=hdf5", "--data.path=converted", "--data.train=train.h5", "--values"]
        original, again = (json.loads(self.succeed("data", "describe", "--json", *options).out)["train"]
                           for options in (table, converted))
        self.assertIn("30 x 2", again.pop("stored"))
        self.assertEqual([column["name"] for column in original.pop("columns")], ["a", "b"])
        self.assertEqual(original, again)
        self.assertEqual((original["samples"], original["features"]), (30, 2))
        self.assertEqual(original["range"], [0, 6.5])
        self.assertEqual(original["target_range"], [0.25, 7.5])
        self.assertAlmostEqual(original["density"], 1 - 6 / 60)

    def test_glyphs_are_counted_by_class_and_drawn(self):
        parts = json.loads(self.succeed("data", "describe", "--json", "--data.samples=60",
                                        "--data.test_samples=20").out)
        self.assertEqual([sum(parts[name]["class_counts"]) for name in ("train", "test")], [60, 20])
        self.assertEqual(len(parts["train"]["class_names"]), 10)
        drawn = self.succeed("data", "glyphs", "--show", 3, ranks=2).out.splitlines()
        self.assertEqual(len(drawn), 3 * 15)

    def test_class_numbers_far_apart_are_counted(self):
        with h5py.File(self.folder / "far.h5", "w") as file:
            file["inputs"] = [[1.0, 2.0]] * 4
            file["labels"] = [2**53, 7, 2**53, 0]
        described = json.loads(self.succeed("data", "describe", "--json", "--data.format=hdf5", "--data.path=.",
                                            "--data.train=far.h5").out)["train"]
        self.assertEqual(described["class_names"], ["0", "7", str(2**53)])
        self.assertEqual(described["class_counts"], [1, 1, 2])

    def test_wrong_use_is_refused(self):
        self.refuses(USAGE, ["--out"], "data", "convert")
        self.refuses(USAGE, ["--out", "--show"], "data", "glyphs")
        self.refuses(USAGE, ["--show"], "data", "glyphs", "--show", 0)
        self.refuses(USAGE, ["--show", "--values"], "data", "glyphs", "--show", 2, "--values")
        self.refuses(USAGE, ["data.limit"], "data", "describe", "--data.limit=5")
        self.refuses(USAGE, ["convert"], "data", "glyphs", "--data.format=csv", "--data.path=.", "--out", "x")
        (self.folder / "taken").write_text("a file")
        self.refuses(CANNOT_WRITE, ["taken"], "data", "glyphs", "--out", "taken/x")


if __name__ == "__main__":
    unittest.main()
