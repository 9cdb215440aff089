"""Runs all that a release must pass, each part by its make target, and writes docs/release-tests.md.

usage: test_release.py [TARGET]...      (default: all)

A part that fails stops no other. A part that is run alone gets a new row of the page, and the others keep theirs. Each
part's output goes to build/release/TARGET.log. Exit code 1 when a part failed.
"""

import os
import re
import subprocess
import sys
import time

from pages import RELEASE_TESTS, ROOT, read_rows, tested_commit, today

LOGS = ROOT / "build" / "release"

# Make targets, and the arguments that a release gives them.
PARTS = {
    "test": (),
    "build-clang": (),
    "test-versions": (),
    "test-faults": (f"FAULTS={os.environ.get('FAULTS', '100')}",),
    "test-scale": (),
    "test-deploy": (),
    "test-arm64": (),
    "test-dashboard": (),
    "test-valgrind": (),
    "coverage": (),
    "fuzz": ("SECONDS_OF_FUZZING=600",),
    "fuzz-decoder": (),
    "bench-smoke": (),
}

# The last line of pytest, of ctest and of gcovr that counts something.
COUNTS = re.compile(r"^=+ (.*\d+ passed.*?) in .* =+$|^(\d+% tests passed.*)$|^(TOTAL .*)$", re.MULTILINE)

ROW = r"^\| `make ([a-z-]+)[ `].*$"

HEAD = """\
# Results of the release tests

`make test-release` writes this page: the last run of each part, and its commit. A missing part was not
run yet. `FAULTS` is the size of the [fault suite](reliability.md).

| part | result | minutes | CPUs | commit | day | counts |
| --- | --- | ---: | ---: | --- | --- | --- |
"""


def run(target):
    """Runs one part; returns its row of the table, and whether it passed."""
    log = LOGS / f"{target}.log"
    tested = tested_commit()
    begin = time.monotonic()
    with log.open("w", encoding="utf-8") as output:
        code = subprocess.run(
            ["make", target, *PARTS[target]], cwd=ROOT, stdout=output, stderr=subprocess.STDOUT, check=False
        ).returncode
    minutes = (time.monotonic() - begin) / 60
    text = log.read_text(encoding="utf-8", errors="replace")
    counts = "; ".join(dict.fromkeys(next(filter(None, found)) for found in COUNTS.findall(text)))
    result = "failed" if code else "passed"
    print(f"{target}: {result} in {minutes:.1f} minutes", flush=True)
    command = " ".join(["make", target, *PARTS[target]])
    row = f"| `{command}` | {result} | {minutes:.1f} | {os.cpu_count()} | {tested} | {today()} | {counts} |"
    return row, code == 0


def main():
    """Runs the parts that are named, or all; returns the exit code."""
    targets = sys.argv[1:] or list(PARTS)
    if unknown := [target for target in targets if target not in PARTS]:
        print(f"{unknown[0]} is no part of a release; the parts are: {', '.join(PARTS)}", file=sys.stderr)
        return 2
    LOGS.mkdir(parents=True, exist_ok=True)
    failed = 0
    for target in targets:
        row, passed = run(target)
        failed += not passed
        rows = read_rows(RELEASE_TESTS, ROW) | {target: row}
        table = "\n".join(rows[target] for target in PARTS if target in rows)
        RELEASE_TESTS.write_text(f"{HEAD}{table}\n", encoding="utf-8")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
