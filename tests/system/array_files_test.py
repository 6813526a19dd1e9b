"""Array files as others write them: HDF5, NPZ, NPY and IDX under their usual names, in every type and layout.

What is read is compared with numpy's own reading of the same file."""

import gzip
import itertools
import json
import struct
import unittest

import h5py
import numpy

from program import ProgramTest

USAGE, BAD, MISSING = 64, 65, 66
SAMPLES, SIDE = 40, 4
CLASSES = 3


def images(seed=1, samples=SAMPLES):
    return numpy.random.default_rng(seed).integers(0, 256, (samples, SIDE, SIDE), dtype=numpy.uint8)


def labels(samples=SAMPLES):
    return numpy.arange(samples) % CLASSES


def idx(array, code):
    """An array as an IDX file."""
    header = struct.pack(">2xBB", code, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape)
    return header + array.astype(array.dtype.newbyteorder(">")).tobytes()


class ArrayFiles(ProgramTest):
    def keys(self, form, **given):
        given = {"format": form, "path": "."} | given
        return [f"--data.{key}={value}" for key, value in given.items()]

    def describe(self, form, *more, **given):
        result = self.succeed("data", "describe", "--json", *more, *self.keys(form, **given))
        return json.loads(result.out), result.err

    def read(self, form, part="train", **given):
        """Inputs, labels and class names as convert writes them, which is what was read."""
        self.succeed("data", "convert", "--out", "converted", *self.keys(form, **given))
        with h5py.File(self.folder / "converted" / f"{part}.h5") as file:
            names = file["class_names"].asstr()[()].tolist() if "class_names" in file else None
            return file["inputs"][()], file["labels"][()].ravel() if "labels" in file else None, names

    def expect(self, inputs, expected, **more):
        numpy.testing.assert_array_equal(inputs[0], expected.reshape(len(expected), -1).astype(float))
        if "labels" in more:
            numpy.testing.assert_array_equal(inputs[1], more["labels"])
        if "names" in more:
            self.assertEqual(inputs[2], more["names"])

    def test_names_of_columns_are_remembered_and_held_to(self):
        samples = numpy.random.default_rng(3).normal(size=(SAMPLES, 3))
        names = numpy.array(["mass", "age", "length"])
        numpy.savez(self.folder / "a.npz", X=samples, y=labels(), feature_names=names)
        columns = self.describe("numpy", train="a.npz")[0]["train"]["columns"]
        self.assertEqual([column["name"] for column in columns], names.tolist())
        network = ["--network.layers=3-4-3", "--train.sweeps=1", "--quiet"]
        config = self.write_config(data__format="numpy", data__path=".", data__train="a.npz")
        self.succeed("train", config, "--out", "run", *network)
        inspected = json.loads(self.succeed("inspect", "run", "--json").out)
        self.assertEqual([column["name"] for column in inspected["columns"]], names.tolist())
        numpy.savez(self.folder / "b.npz", X=samples[:, ::-1], y=labels(), feature_names=names[::-1])
        self.assert_error(self.hoist("evaluate", "run", "--data.test=b.npz", "--data.format=numpy", "--data.path=."), BAD,
                          "length, age, mass", "mass, age, length")
        # Names of something else are none of columns.
        for other in (names[:2], numpy.array(["mass", "age", "mass"]), numpy.arange(3)):
            numpy.savez(self.folder / "a.npz", X=samples, y=labels(), feature_names=other)
            self.assertEqual(self.describe("numpy", train="a.npz")[0]["train"].get("columns", []), [])

    def refuses_data(self, status, phrases, form, **given):
        self.assert_error(self.hoist("data", "describe", *self.keys(form, **given)), status, *phrases)

    def write_h5(self, name="a.h5", **arrays):
        with h5py.File(self.folder / name, "w") as file:
            for key, value in arrays.items():
                file[key.replace("__", "/")] = value


