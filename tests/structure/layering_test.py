"""Holds every include of the library and the program against the table of what may see what."""

import os
import pathlib
import re
import unittest

SOURCE = pathlib.Path(os.environ["HOIST_SOURCE"])

# What a folder may include beside itself, strictly downward.
BELOW_DATA = {"base", "io"}
BELOW_FORMULATION = {"base", "math", "model"}
BELOW_CONFIG = BELOW_FORMULATION | BELOW_DATA | {"data", "formulation"}
BELOW_PROBLEM = BELOW_CONFIG | {"comm", "config"}
BELOW_TRAIN = BELOW_PROBLEM | {"problem"}
ABOVE_TRAIN = BELOW_TRAIN | {"train"}
ALLOWED = {
    "base": set(),
    "comm": {"base"},
    "io": {"base"},
    "data": BELOW_DATA,
    "math": {"base"},
    "model": {"base", "math"},
    "formulation": BELOW_FORMULATION,
    "config": BELOW_CONFIG,
    "problem": BELOW_PROBLEM,
    "train": BELOW_TRAIN,
    "plan": ABOVE_TRAIN,
    "run": ABOVE_TRAIN,
    "foreign": BELOW_TRAIN,
    "library": ABOVE_TRAIN | {"run"},
    "app": ABOVE_TRAIN | {"plan", "run", "foreign"},
    "python": ABOVE_TRAIN | {"run", "foreign"},
}

# Takes the place of kernels of several folders in a program of its own.
STAND_IN = "simulated"

# Which folders may include an outside header.
OUTSIDE = {
    r"mpi\.h": {"comm", "library"},
    r"pmix\.h": {"comm"},
    r"Eigen/.*": {"math", "model", "formulation", "problem", "train", "app"},
    r"cblas\.h": {"math", "app"},
    r"hdf5.*\.h": {"io"},
    r"zip\.h": {"io"},
    r"onnx/.*": {"foreign"},
    r"boost/program_options.*": {"app"},
    r"httplib\.h": {"app"},
    r"pybind11/.*|Python\.h": {"python"},
    r"iostream|print": {"app"},
}

# Where the numbers of a map are: what it does, how it starts, what fits it, and what goes into files or to callers or shows them.
# All others ask LinearMap.
NUMBERS_OF_MAPS = {
    "model/weights", "model/linear_map", "model/map_norms", "problem/start", "problem/model_file", "run/checkpoint",
    "train/batch_sums", "train/choice_fit", "train/ridge_refit", "train/step_fit",
    "python/local_model", "python/module", "library/train",
    "app/bench_kernels", "app/export", "app/import", "app/inspect", "app/report_model",
}

# What speaks or ends for the whole program belongs to app; comm ends it on all ranks.
CALLS = {
    r"std::cout|std::cerr|std::clog|\bf?printf\(|\bputs\(|\bperror\(": {"app"},
    r"\bexit\(|\b_Exit\(|std::abort\(|std::terminate\(|\bassert\(": {"app", "comm"},
    r"\bMPI_(?!Comm\b)[A-Z]": {"comm"},
    r"\bMPI_Comm\b": {"comm", "library"},
}


def sources():
    """Each file of the library and the program with its folder's name."""
    for top in (SOURCE / "include" / "hoist", SOURCE / "src"):
        for path in sorted(top.rglob("*.[ch]pp")):
            folder = path.relative_to(top).parts[0]
            if folder != STAND_IN:
                yield path, folder


def violations(pattern, allowed):
    """Lines that match `pattern` in folders where `allowed(folder, match)` is false, comments left out."""
    found = []
    for path, folder in sources():
        for number, line in enumerate(path.read_text().splitlines(), 1):
            for match in re.finditer(pattern, re.sub(r"//.*", "", line)):
                if not allowed(folder, match):
                    found.append(f"{path.relative_to(SOURCE)}:{number}: {line.strip()}")
    return found


class Layering(unittest.TestCase):
    def test_every_folder_has_its_place(self):
        self.assertEqual({folder for _, folder in sources()} - ALLOWED.keys(), set())
        self.assertEqual(ALLOWED.keys() - {folder for _, folder in sources()}, set())

    def test_folders_include_only_what_lies_below_them(self):
        found = violations(r'#include [<"]hoist/(\w+)/',
                           lambda folder, match: match[1] == folder or match[1] in ALLOWED[folder])
        self.assertEqual(found, [])

    def test_private_headers_stay_in_their_folder(self):
        for path, folder in sources():
            for name in re.findall(r'#include "((?!hoist/).*)"', path.read_text()):
                self.assertTrue((SOURCE / "src" / folder / name).exists(), f"{path} includes {name}")

    def test_libraries_are_used_where_they_belong(self):
        for header, folders in OUTSIDE.items():
            found = violations(rf"#include <(?:{header})>", lambda folder, _, folders=folders: folder in folders)
            self.assertEqual(found, [], header)

    def test_only_maps_fits_and_files_look_at_the_numbers_of_a_map(self):
        found = set()
        for path, folder in sources():
            if folder in {"math", "foreign"}:
                continue
            code = re.sub(r"//.*", "", path.read_text())
            if re.search(r"(?:weights|weights_|last|\)|\])(?:\.|->)(?:matrix|bias)\b(?!\()", code):
                found.add(f"{folder}/{path.stem}")
        self.assertLessEqual(found, NUMBERS_OF_MAPS)

    def test_only_the_program_prints_and_ends_itself(self):
        for call, folders in CALLS.items():
            found = violations(call, lambda folder, _, folders=folders: folder in folders)
            self.assertEqual(found, [], call)

    def test_the_links_of_the_targets_are_the_same_table(self):
        for path in sorted((SOURCE / "src").glob("*/CMakeLists.txt")):
            folder = path.parent.name
            if folder == STAND_IN:
                continue
            linked = set(re.findall(r"\bhoist_(\w+)", path.read_text())) - {"library", "warnings", folder}
            self.assertLessEqual(linked, ALLOWED[folder], f"{path}")


if __name__ == "__main__":
    unittest.main()
