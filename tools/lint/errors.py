"""Checks the table of error codes: each code is used by the program and reached by a test, and no number is used twice.

A number whose code is removed is noted in the table as `retired: ANT-…`, so that it is not used again.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
TABLE = "src/base/error_codes.def"
AREA = re.compile(r"^ERROR_AREA\('(\w)'", re.MULTILINE)
ROW = re.compile(r'^ERROR_CODE\(\s*(ANT_\w+), "(ANT-(\w)(\d{3}))"', re.MULTILINE)
RETIRED = re.compile(r"retired: (ANT-(\w)(\d{3}))")

# Codes that no test reaches, and why.
UNREACHED = {
    "ANT-K013": "only a broker whose policy or ACL refuses the topic",
    "ANT-K018": "only an answer that the program does not know",
    "ANT-P010": "only a pooler that accepts a login and whose server then hangs",
    "ANT-H005": "only events or files that come in the middle of a transaction",
    "ANT-S005": "only a disk that is full when the ledger ends",
    "ANT-S006": "only a system that gives no thread or no random bytes",
}


def read_all(folder, *suffixes):
    """The texts of a folder's files as one."""
    paths = (path for path in sorted((ROOT / folder).rglob("*")) if path.suffix in suffixes)
    return "\n".join(path.read_text() for path in paths)


def numbering(table):
    """A message for each number that is there twice, missing or in another area."""
    rows = [(code, letter, int(number)) for _, code, letter, number in ROW.findall(table)]
    rows += [(code, letter, int(number)) for code, letter, number in RETIRED.findall(table)]
    areas = AREA.findall(table)
    for letter in sorted({letter for _, letter, _ in rows} | set(areas)):
        numbers = sorted(number for _, own, number in rows if own == letter)
        if letter not in areas or numbers != list(range(1, len(numbers) + 1)):
            yield f"{TABLE}: the codes ANT-{letter}… are not 001 to {len(numbers):03}, each once, in their area"


def main():
    """Prints each breach; returns the exit code."""
    table = (ROOT / TABLE).read_text()
    source = read_all("src", ".c", ".h")
    tests = read_all("tests", ".c", ".py")
    breaches = list(numbering(table))
    for name, code, _, _ in ROW.findall(table):
        if not re.search(rf"\b{name}\b", source):
            breaches.append(f"{TABLE}: no source uses {name}")
        reached = re.search(rf"\b(?:{name}|{code})\b", tests)
        if not reached and code not in UNREACHED:
            breaches.append(f"{TABLE}: no test reaches {code} ({name}): add one, or list it in tools/lint/errors.py")
        if reached and code in UNREACHED:
            breaches.append(f"tools/lint/errors.py lists {code}, which a test reaches")
    breaches += [f"tools/lint/errors.py lists {code}, which is no code" for code in UNREACHED if code not in table]
    print("\n".join(breaches))
    return 1 if breaches else 0


sys.exit(main())
