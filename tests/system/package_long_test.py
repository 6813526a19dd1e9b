"""The Debian package: made, looked at by lintian, and installed and used in a bare Debian 12."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import time
import unittest

from program import HOIST, SOURCE

BUILD = pathlib.Path(HOIST).parent / "packaged"
MIRROR = os.environ.get("HOIST_MIRROR", "http://deb.debian.org/debian")
MOST_SECONDS = 120


def run(*command, **options):
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False, **options)
    if done.returncode != 0:
        raise AssertionError(f"{command}\n{done.stdout}\n{done.stderr}")
    return done.stdout


class Package(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        run("cmake", "-S", SOURCE, "-B", BUILD, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release", "-DCMAKE_UNITY_BUILD=ON",
            "-DHOIST_NATIVE=OFF", "-DHOIST_TESTS=OFF", "-DHOIST_PROCESSORS=x86-64-v3;x86-64-v4")
        for old in BUILD.glob("*.deb"):
            old.unlink()
        run("cmake", "--build", BUILD, "--target", "package")
        cls.package, = BUILD.glob("*.deb")

    def test_lintian_finds_nothing(self):
        run("lintian", "--fail-on", "error,warning", self.package)

    def test_it_depends_on_what_it_uses_and_not_on_what_built_it(self):
        depends = run("dpkg-deb", "--field", self.package, "Depends")
        for needed in ("libc6", "libopenblas0", "libopenmpi3", "libhdf5-103", "openmpi-bin"):
            self.assertIn(needed, depends)
        self.assertNotIn("-dev", depends)

    def test_it_trains_in_a_bare_system(self):
        root = BUILD / "bare"
        shutil.rmtree(root, ignore_errors=True)
        self.addCleanup(shutil.rmtree, root, ignore_errors=True)
        run("debootstrap", "--variant=minbase", "bookworm", root, MIRROR)
        shutil.copy(self.package, root / "hoist.deb")
        for settings in pathlib.Path("/etc/apt/apt.conf.d").glob("*proxy*"):
            shutil.copy(settings, root / "etc/apt/apt.conf.d")
        shutil.copy("/etc/resolv.conf", root / "etc/resolv.conf")
        begun = time.monotonic()
        inside = ["chroot", root, "env", "DEBIAN_FRONTEND=noninteractive", "OMPI_ALLOW_RUN_AS_ROOT=1",
                  "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1", "OPENBLAS_NUM_THREADS=1", "HOME=/root"]
        run(*inside, "apt-get", "install", "--yes", "--no-install-recommends", "/hoist.deb")
        self.assertIn("hoist 0.1.0", run(*inside, "hoist", "--version"))
        # The newest level that the processor has is the one that the loader takes.
        supported = re.findall(r"(x86-64-v[34]) \(supported", run(*inside, "/lib64/ld-linux-x86-64.so.2", "--help"))
        taken = re.search(r"libhoist-program\.so => (\S+)", run(*inside, "ldd", "/usr/bin/hoist"))[1]
        self.assertEqual(re.findall("x86-64-v[34]", taken), supported[:1])
        ini = run(*inside, "hoist", "new", "glyphs")
        (root / "mine.ini").write_text(ini)
        run(*inside, "mpirun", "-n", "2", "--oversubscribe", "hoist", "train", "/mine.ini", "--out", "/run")
        self.assertGreater(json.loads((root / "run/summary.json").read_text())["test_accuracy"], 98)
        shown = run(*inside, "python3", "-c", "import hoist; print(hoist.Model.load('/run').layers)")
        self.assertRegex(shown, r"^784-[\d-]+-10$")
        self.assertLess(time.monotonic() - begun, MOST_SECONDS)
        self.assertTrue((root / "usr/share/man/man1/hoist.1.gz").is_file())


if __name__ == "__main__":
    unittest.main()
