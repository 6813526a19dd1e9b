"""Reads what MNIST comes in."""

import gzip

import numpy


def read_idx(folder, name):
    """The bytes of the file of that name, zipped or not, in their shape."""
    path = next(p for p in (folder / name, folder / f"{name}.gz") if p.exists())
    raw = gzip.open(path).read() if path.suffix == ".gz" else path.read_bytes()
    shape = [int.from_bytes(raw[4 + 4 * i:8 + 4 * i], "big") for i in range(raw[3])]
    return numpy.frombuffer(raw, numpy.uint8, offset=4 + 4 * raw[3]).reshape(shape)
