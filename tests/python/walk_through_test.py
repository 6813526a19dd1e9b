"""The README's section on Python runs as it stands there, block after block in one session."""

import os
import pathlib
import re
import subprocess
import sys

from samples import FolderTest
import unittest

README = pathlib.Path(os.environ["HOIST_SOURCE"]) / "README.md"


class WalkThrough(FolderTest):
    def test_the_blocks_run_in_their_order(self):
        section = re.search(r"^## hoist in Python\n(.*?)^## ", README.read_text(), re.S | re.M)[1]
        blocks = re.findall(r"^```python\n(.*?)^```$", section, re.S | re.M)
        self.assertGreaterEqual(len(blocks), 5)
        result = subprocess.run([sys.executable, "-c", "\n".join(blocks)], cwd=self.folder, capture_output=True, text=True,
                                env=os.environ | {"MPLBACKEND": "Agg"}, timeout=250)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.assertTrue((self.folder / "activations.png").stat().st_size > 1000)
        accuracies = [float(number) for number in re.findall(r"^(\d+\.\d+) %", result.stdout, re.M)]
        self.assertGreaterEqual(len(accuracies), 3, result.stdout)
        self.assertTrue(all(accuracy > 93 for accuracy in accuracies), result.stdout)


if __name__ == "__main__":
    unittest.main()
