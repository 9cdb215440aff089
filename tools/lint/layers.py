"""Checks that each folder of src includes only what the table in ARCHITECTURE.md lets it."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
TABLE = re.compile(r"<!-- layers -->\n(.*?)<!-- /layers -->", re.S)
INCLUDE = re.compile(r'^#include "([a-z_]+)/', re.M)


def read_rule():
    """The layers that each layer may include, itself among them."""
    text = (ROOT / "ARCHITECTURE.md").read_text()
    rows = TABLE.search(text)[1].strip().splitlines()[2:]
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    return {name: {name, *filter(None, re.split(r",\s*", uses))} for name, uses, _ in cells}


def main():
    """Prints each breach; returns the exit code."""
    rule = read_rule()
    breaches = []
    for path in sorted((ROOT / "src").rglob("*.[ch]")):
        layer = path.relative_to(ROOT / "src").parts[0].removesuffix(".c")
        for used in INCLUDE.findall(path.read_text()):
            if used not in rule.get(layer, set()):
                breaches.append(f"{path.relative_to(ROOT)}: layer {layer} may not use {used} (ARCHITECTURE.md, Layers)")
    print("\n".join(breaches))
    return 1 if breaches else 0


sys.exit(main())
