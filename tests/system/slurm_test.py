"""The batch scripts of launch/slurm, copied and changed as users do, on several nodes of a real SLURM."""

import os
import signal

from batch_jobs import CPUS, NODES, BatchTest
from cluster import main
from program import HOIST


class BatchScripts(BatchTest):
    def test_jobs_on_several_nodes_end_with_the_weights_of_a_plain_run_and_a_report(self):
        self.write_config()
        jobs = {name: self.submit(f"{name}.sbatch", f"by {name}") for name in ("srun", "mpirun")}
        for name, job in jobs.items():
            with self.subTest(name):
                self.wait_for_job(job)
                self.assert_weights_of_plain_run(f"run-by {name}", ranks=NODES)
                self.assertIn(f"by {name}", (self.folder / f"run-by {name}" / "report.html").read_text())
        self.assertEqual(self.output().count(f"{NODES} ranks with 1 BLAS thread each"), 2)
        self.assertEqual(self.hosts(), {"n1", "n2", "n3"})

    def test_an_array_trains_from_each_seed_and_shows_them_on_one_page(self):
        self.write_config()
        job = self.submit("seeds.sbatch", "many seeds", array="3,7", nodes=1, **{"cpus-per-task": 2})
        self.wait_for_job(job)
        self.assertEqual(self.output().count("1 rank with 2 BLAS threads"), 2, self.output())
        page = (self.folder / "run-many seeds" / "report.html").read_text()
        for seed in (3, 7):
            self.assert_weights_of_plain_run(f"run-many seeds/seed-{seed}", f"--train.seed={seed}", "--threads=2",
                                             ranks=1)
            self.assertIn(f"seed-{seed}", page)

    def test_a_signal_sends_a_run_back_into_the_queue_until_it_is_complete(self):
        shapes = {"srun": {"nodes": 2, "ntasks-per-node": 1}, "mpirun": {"nodes": 1, "ntasks-per-node": 2}}
        jobs = {}
        for name, whom in (("srun", "--full"), ("mpirun", "--batch")):  # the ranks too, or the script alone
            self.write_config(f"{name}.ini", train__sweeps=100000)
            jobs[name] = self.submit(f"{name}.sbatch", name, config=f"{name}.ini", **shapes[name])
            self.wait_for_row(f"run-{name}", 1)
            self.send_back(jobs[name], whom)
        for name, job in jobs.items():
            with self.subTest(name):
                self.let_finish(job, f"run-{name}", f"{name}.ini", restarts=1)
                self.assert_weights_of_plain_run(f"run-{name}", ranks=2, config=f"{name}.ini")
        self.wait_for_job(self.submit("srun.sbatch", "srun", config="srun.ini", **shapes["srun"]))
        self.assertEqual(self.output().count("the run in run-srun is complete"), 1)

    def test_a_job_that_is_cancelled_stays_away(self):
        self.write_config(train__sweeps=100000)
        jobs = {name: self.submit(f"{name}.sbatch", name, nodes=nodes) for name, nodes in (("srun", 2), ("mpirun", 1))}
        for name, job in jobs.items():
            with self.subTest(name):
                self.wait_for_row(f"run-{name}", 3)
                self.call("scancel", job)
                self.wait_for_job(job, "CANCELLED")
                self.assertEqual(self.restarts(job), 0)
        self.assertEqual(len(self.checkpoints("run-srun")), 1)  # mpirun may have ended its ranks before

    def test_a_rank_that_is_killed_ends_the_job_with_a_message_that_names_it(self):
        self.write_config(train__sweeps=100000)
        job = self.submit("srun.sbatch", "robbed")
        self.wait_for_row("run-robbed", 3)
        os.kill(self.process_of_rank(job, 1), signal.SIGKILL)
        self.wait_for_job(job, "FAILED")
        self.assertIn("task 1: Killed", self.output())

    def test_a_rank_that_is_late_to_learn_its_peers_addresses_outlives_their_first_messages(self):
        config = self.write_config()
        self.call("srun", f"--nodes={NODES}", "--mpi=pmix", "--wait=5", "env", *self.preloaded("HOIST_LATE_FENCE"), HOIST,
                  "train", config, "--out", "late", "--quiet", "--threads=1")
        self.assert_weights_of_plain_run("late", ranks=NODES)

    def test_starts_do_not_fail_by_chance(self):
        for _ in range(12):
            self.call("srun", f"--nodes={NODES}", f"--ntasks={NODES + 1}", "--mpi=pmix", "--wait=5", HOIST,
                      "--version")

    def test_a_mistake_ends_the_job_with_the_status_of_the_program(self):
        job = self.submit("srun.sbatch", "mistaken", nodes=1, config="none.ini")
        self.wait_for_job(job, "FAILED")
        self.assertEqual(self.field(job, "ExitCode"), ["66:0"])
        self.assertEqual(self.restarts(job), 0)


if __name__ == "__main__":
    main("slurm", NODES, CPUS)
