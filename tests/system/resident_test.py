"""A run takes no more memory the longer it is, nor for what a file claims."""

import os
import subprocess
import unittest

import numpy

from program import ENVIRONMENT, HOIST, ProgramTest

BAD = 65


class ConstantMemory(ProgramTest):
    def resident(self, run):
        """Bytes of each rank."""
        sizes = []
        for pid in run.ranks():
            with open(f"/proc/{pid}/statm", encoding="ascii") as file:
                sizes.append(int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE"))
        return sizes

    def check(self, ranks, **keys):
        """After 50 sweeps or epochs and after 500."""
        config = self.write_config(**keys)
        run = self.start("train", config, "--out", "run", ranks=ranks)
        self.wait_for_sweep(run, "run", 50)
        early = self.resident(run)
        self.wait_for_sweep(run, "run", 500)
        late = self.resident(run)
        run.end()
        self.assertEqual(len(early), ranks)
        for before, after in zip(early, late, strict=True):
            self.assertLess(after, 1.01 * before, f"{early} bytes became {late}")

    def test_over_500_sweeps(self):
        self.check(1, train__sweeps=100000, checkpoint__every=25)

    def test_over_500_sweeps_on_a_grid(self):
        self.check(2, train__sweeps=100000, checkpoint__every=25)

    def test_over_500_epochs_of_mini_batches(self):
        self.check(2, train__epochs=100000, checkpoint__every=25, formulation__name="fenchel", weights__solver="adam",
                   train__batch=40)

    def test_what_claims_to_be_vast_takes_none(self):
        numpy.savez_compressed(self.folder / "a.npz", x=numpy.zeros((1, 100_000_000), "u1"))
        arguments = [HOIST, "train", self.write_config(
            data__format="numpy", data__path=".", data__train="a.npz", data__samples=1)]
        result = subprocess.run(["prlimit", "--data=700000000", *arguments], cwd=self.folder, text=True,
                                capture_output=True, env=ENVIRONMENT, check=False)
        self.assertEqual(result.returncode, BAD, result.stderr)


if __name__ == "__main__":
    unittest.main()
