"""Small data sets in every format, to be damaged by tests. Twelve images of 4 x 4 in three classes."""

import gzip
import random
import struct

SAMPLES, SIDE, CLASSES = 12, 4, 3
IMAGES_MAGIC, LABELS_MAGIC = 2051, 2049


def pixels(samples=SAMPLES):
    generator = random.Random(1)
    return bytes(generator.randrange(256) for _ in range(samples * SIDE * SIDE))


def labels(samples=SAMPLES):
    return bytes(sample % CLASSES for sample in range(samples))


def images_file(samples=SAMPLES, magic=IMAGES_MAGIC):
    return struct.pack(">4I", magic, samples, SIDE, SIDE) + pixels(samples)


def labels_file(values=None, magic=LABELS_MAGIC):
    values = labels() if values is None else values
    return struct.pack(">2I", magic, len(values)) + values


def write_idx(folder, images=None, of_images=None, part="train", zipped=False):
    """Writes the two files of a part, the contents as given."""
    folder.mkdir(exist_ok=True)
    for kind, contents in (("images-idx3", images if images is not None else images_file()),
                           ("labels-idx1", of_images if of_images is not None else labels_file())):
        path = folder / f"{part}-{kind}-ubyte{'.gz' if zipped else ''}"
        path.write_bytes(contents)


def table(samples=SAMPLES, columns=5):
    """Rows of numbers as text, the last a class from 0 to 2."""
    generator = random.Random(2)
    return [[f"{generator.uniform(-2, 2):.6g}" for _ in range(columns)] + [str(sample % CLASSES)]
            for sample in range(samples)]


def csv_text(rows, header=None):
    lines = [*([header] if header else []), *rows]
    return "".join(",".join(line) + "\n" for line in lines)


def zip_bytes(contents):
    return gzip.compress(contents, mtime=0)
