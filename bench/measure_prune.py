"""What it costs to remove the window totals of old hours, beside what it cost to write them.

They are written as in operation, from events that come as fast as they happen, and at the least cost there is, from a
backlog, of which each total is written about once. All hours are over and in the hourly totals when `antenna prune`
runs. VACUUM, which PostgreSQL runs by itself later, counts as part of the removal: it frees the space for new rows.
"""

import sys
import time

from lab import cpu_seconds
from live import Sender, antenna_service, user_bytes, wait_until
from measure_speed import WRITTEN_ROWS, clean
from results import median, with_spread
from systems import SYSTEMS
from workloads import Workload

NAME = "prune"
TITLE = "Removing window totals"

# Each user is met in nearly every window: 0.87 million rows an hour, 21 million a day.
DAY = Workload("day", 100_000, 20_000, 1_000, 86_400_000)
# A window of the same city as it happens, and one of ten times the messages, which has as many totals.
LIVE = (Workload("live", 100_000, 20_000, 1_000, 300_000), Workload("live-city", 100_000, 20_000, 10_000, 3_000_000))

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


def write_live(lab, workload, job):
    """Writes events that are sent meanwhile, at the pace of their own time; returns the costs."""
    seconds = workload.messages // workload.rate
    population = ("--users", workload.users, "--antennas", workload.antennas, "--from", workload.begin)
    lab.antenna("simulate", lab.kafka.address, job, *population, "--count", 1)
    service = antenna_service(lab, job)
    service.start()

    def write():
        sender = Sender(
            lab, job, workload.rate, seconds, [*population, "--to", workload.end, "--count", workload.messages]
        )
        try:
            expected = begin + sender.finish()
            wait_until(lambda: user_bytes(lab, "bytes") == expected, service, f"the table never had {expected} bytes")
        finally:
            sender.end()

    try:
        wait_until(lambda: user_bytes(lab, "bytes"), service, "the first message has no row")
        begin = user_bytes(lab, "bytes")
        return cost(lab, write)
    finally:
        service.stop()


def measure(lab, workload, root, write):
    """One run: rows, rows written, and the costs of writing and of removing them. `root`: the folder of the archive."""
    clean(lab, "bytes")
    before = lab.query(WRITTEN_ROWS, "bytes")[0]
    written = write(lab, workload, root.name)
    written_rows = lab.query(WRITTEN_ROWS, "bytes")[0] - before
    rows = lab.query("SELECT count(*) FROM bytes")[0]
    uri, user, password = lab.login
    tables = ("user_metadata", "bytes_hourly", "user_quota_limit")
    lab.antenna("batch", root / "data", workload.begin, uri, *tables, user, password, "--to", workload.end)
    removed = cost(lab, lambda: lab.antenna("prune", *lab.login, "--totals-older-than", "1d"))
    if left := lab.query("SELECT count(*) FROM bytes")[0]:
        raise RuntimeError(f"{left} of {rows} rows are left after prune")
    vacuumed = cost(lab, lambda: lab.query("VACUUM bytes"))
    costs = {"write": written, "remove": removed, "vacuum": vacuumed}
    figures = {f"{of}_{what}": costs[of][what] for of in costs for what in costs[of]}
    return {"rows": rows, "written": written_rows} | figures


def run(bench):
    """Measures each way of writing; returns the rows of the results."""
    lab = bench.lab
    day = DAY.scaled(bench.scale)
    load = bench.loads.get(day)

    def write_backlog(lab, _workload, job):
        return cost(lab, lambda: SYSTEMS["antenna"].run(lab, load, job, lab.home / "archive" / job))

    ways = [(live.scaled(bench.scale), "live", write_live) for live in LIVE]
    ways.append((day, "archive", write_backlog))
    rows = []
    for workload, folder, write in ways:
        runs = []
        for number in range(bench.runs):
            print(f"{workload.name}: run {number + 1} of {bench.runs}", file=sys.stderr)
            runs.append(measure(lab, workload, lab.home / folder / f"prune-{workload.name}-{number}", write))
        rows.append({"workload": workload.name, "messages": workload.messages, "runs": runs})
    return rows


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
