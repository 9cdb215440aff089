"""Runs all that a release must pass, each part by its make target, and writes docs/release-tests.md.

A part that fails stops no other. Each part's output goes to build/release/TARGET.log. Exit code 1 when a part failed.
"""

import datetime
import os
import pathlib
import re
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
LOGS = ROOT / "build" / "release"
PAGE = ROOT / "docs" / "release-tests.md"

# Make targets, and the arguments that a release gives them.
PARTS = {
    "test": (),
    "build-clang": (),
    "test-faults": (),
    "test-scale": (),
    "test-deploy": (),
    "test-dashboard": (),
    "test-valgrind": (),
    "coverage": (),
    "fuzz": ("SECONDS_OF_FUZZING=600",),
    "fuzz-decoder": (),
    "bench-smoke": (),
}

# The last line of pytest, of ctest and of gcovr that counts something.
COUNTS = re.compile(r"^=+ (.*\d+ passed.*?) in .* =+$|^(\d+% tests passed.*)$|^(TOTAL .*)$", re.MULTILINE)

HEAD = """\
# Results of the release tests

`make test-release` writes this page. `FAULTS` is the size of the [fault suite](reliability.md).

"""


def run(target, arguments):
    """Runs one part; returns its row of the table, and whether it passed."""
    log = LOGS / f"{target}.log"
    begin = time.monotonic()
    with log.open("w", encoding="utf-8") as output:
        code = subprocess.run(
            ["make", target, *arguments], cwd=ROOT, stdout=output, stderr=subprocess.STDOUT, check=False
        ).returncode
    minutes = (time.monotonic() - begin) / 60
    text = log.read_text(encoding="utf-8", errors="replace")
    counts = "; ".join(dict.fromkeys(next(filter(None, found)) for found in COUNTS.findall(text)))
    result = "failed" if code else "passed"
    print(f"{target}: {result} in {minutes:.1f} minutes", flush=True)
    return f"| `make {' '.join([target, *arguments])}` | {result} | {minutes:.1f} | {counts} |", code == 0


def head():
    """What was tested, when and on what."""
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.strip()
    today = datetime.datetime.now(datetime.UTC).date()
    faults = os.environ.get("FAULTS", "100")
    return f"{HEAD}{today}, commit {commit}, `FAULTS={faults}`, {os.cpu_count()} CPUs.\n\n"


def main():
    """Runs the parts that are named, or all; returns the exit code."""
    LOGS.mkdir(parents=True, exist_ok=True)
    begin = head()
    rows = []
    failed = 0
    for target in sys.argv[1:] or PARTS:
        row, passed = run(target, PARTS[target])
        rows.append(row)
        failed += not passed
        table = ["| part | result | minutes | counts |", "| --- | --- | ---: | --- |", *rows]
        PAGE.write_text(begin + "\n".join(table) + "\n", encoding="utf-8")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
