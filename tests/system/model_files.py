"""Reads model files by h5py, as a user would who has no hoist."""

import h5py


def weights(path):
    """Weights and bias of all layers, from the input to the output."""
    with h5py.File(path) as file:
        return [file[f"layers/{layer}/{name}"][()] for layer in range(len(file["layers"]))
                for name in ("weights", "bias")]


def assert_same_weights(test, one, other):
    """To the last bit."""
    same = [values.tobytes() == others.tobytes() for values, others in zip(one, other, strict=True)]
    test.assertTrue(all(same), f"equal to the last bit: {same}")
