"""The kernels that OpenBLAS computes with: replaced where they do not fit the processor, refused where they are wrong."""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import unittest

import h5py
import numpy

from program import ENVIRONMENT, HOIST, MPIRUN, ProgramTest, Result

SYSTEM = 71
FLAGS = set(re.search(r"^flags\s*: (.*)$|\Z", pathlib.Path("/proc/cpuinfo").read_text(), re.MULTILINE)[0].split())
FITTING = next((core for core, flags in (("SkylakeX", {"avx512f", "avx512cd", "avx512bw", "avx512dq", "avx512vl"}),
                                         ("Haswell", {"avx2", "fma"}), ("Sandybridge", {"avx"})) if flags <= FLAGS), None)
CORES = [core for core, flag in (("Prescott", "pni"), ("Nehalem", "sse4_2"), ("Sandybridge", "avx"),
                                 ("Haswell", "avx2"), ("Zen", "avx2"), ("SkylakeX", "avx512vl")) if flag in FLAGS]


class Kernels(ProgramTest):
    def setUp(self):
        super().setUp()
        # LD_PRELOAD cannot name a path with a space.
        shutil.copy(os.environ["HOIST_UNKNOWN_PROCESSOR"], self.folder / "unknown_processor.so")

    def on_unknown_processor(self, *arguments, ranks=1, **variables):
        environment = {name: value for name, value in ENVIRONMENT.items() if name != "OPENBLAS_CORETYPE"}
        program = ["env", "LD_PRELOAD=./unknown_processor.so", HOIST, *map(str, arguments)]
        done = subprocess.run(program if ranks == 1 else [*MPIRUN, "-n", str(ranks), *program], cwd=self.folder,
                              env=environment | variables, capture_output=True, text=True, timeout=100)
        return Result(done.returncode, done.stdout, done.stderr, 0.0)

    @unittest.skipIf(FITTING is None, "this processor has no wider vectors than the oldest")
    def test_those_of_an_old_processor_are_replaced_and_the_log_says_so_once(self):
        config = self.write_config()
        for ranks in (1, 3):
            with self.subTest(ranks=ranks):
                result = self.on_unknown_processor("train", config, "--out", "run", "--overwrite", ranks=ranks)
                self.assertEqual((result.status, result.errors()), (0, []), result.err)
                told = rf"{FITTING} kernels of OpenBLAS \S+ \(which took Prescott\)"
                self.assertEqual(len(re.findall(told, result.out)), 1, result.out)
                self.assertEqual(len(re.findall(told, (self.folder / "run" / "log.txt").read_text())), 1)

    @unittest.skipIf(FITTING is None, "this processor has no wider vectors than the oldest")
    def test_the_program_that_starts_anew_keeps_its_arguments_and_its_name(self):
        result = self.on_unknown_processor("train", "a b.ini", "--out", "")
        self.assertIn("a b.ini", result.errors()[0])
        version = self.on_unknown_processor("--version").out
        self.assertIn(FITTING, version)

    def test_a_user_s_own_choice_stays_also_when_it_is_empty(self):
        for chosen in ("Prescott", "Nehalem", ""):
            version = self.on_unknown_processor("--version", OPENBLAS_CORETYPE=chosen).out.splitlines()[1]
            self.assertTrue(version.startswith(f"{chosen} kernels of OpenBLAS"), version)
            self.assertNotIn("which took", version)

    @unittest.skipIf(FITTING is None, "this processor has no wider vectors than the oldest")
    def test_kernels_that_multiply_wrongly_are_given_up_with_a_warning(self):
        config = self.write_config()
        for ranks in (1, 3):
            with self.subTest(ranks=ranks):
                result = self.on_unknown_processor("train", config, "--out", "run", "--overwrite", ranks=ranks,
                                                   HOIST_WRONG_KERNELS=FITTING)
                self.assertEqual(result.status, 0, result.err)
                self.assertEqual(len(result.errors()), 1, result.err)
                self.assertRegex(result.errors()[0], f"^hoist: warning: .*{FITTING} gave a wrong sgemm of 1 x 1 x 1")
                self.assertRegex((self.folder / "run" / "log.txt").read_text(), "Prescott kernels")

    def test_where_no_kernels_are_right_nothing_is_computed(self):
        config = self.write_config()
        for ranks in (1, 3):
            result = self.on_unknown_processor("train", config, "--out", "run", ranks=ranks, HOIST_WRONG_KERNELS="all")
            self.assertEqual(result.status, SYSTEM, result.err)
            error = [line for line in result.errors() if "warning" not in line]
            self.assertEqual(len(error), 1, result.err)
            self.assertRegex(error[0], r"^hoist: .*wrong results \(sgemm of 1 x 1 x 1\); set OPENBLAS_CORETYPE")
            self.assertFalse((self.folder / "run").exists())

    def test_every_start_holds_its_kernels_against_plain_loops(self):
        for core in CORES:
            done = subprocess.run([HOIST, "--version"], env=ENVIRONMENT | {"OPENBLAS_CORETYPE": core},
                                  capture_output=True, text=True, check=True)
            self.assertIn(f"\n{core} kernels", done.stdout)

    def test_bench_and_plan_name_them_beside_the_peak_of_a_core(self):
        bench = json.loads(self.succeed("bench", "kernels", "--json", "--repeat", 1, "--data.samples=500").out)
        plan = json.loads(self.succeed("plan", self.write_config(), "--json").out)
        for figures in (bench, plan):
            self.assertTrue(figures["blas"].startswith("OpenBLAS"))
            self.assertGreater(figures["core_flops_per_second"], 1e8)
            if FLAGS:
                self.assertGreater(figures["core_peak_flops_per_second"], 1e9)
            self.assertIn(f"{figures['blas_core']} kernels", self.succeed("--version").out)
        given = self.succeed("plan", self.write_config(), "--flops", 1e9, "--bandwidth", 1e9).out
        self.assertNotIn("kernels", given)