class Hdf5(ArrayFiles):
    def test_bytes_are_shares_of_255_in_every_layout(self):
        pictures = images()
        for shape in ((SIDE, SIDE), (SIDE, SIDE, 1), (1, SIDE, SIDE), (SIDE * SIDE,), (2, 2, 4), (4, 2, 2)):
            with self.subTest(shape=shape):
                stored = pictures.reshape(SAMPLES, *shape)
                self.write_h5(inputs=stored, labels=labels())
                self.expect(self.read("hdf5", train="a.h5"), stored / 255, labels=labels())
                told = self.describe("hdf5", train="a.h5")[0]["train"]
                gray = len(shape) > 1 and sorted(shape)[-2:] == [SIDE, SIDE]
                self.assertEqual(told.get("image"), [SIDE, SIDE] if gray else None)
                self.assertIn("value / 255", told["stored"])

    def test_other_types_are_read_as_they_are(self):
        for kind in ("<u2", ">u2", "<i1", ">i4", "<u8", "<f2", ">f4", "<f8", "?"):
            with self.subTest(kind=kind):
                stored = (images() % 100).astype(kind)
                self.write_h5(inputs=stored, labels=labels())
                self.expect(self.read("hdf5", train="a.h5"), stored)

    def test_usual_names_hold_both_parts(self):
        train, test = images(1), images(2, 9)
        for names in (("x_train", "y_train", "x_test", "y_test"),
                      ("X_train", "Y_train", "X_test", "Y_test"),
                      ("train_images", "train_labels", "test_images", "test_labels"),
                      ("trainImages", "trainLabels", "testImages", "testLabels"),
                      ("train/x", "train/y", "test/x", "test/y"),
                      ("train_set_x", "train_set_y", "test_set_x", "test_set_y"),
                      ("images", "labels", "test/images", "test/labels"),
                      ("data", "label", "data_test", "label_test")):
            with self.subTest(names=names):
                self.write_h5(**dict(zip(names, (train, labels(), test, labels(9)))))
                self.expect(self.read("hdf5", train="a.h5"), train / 255, labels=labels())
                self.expect(self.read("hdf5", "test", train="a.h5"), test / 255, labels=labels(9))

    def test_any_name_can_be_given(self):
        self.write_h5(sets__scans=images(), sets__kind=labels(), sets__weight=labels() / 7)
        given = {"train": "a.h5", "inputs": "sets/scans", "target": "/sets/kind"}
        self.expect(self.read("hdf5", **given), images() / 255, labels=labels())
        told, warned = self.describe("hdf5", **given)
        self.assertIn("sets/weight", warned)
        self.write_h5(train__scans=images(1), train__kind=labels(), test__scans=images(2), test__kind=labels())
        given = {"train": "a.h5", "inputs": "scans", "target": "kind"}
        self.expect(self.read("hdf5", "test", **given), images(2) / 255, labels=labels())
        self.refuses_data(BAD, ["no data set scan", "train/scans", "a.h5"], "hdf5", **given | {"inputs": "scan"})

    def test_what_names_do_not_tell_is_asked_for(self):
        self.write_h5(features=images(), pictures=images(2), labels=labels())
        self.refuses_data(USAGE, ["features", "pictures", "data.inputs"], "hdf5", train="a.h5")
        self.write_h5(x_mean=images(), scans=images(), y=labels())
        self.refuses_data(BAD, ["x_mean", "scans", "data.inputs"], "hdf5", train="a.h5")
        self.write_h5(y=labels())
        self.refuses_data(BAD, ["it holds y"], "hdf5", train="a.h5")
        with h5py.File(self.folder / "a.h5", "w") as file:
            file.attrs["inputs"] = 5
        self.refuses_data(BAD, ["no array"], "hdf5", train="a.h5")

    def test_links_within_the_file_are_followed_and_others_are_not(self):
        self.write_h5("b.h5", inputs=images())
        with h5py.File(self.folder / "a.h5", "w") as file:
            file["stored/pixels"] = images()
            file["stored/again"] = h5py.SoftLink("/stored")
            file["x"] = h5py.SoftLink("/stored/pixels")
            file["y"] = h5py.SoftLink("/nowhere")
            file["outside"] = h5py.ExternalLink("b.h5", "/inputs")
        self.expect(self.read("hdf5", train="a.h5"), images() / 255)
        self.refuses_data(BAD, ["another file"], "hdf5", train="a.h5", inputs="outside")
        self.refuses_data(BAD, ["leads nowhere"], "hdf5", train="a.h5", inputs="y")
        self.refuses_data(BAD, ["is a group", "pixels"], "hdf5", train="a.h5", inputs="stored")

    def test_compressed_and_chunked_data_are_read(self):
        with h5py.File(self.folder / "a.h5", "w") as file:
            file.create_dataset("x", data=images(), chunks=(7, 2, 4), compression="gzip", shuffle=True)
            file.create_dataset("y", data=labels(), chunks=(9,), maxshape=(None,))
        self.expect(self.read("hdf5", train="a.h5"), images() / 255, labels=labels())

    def test_a_compression_that_is_not_known_is_named(self):
        with h5py.File(self.folder / "a.h5", "w") as file:
            file.create_dataset("x", data=images(), compression="lzf")
        self.refuses_data(BAD, ["lzf", "gzip"], "hdf5", train="a.h5")

    def test_labels_in_every_form_are_classes(self):
        names = numpy.array(["ant", "bee", "c\u00e9"])
        forms = {
            "column": labels().reshape(-1, 1), "row": labels().reshape(1, -1), "floats": labels().astype(float),
            "bytes": labels().astype("u1"), "big-endian": labels().astype(">i8"),
            "one-hot": numpy.eye(CLASSES)[labels()], "one-hot truths": numpy.eye(CLASSES, dtype=bool)[labels()],
            "one-hot bytes": numpy.eye(CLASSES, dtype="u1")[labels()],
            "texts": names[labels()].astype(h5py.string_dtype()),
            "fixed texts": numpy.char.encode(names, "utf-8")[labels()],
        }
        for form, stored in forms.items():
            with self.subTest(form=form):
                self.write_h5(x=images(), y=stored)
                self.expect(self.read("hdf5", train="a.h5"), images() / 255, labels=labels(),
                            names=names.tolist() if "texts" in form else None)

    def test_labels_that_do_not_count_from_0_are_names(self):
        self.write_h5(x=images(), y=labels() + 1, x_test=images(2, 2), y_test=[3, 2])
        self.expect(self.read("hdf5", train="a.h5"), images() / 255, labels=labels(), names=["1", "2", "3"])
        self.expect(self.read("hdf5", "test", train="a.h5"), images(2, 2) / 255, labels=[2, 1])
        self.write_h5(x=images(), y=labels() % 2 * 2 - 1)
        self.expect(self.read("hdf5", train="a.h5"), images() / 255, labels=labels() % 2, names=["-1", "1"])
        # A test part without class 0 counts from 0 as the training part does.
        self.write_h5(x=images(), y=labels(), x_test=images(2, 2), y_test=[1, 2])
        self.expect(self.read("hdf5", "test", train="a.h5"), images(2, 2) / 255, labels=[1, 2], names=None)
        self.write_h5(x=images(), y=labels(), x_test=images(2, 2), y_test=[4, 5])
        self.expect(self.read("hdf5", "test", train="a.h5"), images(2, 2) / 255, labels=[4, 5])

    def test_labels_that_are_no_classes_are_refused(self):
        soft = numpy.eye(CLASSES)[labels()]
        soft[5] = [0.5, 0.5, 0]
        two = numpy.eye(CLASSES)[labels()]
        two[6] = [1, 1, 0]
        for wrong, phrase in ((soft, "sample 5"), (two, "sample 6"), (labels() + 0.5, "0.5"),
                              (labels() - 5, "-5"), (labels()[:-1], "39"),
                              (numpy.full(SAMPLES, numpy.nan), "nan"),
                              (numpy.array([b"\xff\xfe"] * SAMPLES), "UTF-8")):
            with self.subTest(phrase=phrase):
                self.write_h5(x=images(), y=wrong)
                self.refuses_data(BAD, [phrase, "a.h5"], "hdf5", train="a.h5")

    def test_samples_that_come_last_are_noticed(self):
        self.write_h5(x=images().reshape(SAMPLES, -1).T, y=labels().reshape(1, -1))
        self.refuses_data(BAD, ["samples last", "16 x 40"], "hdf5", train="a.h5")

    def test_layouts_that_differ_are_refused(self):
        colors = images(1).reshape(SAMPLES, 2, 2, 4)
        self.write_h5(x=colors, x_test=colors.transpose(0, 3, 1, 2), y=labels(), y_test=labels())
        self.refuses_data(BAD, ["different inputs", "40 x 2 x 2 x 4", "40 x 4 x 2 x 2"], "hdf5", train="a.h5")

    def test_a_model_takes_the_layout_alone_that_it_was_trained_on(self):
        colors = images(1).reshape(SAMPLES, 2, 2, 4)
        turned = colors.transpose(0, 3, 1, 2)
        for name, stored in (("own", colors), ("turned", turned), ("flat", colors.reshape(SAMPLES, -1))):
            self.write_h5(f"{name}.h5", x=stored, y=labels())
        shape = ["--network.layers=16-8-3", "--train.sweeps=1", "--data.format=hdf5", "--data.path=."]
        (self.folder / "empty.ini").touch()
        self.succeed("train", "empty.ini", *shape, "--data.train=own.h5", "--out", "run")
        figures = {}
        for name in ("own", "flat"):  # how the latter is laid out is not known
            told = self.succeed("evaluate", "run", f"--data.train={name}.h5", "--json").out
            figures[name] = json.loads(told)["accuracy"]
        self.assertEqual(figures["own"], figures["flat"])
        for command in (["evaluate", "run", "--data.train=turned.h5"],
                        ["predict", "run", "--data.train=turned.h5", "--out", "scores.csv"],
                        ["train", "empty.ini", *shape, "--data.train=turned.h5", "--network.init=run/model.h5",
                         "--out", "on"]):
            self.assert_error(self.hoist(*command), BAD, "another layout", "4 x 2 x 2", "2 x 2 x 4")

    def test_bytes_of_0_and_1_are_warned_of(self):
        self.write_h5(x=images() % 2)
        self.assertIn("bool or float", self.describe("hdf5", train="a.h5")[1])
        self.write_h5(x=(images() % 2).astype(bool))
        told, warned = self.describe("hdf5", train="a.h5")
        self.assertEqual((told["train"]["range"], warned), ([0, 1], ""))

    def test_text_and_pairs_are_no_inputs(self):
        self.write_h5(x=numpy.array([b"a"] * SAMPLES))
        self.refuses_data(BAD, ["cannot be the inputs", "text"], "hdf5", train="a.h5")
        self.write_h5(x=numpy.zeros(SAMPLES, [("a", "f4"), ("b", "f4")]))
        self.refuses_data(BAD, ["cannot be the inputs"], "hdf5", train="a.h5")


