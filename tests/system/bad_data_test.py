"""Bad data: every file format with every defect. The file is named, nothing is left, and without the defect it works."""

import unittest

import h5py

import data_files as data
from program import ProgramTest

USAGE, BAD, MISSING = 64, 65, 66
# A part of a reader may fail on any rank, which the others are to learn: one defect of each part is met by several ranks.
SEVERAL = (1, 3)


class BadData(ProgramTest):
    def train_on(self, **keys):
        keys = {"network__layers": "16-5-3", "train__sweeps": 1} | keys
        self.write_config("data.ini", data__samples=1, **keys)
        return ["train", "data.ini"]


class BadIdx(BadData):
    def refuses_idx(self, phrases, images=None, labels=None, zipped=False, status=BAD, layers="16-5-3", on=(1,)):
        data.write_idx(self.folder / "idx", images, labels, zipped=zipped)
        arguments = self.train_on(data__format="idx", data__path="idx", network__layers=layers)
        self.refuses(status, phrases, *arguments, on=on)

    def test_files_without_a_defect_work(self):
        data.write_idx(self.folder / "idx")
        data.write_idx(self.folder / "zipped", data.zip_bytes(data.images_file()),
                       data.zip_bytes(data.labels_file()), zipped=True)
        for folder in ("idx", "zipped"):
            self.succeed(*self.train_on(data__format="idx", data__path=folder), "--overwrite")

    def test_a_folder_that_is_not_there_is_named(self):
        self.refuses(MISSING, ["nowhere"], *self.train_on(data__format="idx", data__path="nowhere"))

    def test_a_folder_without_data_is_named(self):
        (self.folder / "empty").mkdir()
        self.refuses(MISSING, ["empty"], *self.train_on(data__format="idx", data__path="empty"))

    def test_a_folder_that_cannot_be_looked_into_is_named_with_the_reason(self):
        (self.folder / "loop").symlink_to("loop")
        self.refuses(MISSING, ["loop", "symbolic links"], *self.train_on(data__format="idx", data__path="loop"))

    def test_a_path_that_is_not_set_is_asked_for(self):
        self.refuses(USAGE, ["data.path"], *self.train_on(data__format="idx"))

    def test_truncated_images(self):
        self.refuses_idx(["train-images"], images=data.images_file()[:-5], on=SEVERAL)

    def test_a_truncated_header(self):
        self.refuses_idx(["train-images"], images=data.images_file()[:10])

    def test_a_file_of_no_bytes(self):
        self.refuses_idx(["train-images"], images=b"")

    def test_truncated_labels(self):
        self.refuses_idx(["train-labels"], labels=data.labels_file()[:-1])

    def test_truncated_gzip(self):
        good = [data.zip_bytes(data.images_file()), data.zip_bytes(data.labels_file())]
        self.refuses_idx(["train-images"], good[0][:-20], good[1], zipped=True)
        self.refuses_idx(["train-labels"], good[0], good[1][:-6], zipped=True)

    def test_gzip_of_truncated_images(self):
        self.refuses_idx(["train-images"], data.zip_bytes(data.images_file()[:-5]),
                         data.zip_bytes(data.labels_file()), zipped=True, on=SEVERAL)

    def test_images_that_go_on_after_the_last(self):
        self.refuses_idx(["train-images"], images=data.images_file() + b"x")

    def test_a_wrong_magic_of_images(self):
        self.refuses_idx(["train-images", "2051"], images=data.images_file(magic=data.LABELS_MAGIC))

    def test_a_wrong_magic_of_labels(self):
        self.refuses_idx(["train-labels", "2049"], labels=data.labels_file(magic=7))

    def test_labels_out_of_range(self):
        self.refuses_idx(["9"], labels=data.labels_file(data.labels()[:-1] + b"\x09"), on=SEVERAL)

    def test_counts_that_differ(self):
        self.refuses_idx(["differ", "12", "11"], labels=data.labels_file(data.labels(11)), on=SEVERAL)

    def test_an_empty_set(self):
        self.refuses_idx(["empty"], images=data.images_file(0), labels=data.labels_file(b""))

    def test_widths_that_contradict_the_data(self):
        self.refuses_idx(["15-5-3", "16"], layers="15-5-3", status=USAGE, on=SEVERAL)


