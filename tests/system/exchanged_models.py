"""What the tests of export and import share."""

import h5py
import numpy

import data_files as data
from program import ProgramTest


class Exchange(ProgramTest):
    def predict(self, model, inputs, ranks=1):
        """The scores of a model file for samples in rows."""
        rows = [[repr(float(number)) for number in row] for row in inputs]
        (self.folder / "inputs.csv").write_text(data.csv_text(rows))
        self.succeed("predict", model, "--out", "scores.h5", "--data.format=csv", "--data.test=inputs.csv", ranks=ranks)
        with h5py.File(self.folder / "scores.h5") as file:
            return file["value" if "value" in file else "score"][()]

    def make(self, network, model="model.h5"):
        numpy.savez(self.folder / "given.npz", **network.arrays)
        self.succeed("import", "given.npz", "--out", model)
        return model

    def assert_close(self, found, expected, tolerance):
        """Relative to the largest output."""
        self.assertEqual(found.shape, expected.shape)
        self.assertLess(abs(found - expected).max(), tolerance * abs(expected).max())
