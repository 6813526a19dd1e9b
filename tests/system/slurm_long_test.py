"""Jobs on a real SLURM that run into their time limit, or are preempted again and again."""

import json

from batch_jobs import CPUS, NODES, BatchTest
from cluster import main


class Interruptions(BatchTest):
    longest_seconds = 500

    def test_a_job_reaches_its_time_limit_returns_and_ends_with_the_weights_of_a_run_without_one(self):
        self.write_config()
        self.wait_for_job(self.submit("srun.sbatch", "probe", "--train.sweeps=100"))
        seconds = json.loads((self.folder / "run-probe" / "summary.json").read_text())["seconds_total"]
        sweeps = max(100, round(100 * 60 / seconds))  # a minute's
        job = self.submit("srun.sbatch", "long", f"--train.sweeps={sweeps}", time=1, signal="B:USR1@30")
        self.wait_for_job(job)
        self.assertGreaterEqual(self.restarts(job), 1)
        self.assertIn("resumed after sweep", self.output())
        self.assert_weights_of_plain_run("run-long", f"--train.sweeps={sweeps}", ranks=NODES)

    def test_a_job_that_ends_at_its_limit_without_a_signal_goes_on_when_submitted_again(self):
        self.write_config(train__sweeps=1000000, checkpoint__every=20, data__samples=2000)
        shape = {"nodes": 2, "time": 1}
        self.wait_for_job(self.submit("mpirun.sbatch", "ended", signal="B:USR1@0", **shape), "TIMEOUT")
        sweeps = max(self.checkpoints("run-ended")) + 5
        self.wait_for_job(self.submit("mpirun.sbatch", "ended", f"--train.sweeps={sweeps}", **shape))
        self.assertIn(f"resumed after sweep {sweeps - 5}", self.output())
        self.assert_weights_of_plain_run("run-ended", f"--train.sweeps={sweeps}", ranks=2)

    def test_a_job_that_is_preempted_twice_ends_with_the_weights_of_one_that_is_not(self):
        for name in ("srun", "mpirun"):
            with self.subTest(name):
                self.write_config(train__sweeps=100000, checkpoint__every=1)
                job = self.submit(f"{name}.sbatch", name, nodes=2, **{"ntasks-per-node": 2})
                self.wait_for_row(f"run-{name}", 3)
                self.call("scontrol", "requeue", job)
                self.wait_until(lambda: self.output().count("resumed after sweep") == 1, "the second start")
                self.send_back(job, "--batch")
                self.let_finish(job, f"run-{name}", "small.ini", restarts=2, checkpoint__every=1)
                self.assert_weights_of_plain_run(f"run-{name}", ranks=4)
                self.call("rm", *self.folder.glob("*.out"))


if __name__ == "__main__":
    main("slurm", NODES, CPUS)
