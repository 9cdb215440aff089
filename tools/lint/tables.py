"""Checks that fields of events and kinds of totals are named in their tables only, but for the places listed here, and
that SQL and the dashboards' datasets, which must name labels, name none that the tables do not have.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
# The macro of their rows, the file, and what enumerators begin with.
TABLES = (("FIELD", "src/record/field.h", "FIELD|TEXT"), ("KIND", "src/record/total_kind.h", "TOTAL|KEY"))
ROW = r'^\s+{}\((\w+), "(\w+)"'

# Files that name some, and why.
KNOWN = {
    "src/simulate/": "the simulator invents users, antennas and apps, and breaks fields",
    "src/config/option.c": "help says what --accept takes",
    "src/metrics/metric.c": "a metric of the process has the label of a total",
    "src/speed/commit.c": "each event has one user: the bytes of an hour are theirs",
    "src/archive/repeats.c": "repeated rows are counted by antenna, whose producer sends them",
    "src/verify/hour.c": "the bytes of an hour are those of its users",
    "src/batch/hour.c": "each event has one app: its rows are those of the hour",
    "src/batch/rebuild.c": "each event has one app: its rows are those of the hour",
    "src/command/verify.c": "a row shows the bytes by app for all",
    "src/command/batch.c": "the report counts antennas, apps and users",
    "engines/spark/antenna_spark/tables.py": "generated from the tables",
    "engines/spark/antenna_spark/postgres.py": "the bytes of an hour are those of its users",
}

# As columns of the tables of totals, and as the time and the amount, which every event has.
COMMON = {"id", "timestamp", "bytes"}


def read_names():
    """Patterns of the names: enumerators, and strings with a name or a label."""
    for macro, path, prefixes in TABLES:
        for name, text in re.findall(ROW.format(macro), (ROOT / path).read_text(), re.MULTILINE):
            yield rf"\b(?:{prefixes})_{name}\b"
            if text not in COMMON:
                yield rf"\b{text}\b" if "_" in text else rf'"{text}"'


def unknown_labels():
    """Places in SQL, and labels there that are of no total."""
    labels = {text for _, text in re.findall(ROW.format("KIND"), (ROOT / TABLES[1][1]).read_text(), re.MULTILINE)}
    for path in sorted([*(ROOT / "src").rglob("*.sql"), *(ROOT / "serving").rglob("*.yaml")]):
        for label in re.findall(r"'(\w+_total)'", path.read_text()):
            if label not in labels:
                yield f"{path.relative_to(ROOT)} names {label}, which is not in {TABLES[1][1]}"


def main():
    """Prints each breach; returns the exit code."""
    names = re.compile("|".join(read_names()))
    tables = [path for _, path, _ in TABLES]
    found = {}
    for path in sorted([*(ROOT / "src").rglob("*.[ch]"), *(ROOT / "engines").rglob("*.py")]):
        place = str(path.relative_to(ROOT))
        if place not in tables and (match := names.search(path.read_text())):
            found[place] = match[0]
    breaches = [
        f"{place} names {name}: take it from {' or '.join(tables)}"
        for place, name in found.items()
        if not place.startswith(tuple(KNOWN))
    ]
    breaches += [
        f"tools/lint/tables.py lists {known}, which names none any more"
        for known in KNOWN
        if not any(place.startswith(known) for place in found)
    ]
    breaches += unknown_labels()
    print("\n".join(breaches))
    return 1 if breaches else 0


sys.exit(main())