class BadCsv(BadData):
    def refuses_csv(self, text, *phrases, status=BAD, on=(1,), **keys):
        (self.folder / "train.csv").write_text(text)
        keys = {"network__layers": "5-4-3", "data__format": "csv", "data__path": self.folder,
                "data__train": "train.csv"} | keys
        self.refuses(status, phrases, *self.train_on(**keys), on=on)

    def with_field(self, field):
        rows = data.table()
        rows[7][2] = field
        return data.csv_text(rows)

    def test_a_file_without_a_defect_works(self):
        (self.folder / "train.csv").write_text(data.csv_text(data.table()))
        self.succeed(*self.train_on(network__layers="5-4-3", data__format="csv", data__path=self.folder,
                                    data__train="train.csv"))

    def test_a_file_that_is_not_there(self):
        self.refuses_csv("", "none.csv", data__train="none.csv", status=MISSING, on=SEVERAL)

    def test_a_file_that_is_not_named(self):
        self.refuses_csv("", "data.train", data__train="", status=USAGE)

    def test_ragged_rows(self):
        rows = data.table()
        rows[4].pop()
        self.refuses_csv(data.csv_text(rows), "train.csv", "5", on=SEVERAL)

    def test_text_in_a_number(self):
        self.refuses_csv(self.with_field("1.5x"), "train.csv", "1.5x", "8")

    def test_an_empty_field(self):
        self.refuses_csv(self.with_field(""), "train.csv", "8")

    def test_nan(self):
        self.refuses_csv(self.with_field("nan"), "train.csv", "8", on=SEVERAL)

    def test_infinity(self):
        self.refuses_csv(self.with_field("-inf"), "train.csv", "8")

    def test_nan_in_the_first_row_does_not_make_it_a_header(self):
        rows = data.table()
        rows[0] = ["nan"] * 5 + ["1"]
        self.refuses_csv(data.csv_text(rows), "train.csv", "1")

    def test_an_empty_file(self):
        self.refuses_csv("", "train.csv")

    def test_a_header_alone(self):
        self.refuses_csv("a,b,c,d,e,f\n", "train.csv")

    def test_a_target_column_that_does_not_exist(self):
        text = data.csv_text(data.table(), ["a", "b", "c", "d", "e", "kind"])
        self.refuses_csv(text, "kinds", data__target="kinds", status=USAGE, on=SEVERAL)
        self.refuses_csv(text, "9", data__target="9", status=USAGE)

    def test_targets_of_a_regression_that_are_not_finite(self):
        rows = data.table()
        rows[3][5] = "inf"
        self.refuses_csv(data.csv_text(rows), "train.csv", network__layers="5-4-1", network__output="linear")


class BadHdf5(BadData):
    def write(self, **sets):
        sets = {"inputs": [[0.1 * (i + j) for j in range(5)] for i in range(data.SAMPLES)],
                "labels": list(data.labels())} | sets
        with h5py.File(self.folder / "train.h5", "w") as file:
            for name, values in sets.items():
                if values is not None:
                    file[name] = values

    def arguments(self, **keys):
        return self.train_on(**({"network__layers": "5-4-3", "data__format": "hdf5", "data__path": self.folder,
                                 "data__train": "train.h5"} | keys))

    def refuses_hdf5(self, phrases, status=BAD, on=(1,), **keys):
        self.refuses(status, phrases, *self.arguments(**keys), on=on)

    def test_a_file_without_a_defect_works(self):
        self.write()
        self.succeed(*self.arguments())

    def test_a_file_that_is_not_there(self):
        self.refuses_hdf5(["train.h5"], status=MISSING, on=SEVERAL)

    def test_a_file_that_is_not_hdf5(self):
        (self.folder / "train.h5").write_text("not at all\n" * 100)
        self.refuses_hdf5(["train.h5"], on=SEVERAL)

    def test_a_truncated_file(self):
        self.write()
        path = self.folder / "train.h5"
        path.write_bytes(path.read_bytes()[:900])
        self.refuses_hdf5(["train.h5"])

    def test_no_inputs(self):
        self.write(inputs=None)
        self.refuses_hdf5(["train.h5", "inputs"])

    def test_no_labels(self):
        self.write(labels=None)
        self.refuses_hdf5([])

    def test_a_target_that_is_not_there(self):
        self.write()
        self.refuses_hdf5(["train.h5", "kinds"], data__target="kinds")

    def test_nan(self):
        self.write(inputs=[[float("nan") if i == j == 3 else 1.0 * i for j in range(5)]
                           for i in range(data.SAMPLES)])
        self.refuses_hdf5(["train.h5", "3"], on=SEVERAL)

    def test_counts_that_differ(self):
        self.write(labels=list(data.labels())[:-1])
        self.refuses_hdf5(["train.h5", "12", "11"], on=SEVERAL)

    def test_labels_out_of_range(self):
        self.write(labels=[*data.labels()[:-1], 9])
        self.refuses_hdf5(["9"])
        self.write(labels=[*data.labels()[:-1], -1])
        self.refuses_hdf5(["-1"], on=SEVERAL)

    def test_an_empty_set(self):
        with h5py.File(self.folder / "train.h5", "w") as file:
            file.create_dataset("inputs", (0, 5))
            file.create_dataset("labels", (0,), dtype="i4")
        self.refuses_hdf5(["train.h5"])


if __name__ == "__main__":
    unittest.main()
