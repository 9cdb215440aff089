"""The servers that the program is tested with, from third_party/versions/versions.txt, and the tables that name them.

usage: versions.py [--check | --list [--share]]

Writes the tables of README.md and docs/versions.md; --check compares only, and --list prints the servers that
tools/setup fetches, with --share those of `make test`. Exit codes: 0 done, 1 --check found other tables.
"""

import argparse
import difflib
import functools
import re
from typing import NamedTuple

from pages import ROOT, VERSIONS, read_rows

LIST = ROOT / "third_party" / "versions" / "versions.txt"
SUPERSET = ROOT / "third_party" / "superset" / "requirements.in"
README = ROOT / "README.md"

NAMES = {"postgresql": "PostgreSQL", "kafka": "Apache Kafka"}

ROW = r"^\| ((?:PostgreSQL|Apache Kafka) [\d.]+) \|.*$"
TABLE = re.compile(r"(?<=<!-- make versions writes this table -->\n).*?\n(?!\|)", re.DOTALL)


class Version(NamedTuple):
    """A server, its version as its package has it, and whether the program works with it."""

    server: str
    number: str
    is_supported: bool

    @property
    def folder(self):
        """Where tools/setup puts it."""
        return ROOT / ".deps" / "versions" / f"{self.server}-{self.number}"

    @property
    def release(self):
        """The numbers that stay from one correction to the next: 13, 2.8."""
        return ".".join(self.number.split(".")[: 1 if self.server == "postgresql" else 2])

    @property
    def partner(self):
        """The newest of the other server, which it is tested with."""
        return supported("kafka" if self.server == "postgresql" else "postgresql")[-1]

    @property
    def is_shared(self):
        """Whether `make test` runs with it."""
        versions = supported(self.server)
        return not self.is_supported or self in (versions[0], versions[-1])

    def __str__(self):
        """As its makers name it; the last number of PostgreSQL's is that of the package."""
        number = self.number.rpartition(".")[0] if self.server == "postgresql" else self.number
        return f"{NAMES[self.server]} {number}"


@functools.cache
def read_list():
    """All, oldest first."""
    lines = (line.split("#")[0].split() for line in LIST.read_text().splitlines())
    return [Version(*line[:2], line[2:] != ["unsupported"]) for line in lines if line]


def supported(server):
    """Those of a server that the program works with, oldest first."""
    return [version for version in read_list() if version.server == server and version.is_supported]


def unsupported(server):
    """The one of a server that is too old."""
    return next(version for version in read_list() if version.server == server and not version.is_supported)


def tested_by(version):
    """The versions that the tests of a version with its partner show: the two newest are one run."""
    return [version, version.partner] if version == supported(version.server)[-1] else [version]


def superset():
    """The version of Superset that is pinned."""
    return re.search(r"^apache-superset==(\S+)", SUPERSET.read_text(), re.MULTILINE)[1]


def summary():
    """The table of the README."""
    yield "| server | versions |"
    yield "| --- | --- |"
    for server, name in NAMES.items():
        yield f"| {name} | {', '.join(version.release for version in supported(server))} |"
    yield f"| Apache Superset | {superset().rpartition('.')[0]} |"


def results(passed):
    """The table of docs/versions.md; `passed`: {a version as text: the commit and the day}, which replace its own."""
    rows = read_rows(VERSIONS, ROW)
    yield "| server | with | commit | day |"
    yield "| --- | --- | --- | --- |"
    for version in (version for server in NAMES for version in supported(server)):
        begin = f"| {version} | {version.partner} |"
        if result := passed.get(str(version)):
            yield f"{begin} {' | '.join(map(str, result))} |"
        elif (row := rows.get(str(version), "")).startswith(begin):
            yield row
        else:
            yield f"{begin} not passed yet | |"
    yield f"| Apache Superset {superset()} | PostgreSQL of Debian | [`make test-dashboard`](release-tests.md) | |"


def pages(passed):
    """(path, text) of both pages as they should be."""
    for path, table in ((README, summary()), (VERSIONS, results(passed))):
        yield path, TABLE.sub("".join(f"{row}\n" for row in table), path.read_text())


def write(passed):
    """Writes both pages."""
    for path, text in list(pages(passed)):
        path.write_text(text)


def main():
    """Does what the arguments say; returns the exit code."""
    parser = argparse.ArgumentParser()
    for option in ("--check", "--list", "--share"):
        parser.add_argument(option, action="store_true")
    arguments = parser.parse_args()
    if arguments.list:
        for version in read_list():
            if version.is_shared or not arguments.share:
                print(version.server, version.number)
    elif arguments.check:
        for path, text in pages({}):
            if text != (found := path.read_text()):
                lines = (found.splitlines(), text.splitlines())
                print("\n".join(difflib.unified_diff(*lines, str(path.relative_to(ROOT)), "the list", lineterm="")))
                return 1
    else:
        write({})
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
