"""Ranks that Python starts by srun, within an allocation of several nodes of a real SLURM."""

import os
import pathlib
import sys

sys.path.append(str(pathlib.Path(os.environ["HOIST_SOURCE"]) / "tests" / "system"))

from batch_jobs import CPUS, NODES, BatchTest  # noqa: E402
from cluster import main  # noqa: E402

SCRIPT = """
import numpy as np
import hoist

X = np.random.default_rng(1).normal(size=(300, 6)).astype(np.float32)
y = (X[:, 0] * X[:, 1] > 0).astype(int)
keys = {"network.layers": "6-12-8-2", "formulation.name": "contrastive", "train.epochs": 40, "train.batch": 30, "weights.step": 1e-2}
run = hoist.train(keys, X, y, ranks=RANKS, out="run by srun")
assert run.summary["ranks"] == RANKS, run.summary
assert (run.model.predict(X) == y).mean() > 0.9
try:
    hoist.train(keys, X, y, ranks=RANKS, weights_solver="sgd", weights_step=1e9)
except hoist.NumericalError as error:
    assert "weights.step" in str(error), error
else:
    raise AssertionError("a step of 1e9 trains")
"""


class Allocation(BatchTest):
    def test_ranks_run_on_all_nodes_and_nothing_is_left_behind(self):
        (self.folder / "train.py").write_text(SCRIPT.replace("RANKS", str(NODES)))
        self.call("salloc", "--quiet", f"--nodes={NODES}", "--ntasks-per-node=1", "env", f"HOIST_PROGRAM={self.folder / 'build/hoist'}",
                  sys.executable, "-B", "train.py")
        self.assertEqual(self.hosts(), {"n1", "n2", "n3"})
        left = {path.name for path in self.folder.iterdir()}
        self.assertEqual(left, {"train.py", "build", "hosts", "run by srun"})


if __name__ == "__main__":
    main("slurm", NODES, CPUS)
