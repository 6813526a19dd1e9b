"""The scripts of launch/, in a copy of the checkout whose path has a space, around the program that is built already."""

import os
import shutil
import signal
import subprocess
import unittest

from program import ENVIRONMENT, HOIST, SOURCE, ProgramTest, Run


class Launch(ProgramTest):
    def setUp(self):
        super().setUp()
        self.checkout = self.folder / "check out"
        shutil.copytree(SOURCE / "launch", self.checkout / "launch")
        (self.checkout / "build").mkdir()
        (self.checkout / "build" / "hoist").symlink_to(HOIST)

    def script(self, name, *arguments, **variables):
        return subprocess.run([self.checkout / "launch" / name, *map(str, arguments)], cwd=self.folder, text=True,
                              capture_output=True, timeout=100, env=ENVIRONMENT | variables, check=False)

    def test_local_runs_a_command_on_so_many_ranks_and_threads(self):
        config = self.write_config()
        cores = len(os.sched_getaffinity(0))
        for ranks, threads in ((1, 2), (2, 1), (cores + 1, 3)):
            with self.subTest(ranks=ranks, threads=threads):
                result = self.script("local", "-n", ranks, "-t", threads, "train", config, "--overwrite")
                self.assertEqual(result.returncode, 0, result.stderr)
                expected = f"{ranks} rank{'s' * (ranks > 1)} with {threads} BLAS thread{'s' * (threads > 1)} each"
                self.assertIn(expected, result.stdout)
                self.assertIn("+ mpirun", result.stderr)

    def test_local_uses_the_cores_there_are(self):
        result = self.script("local", "train", self.write_config())
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertRegex(result.stdout, r"(?m)^\d+ ranks? with 1 BLAS thread each")

    def test_local_passes_the_status_on(self):
        self.assertEqual(self.script("local", "-n", 2, "train", "none.ini").returncode, 66)

    def test_local_explains_wrong_use(self):
        for arguments in (["-n", "x", "train"], ["-n"], ["-q", "train"], ["-t", "0", "train"]):
            result = self.script("local", *arguments)
            self.assertEqual(result.returncode, 64)
            self.assertRegex(result.stderr, r"^hoist: .*; use launch/local")

    def test_local_says_that_the_program_is_not_built(self):
        (self.checkout / "build" / "hoist").unlink()
        result = self.script("local", "train", "small.ini")
        self.assertEqual(result.returncode, 66)
        self.assertIn("launch/quickstart", result.stderr)

    def table1(self, *arguments):
        shutil.copytree(SOURCE / "configs", self.checkout / "configs", dirs_exist_ok=True)
        return self.script("table1", "--out", "the table", "--nets", "12", "10-8", "--rates", "1e-3", "--epochs", 2,
                           "--data.format=glyphs", "--data.samples=240", "--data.test_samples=50",
                           "--train.batch=40", *arguments)

    def test_table1_fills_every_cell_and_goes_on_where_it_was(self):
        wanted = ["--starts", "he", "classical", "bregman", "--seeds", 3, 4]
        self.table1("--starts", "he", "--seeds", 3)
        first = (self.folder / "the table" / "run-12-he-seed3-rate1e-3" / "model.h5").stat().st_mtime_ns
        result = self.table1(*wanted)
        self.assertEqual(result.returncode, 0, result.stderr)
        table = self.folder / "the table"
        self.assertEqual((table / "run-12-he-seed3-rate1e-3" / "model.h5").stat().st_mtime_ns, first)
        self.assertTrue((table / "figure1.png").read_bytes().startswith(b"\x89PNG"))
        rows = (table / "table1.csv").read_text().splitlines()
        self.assertEqual(len(rows), 1 + 2 * 3 * 2 * 2)  # nets, starts, seeds, epochs
        values = [[float(row.split(",")[-1]) for row in rows if row.startswith(f"10-8,1e-3,{start},") and ",2," in row]
                  for start in ("he", "classical", "bregman")]
        shown = (table / "table1.md").read_text().splitlines()[-1]
        for accuracies in values:
            self.assertIn(f"{sum(accuracies) / 2:.1f} ± {abs(accuracies[0] - accuracies[1]) / 2 ** 0.5:.1f}", shown)

    def test_table1_scales_the_starts(self):
        result = self.table1("--starts", "he", "--seeds", 3, "--scale", 0.5)
        self.assertEqual(result.returncode, 0, result.stderr)
        table = self.folder / "the table"
        self.assertTrue((table / "table1-scale0.5.md").exists())
        self.assertIn("\nscale = 0.5\n", (table / "run-12-he-seed3-rate1e-3-scale0.5" / "config.ini").read_text())

    def test_table1_explains_a_run_that_fails(self):
        result = self.table1("--starts", "he", "--seeds", 1, "--train.batch=none")
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("hoist: train.batch = none is not valid", result.stderr)

    def test_an_interrupted_local_run_has_a_checkpoint(self):
        config = self.write_config(train__sweeps=100000)
        run = Run([str(self.checkout / "launch" / "local"), "-n", "2", "train", config, "--out", "run"], self.folder)
        self.addCleanup(run.end)
        self.wait_for_sweep(run, "run", 3)
        run.process.send_signal(signal.SIGINT)
        result = run.finish()
        self.assertEqual(result.status, 75, result.err)
        self.assertEqual(len(list((self.folder / "run").glob("checkpoint-*.h5"))), 1)

    def test_quickstart_ends_with_a_page_about_its_run(self):
        shutil.copytree(SOURCE / "configs", self.checkout / "configs")
        (self.folder / "bin").mkdir()
        for name, text in (("cmake", ""), ("dpkg-query", "for name; do echo installed $name; done")):
            (self.folder / "bin" / name).write_text(f"#!/bin/sh\n{text}\n")
            (self.folder / "bin" / name).chmod(0o755)
        result = self.script("quickstart", PATH=f"{self.folder / 'bin'}:{os.environ['PATH']}")
        self.assertEqual(result.returncode, 0, result.stderr)
        page = self.checkout / "run-quickstart" / "report.html"
        self.assertEqual(result.stdout.splitlines()[-1], f"open {page} in a browser")
        self.assertIn("run-quickstart", page.read_text())

    def test_packages_that_are_there_are_left_alone(self):
        (self.folder / "bin").mkdir()
        for name in ("apt-get", "sudo"):
            (self.folder / "bin" / name).write_text("#!/bin/sh\necho called >> called\n")
            (self.folder / "bin" / name).chmod(0o755)
        result = self.script("install-dependencies", PATH=f"{self.folder / 'bin'}:{os.environ['PATH']}")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertFalse((self.folder / "called").exists())

    def test_packages_that_are_missing_are_installed_alone(self):
        (self.folder / "bin").mkdir()
        (self.folder / "bin" / "dpkg-query").write_text(
            "#!/bin/sh\nfor name; do case $name in -*|lib*) ;; *) echo installed $name;; esac; done\n")
        (self.folder / "bin" / "apt-get").write_text('#!/bin/sh\necho "$DEBIAN_FRONTEND $@" >> called\n')
        (self.folder / "bin" / "sudo").write_text('#!/bin/sh\nexec "$@"\n')
        for path in (self.folder / "bin").iterdir():
            path.chmod(0o755)
        result = self.script("install-dependencies", PATH=f"{self.folder / 'bin'}:{os.environ['PATH']}")
        self.assertEqual(result.returncode, 0, result.stderr)
        update, install = (self.folder / "called").read_text().splitlines()
        self.assertEqual(update, "noninteractive update")
        self.assertRegex(install, r"^noninteractive install --yes --no-install-recommends( lib\S+)+$")
        self.assertIn("+ ", result.stderr)

    def test_test_explains_wrong_use(self):
        result = self.script("test", "--lang")
        self.assertEqual(result.returncode, 64)
        self.assertIn("--long", result.stderr)


if __name__ == "__main__":
    unittest.main()
