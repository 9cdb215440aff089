"""antenna and its peers side by side: what a user writes for each, what it promises, and what it costs, of a city."""

import ast
import dataclasses
import pathlib

from results import median, show

TITLE = "Side by side"
HERE = pathlib.Path(__file__).parent
CITY, RANDOM = "city", "random"
LATENCY_RATE = 10_000  # messages a second
ONCE, TWICE = "exactly once", "at least once"


@dataclasses.dataclass(frozen=True)
class Promise:
    """The files that a user writes, and what is there after a crash: of the totals, and of the archive."""

    files: tuple
    totals: str
    archive: str


PROMISES = {
    "antenna": Promise((), ONCE, ONCE),
    # Its file is written before the commit that it belongs to, and may stay without it.
    "script": Promise((HERE / "script_speed.py",), ONCE, TWICE),
    # It writes a window's row again as it was; files are committed with checkpoints.
    "Flink": Promise((HERE / "flink_speed.sql",), ONCE, ONCE),
    # foreachBatch appends again what the batch before the crash had appended.
    "Spark": Promise((HERE / "spark_speed.py",), TWICE, TWICE),
}


def python_lines(text):
    """The numbers of the lines that say something: no blanks, comments or docstrings."""
    lines = {number for number, line in enumerate(text.splitlines(), 1) if line.strip() and line.strip()[0] != "#"}
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node):
            lines -= set(range(node.body[0].lineno, node.body[0].end_lineno + 1))
    return lines


def count_lines(path):
    """How many lines of a Python or SQL file say something."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        return len(python_lines(text))
    return sum(bool(line.strip()) and not line.strip().startswith("--") for line in text.splitlines())


def cost_cells(row, random, latency):
    """The cells of what a system costs, of rows of the results or None."""
    if not row or not row["runs"]:
        return [""] * 7
    runs, millions = row["runs"], row["messages"] / 1e6
    sizes = [
        show(median(other["runs"], "archive") / other["messages"], ".1f") if other and other["runs"] else ""
        for other in (row, random)
    ]
    return [
        f"{row['messages'] / median(runs, 'wall'):,.0f}",
        f"{median(runs, 'cpu') / millions:.2f}",
        f"{median(runs, 'postgres_cpu') / millions:.2f}",
        f"{median(runs, 'memory') / 1e6:,.0f}",
        *sizes,
        f"{max(run['p99'] for run in latency['runs']):,.0f}" if latency else "",
    ]


def table(rows, latency_rows):
    """Columns and cells, of the rows of the speed layer and of the latency."""
    found = {(row["workload"], row["system"]): row for row in rows}
    latencies = {row["system"]: row for row in latency_rows if row["rate"] == LATENCY_RATE}
    cells = []
    for system, promise in PROMISES.items():
        costs = cost_cells(found.get((CITY, system)), found.get((RANDOM, system)), latencies.get(system))
        lines = sum(map(count_lines, promise.files))
        cells.append([system, str(lines), promise.totals, promise.archive, *costs])
    columns = ["city", "lines to write", "totals", "archive", "messages/s", "CPU-s/M", "PG/M", "peak MB"]
    return [*columns, "B/message", "with random ids", "p99 ms"], cells