class Denormals(ProgramTest):
    """Numbers below the normal range, which some processors compute with a hundred times slower."""

    # Feature 0 is zero but in one sample, so that the gradient of its weights vanishes for many steps in a row.
    def write_table(self, small="0"):
        numbers = numpy.random.default_rng(3)
        lines = ["a,b,c,y"]
        for i in range(3000):
            x = numbers.uniform(-1, 1, 2)
            lines.append(f"{1 if i == 0 else small},{x[0]},{x[1]},{'high' if x.sum() > 0 else 'low'}")
        (self.folder / "table.csv").write_text("\n".join(lines) + "\n")
        return ["--data.format=csv", "--data.path=.", "--data.train=table.csv"]

    def of_vanishing_gradients(self):
        """A run's arguments whose solver, were they kept, makes thousands of them."""
        config = self.write_config(network__layers="3-6-2", formulation__name="contrastive", train__batch=1,
                                   train__epochs=1, weights__solver="adam", weights__momentum=0.8, weights__ridge=0,
                                   data__standardize="false", checkpoint__every=1)
        return ["train", config, *self.write_table(), "--out", "run", "--overwrite"]

    def test_a_run_leaves_none_in_the_state_of_its_solver(self):
        arguments = self.of_vanishing_gradients()
        for threads in (1, 2):
            self.succeed(*arguments, "--threads", threads)
            denormal, numbers = 0, 0

            def count(name, item):
                nonlocal denormal, numbers
                if isinstance(item, h5py.Dataset) and item.dtype.kind == "f":
                    values = numpy.abs(item[()])
                    numbers += values.size
                    denormal += int(((values > 0) & (values < numpy.finfo(item.dtype).tiny)).sum())

            checkpoint = sorted((self.folder / "run").glob("checkpoint-*.h5"))[-1]
            with h5py.File(checkpoint) as file:
                file["solver"].visititems(count)
            self.assertGreater(numbers, 50)
            self.assertEqual(denormal, 0)

    @unittest.skipIf("sse2" not in FLAGS, "only x86 can end a program that computes with one")
    def test_no_operation_of_a_run_meets_one(self):
        trapped = ["env", *self.preloaded("HOIST_DENORMAL_TRAP"), HOIST, *map(str, self.of_vanishing_gradients())]
        cases = {"one rank": (trapped, 0), "threads": ([*trapped, "--threads=2"], 0),
                 "ranks": ([*MPIRUN, "-n", "2", *trapped], 0),
                 "what the trap is for": (["env", "KEEP_DENORMALS=1", *trapped], -signal.SIGFPE)}
        for name, (command, status) in cases.items():
            with self.subTest(name):
                done = subprocess.run(command, cwd=self.folder, env=ENVIRONMENT, capture_output=True, text=True, timeout=100,
                                      check=False)
                self.assertEqual(done.returncode, status, done.stderr)

    def test_they_are_read_and_count_as_zero(self):
        config = self.write_config(network__layers="3-6-2")
        table = self.write_table(small="4.9e-324")
        described = json.loads(self.succeed("data", "describe", "--json", *table, "--data.target=a", "--data.ignore=y", "--values").out)
        self.assertEqual(described["train"]["target_range"], [0, 1])
        self.succeed("train", config, *table, "--out", "run")


if __name__ == "__main__":
    unittest.main()
