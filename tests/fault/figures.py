"""What the suite did and found, by kind of fault; the table of docs/reliability.md."""

import collections
import dataclasses
import json

from faults import FAULTS, SEED
from oracle import expect
from program import CHECKOUT

PATH = CHECKOUT / "build" / "faults.json"


@dataclasses.dataclass
class Row:
    """The figures of one kind of fault; bytes are those of all three totals."""

    faults: int = 0
    messages: int = 0
    bytes: int = 0
    lost: int = 0
    doubled: int = 0
    size: int = FAULTS
    seed: int = SEED


SUMMED = ("faults", "messages", "bytes", "lost", "doubled")


class Figures:
    """The figures of a run; those of kinds that it leaves out are kept from the run before."""

    def __init__(self):
        self._rows = collections.defaultdict(Row)

    def check(self, kind, case, faults, expected=None):
        """Notes what is lost and doubled after so many faults, and fails when anything is; returns what is expected."""
        expected = expected or expect(case.messages())
        self.note(kind, faults, expected.events + len(expected.rejected), expected.windows, case.totals())
        return case.check_exact(expected)

    def note(self, kind, faults, messages, windows, totals):
        """Notes how the totals differ from the expected windows after so many faults and messages."""
        found = collections.Counter(totals)
        row = self._rows[kind]
        row.faults += faults
        row.messages += messages
        row.bytes += windows.total()
        row.lost += (windows - found).total()
        row.doubled += (found - windows).total()

    def rows(self):
        """What was noted, as plain data: {kind: {column: value}}."""
        return {kind: dataclasses.asdict(row) for kind, row in self._rows.items()}

    def add(self, rows):
        """Adds what another process has noted."""
        for kind, columns in rows.items():
            row = self._rows[kind]
            for name in SUMMED:
                setattr(row, name, getattr(row, name) + columns[name])

    def save(self):
        """Writes the figures and returns them as lines of a table."""
        rows = json.loads(PATH.read_text()) if PATH.exists() else {}
        rows |= self.rows()
        PATH.write_text(json.dumps(rows, indent=1, sort_keys=True) + "\n")
        return [
            "| fault | faults | messages | bytes | lost | doubled | `FAULTS` |",
            "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
            *(describe(kind, Row(**rows[kind])) for kind in sorted(rows)),
        ]


def describe(kind, row):
    """One line of the table."""
    numbers = (row.faults, row.messages, row.bytes, row.lost, row.doubled, row.size)
    return f"| {kind} | " + " | ".join(f"{number:,}" for number in numbers) + " |"
