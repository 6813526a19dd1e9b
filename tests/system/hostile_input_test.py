"""What is no file, has no end, or says that it is vast: refused at once, in little memory."""

import os
import struct
import unittest

from program import ProgramTest

USAGE, BAD, MISSING = 64, 65, 66


class HostileInput(ProgramTest):
    def train_on(self, **keys):
        self.write_config(data__samples=1, network__layers="4-3-2", train__sweeps=1, data__path=".", **keys)
        return ["train", "small.ini"]

    def test_a_pipe_that_nobody_writes_is_no_data_file(self):
        os.mkfifo(self.folder / "pipe")
        for form in ("csv", "hdf5"):
            self.refuses_here(["pipe", "a pipe or a device"], *self.train_on(data__format=form, data__train="pipe"))
        os.mkfifo(self.folder / "train-images-idx3-ubyte")
        self.refuses_here(["train-images", "a pipe or a device"], *self.train_on(data__format="idx"))

    def test_a_pipe_that_nobody_writes_is_no_model(self):
        os.mkfifo(self.folder / "pipe.npz")
        for command in (["inspect"], ["evaluate"], ["import", "--out", "model.h5"]):
            self.refuses_here(["pipe.npz", "a pipe or a device"], *command, "pipe.npz")

    def test_a_device_without_an_end_is_no_data_file(self):
        for form in ("csv", "hdf5"):
            self.refuses_here(["/dev/zero", "a pipe or a device"],
                              *self.train_on(data__format=form, data__train="/dev/zero"))

    def test_a_device_without_an_end_is_no_configuration(self):
        self.refuses(USAGE, ["/dev/zero", "1 MiB"], "train", "/dev/zero")

    def test_a_key_of_a_million_letters_is_refused_at_once(self):
        (self.folder / "long.ini").write_text("[data]\n" + "k" * 1000000 + " = 1\n")
        self.refuses(USAGE, ["is not a configuration key"], "train", "long.ini")

    def test_a_csv_line_of_two_million_letters_is_refused_at_once(self):
        (self.folder / "long.csv").write_text("1," * 1000000)
        self.refuses(BAD, ["long.csv"], *self.train_on(data__format="csv", data__train="long.csv"))

    def test_a_header_of_a_hundred_billion_images_is_refused_at_once(self):
        (self.folder / "train-images-idx3-ubyte").write_bytes(struct.pack(">4I", 2051, 0xffffffff, 5, 5) + bytes(100))
        self.refuses(BAD, ["truncated", "4294967295"], *self.train_on(data__format="idx"))

    def refuses_here(self, phrases, *arguments):
        self.assert_error(self.hoist(*arguments), MISSING, *phrases)


if __name__ == "__main__":
    unittest.main()
