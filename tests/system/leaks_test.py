"""Runs leak nothing."""

import os
import subprocess
import unittest

from program import ENVIRONMENT, HOIST, MPIRUN, SOURCE, ProgramTest, Run

# What the leak sanitizer ends a process with that leaks.
LEAKED = 23


def is_sanitized(program):
    return "libasan" in subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout


def leak_checks(program):
    """The environment in which the program tells its leaks when it ends; no other build of it is needed."""
    checks = {"LSAN_OPTIONS": f"suppressions='{SOURCE}/tests/leaks.supp':print_suppressions=0:"
                              f"detect_leaks=1:fast_unwind_on_malloc=0:exitcode={LEAKED}"}
    if not is_sanitized(program):
        library = subprocess.run(["gcc", "-print-file-name=liblsan.so"], capture_output=True, text=True, check=True)
        checks["LD_PRELOAD"] = library.stdout.strip()
    return [f"{name}={value}" for name, value in checks.items()]


class Leaks(ProgramTest):
    def checked(self, *arguments, ranks=1, status=0):
        launcher = [] if ranks == 1 else [*MPIRUN, "-n", str(ranks)]
        command = [*launcher, "env", *leak_checks(HOIST), HOIST, *map(str, arguments)]
        result = Run(command, self.folder).finish()
        self.assertNotIn("LeakSanitizer", result.err)
        self.assertEqual(result.status, status, result.err)

    def test_a_program_that_leaks_is_noticed(self):
        source = "#include <stdlib.h>\nint main(void) { return malloc(100) == NULL; }\n"
        subprocess.run(["gcc", "-O0", "-x", "c", "-", "-o", "leaky"], cwd=self.folder, input=source, text=True,
                       check=True)
        leaky = self.folder / "leaky"
        result = subprocess.run(["env", *leak_checks(leaky), leaky], env=ENVIRONMENT, capture_output=True, text=True,
                                check=False)
        self.assertEqual(result.returncode, LEAKED, result.stderr)
        self.assertIn("LeakSanitizer", result.stderr)

    def test_sweeps_and_what_follows_them(self):
        config = self.write_config(checkpoint__every=1)
        self.checked("train", config, "--out", "run", ranks=2)
        os.remove(self.folder / "run" / "model.h5")
        self.checked("train", config, "--out", "run", "--resume", "--train.sweeps=4")
        self.checked("predict", "run", "--out", "scores.csv")

    def test_mini_batches(self):
        config = self.write_config(formulation__name="fenchel", weights__solver="adam", train__batch=40,
                                   train__epochs=2, data__validation=40)
        self.checked("train", config, "--out", "run", ranks=2)

    def test_errors(self):
        (self.folder / "a.csv").write_text("1,2,0\n3,x,1\n")
        self.checked("train", self.write_config(data__format="csv", data__path=".", data__train="a.csv"),
                     status=65)


if __name__ == "__main__":
    unittest.main()
