"""Tests that run inside one of the clusters of tests/cluster."""

import os
import sys
import unittest

from model_files import assert_same_weights, weights
from program import HOIST, SOURCE, ProgramTest


def main(cluster, *arguments):
    """Runs the tests of this program inside a cluster of their own, unless they already do."""
    if os.environ.get("HOIST_CLUSTER") != cluster:
        script = str(SOURCE / "tests" / "cluster" / cluster)
        os.execv(script, [script, *map(str, arguments), sys.executable, "-B", *sys.argv])
    unittest.main()


class ClusterTest(ProgramTest):
    """Gives each test a folder, whose path has a space, with a program in build/ that notes where it runs."""

    longest_seconds = 100

    def setUp(self):
        super().setUp()
        program = self.folder / "build" / "hoist"
        program.parent.mkdir()
        program.write_text(f'#!/bin/sh\nhostname >> hosts\nexec "{HOIST}" "$@"\n')
        program.chmod(0o755)

    def hosts(self):
        """The names of the hosts on which the program has run."""
        return set((self.folder / "hosts").read_text().split())

    def assert_weights_of_plain_run(self, directory, *keys, ranks, config="small.ini"):
        """Those of as many ranks that mpirun starts on this host."""
        run = self.start("train", config, "--out", "plain", "--overwrite", "--quiet", *keys, ranks=ranks)
        result = run.finish(self.longest_seconds)
        self.assertEqual(result.status, 0, result.err)
        assert_same_weights(self, weights(self.folder / directory / "model.h5"),
                            weights(self.folder / "plain" / "model.h5"))
