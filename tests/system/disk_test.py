"""File systems that are full or away for a while, limits and permissions, in the middle of a run. The tests run in a mount
namespace of their own, so that they can make and take away file systems, which vanish with it."""

import os
import resource
import shutil
import signal
import subprocess
import sys
import unittest

from model_files import assert_same_weights, weights
from program import HOIST, MPIRUN, ProgramTest, Run, metrics_rows

CANNOT_WRITE = 73
SWEEPS = 100
OPTIONAL = "--checkpoint.required=false"


def shell(command, folder):
    subprocess.run(command, shell=True, check=True, cwd=folder)


class FullDisk:
    """A small file system that something else fills."""

    WHY = "No space left on device"

    def __init__(self, folder):
        self.folder = folder
        shell("mkdir disk && mount -t tmpfs -o size=4m tmpfs disk", folder)

    def take_away(self, writer):
        # In the middle of a checkpoint, the room of the oldest one would become free again.
        os.kill(writer, signal.SIGSTOP)
        while any((self.folder / "disk" / "run").glob("*.tmp")):
            os.kill(writer, signal.SIGCONT)
            os.kill(writer, signal.SIGSTOP)
        with open(self.folder / "disk" / "filler", "wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError:
                pass
        os.kill(writer, signal.SIGCONT)

    def give_back(self):
        (self.folder / "disk" / "filler").unlink()


class ReadOnlyDisk(FullDisk):
    """A file system that is found damaged, as the kernel does then, or is set read-only."""

    WHY = "Read-only file system"

    def take_away(self, _):
        # Busy as long as a file in it is open for writing.
        shell("until mount -o remount,ro disk 2> busy.txt; do :; done", self.folder)

    def give_back(self):
        shell("mount -o remount,rw disk", self.folder)


class VanishedDisk(FullDisk):
    """A network file system that is gone and comes back with what it held."""

    WHY = "No such file or directory"

    def __init__(self, folder):
        self.folder = folder
        shell("mkdir disk real && mount --bind real disk", folder)

    def take_away(self, writer):
        # In the middle of a checkpoint: the file that is being written cannot be removed then.
        os.kill(writer, signal.SIGSTOP)
        while not any((self.folder / "disk" / "run").glob("checkpoint-*.tmp")):
            os.kill(writer, signal.SIGCONT)
            os.kill(writer, signal.SIGSTOP)
        shell("umount -l disk", self.folder)
        os.kill(writer, signal.SIGCONT)

    def give_back(self):
        shell("mount --bind real disk", self.folder)


class Disk(ProgramTest):
    def setUp(self):
        super().setUp()
        self.config = self.write_config(network__layers="784-24-16-10", train__sweeps=SWEEPS, checkpoint__every=1,
                                        checkpoint__keep=3)
        self.addCleanup(lambda: subprocess.run(["umount", "-l", self.folder / "disk"], stderr=subprocess.DEVNULL))

    def begin(self, *options, ranks, out="disk/run"):
        shutil.rmtree(self.folder / out, ignore_errors=True)
        run = self.start("train", self.config, "--out", out, "--quiet", *options, ranks=ranks)
        self.wait_for_sweep(run, out, 4)
        return run

    def checkpoints(self, out="disk/run"):
        return {path.name: path.read_bytes() for path in (self.folder / out).glob("checkpoint-*.h5")}

    def assert_whole(self, ranks, out="disk/run"):
        """Its weights and the rows of its metrics are those of an undisturbed run, and nothing else is left."""
        self.succeed("train", self.config, "--out", "whole", ranks=ranks)
        assert_same_weights(self, weights(self.folder / out / "model.h5"), weights(self.folder / "whole" / "model.h5"))
        rows = [[(row["sweep"], row["objective"], row["test_accuracy"]) for row in metrics_rows(self.folder / folder)]
                for folder in (out, "whole")]
        self.assertEqual(rows[0], rows[1])
        self.assertEqual(self.checkpoints(out).keys(), self.checkpoints("whole").keys())
        self.assertEqual(list((self.folder / out).glob("*.tmp")), [])

    def ends_and_resumes(self, disk, ranks):
        run = self.begin(ranks=ranks)
        disk.take_away(run.ranks()[0])
        result = run.finish()
        disk.give_back()
        self.assertEqual(result.status, CANNOT_WRITE, result.err)
        self.assertEqual(len(result.errors()), 1, result.err)
        self.assertRegex(result.errors()[0], rf"^hoist: cannot write disk/run/.* \(.*{disk.WHY}.*\); ")
        self.assertGreaterEqual(len(self.checkpoints()), 2)
        self.assertEqual(list((self.folder / "disk" / "run").glob("model.h5*")), [])
        self.succeed("train", self.config, "--out", "disk/run", "--resume", ranks=ranks)
        self.assert_whole(ranks)

    def goes_on(self, disk, ranks):
        run = self.begin(OPTIONAL, ranks=ranks)
        disk.take_away(run.ranks()[0])
        warning = run.process.stderr.readline()
        self.assertRegex(warning, rf"^hoist: warning: .*disk/run/.* \(.*{disk.WHY}.*\); ")
        second = run.process.stderr.readline()  # written after more sweeps
        self.assertRegex(second, r"^hoist: warning: ")
        os.kill(run.ranks()[0], signal.SIGSTOP)
        disk.give_back()
        os.kill(run.ranks()[0], signal.SIGCONT)
        result = run.finish()
        self.assertEqual(result.status, 0, result.err)
        self.assert_whole(ranks)

    def test_a_full_disk_ends_a_run_and_leaves_what_it_resumes_from(self):
        self.ends_and_resumes(FullDisk(self.folder), ranks=1)

    def test_a_disk_that_turns_read_only_does_so_too(self):
        self.ends_and_resumes(ReadOnlyDisk(self.folder), ranks=3)

    def test_a_disk_that_vanishes_does_so_too(self):
        self.ends_and_resumes(VanishedDisk(self.folder), ranks=1)

    def test_where_checkpoints_are_not_required_a_run_outlasts_a_full_disk(self):
        self.goes_on(FullDisk(self.folder), ranks=3)

    def test_and_one_that_turns_read_only(self):
        self.goes_on(ReadOnlyDisk(self.folder), ranks=1)

    def test_and_one_that_vanishes(self):
        self.goes_on(VanishedDisk(self.folder), ranks=3)

    def test_a_limit_of_the_size_of_files_is_a_clear_error(self):
        for ranks in (1, 3):
            with self.subTest(ranks=ranks):
                run = self.begin(ranks=ranks, out="run")
                resource.prlimit(run.ranks()[0], resource.RLIMIT_FSIZE, (20000, 20000))
                result = run.finish()
                self.assertEqual(result.status, CANNOT_WRITE, result.err)
                self.assertEqual(len(result.errors()), 1, result.err)
                self.assertRegex(result.errors()[0], r"^hoist: cannot write run/checkpoint.* \(File too large\); ")
                self.assertGreaterEqual(len(self.checkpoints("run")), 2)
                self.succeed("train", self.config, "--out", "run", "--resume", ranks=ranks)

    def test_a_folder_in_which_one_may_not_write_is_a_clear_error(self):
        # Permissions bind root only without this capability.
        plain = ["setpriv", "--inh-caps=-dac_override", "--bounding-set=-dac_override"] if os.geteuid() == 0 else []
        (self.folder / "mine").mkdir(mode=0o500)
        for launcher in ([], [*MPIRUN, "-n", "3"]):
            run = Run([*plain, *launcher, HOIST, "train", self.config, "--out", "mine/run"], self.folder)
            self.addCleanup(run.end)
            self.assert_error(run.finish(), CANNOT_WRITE, "mine/run", "Permission denied")

    def test_a_folder_that_is_closed_during_the_run_is_a_clear_error(self):
        plain = ["setpriv", "--inh-caps=-dac_override", "--bounding-set=-dac_override"] if os.geteuid() == 0 else []
        run = Run([*plain, HOIST, "train", self.config, "--out", "run", "--quiet"], self.folder)
        self.addCleanup(run.end)
        self.wait_for_sweep(run, "run", 4)
        (self.folder / "run").chmod(0o500)
        result = run.finish()
        (self.folder / "run").chmod(0o700)
        self.assertEqual(result.status, CANNOT_WRITE, result.err)
        self.assertRegex(result.errors()[-1], r"^hoist: cannot write run/checkpoint.* \(Permission denied\); ")
        self.succeed("train", self.config, "--out", "run", "--resume")
        self.assert_whole(1, "run")


if __name__ == "__main__":
    if "HOIST_NAMESPACE" not in os.environ:
        os.environ["HOIST_NAMESPACE"] = "own"
        os.execv(shutil.which("unshare"), ["unshare", "--map-root-user", "--mount", sys.executable, "-B", *sys.argv])
    unittest.main()
