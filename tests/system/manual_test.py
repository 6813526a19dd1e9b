"""The manual page and the completions, which come from the tables of --help."""

import re
import subprocess
import unittest

from program import ENVIRONMENT, ProgramTest

USAGE = 64
OPTION = re.compile(r"^  (?:-h \[ )?--([\w.]+)", re.M)


class Manual(ProgramTest):
    def options(self):
        """All options of each command, as --help shows them."""
        listed = self.succeed("--help").out
        names = re.findall(r"^  (\w+) {2,}\S", listed, re.M)
        self.assertGreater(len(names), 14)
        return {name: OPTION.findall(self.succeed(name, "--help").out) for name in names}

    def test_the_page_has_every_option_and_no_warnings(self):
        page = self.succeed("--man").out
        (self.folder / "hoist.1").write_text(page)
        shown = subprocess.run(["groff", "-man", "-Tutf8", "-ww", "-Kutf8", "-rLL=300n", "hoist.1"], cwd=self.folder,
                               env=ENVIRONMENT | {"GROFF_NO_SGR": "1"}, capture_output=True, text=True, check=True)
        self.assertEqual(shown.stderr, "")
        text = re.sub(".\b", "", shown.stdout)
        for command, options in self.options().items():
            entry = re.search(rf"^   hoist {command}\b.*?(?=^   \S|^\S)", text, re.M | re.S)
            self.assertIsNotNone(entry, command)
            for option in options:
                with self.subTest(command=command, option=option):
                    if "." in option:
                        self.assertRegex(text, rf"(?m)^ +{re.escape(option)}\b")
                    elif option != "help":
                        self.assertIn(f"--{option}", entry[0])

    def complete(self, *words):
        """What bash offers for the last word."""
        quoted = " ".join(f"'{word}'" for word in words)
        script = (f"source completion; COMP_WORDS=({quoted}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); "
                  "_hoist; printf '%s\\n' \"${COMPREPLY[@]}\"")
        done = subprocess.run(["bash", "-uc", script], cwd=self.folder, capture_output=True, text=True, check=True)
        return done.stdout.split()

    def test_bash_completes_commands_options_and_words(self):
        (self.folder / "completion").write_text(self.succeed("completion", "bash").out)
        options = self.options()
        self.assertEqual(sorted(self.complete("hoist", "")), sorted([*options, "--help", "--version", "--man"]))
        self.assertEqual(self.complete("hoist", "tr"), ["train"])
        for command, names in options.items():
            self.assertEqual(sorted(self.complete("hoist", command, "--")), sorted(f"--{name}" for name in names), command)
        self.assertEqual(self.complete("hoist", "train", "mine.ini", "--formulation.na"), ["--formulation.name"])
        self.assertEqual(self.complete("hoist", "data", ""), ["glyphs", "describe", "convert"])
        self.assertIn("mnist", self.complete("hoist", "new", "m"))
        # Values are files, which bash completes itself.
        self.assertEqual(self.complete("hoist", "train", "--out", ""), [])
        self.assertEqual(self.complete("hoist", "train", ""), [])

    def test_zsh_completes_commands_and_options(self):
        (self.folder / "_hoist").write_text(self.succeed("completion", "zsh").out)
        for words, completed in (("hoist tr", "hoist train"), ("hoist data des", "hoist data describe"),
                                 ("hoist inspect --j", "hoist inspect --json"),
                                 ("hoist train --formulation.na", "hoist train --formulation.name=")):
            with self.subTest(words=words):
                self.assertIn(completed, self.zsh(words))

    def zsh(self, words):
        """The line that zsh makes of `words` when the tabulator is pressed, with what stands before and behind it."""
        start = r'PS1=; fpath=("$PWD" $fpath); autoload -Uz compinit; compinit -u -D; echo READY'
        script = (f"zmodload zsh/zpty; zpty z zsh -f -i; zpty -w z '{start}'; zpty -r -m z line '*READY'$'\\r\\n*'; "
                  f"zpty -w -n z '{words}'$'\\t'; sleep 1; zpty -w z ''; "
                  "while zpty -r -t z line; do print -rn -- $line; done; zpty -d z")
        done = subprocess.run(["zsh", "-fc", script], cwd=self.folder, capture_output=True, text=True, timeout=30)
        return re.sub(r"\x1b\[[?\d]*[A-Za-z]|[\a\r\b]", "", done.stdout)

    def test_other_shells_are_refused(self):
        self.refuses(USAGE, ["fish", "bash and zsh"], "completion", "fish")


if __name__ == "__main__":
    unittest.main()
