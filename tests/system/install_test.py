"""cmake --install: what is public lies where it belongs, and another project links it."""

import os
import pathlib
import re
import shutil
import subprocess
import unittest

from program import ENVIRONMENT, HOIST, MPIRUN, SOURCE, ProgramTest

BUILD = pathlib.Path(HOIST).parent
CONSUMER = SOURCE / "tests" / "install" / "consumer"
HEADERS = ["base/error.hpp", "base/types.hpp", "data/samples_in_memory.hpp", "library/model.hpp", "library/train.hpp"]


class Install(ProgramTest):
    @classmethod
    def setUpClass(cls):
        cls.prefix = BUILD / "installed"
        shutil.rmtree(cls.prefix, ignore_errors=True)
        subprocess.run(["cmake", "--install", BUILD, "--prefix", cls.prefix], check=True, capture_output=True)
        cls.consumer = BUILD / "consumer"
        shutil.rmtree(cls.consumer, ignore_errors=True)

    def run_checked(self, *command):
        done = subprocess.run(list(map(str, command)), cwd=self.folder, env=ENVIRONMENT, capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, f"{command}\n{done.stdout}\n{done.stderr}")
        return done.stdout

    def test_what_is_public_is_there_and_nothing_else(self):
        found = {str(path.relative_to(self.prefix)) for path in self.prefix.rglob("*") if not path.is_dir()}
        python = {path for path in found if path.startswith("lib/python3/")}
        configs = {f"share/hoist/configs/{path.name}" for path in (SOURCE / "configs").glob("*.ini")}
        jobs = {f"share/hoist/slurm/{path.name}" for path in (SOURCE / "launch" / "slurm").glob("*.sbatch")}
        library = {path for path in found if re.fullmatch(r"lib/libhoist\.so(\.\d+)*", path)}
        package = {path for path in found if re.fullmatch(r"lib/cmake/hoist/hoist(Config|ConfigVersion|Targets|Targets-\w+)\.cmake", path)}
        built = BUILD / "python" / "hoist"  # none in builds with sanitizers
        self.assertEqual(python, {f"lib/python3/dist-packages/hoist/{path.name}" for path in built.glob("*") if path.is_file()})
        self.assertEqual(len(library), 3)
        self.assertEqual(len(package), 4)
        self.assertEqual(found - python - library - package, configs | jobs | {f"include/hoist/{name}" for name in HEADERS} | {
            "bin/hoist", "share/man/man1/hoist.1", "share/bash-completion/completions/hoist",
            "share/zsh/vendor-completions/_hoist", "share/doc/hoist/README.md"})

    def test_the_library_shows_only_what_its_headers_declare(self):
        symbols = self.run_checked("nm", "--dynamic", "--defined-only", "--demangle", self.prefix / "lib" / "libhoist.so")
        shown = {line.split(" ", 2)[2] for line in symbols.splitlines() if "hoist::" in line}
        self.assertTrue(shown)
        for name in shown:
            self.assertRegex(name, r"hoist::(train\(|Model::|Rows::Rows\()")
        linked = self.run_checked("readelf", "--dynamic", self.prefix / "lib" / "libhoist.so")
        self.assertNotIn(str(SOURCE), linked)

    def test_the_headers_need_the_standard_library_and_MPI_alone(self):
        for name in HEADERS:
            for header in re.findall(r"#include [<\"](.*)[>\"]", (self.prefix / "include" / "hoist" / name).read_text()):
                self.assertTrue(header == "mpi.h" or re.fullmatch(r"[a-z_]+", header) or
                                header.removeprefix("hoist/") in HEADERS, f"{name} includes {header}")

    def test_python_finds_the_package_and_the_program(self):
        if "HOIST_PYTHON:BOOL=ON" not in (BUILD / "CMakeCache.txt").read_text():
            self.assertFalse((BUILD / "python").exists())
            return
        script = ("import hoist, numpy; X = numpy.eye(4)[numpy.arange(40) % 4]; "
                  "run = hoist.train(X=X, y=X.argmax(1), ranks=1, network_layers='4-8-4', train={'epochs': 300, 'batch': 4}, "
                  "formulation_name='contrastive'); print(hoist.__file__, (run.model.predict(X) == X.argmax(1)).mean())")
        environment = ENVIRONMENT | {"PATH": f"{self.prefix / 'bin'}:{os.environ['PATH']}",
                                     "PYTHONPATH": str(self.prefix / "lib" / "python3" / "dist-packages")}
        done = subprocess.run(["/usr/bin/python3", "-c", script], env=environment, cwd=self.folder, capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout, f"{environment['PYTHONPATH']}/hoist/__init__.py 1.0\n")

    def test_another_project_trains_on_data_in_memory(self):
        self.run_checked("cmake", "-S", CONSUMER, "-B", self.consumer, f"-DCMAKE_PREFIX_PATH={self.prefix}")
        self.run_checked("cmake", "--build", self.consumer)
        for ranks in (1, 2, 3):
            out = self.run_checked(*MPIRUN, "-n", ranks, self.consumer / "rings")
            self.assertEqual(out, "class of the point (0, 1): 1\n")
        self.assertEqual(os.listdir(self.folder), [])

    def test_the_readme_shows_that_project(self):
        readme = (SOURCE / "README.md").read_text()
        self.assertIn(f"```c++\n{(CONSUMER / 'rings.cpp').read_text()}```\n", readme)
        self.assertIn(f"```cmake\n{(CONSUMER / 'CMakeLists.txt').read_text()}```\n", readme)

    def test_a_build_for_one_processor_makes_no_package(self):
        native = "HOIST_NATIVE:BOOL=ON" in (BUILD / "CMakeCache.txt").read_text()
        if native:
            done = subprocess.run(["cpack", "--config", BUILD / "CPackConfig.cmake", "-B", self.folder], capture_output=True, text=True)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn("HOIST_NATIVE=OFF", " ".join(done.stderr.split()))


if __name__ == "__main__":
    unittest.main()
