"""Checks that no C source or Python file and no C function has grown too large to be read at once."""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
FILE_LINES_MAX = 600
FUNCTION_LINES_MAX = 60
BEGIN = re.compile(r"^\{$")
END = re.compile(r"^\}$")


def long_functions(path, lines):
    """A message for each function that is too long; a body begins and ends with a brace in the first column."""
    begin = 0
    for number, line in enumerate(lines, 1):
        if BEGIN.match(line):
            begin = number
        elif END.match(line) and number - begin > FUNCTION_LINES_MAX:
            yield f"{path}:{begin}: a function of {number - begin} lines, more than {FUNCTION_LINES_MAX}: split it"


def main():
    """Prints each breach; returns the exit code."""
    names = subprocess.run(
        ["git", "ls-files", "*.c", "*.h", "*.py"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    breaches = []
    for name in names.stdout.split():
        lines = (ROOT / name).read_text().splitlines()
        if len(lines) > FILE_LINES_MAX:
            breaches.append(f"{name}: {len(lines)} lines, more than {FILE_LINES_MAX}: split it")
        if name.endswith(".c"):
            breaches.extend(long_functions(name, lines))
    print("\n".join(breaches))
    return 1 if breaches else 0


sys.exit(main())
