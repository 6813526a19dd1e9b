"""Jobs of launch/slurm in the SLURM of tests/cluster/slurm."""

import pathlib
import subprocess
import time

from cluster import ClusterTest
from program import HOIST, SOURCE

NODES, CPUS = 3, 2
OVER = {"COMPLETED", "FAILED", "TIMEOUT", "CANCELLED", "NODE_FAIL", "OUT_OF_MEMORY"}


class BatchTest(ClusterTest):
    def call(self, *command):
        done = subprocess.run([str(word) for word in command], cwd=self.folder, text=True, capture_output=True,
                              timeout=60, check=False)
        self.assertEqual(done.returncode, 0, f"{command}: {done.stderr}")
        return done.stdout

    def submit(self, script, name, *keys, config="small.ini", **options):
        """Copies launch/slurm/`script`, changes account and configuration, and submits it; returns the job's number."""
        text = (SOURCE / "launch" / "slurm" / script).read_text()
        for before, after in (("=CHANGE-ME", "=tests"), ("(configs/quickstart.ini)", f"({config})")):
            self.assertEqual(text.count(before), 1)
            text = text.replace(before, after)
        (self.folder / script).write_text(text)
        options = {"nodes": NODES, "ntasks-per-node": 1, "cpus-per-task": 1, "job-name": name} | options
        job = self.call("sbatch", "--parsable", *(f"--{key.replace('_', '-')}={value}" for key, value in options.items()),
                        script, *keys).strip()
        self.addCleanup(subprocess.run, ["scancel", "--full", "--signal=KILL", job], check=False,
                        stderr=subprocess.DEVNULL)
        return job

    def field(self, job, name):
        """The values of a field of `scontrol show job`, one of each task of an array."""
        return [word.split("=", 1)[1] for word in self.call("scontrol", "show", "job", job).split()
                if word.split("=", 1)[0] == name]

    def process_of_rank(self, job, rank):
        wanted = {f"SLURM_JOB_ID={job}".encode(), f"SLURM_PROCID={rank}".encode()}
        for folder in pathlib.Path("/proc").iterdir():
            try:
                if (folder / "exe").samefile(HOIST) and wanted <= set((folder / "environ").read_bytes().split(b"\0")):
                    return int(folder.name)
            except OSError:
                continue
        raise AssertionError(f"rank {rank} of job {job} does not run")

    def output(self):
        return "".join(path.read_text() for path in sorted(self.folder.glob("*.out")))

    def wait_until(self, condition, what):
        end = time.monotonic() + self.longest_seconds
        while not condition():
            self.assertLess(time.monotonic(), end, f"{what}: not in time\n{self.output()}")
            time.sleep(0.05)

    def wait_for_job(self, job, state="COMPLETED"):
        """Returns when the job, and all tasks of an array, are over; they must have ended in `state`."""
        self.wait_until(lambda: OVER >= set(self.field(job, "JobState")), f"the end of job {job}")
        self.assertEqual(set(self.field(job, "JobState")), {state}, self.output())

    def wait_for_row(self, directory, sweep):
        """Returns once metrics.csv has the row of `sweep`."""
        metrics = self.folder / directory / "metrics.csv"
        self.wait_until(lambda: metrics.exists() and metrics.read_text().count("\n") > sweep, f"sweep {sweep}")

    def send_back(self, job, whom):
        """Signals the job, which then waits in the queue until let_finish()."""
        self.call("scontrol", "hold", job)
        self.call("scancel", whom, "--signal=USR1", job)

    def let_finish(self, job, directory, config, restarts, **keys):
        """Once the job is back in the queue, lets it end two sweeps after the one that it has reached."""
        self.wait_until(lambda: self.restarts(job) == restarts, f"job {job} back in the queue")
        self.write_config(config, train__sweeps=max(self.checkpoints(directory)) + 2, **keys)
        self.call("scontrol", "release", job)
        self.wait_for_job(job)
        self.assertEqual(self.restarts(job), restarts)

    def checkpoints(self, directory):
        """Their sweeps."""
        return [int(path.stem.split("-")[1]) for path in (self.folder / directory).glob("checkpoint-*.h5")]

    def restarts(self, job):
        return int(self.field(job, "Restarts")[0])
