"""Writes the C++ of a Markdown file, one block after another, as a header."""

import pathlib
import re
import sys

source, target = map(pathlib.Path, sys.argv[1:])
blocks = re.findall(r"^```cpp\n(.*?)^```$", source.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
if not blocks:
    sys.exit(f"{source} has no C++")
target.write_text("\n".join(blocks), encoding="utf-8")
