"""Trainings: data on their way, ranks, progress, interrupts and ends."""

import contextlib
import io
import os
import pathlib
import pickle
import signal
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
import unittest
from unittest import mock

import numpy as np
import pandas

import hoist
from samples import SMALL, FolderTest, clusters

LONG = SMALL | {"train.epochs": 1_000_000}


class Training(FolderTest):
    def setUp(self):
        super().setUp()
        self.X, self.y = clusters()
        scratch = mock.patch.object(tempfile, "tempdir", str(self.folder))
        scratch.start()
        self.addCleanup(scratch.stop)

    def leftovers(self):
        return [path.name for path in self.folder.glob("hoist-*")]

    def assert_clean(self):
        self.assertEqual(self.leftovers(), [])

    def test_a_run_is_the_same_on_any_number_of_ranks(self):
        alone = hoist.train(SMALL, self.X, self.y, ranks=1)
        together = hoist.train(SMALL, self.X, self.y, ranks=2, X_test=self.X[:30], y_test=self.y[:30])
        self.assertEqual(together.summary["ranks"], 2)
        np.testing.assert_allclose(together.model.scores(self.X), alone.model.scores(self.X), atol=1e-4)
        self.assertEqual(alone.metrics["epoch"].tolist(), list(range(1, 11)))
        self.assertTrue(np.isnan(alone.metrics["test_accuracy"]).all())
        right = 100 * (together.model.predict(self.X[:30]) == self.y[:30]).mean()
        self.assertAlmostEqual(together.summary["test_accuracy"], right, places=3)

    def test_arrays_mean_what_files_mean(self):
        """Bytes, pictures, words and columns are trained on as the program reads them."""
        random = np.random.default_rng(5)
        X = random.integers(0, 256, (60, 4, 3), dtype=np.uint8)
        keys = {"network.layers": "12-6-3", "formulation.name": "contrastive", "train.epochs": 2}
        run = hoist.train(keys, X, np.arange(60) % 3, ranks=1)
        same = hoist.train(keys, (X / np.float32(255)).reshape(60, 12), (np.arange(60) % 3).reshape(-1, 1), ranks=1)
        np.testing.assert_allclose(run.model.scores(X), same.model.scores(X / np.float32(255)), rtol=1e-5)

    def test_frames_of_pandas_are_arrays(self):
        frame = pandas.DataFrame(self.X, columns=[f"column {number}" for number in range(12)])
        frame["kind"] = np.array(["cat", "dog", "eel"])[self.y]
        run = hoist.train(SMALL, frame.drop(columns="kind"), frame["kind"], ranks=1)
        self.assertEqual(run.model.classes.tolist(), ["cat", "dog", "eel"])
        self.assertGreater((run.model.predict(frame.drop(columns="kind")) == frame["kind"]).mean(), 0.9)
        with self.assert_error(hoist.DataError, "numbers"):
            hoist.train(SMALL, frame, frame["kind"], ranks=1)

    def test_a_model_knows_the_columns_of_a_frame(self):
        names = [f"column {number}" for number in range(12)]
        frame = pandas.DataFrame(self.X, columns=names)
        turned = frame[names[::-1]].assign(more="words")
        run = hoist.train(SMALL, frame, self.y, ranks=1, X_test=turned, y_test=self.y)
        self.assertEqual(run.summary["test_accuracy"], run.summary["train_accuracy"])
        run.model.save(self.folder / "saved.h5")
        for model in (run.model, hoist.Model.load(self.folder / "saved.h5"), pickle.loads(pickle.dumps(run.model))):
            self.assertEqual(model.columns, names)
            expected = model.scores(self.X)
            for given in (frame, turned, frame.to_numpy(), pandas.DataFrame(self.X)):
                np.testing.assert_array_equal(model.scores(given), expected)
            np.testing.assert_array_equal(model.activations(turned)[0], model.activations(frame)[0])
            with self.assert_error(hoist.DataError, "no column column 3", "column 11"):
                model.predict(turned.drop(columns="column 3"))
        self.assertIsNone(hoist.train(SMALL, self.X, self.y, ranks=1).model.columns)

    def test_a_table_with_a_header_is_asked_by_its_columns(self):
        names = [f"column {number}" for number in range(12)]
        frame = pandas.DataFrame(self.X, columns=names)
        frame.assign(kind=self.y).to_csv(self.folder / "table.csv", index=False)
        from_table = hoist.train(SMALL, ranks=1, data={"format": "csv", "path": self.folder, "train": "table.csv"}).model
        self.assertEqual(from_table.columns, names)
        np.testing.assert_array_equal(from_table.scores(frame[names[::-1]]), from_table.scores(self.X))
        # And the program takes the columns of a table by the names that a frame had.
        run = hoist.train(SMALL, frame, self.y, ranks=1)
        frame[names[::-1]].to_csv(self.folder / "turned.csv", index=False)
        self.hoist("predict", run.directory, "--out", "asked.csv", "--data.format=csv", f"--data.path={self.folder}",
                   "--data.test=turned.csv")
        asked = pandas.read_csv(self.folder / "asked.csv")
        np.testing.assert_allclose(asked.drop(columns="label"), run.model.scores(self.X), rtol=1e-5, atol=1e-7)

    def test_truth_values_are_classes(self):
        truth = hoist.train(SMALL | {"network.layers": "12-10-2"}, self.X, self.y > 0, ranks=1).model
        self.assertGreater((truth.predict(self.X) == (self.y > 0)).mean(), 0.9)

    def test_ranks_of_an_allocation_are_started_by_srun_beside_shared_files(self):
        """A stand-in for srun notes its options and starts the ranks by mpirun."""
        stand_in = self.folder / "srun"
        stand_in.write_text('#!/bin/sh\necho "$1 $2 $3 $6" >> "$0.txt"\nranks=${1#--ntasks=}\nshift 3\nunset SLURM_JOB_ID\n'
                            'exec mpirun -n "$ranks" --oversubscribe "$@"\n')
        stand_in.chmod(0o755)
        (self.folder / "shared").mkdir()
        with mock.patch.dict(os.environ, {"SLURM_JOB_ID": "7", "PATH": f"{self.folder}:{os.environ['PATH']}"}):
            run = hoist.train(SMALL, self.X, self.y, ranks=2, out=self.folder / "shared" / "run")
        self.assertEqual(run.summary["ranks"], 2)
        noted = (self.folder / "srun.txt").read_text()
        self.assertTrue(noted.startswith(f"--ntasks=2 --mpi=pmix --wait=5 {self.folder}/shared/hoist-data-"), noted)
        self.assertEqual([path.name for path in (self.folder / "shared").iterdir()], ["run"])

    def test_a_program_of_mpi_may_train(self):
        """What mpirun says to this process is not said to the ranks that it starts."""
        code = ("import hoist; from samples import *; X, y = clusters(); "
                "print(hoist.train(SMALL, X, y, ranks=2).summary['ranks'])")
        environment = os.environ | {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
                                    "PYTHONPATH": f"{os.environ['PYTHONPATH']}:{pathlib.Path(__file__).parent}"}
        result = subprocess.run(["mpirun", "-n", "1", sys.executable, "-c", code], env=environment, capture_output=True, text=True,
                                timeout=60)
        self.assertEqual(result.stdout.strip(), "2", result.stderr)

    def test_the_run_directory_stays_where_it_is_asked_for(self):
        out = self.folder / "a run"
        run = hoist.train(SMALL, self.X, self.y, ranks=1, out=out)
        del run
        self.assertTrue((out / "model.h5").exists())
        with self.assert_error(hoist.WriteError, "a run"):
            hoist.train(SMALL, self.X, self.y, ranks=1, out=out)
        again = hoist.train(SMALL, self.X, self.y, ranks=1, out=out, overwrite=True)
        again.report(self.folder / "page.html")
        self.assertIn("<html", (self.folder / "page.html").read_text()[:200])
        self.assert_clean()

    def test_a_run_without_a_place_goes_away_with_its_object(self):
        run = hoist.train(SMALL, self.X, self.y, ranks=1)
        directory = run.directory
        self.assertTrue((directory / "summary.json").exists())
        self.assertEqual(self.leftovers(), [directory.name])
        model = run.model
        del run
        self.assertFalse(directory.exists())
        self.assertEqual(model.predict(self.X).shape, (240,))

    def test_data_on_disk_need_no_arrays(self):
        rows = np.column_stack([self.X, self.y])
        (self.folder / "table.csv").write_text("\n".join(",".join(map(str, row)) for row in rows.tolist()) + "\n")
        run = hoist.train(SMALL, ranks=1, data={"format": "csv", "path": self.folder, "train": "table.csv"})
        self.assertGreater(run.summary["train_accuracy"], 50)

    def test_a_callback_is_given_every_epoch(self):
        told = []
        hoist.train(SMALL, self.X, self.y, ranks=1, callback=told.append, train_epochs=5)
        self.assertEqual([row["epoch"] for row in told], [1, 2, 3, 4, 5])
        self.assertTrue(all(row["loss"] > 0 for row in told))

    def test_a_bar_shows_the_epochs_and_the_figures(self):
        shown = io.StringIO()
        with contextlib.redirect_stderr(shown):
            hoist.train(SMALL, self.X, self.y, ranks=1, progress=True)
        self.assertIn("10/10", shown.getvalue())
        self.assertIn("objective=", shown.getvalue())
        with contextlib.redirect_stderr(shown := io.StringIO()):  # no terminal
            hoist.train(SMALL, self.X, self.y, ranks=1)
        self.assertEqual(shown.getvalue(), "")

    def test_what_a_callback_raises_ends_the_run(self):
        class Enough(Exception):
            pass

        def enough(row):
            raise Enough

        with self.assertRaises(Enough):
            hoist.train(LONG, self.X, self.y, ranks=2, callback=enough)
        self.assert_clean()

    def test_bad_arrays_are_refused(self):
        X = self.X.copy()
        X[7, 2] = np.inf
        for given, phrases in (((X, self.y), ("sample 7", "inf")), ((self.X, self.y[:-1]), ("240", "239")),
                               ((self.X[:0], self.y[:0]), ("empty",)), ((self.X[0], self.y), ("1 dimension",)),
                               ((self.X.astype(float) * 1e300, self.y), ("inf",)),
                               ((self.X, np.where(self.y == 1, np.nan, self.y)), ("y holds nan",))):
            with self.assert_error(hoist.DataError, *phrases):
                hoist.train(SMALL, *given, ranks=1)
        with self.assert_error(hoist.DataError, "y_test", "'fox'"):
            hoist.train(SMALL, self.X, np.array(["cat", "dog", "eel"])[self.y], X_test=self.X[:1], y_test=["fox"], ranks=1)
        self.assert_clean()

    def test_errors_of_the_program_have_its_message_and_class(self):
        for ranks in (1, 2):
            with self.assert_error(hoist.ConfigError, "12") as caught:
                hoist.train(SMALL, self.X[:, :7], self.y, ranks=ranks)
            self.assertEqual(caught.exception.status, 64)
        with self.assert_error(hoist.FileError, "nowhere"):
            hoist.train(SMALL, data={"format": "csv", "path": "/nowhere", "train": "a.csv"}, ranks=1)
        self.assert_clean()

    def test_a_time_limit_is_an_interrupt_that_can_be_resumed(self):
        out = self.folder / "limited"
        with self.assert_error(hoist.Interrupted, "time_limit") as caught:
            hoist.train(LONG, self.X, self.y, ranks=2, out=out, train_time_limit=1)
        self.assertEqual((caught.exception.status, caught.exception.directory), (75, out))
        done = hoist.Run(out).metrics["epoch"][-1]
        told = []
        with self.assertRaises(hoist.Interrupted):
            hoist.train(LONG, self.X, self.y, ranks=1, out=out, resume=True, train_time_limit=2, callback=told.append)
        self.assertGreaterEqual(told[0]["epoch"], done)
        self.assertEqual(hoist.Run(out).model.layers, "12-10-8-3")
        self.assert_clean()

    def test_a_rank_that_dies_ends_the_run(self):
        def kill(row):
            children = subprocess.run(["pgrep", "-f", "--", "--out " + str(self.folder / "killed")], capture_output=True, text=True)
            ranks = [int(pid) for pid in children.stdout.split()
                     if pathlib.Path(f"/proc/{pid}/comm").read_text().strip() == "hoist"]
            self.assertEqual(len(ranks), 2)
            os.kill(ranks[1], signal.SIGKILL)

        with self.assert_error(hoist.SystemFailure, "signal 9"):
            hoist.train(LONG, self.X, self.y, ranks=2, out=self.folder / "killed", callback=Once(kill))
        self.assert_clean()

    def test_without_the_program_that_is_said(self):
        code = "import hoist\ntry: hoist.train(ranks=1)\nexcept hoist.FileError as error: print(error)"
        environment = os.environ | {"HOIST_PROGRAM": "/nothing/hoist"}
        said = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60)
        self.assertIn("HOIST_PROGRAM=/nothing/hoist", said.stdout, said.stderr)
        environment = os.environ | {"PATH": "/nothing"}
        code = code.replace("ranks=1", "ranks=2")
        said = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60)
        self.assertIn("mpirun is not there", said.stdout, said.stderr)

    def test_runs_of_several_threads_do_not_meet(self):
        found = [None] * 3

        def one(at):
            found[at] = hoist.train(SMALL, self.X, self.y, ranks=1, train_seed=at + 1).summary["seed"]

        threads = [threading.Thread(target=one, args=(at,)) for at in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        self.assertEqual(found, [1, 2, 3])
        self.assert_clean()


class Once:
    def __init__(self, act):
        self.act = act

    def __call__(self, row):
        act, self.act = self.act, lambda row: None
        act(row)


class Interrupts(FolderTest):
    def start(self, ranks, out, around="train()"):
        code = textwrap.dedent(f"""
            import threading
            import hoist
            from samples import SMALL, clusters
            from training_test import LONG
            X, y = clusters()
            begun = threading.Event()
            def tell(row):
                begun.set()
                print("epoch", flush=True)
            def train():
                try:
                    hoist.train(LONG, X, y, ranks={ranks}, out={out!r}, callback=tell)
                except hoist.Interrupted as error:
                    print("interrupted", error.status, error.directory, error)
            """) + textwrap.dedent(around)
        environment = os.environ | {"PYTHONPATH": f"{os.environ['PYTHONPATH']}:{pathlib.Path(__file__).parent}",
                                    "TMPDIR": str(self.folder)}
        process = subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE,
                                   stderr=subprocess.DEVNULL, text=True, start_new_session=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.kill)
        process.stdout.readline()
        return process

    def test_control_c_stops_with_a_checkpoint_and_leaves_nothing_else(self):
        for ranks in (1, 2):
            with self.subTest(ranks=ranks):
                out = str(self.folder / f"run on {ranks}")
                process = self.start(ranks, out)
                os.killpg(process.pid, signal.SIGINT)  # as a terminal does
                said, _ = process.communicate(timeout=60)
                self.assertRegex(said, rf"interrupted 75 {out}\b.*resume")
                self.assertEqual(list(self.folder.glob("hoist-*")), [])
                self.assertTrue(list(pathlib.Path(out).glob("checkpoint-*.h5")))

    def wait_until(self, true, what):
        until = time.monotonic() + 60
        while not true():
            self.assertLess(time.monotonic(), until, f"not in time: {what}")
            time.sleep(0.05)

    def others(self):
        """Processes whose arguments name this test's folder: ranks, their launcher, and what removes the folders."""
        found = subprocess.run(["pgrep", "-f", "--", str(self.folder)], capture_output=True, text=True)
        return found.stdout.split()

    def test_a_run_whose_python_is_killed_stops_with_a_checkpoint(self):
        for how in (signal.SIGTERM, signal.SIGKILL):
            for ranks in (1, 2):
                with self.subTest(how=how, ranks=ranks):
                    out = self.folder / f"orphan {how} on {ranks}"
                    process = self.start(ranks, str(out))
                    self.assertEqual(len(list(self.folder.glob("hoist-data-*"))), 1)
                    process.send_signal(how)
                    process.communicate()
                    self.wait_until(lambda: not self.others(), "the end of the ranks")
                    self.assertTrue(list(out.glob("checkpoint-*.h5")))
                    self.assertEqual(list(self.folder.glob("hoist-*")), [])

    def test_of_a_run_without_a_place_nothing_is_left_where_python_is_killed(self):
        process = self.start(2, None)
        self.assertEqual(len(list(self.folder.glob("hoist-*"))), 2)
        process.terminate()
        process.communicate()
        self.wait_until(lambda: not self.others(), "the end of the ranks")
        self.assertEqual(list(self.folder.glob("hoist-*")), [])

    def test_nothing_is_left_when_python_ends_under_a_run_of_a_thread(self):
        process = self.start(1, None, around="""
            threading.Thread(target=train, daemon=True).start()
            begun.wait()
            raise LookupError("an error of the program around it")
            """)
        self.assertEqual(process.wait(60), 1)
        self.wait_until(lambda: not self.others(), "the end of the rank")
        self.assertEqual(list(self.folder.glob("hoist-*")), [])


if __name__ == "__main__":
    unittest.main()
