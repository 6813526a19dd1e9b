"""Runs every command of the README, on small data and with few sweeps."""

import random
import re
import shlex
import struct
import subprocess
import sys
import unittest

import cv2
import numpy

from data_files import IMAGES_MAGIC, LABELS_MAGIC, write_idx
from program import ENVIRONMENT, HOIST, SOURCE, ProgramTest

BLOCK = re.compile(r"```(sh|python)\n(.*?)```", re.S)
SCRIPTS = re.compile(r"^(launch|tests/bench)/[\w/.-]+")


def blocks(language):
    text = (SOURCE / "README.md").read_text()
    text = re.sub(r"^## hoist in Python\n.*?(?=^## )", "", text, flags=re.S | re.M)  # which tests/python runs
    return [body for kind, body in BLOCK.findall(text) if kind == language]


def commands():
    for body in blocks("sh"):
        for line in body.splitlines():
            line = line.split("#")[0].strip()
            if line:
                yield line


class Readme(ProgramTest):
    def write_images(self, folder):
        """Images of the size of MNIST's, and as CIFAR-10 has them, ten classes."""
        generator = random.Random(3)
        for part, samples in (("train", 300), ("t10k", 60)):
            labels = bytes(sample % 10 for sample in range(samples))
            write_idx(folder, part=part,
                      images=struct.pack(">4I", IMAGES_MAGIC, samples, 28, 28) + generator.randbytes(samples * 784),
                      of_images=struct.pack(">2I", LABELS_MAGIC, samples) + labels)
        for part in (*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"):
            records = (bytes([sample % 10]) + generator.randbytes(3072) for sample in range(20))
            (folder / f"{part}.bin").write_bytes(b"".join(records))
        rows = [f"{generator.random()},{generator.random()}" for _ in range(40)]
        (folder / "curve.csv").write_text("\n".join(["x,y", *rows]) + "\n")
        for part in ("train400", "bsd68", "set12"):
            (folder / part).mkdir()
            for number in range(10):
                pixels = numpy.frombuffer(generator.randbytes(81 * 70), numpy.uint8).reshape(81, 70)
                cv2.imwrite(str(folder / part / f"{number}.png"), pixels)

    def small(self, line, data):
        """The command on small data: what it does, not how long it does it."""
        words = [word.replace("DIR", str(data)) for word in shlex.split(line)]
        if {"train", "finetune", "tune"} & set(words):
            words += ["--train.inner=2"]
            lengths = ("--train.sweeps", "--train.epochs", "--train.rounds")
            words = [word for word in words if not word.startswith(lengths)] + ["--train.sweeps=2", "--train.epochs=1"]
        return [HOIST if word == "build/hoist" else word for word in words]

    def test_every_command_runs_in_the_order_of_the_readme(self):
        data = self.folder / "data"
        self.write_images(data)
        for folder in ("configs", "launch"):
            (self.folder / folder).symlink_to(SOURCE / folder)
        (self.folder / "build").mkdir()  # where the script looks
        (self.folder / "build" / "hoist").symlink_to(HOIST)
        ran = 0
        for line in commands():
            script = SCRIPTS.match(line)
            if script and script[0] != "launch/local":
                self.assertTrue((SOURCE / script[0]).is_file(), line)  # this test is part of launch/test
                continue
            words = self.small(line, data)
            if script:
                words[0] = str(self.folder / words[0])
            words, target = (words[:-2], words[-1]) if words[-2] == ">" else (words, None)
            result = subprocess.run(words, cwd=self.folder, env=ENVIRONMENT, capture_output=True, text=True, timeout=100)
            self.assertEqual(result.returncode, 0, f"{line}\n{result.stdout}\n{result.stderr}")
            if target:
                (self.folder / target).write_text(result.stdout)
            ran += 1
        self.assertGreater(ran, 8)
        for body in blocks("python"):
            result = subprocess.run([sys.executable, "-c", body], cwd=self.folder, capture_output=True, text=True, timeout=100)
            self.assertEqual(result.returncode, 0, f"{body}\n{result.stderr}")

    def test_every_configuration_names_the_command_that_runs_it(self):
        for path in sorted((SOURCE / "configs").glob("*.ini")):
            first = path.read_text().splitlines()[0]
            self.assertRegex(first, rf"^# mpirun -n 2 build/hoist (train|tune|finetune) configs/{path.name}"
                                    r"( --(trials|parallel|from) \S+)*( --set data.path=DIR)?$")

    def test_no_placeholder_is_left(self):
        for path in [SOURCE / "README.md", *sorted((SOURCE / "configs").glob("*.ini"))]:
            left = [line for line in path.read_text().splitlines() if "@@" in line]
            self.assertEqual(left, [], path.name)

    def test_every_configuration_runs(self):
        data = self.folder / "data"
        self.write_images(data)
        for path in sorted((SOURCE / "configs").glob("*.ini")):
            settings = ["--train.sweeps=1", "--train.epochs=1", "--train.inner=2", f"--set=data.path={data}", "--data.samples=300",
                        "--data.test_samples=50"]
            result = subprocess.run([HOIST, "train", str(path), "--out", str(self.folder / path.stem)] + settings,
                                    env=ENVIRONMENT, capture_output=True, text=True, timeout=100)
            self.assertEqual(result.returncode, 0, f"{path.name}\n{result.stderr}")


if __name__ == "__main__":
    unittest.main()