class Numpy(ArrayFiles):
    def save(self, name, **arrays):
        numpy.savez(self.folder / name, **arrays)

    def test_the_file_of_keras_is_read_packed_and_plain(self):
        train, test = images(1), images(2, 9)
        arrays = {"x_train": train, "y_train": labels(), "x_test": test, "y_test": labels(9)}
        for save in (numpy.savez, numpy.savez_compressed):
            save(self.folder / "mnist.npz", **arrays)
            for given in ({"train": "mnist.npz"}, {"test": "mnist.npz", "train": "mnist.npz"}, {}):
                with self.subTest(save=save.__name__, given=given):
                    self.expect(self.read("numpy", **given), train / 255, labels=labels())
                    self.expect(self.read("numpy", "test", **given), test / 255, labels=labels(9))

    def test_every_type_and_order_is_read(self):
        stored = numpy.random.default_rng(3).normal(0, 50, (SAMPLES, 3, 2, 5))
        kinds = ("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u2", "u4", "u8", "?")
        for kind, (sign, order) in zip(kinds, itertools.cycle(itertools.product("<>", "CF"))):
            with self.subTest(kind=kind, sign=sign, order=order):
                array = numpy.asarray(numpy.abs(stored) if kind[0] == "u" else stored, order=order)
                array = array.astype(sign + kind if kind != "?" else kind)
                numpy.save(self.folder / "X.npy", array)
                self.expect(self.read("numpy", train="X.npy"), array)

    def test_packed_columns_are_gathered(self):
        array = numpy.asfortranarray(numpy.arange(SAMPLES * 12.0).reshape(SAMPLES, 3, 4))
        numpy.savez_compressed(self.folder / "a.npz", x=array, y=labels())
        self.expect(self.read("numpy", train="a.npz"), array, labels=labels())

    def test_every_version_of_the_format_is_read(self):
        array = numpy.arange(SAMPLES * 2.0).reshape(SAMPLES, 2)
        for version in ((1, 0), (2, 0), (3, 0)):
            with open(self.folder / "X.npy", "wb") as file:
                numpy.lib.format.write_array(file, array, version)
            self.expect(self.read("numpy", train="X.npy"), array)

    def test_a_pair_of_files_is_found(self):
        for x, y in (("X", "y"), ("X_train", "y_train"), ("kmnist-train-imgs", "kmnist-train-labels")):
            with self.subTest(x=x):
                numpy.save(self.folder / f"{x}.npy", images())
                numpy.save(self.folder / f"{y}.npy", labels())
                self.expect(self.read("numpy", train=f"{x}.npy"), images() / 255, labels=labels())
        self.expect(self.read("numpy", train="X.npy", target="y_train"), images() / 255, labels=labels())
        numpy.save(self.folder / "new.npy", images(4, 5))
        self.assertIsNone(self.read("numpy", train="new.npy")[1])

    def test_kuzushiji_49_is_a_pair_of_archives(self):
        for part, samples in (("train", SAMPLES), ("test", 9)):
            numpy.savez_compressed(self.folder / f"k49-{part}-imgs.npz", images(5, samples))
            numpy.savez_compressed(self.folder / f"k49-{part}-labels.npz", labels(samples))
        given = {"train": "k49-train-imgs.npz", "test": "k49-test-imgs.npz"}
        self.expect(self.read("numpy", **given), images(5) / 255, labels=labels())
        self.expect(self.read("numpy", "test", **given), images(5, 9) / 255, labels=labels(9))

    def test_texts_are_classes(self):
        names = numpy.array(["ant", "bee", "c\u00e9\U0001f41c"])
        for stored in (names, numpy.char.encode(names, "utf-8"), names.astype(">U9")):
            self.save("a.npz", x=images(), y=stored[labels()])
            self.expect(self.read("numpy", train="a.npz"), images() / 255, labels=labels(), names=names.tolist())

    def test_a_folder_with_several_is_listed(self):
        self.refuses_data(MISSING, ["NPZ"], "numpy")
        self.save("a.npz", x=images())
        self.save("b.npz", x=images())
        self.refuses_data(USAGE, ["a.npz, b.npz", "data.train"], "numpy")

    def test_objects_and_strange_types_are_refused_with_advice(self):
        for array, phrase in ((numpy.array([[1, None]] * 5, dtype=object), "pickled"),
                              (numpy.ones((5, 2), complex), "<c16"), (numpy.zeros((5, 2), "M8[s]"), "<M8"),
                              (numpy.ones((5, 2), numpy.longdouble), "<f16"),
                              (numpy.ones(5, [("a", "f4"), ("b", "f4")]), "plain type"),
                              (numpy.array(["a"] * 5), "text"), (numpy.array(3.0), "single number"),
                              (numpy.ones((0, 3)), "empty"), (numpy.full((5, 2), numpy.nan), "sample 0")):
            with self.subTest(phrase=phrase):
                numpy.save(self.folder / "X.npy", array)
                self.refuses_data(BAD, [phrase, "X.npy"], "numpy", train="X.npy")

    def test_damaged_files_are_refused(self):
        numpy.save(self.folder / "X.npy", images())
        whole = (self.folder / "X.npy").read_bytes()
        for size in (0, 5, 11, 60, 130, len(whole) - 1):
            (self.folder / "X.npy").write_bytes(whole[:size])
            self.refuses_data(BAD, ["X.npy"], "numpy", train="X.npy")
        (self.folder / "X.npy").write_bytes(whole + b"x")
        self.refuses_data(BAD, ["X.npy"], "numpy", train="X.npy")
        for shape in (b"(40, 4, 5)", b"(9999999999, 9999999999, 9999999999)", b"(-40, -4, 4)"):
            header = whole[:128].replace(b"(40, 4, 4)", shape).rstrip().ljust(127) + b"\n"
            (self.folder / "X.npy").write_bytes(header + whole[128:])
            self.refuses_data(BAD, ["X.npy"], "numpy", train="X.npy")
        numpy.savez_compressed(self.folder / "a.npz", x=images())
        packed = (self.folder / "a.npz").read_bytes()
        for size in (0, 30, len(packed) // 2, len(packed) - 1):
            (self.folder / "a.npz").write_bytes(packed[:size])
            self.refuses_data(BAD, ["a.npz"], "numpy", train="a.npz")
        (self.folder / "a.npz").write_bytes(packed[:300] + bytes([packed[300] ^ 8]) + packed[301:])
        self.refuses_data(BAD, ["a.npz"], "numpy", train="a.npz")

    def test_training_evaluating_and_predicting_on_many_ranks(self):
        self.save("a.npz", x_train=images(1), y_train=labels(), x_test=images(2, 9), y_test=labels(9))
        self.write_config("a.ini", data__format="numpy", data__path=".", data__train="a.npz",
                          network__layers="16-5-3", train__sweeps=1, data__samples=1)
        self.succeed("train", "a.ini", ranks=3)
        told = json.loads(self.succeed("evaluate", "run-a", "--json").out)
        self.assertEqual(told["samples"], 9)
        numpy.save(self.folder / "new.npy", images(2, 9))
        self.succeed("predict", "run-a", "--out", "a.csv")
        self.succeed("predict", "run-a", "--out", "b.csv", "--data.test=new.npy")
        self.assertEqual((self.folder / "a.csv").read_text(), (self.folder / "b.csv").read_text())

    def test_what_training_cannot_use_is_said(self):
        self.write_config("a.ini", data__format="numpy", data__path=".", data__train="a.npz",
                          network__layers="16-3", train__sweeps=1, data__samples=1)
        self.save("a.npz", x=images(), other=labels())
        self.assert_error(self.hoist("train", "a.ini", ranks=2), BAD, "no labeled training part", "x in", "other")
        self.save("a.npz", x=images(), y=5 * labels())
        self.assert_error(self.hoist("train", "a.ini", ranks=2), BAD, "label 5 of sample 1", "count from 0")
        large = numpy.where(numpy.arange(SAMPLES)[:, None] == 7, 1e39, numpy.ones((SAMPLES, 16)))
        self.save("a.npz", x=large, y=labels())
        self.assert_error(self.hoist("train", "a.ini", ranks=3), BAD, "x in", "sample 7", "1e+39", "double")
        self.save("a.npz", x=images(), y=labels())
        self.save("b.npz", x=images(2))
        told = self.succeed("train", "a.ini", "--data.test=b.npz", ranks=2)
        self.assertIn("b.npz has no classes or values and is not used", told.err)


class Idx(ArrayFiles):
    def put(self, name, contents):
        (self.folder / name).write_bytes(gzip.compress(contents) if name.endswith(".gz") else contents)

    def put_set(self, name, pictures, of_pictures, ending=""):
        self.put(f"{name}-images-idx3-ubyte{ending}", idx(pictures, 0x08))
        self.put(f"{name}-labels-idx1-ubyte{ending}", idx(of_pictures.astype("u1"), 0x08))

    def test_a_test_part_called_test_is_read(self):
        self.put_set("train", images(1), labels())
        self.put_set("test", images(2, 9), labels(9))
        self.expect(self.read("idx", "test"), images(2, 9) / 255, labels=labels(9))
        self.put_set("t10k", images(3, 8), labels(8))
        self.expect(self.read("idx", "test"), images(3, 8) / 255, labels=labels(8))
        self.assertIn("test-images-idx3-ubyte", self.describe("idx")[1])

    def test_emnist_lies_in_one_folder(self):
        for name in ("balanced", "letters"):
            first = 1 if name == "letters" else 0
            self.put_set(f"emnist-{name}-train", images(1), labels() + first, ".gz")
            self.put_set(f"emnist-{name}-test", images(2, 9), labels(9) + first, ".gz")
        self.refuses_data(USAGE, ["emnist-letters-train", "emnist-balanced-test", "data.train"], "idx")
        for train, test in (("emnist-letters-train", "emnist-letters-test"), ("emnist-letters", "emnist-letters"),
                            ("emnist-letters-train-images-idx3-ubyte.gz", "emnist-letters-test")):
            given = {"train": train, "test": test}
            self.expect(self.read("idx", **given), images(1) / 255, labels=labels(), names=["1", "2", "3"])
            self.expect(self.read("idx", "test", **given), images(2, 9) / 255, labels=labels(9))
        self.assertIn("emnist-balanced-train-images", self.describe("idx", train="emnist-letters")[1])
        self.refuses_data(MISSING, ["emnist-letter-", "emnist-letters-train"], "idx", train="emnist-letter-")
        self.write_config("a.ini", data__format="idx", data__path=".", data__train="emnist-letters-train",
                          data__test="emnist-letters-test", network__layers="16-5-3", train__sweeps=1,
                          data__samples=1)
        result = self.succeed("train", "a.ini")
        self.assertRegex(result.out, r"test accuracy +\d")
        self.assertIn("emnist-balanced", result.out + result.err)
        self.succeed("predict", "run-a", "--out", "a.csv")
        self.assertLessEqual({line.split(",")[0] for line in (self.folder / "a.csv").read_text().splitlines()[1:]},
                             {"1", "2", "3"})

    def test_qmnist_tells_more_of_each_sample(self):
        more = numpy.random.default_rng(1).integers(0, 4000, (SAMPLES, 8)).astype("i4")
        more[:, 0] = labels()
        self.put("qmnist-train-images-idx3-ubyte.gz", idx(images(), 0x08))
        self.put("qmnist-train-labels-idx2-int.gz", idx(more, 0x0C))
        self.expect(self.read("idx"), images() / 255, labels=labels())
        self.assertIn("the first of each row", self.describe("idx")[1])

    def test_all_types_and_dimensions_are_read(self):
        stored = numpy.random.default_rng(3).integers(-100, 100, (SAMPLES, 2, 3, 2))
        types = ((0x08, "u1", "ubyte"), (0x09, "i1", "byte"), (0x0B, "i2", "short"), (0x0C, "i4", "int"), (0x0D, "f4", "float"),
                 (0x0E, "f8", "double"))
        for (code, kind, called), shape, ending in zip(types, itertools.cycle(((12,), (3, 4), (2, 3, 2))), itertools.cycle(("", ".gz"))):
            with self.subTest(code=code, shape=shape, ending=ending):
                array = stored.reshape(SAMPLES, *shape).astype(kind)
                for path in self.folder.glob("train*"):
                    path.unlink()
                self.put(f"train-images-idx{array.ndim}-{called}{ending}", idx(array, code))
                self.expect(self.read("idx"), array / 255 if kind == "u1" else array.astype(float))

    def test_other_dimensions_and_types_are_refused(self):
        for array, code in ((numpy.zeros((2,) * 5), 0x08), (numpy.zeros(4), 0x08), (numpy.zeros((2, 2)), 0x0A)):
            self.put("train-images-idx3-ubyte", idx(array.astype("u1"), code))
            self.refuses_data(BAD, ["train-images", "in the place of 2051"], "idx")

    def test_data_inputs_is_refused(self):
        self.put_set("train", images(), labels())
        self.refuses_data(USAGE, ["data.inputs"], "idx", inputs="x")


if __name__ == "__main__":
    unittest.main()
