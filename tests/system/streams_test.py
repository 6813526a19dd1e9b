"""What a program prints and nobody reads: readers that go away, full disks, closed streams, closed terminals."""

import fcntl
import os
import pty
import signal
import subprocess
import termios
import unittest

from program import ENVIRONMENT, HOIST, MPIRUN, SOURCE, ProgramTest, Run, metrics_rows

INTERRUPTED, CANNOT_WRITE = 75, 73
# More lines than mpirun tries to write to a pipe that nobody reads.
SWEEPS = 60
ENDLESS = 1000000


class Streams(ProgramTest):
    def setUp(self):
        super().setUp()
        self.config = self.write_config(train__sweeps=SWEEPS)

    def launchers(self):
        local = self.folder / "check out" / "launch" / "local"
        local.parent.mkdir(parents=True)
        for name in ("local", "steps.sh"):
            (local.parent / name).write_bytes((SOURCE / "launch" / name).read_bytes())
        local.chmod(0o755)
        (local.parent.parent / "build").mkdir()
        (local.parent.parent / "build" / "hoist").symlink_to(HOIST)
        return {"alone": [HOIST], "mpirun": [*MPIRUN, "-n", "3", HOIST], "launch/local": [str(local), "-n", "2"]}

    def run_in_shell(self, redirection, *arguments):
        run = Run(["sh", "-c", f'exec "$0" "$@" {redirection}', HOIST, *map(str, arguments)], self.folder)
        self.addCleanup(run.end)
        return run.finish()

    def assert_complete(self, out="run"):
        self.assertEqual(len(metrics_rows(self.folder / out)), SWEEPS)
        self.assertIn("complete after", (self.folder / out / "log.txt").read_text())
        self.succeed("evaluate", out)

    def test_a_run_goes_on_when_the_reader_of_its_output_goes_away(self):
        for name, launcher in self.launchers().items():
            with self.subTest(launcher=name):
                run = Run([*launcher, "train", self.config, "--out", f"run {name}"], self.folder)
                self.addCleanup(run.end)
                self.assertIn("hoist", run.process.stdout.readline())
                run.process.stdout.close()
                run.process.stdout = None
                result = run.finish()
                self.assertEqual(result.status, 0, result.err)
                self.assertEqual(result.errors(), [])
                self.assert_complete(f"run {name}")

    def test_it_stops_with_a_checkpoint_when_all_readers_are_gone(self):
        config = self.write_config(train__sweeps=ENDLESS)
        for name, launcher in self.launchers().items():
            with self.subTest(launcher=name):
                run = Run([*launcher, "train", config, "--out", f"run {name}"], self.folder)
                self.addCleanup(run.end)
                run.process.stdout.readline()
                for stream in (run.process.stdout, run.process.stderr):
                    stream.close()
                run.process.stdout = run.process.stderr = None
                self.wait_for_sweep(run, f"run {name}", 20)
                run.process.send_signal(signal.SIGUSR1 if name == "mpirun" else signal.SIGINT)
                self.assertEqual(run.finish().status, INTERRUPTED)
                self.assertEqual(len(list((self.folder / f"run {name}").glob("checkpoint-*.h5"))), 1)

    def test_a_search_goes_on_too(self):
        config = self.write_config(data__validation=0.2)
        with open(self.folder / config, "a") as file:
            file.write("[tune]\nweights.ridge = 1e-3 1 log\n")
        run = self.start("tune", config, "--trials", 3, "--out", "search")
        run.process.stdout.close()
        run.process.stdout = None
        result = run.finish()
        self.assertEqual((result.status, result.err), (0, ""))
        self.assertTrue((self.folder / "search" / "best.ini").exists())

    def test_a_full_disk_under_the_output_of_a_run_is_a_warning(self):
        result = self.run_in_shell("> /dev/full", "train", self.config, "--out", "run")
        self.assertEqual(result.status, 0, result.err)
        self.assertEqual(len(result.errors()), 1, result.err)
        self.assertRegex(result.err, r"^hoist: warning: cannot write to standard output \(No space left on device\); ")
        self.assert_complete()

    def test_closed_streams_write_into_no_file(self):
        for closed in (">&-", "2>&-", "<&- >&- 2>&-"):
            with self.subTest(closed=closed):
                result = self.run_in_shell(closed, "train", self.config, "--out", "run", "--overwrite",
                                           "--set", "checkpoint.every=1")
                self.assertEqual(result.status, 0, result.err)
                self.assert_complete()

    def test_a_command_whose_output_is_lost_fails(self):
        self.succeed("train", self.config, "--out", "run")
        for arguments in (["evaluate", "run"], ["evaluate", "run", "--json"], ["inspect", "run"], ["--help"],
                          ["--version"], ["evaluate", "--help"], ["data", "describe", "--data.format=glyphs"]):
            for redirection in ("> /dev/full", ">&-"):
                with self.subTest(arguments=arguments, redirection=redirection):
                    result = self.run_in_shell(redirection, *arguments)
                    self.assert_error(result, CANNOT_WRITE, "standard output")

    def test_a_command_without_a_reader_ends_quietly(self):
        for arguments in (["--help"], ["data", "describe", "--data.format=glyphs"]):
            with self.subTest(arguments=arguments):
                run = self.start(*arguments)
                run.process.stdout.close()
                run.process.stdout = None
                result = run.finish()
                self.assertEqual(result.err, "")
                self.assertIn(result.status, (0, -signal.SIGPIPE))  # 0: it was quicker

    def test_a_terminal_that_is_closed_is_a_request_to_stop(self):
        config = self.write_config(train__sweeps=ENDLESS)
        terminal, own_side = pty.openpty()
        process = subprocess.Popen(
            [HOIST, "train", config, "--out", "run"], cwd=self.folder, env=ENVIRONMENT, stdin=own_side, stdout=own_side,
            stderr=own_side, start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(own_side)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        shown = b""
        while b"2/" not in shown:
            shown += os.read(terminal, 4096)
        os.close(terminal)
        self.assertEqual(process.wait(100), INTERRUPTED)
        self.assertEqual(len(list((self.folder / "run").glob("checkpoint-*.h5"))), 1)


if __name__ == "__main__":
    unittest.main()
