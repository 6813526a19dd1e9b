"""launch/hosts, from a checkout whose path has a space, on hosts that are network namespaces apart from one another."""

import shutil
import socket
import subprocess
import time

from cluster import ClusterTest, main
from program import ENVIRONMENT, SOURCE

HOSTS, DELAY_MICROSECONDS = 3, 1000


class Hosts(ClusterTest):
    def setUp(self):
        super().setUp()
        shutil.copytree(SOURCE / "launch", self.folder / "launch")
        (self.folder / "all").write_text("".join(f"h{host} slots=1\n" for host in range(1, HOSTS + 1)))
        (self.folder / "two").write_text("h2 slots=1\nh3 slots=2\n")

    def script(self, *arguments):
        return subprocess.run([self.folder / "launch" / "hosts", *map(str, arguments)], cwd=self.folder, text=True,
                              capture_output=True, timeout=100, env=ENVIRONMENT, check=False)

    def test_what_one_host_sends_arrives_at_another_after_the_delay(self):
        begun = time.monotonic()
        with self.assertRaises(ConnectionRefusedError):  # by the other host, after a round trip
            socket.create_connection(("h2", 9), timeout=10)
        self.assertGreaterEqual(time.monotonic() - begun, 2e-6 * DELAY_MICROSECONDS)

    def test_a_run_across_hosts_ends_with_the_weights_of_one_on_a_single_host(self):
        self.write_config(train__sweeps=4)
        batches = ("--formulation.name=contrastive", "--train.epochs=2", "--train.batch=60")
        for hosts, keys in (("all", ("--grid.stages=3",)), ("all", ("--grid.stages=1",)),
                            ("two", ("--grid.stages=2", "--grid.shards=2,1")),
                            ("two", ("--grid.stages=3", *batches))):
            with self.subTest(hosts=hosts, keys=keys):
                (self.folder / "hosts").write_text("")
                result = self.script(hosts, "train", "small.ini", "--out", "run", "--overwrite", *keys)
                self.assertEqual(result.returncode, 0, result.stderr)
                self.assertIn(f"{HOSTS} ranks with 1 BLAS thread each", result.stdout)
                self.assertEqual(self.hosts(), {"h1", "h2", "h3"} if hosts == "all" else {"h2", "h3"})
                self.assert_weights_of_plain_run("run", *keys, ranks=HOSTS)

    def test_ranks_and_threads_are_those_asked_for(self):
        result = self.script("-n", 2, "-t", 2, "all", "train", self.write_config())
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("2 ranks with 2 BLAS threads each", result.stdout)

    def test_the_status_is_that_of_the_program(self):
        self.assertEqual(self.script("all", "train", "none.ini").returncode, 66)

    def test_wrong_use_is_explained(self):
        for status, arguments in ((64, ["-n", "x", "all", "train"]), (64, ["-t"]), (64, ["-q"]), (64, ["all"]),
                                  (64, ["-t", "0", "all", "train"]), (66, ["none", "train"])):
            with self.subTest(arguments):
                result = self.script(*arguments)
                self.assertEqual(result.returncode, status)
                self.assertRegex(result.stderr, r"^hoist: .*; ")
        (self.folder / "build" / "hoist").unlink()
        self.assertEqual(self.script("all", "train", "small.ini").returncode, 66)


if __name__ == "__main__":
    main("hosts", HOSTS, DELAY_MICROSECONDS)
