"""What it costs to remove the window totals of old hours, beside what it cost to write them.

All hours are over and in the hourly totals when `antenna prune` runs. VACUUM, which PostgreSQL runs by itself later,
counts as part of the removal: it makes the space free for new rows.
"""

import sys
import time

from lab import cpu_seconds
from measure_speed import WRITTEN_ROWS, clean
from results import median, with_spread
from systems import SYSTEMS
from workloads import Workload

NAME = "prune"
TITLE = "Removing window totals"

# Each user is met in nearly every window: 1.44 million rows an hour, 34 million a day.
DAY = Workload("day", 100_000, 20_000, 1_000, 86_400_000)

WAL = "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint"


def cost(lab, work):
    """Wall clock and PostgreSQL's CPU seconds and bytes of WAL while some work is done."""
    lab.query("CHECKPOINT")
    begin, cpu, wal = time.monotonic(), cpu_seconds(lab.postgres.pid()), lab.query(WAL)[0]
    work()
    return {
        "wall": time.monotonic() - begin,
        "cpu": cpu_seconds(lab.postgres.pid()) - cpu,
        "wal": lab.query(WAL)[0] - wal,
    }


def measure(lab, load, job):
    """One run: rows, rows written, and the costs of writing and of removing them."""
    root = lab.home / "archive" / job
    clean(lab, "bytes")
    before = lab.query(WRITTEN_ROWS, "bytes")[0]
    write = cost(lab, lambda: SYSTEMS["antenna"].run(lab, load, job, root))
    written = lab.query(WRITTEN_ROWS, "bytes")[0] - before
    rows = lab.query("SELECT count(*) FROM bytes")[0]
    uri, user, password = lab.login
    tables = ("user_metadata", "bytes_hourly", "user_quota_limit")
    lab.antenna("batch", root / "data", load.workload.begin, uri, *tables, user, password, "--to", load.workload.end)
    remove = cost(lab, lambda: lab.antenna("prune", *lab.login, "--totals-older-than", "1d"))
    if left := lab.query("SELECT count(*) FROM bytes")[0]:
        raise RuntimeError(f"{left} of {rows} rows are left after prune")
    vacuum = cost(lab, lambda: lab.query("VACUUM bytes"))
    costs = {"write": write, "remove": remove, "vacuum": vacuum}
    return {"rows": rows, "written": written} | {f"{of}_{what}": costs[of][what] for of in costs for what in costs[of]}


def run(bench):
    """Measures one day; returns the rows of the results."""
    workload = DAY.scaled(bench.scale)
    load = bench.loads.get(workload)
    runs = []
    for number in range(bench.runs):
        print(f"{workload.name}: run {number + 1} of {bench.runs}", file=sys.stderr)
        runs.append(measure(bench.lab, load, f"prune-{number}"))
    return [{"workload": workload.name, "messages": load.sent, "runs": runs}]


def table(rows):
    """Columns and cells, a row each for what was done."""
    cells = []
    for row in rows:
        for what in ("write", "remove", "vacuum"):
            seconds, cpu, wal = (median(row["runs"], f"{what}_{figure}") for figure in ("wall", "cpu", "wal"))
            shares = (value / median(row["runs"], f"write_{figure}") for value, figure in ((cpu, "cpu"), (wal, "wal")))
            cells.append(
                [
                    f"{row['workload']}: {what}",
                    f"{median(row['runs'], 'rows'):,.0f}",
                    f"{seconds:.1f}",
                    with_spread(row["runs"], f"{what}_cpu", ".1f"),
                    f"{wal / 2**20:,.0f}",
                    *(f"{share:.0%}" for share in shares),
                ]
            )
    return ["", "rows", "wall s", "PG CPU-s", "WAL MB", "CPU to writing", "WAL to writing"], cells


def plots(_rows):
    """No picture."""
    return {}
