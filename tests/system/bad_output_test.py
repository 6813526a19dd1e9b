"""Outputs that cannot be made, and runs that would be overwritten."""

import os
import unittest

from program import HOIST, MPIRUN, ProgramTest, Run

CANNOT_WRITE = 73


class BadOutput(ProgramTest):
    def test_a_run_is_not_overwritten_unless_asked(self):
        config = self.write_config()
        self.succeed("train", config, "--out", "run")
        self.refuses(CANNOT_WRITE, ["run", "--resume", "--overwrite"], "train", config, "--out", "run")
        self.succeed("train", config, "--out", "run", "--overwrite", ranks=3)

    def test_a_file_in_the_place_of_the_parent(self):
        config = self.write_config()
        (self.folder / "file").write_text("here first")
        self.refuses(CANNOT_WRITE, ["file/run"], "train", config, "--out", "file/run")

    def test_a_file_in_the_place_of_the_directory(self):
        config = self.write_config()
        (self.folder / "file").write_text("here first")
        self.refuses(CANNOT_WRITE, ["file"], "train", config, "--out", "file")

    def test_a_place_where_nobody_may_write(self):
        config = self.write_config()
        self.refuses(CANNOT_WRITE, ["/proc/run"], "train", config, "--out", "/proc/run")

    def test_nothing_takes_the_place_of_a_pipe_or_a_device(self):
        self.succeed("train", self.write_config(network__layers="784-8-10", formulation__name="mac"), "--out", "run")
        for name, *command in (("pipe.html", "report", "run", "--out"), ("pipe.csv", "predict", "run", "--out"),
                               ("pipe.h5", "predict", "run", "--out"), ("pipe.onnx", "export", "run", "--to"),
                               ("pipe.npz", "export", "run", "--to"), ("link.html", "report", "run", "--out")):
            if name.startswith("link"):
                (self.folder / name).symlink_to("pipe.html")
            else:
                os.mkfifo(self.folder / name)
            self.refuses(CANNOT_WRITE, [name, "a pipe or a device"], *command, name, on=(1,))
            self.assertTrue((self.folder / name).is_fifo(), name)


class FullDisk(ProgramTest):
    """Runs in a mount namespace of its own, in which disk/ is a small file system in memory; it vanishes with the run.
    What was left on it is listed before that, in left.txt."""

    SCRIPT = """
        mount -t tmpfs -o size=$1 tmpfs disk || { echo "no small file system can be mounted here" >&2; exit 99; }
        shift
        "$@"
        status=$?
        find disk -type f > left.txt
        exit $status
    """

    def run_on_disk(self, size, ranks, *arguments):
        (self.folder / "disk").mkdir(exist_ok=True)
        launcher = [] if ranks == 1 else [*MPIRUN, "-n", str(ranks)]
        run = Run(["unshare", "--map-root-user", "--mount", "sh", "-c", self.SCRIPT, "sh", size, *launcher, HOIST,
                   *arguments], self.folder)
        self.addCleanup(run.end)
        result = run.finish()
        self.assertNotEqual(result.status, 99, result.err)
        self.assertTrue((self.folder / "left.txt").exists(), "no namespace can be made here: " + result.err)
        return result, (self.folder / "left.txt").read_text().split()

    def refuses_on_disk(self, size, *arguments):
        for ranks in (1, 3):
            with self.subTest(ranks=ranks):
                result, left = self.run_on_disk(size, ranks, *arguments)
                self.assert_error(result, CANNOT_WRITE, "disk/")
                for ending in (".tmp", "model.h5", "summary.json"):
                    self.assertFalse([name for name in left if name.endswith(ending)], left)
                self.assertFalse([name for name in left if "checkpoint" in name], left)

    def test_a_large_enough_disk_works(self):
        config = self.write_config()
        result, left = self.run_on_disk("16m", 1, "train", config, "--out", "disk/run")
        self.assertEqual(result.status, 0, result.err)
        self.assertIn("disk/run/model.h5", left)

    def test_a_disk_with_no_room_for_the_configuration(self):
        config = self.write_config()
        self.refuses_on_disk("4k", "train", config, "--out", "disk/run")

    def test_a_disk_with_no_room_for_the_model(self):
        config = self.write_config()
        self.refuses_on_disk("48k", "train", config, "--out", "disk/run")

    def test_a_disk_with_no_room_for_a_checkpoint(self):
        config = self.write_config(checkpoint__every=1)
        self.refuses_on_disk("48k", "train", config, "--out", "disk/run")

    def test_a_checkpoint_that_is_not_required_is_missed_with_a_warning(self):
        config = self.write_config(checkpoint__every=1, checkpoint__required="false", data__samples=2000)
        result, left = self.run_on_disk("200k", 1, "train", config, "--out", "disk/run")
        self.assertEqual(result.status, 0, result.err)
        self.assertEqual(len(result.errors()), 3, result.err)
        self.assertIn("disk/run/model.h5", left)

    def test_a_disk_with_no_room_for_predictions(self):
        self.succeed("train", self.write_config(), "--out", "run")
        for name in ("out.csv", "out.h5"):
            self.refuses_on_disk("4k", "predict", "run", "--out", f"disk/{name}", "--data.test_samples", "500")
            self.assertEqual((self.folder / "left.txt").read_text(), "")

    def test_a_disk_with_no_room_for_an_exported_or_imported_model(self):
        self.succeed("train", self.write_config(), "--out", "run")
        self.succeed("export", "run", "--to", "run.npz")
        for arguments in (["export", "run", "--to", "disk/out.onnx"], ["export", "run", "--to", "disk/out.npz"],
                          ["import", "run.npz", "--out", "disk/out.h5"]):
            self.refuses_on_disk("4k", *arguments)
            self.assertEqual((self.folder / "left.txt").read_text(), "")


if __name__ == "__main__":
    unittest.main()
