"""What reading a topic costs each system: CPU, wall clock, memory, and the database's and the broker's CPU apart.

Systems take turns, run by run, on the same topics. A run whose tables or archive are not what the ledger says has no
figures, only words.
"""

import shutil
import sys

from check import archive_files, differences
from lab import cpu_seconds
from plots import bars
from results import median, show, with_spread
from systems import SPARK_TABLE, SYSTEMS, warm_up
from workloads import START, WORKLOADS

NAME = "speed"
TITLE = "Speed layer"

# The reference's table, without a key: the cheapest that Spark can append to.
CREATE_SPARK_TABLE = f"CREATE TABLE IF NOT EXISTS {SPARK_TABLE} (date TIMESTAMP, id TEXT, value BIGINT, type TEXT)"

# CPU-seconds of PostgreSQL a million messages, and a million rows written.
DATABASE_COLUMNS = ("PG/M", "PG/M rows")
# The clock of CPU time ticks a hundred times a second: fewer rows than this tell nothing.
ROWS_THAT_TELL = 20_000

WRITTEN_ROWS = "SELECT n_tup_ins + n_tup_upd FROM pg_stat_user_tables WHERE relname = %s"


def clean(lab, table):
    """Brings the database to the same state before each run."""
    lab.provision()
    lab.query(CREATE_SPARK_TABLE)
    for statement in (f"TRUNCATE {table}", f"VACUUM ANALYZE {table}", "CHECKPOINT"):
        lab.query(statement)


def measure(lab, system, load, job):
    """One run of a system on a load: its figures, or {"differs": words}. Raises ServerError."""
    root = lab.home / "archive" / job
    table = system.table or "bytes"
    clean(lab, table)
    rows = lab.query(WRITTEN_ROWS, table)[0]
    postgres, kafka = cpu_seconds(lab.postgres.pid()), cpu_seconds(lab.kafka.pid())
    usage = system.run(lab, load, job, root)
    postgres, kafka = cpu_seconds(lab.postgres.pid()) - postgres, cpu_seconds(lab.kafka.pid()) - kafka
    figures = usage.figures | {"kafka_cpu": kafka}
    if system.table:
        if words := differences(lab, load, table, root if system.archives else None):
            print(f"{load.workload.name}: {system.name}: {'; '.join(words)}", file=sys.stderr)
            return {"differs": "; ".join(words)}
        figures |= {"postgres_cpu": postgres, "rows_written": lab.query(WRITTEN_ROWS, table)[0] - rows}
        figures["rows"] = lab.query(f"SELECT count(*) FROM {table}")[0]
    if system.archives:
        figures["archive"] = sum(path.stat().st_size for path in archive_files(root))
    shutil.rmtree(root, ignore_errors=True)
    return figures


def row_of(system, load, runs):
    """A row of the results."""
    good = [run for run in runs if "differs" not in run]
    return {
        "workload": load.workload.name,
        "system": system.name,
        "messages": load.sent,
        "options": system.options,
        "runs": good,
        "differs": next((run["differs"] for run in runs if "differs" in run), None),
    }


def run(bench):
    """Measures each system on each workload; returns the rows."""
    systems = [SYSTEMS[name] for name in bench.systems]
    systems = [system for system in systems if system.is_available()]
    workloads = [START] + [WORKLOADS[name].scaled(bench.scale) for name in bench.workloads]
    rows = []
    warm_up(bench, SYSTEMS["antenna"])
    for workload in workloads:
        load = bench.loads.get(workload)
        takers = [system for system in systems if system.takes_malformed or not workload.malformed]
        runs = {system: [] for system in takers}
        for number in range(bench.runs):
            for system in takers:
                print(f"{workload.name}: {system.name}, run {number + 1} of {bench.runs}", file=sys.stderr)
                job = f"{load.topic}-{system.name}-{number}".replace(" ", "-").replace(",", "")
                runs[system].append(measure(bench.lab, system, load, job))
        rows += [row_of(system, load, runs[system]) for system in takers]
    return rows


def above_start(rows, row, figure):
    """The median of a figure less what a start and a stop take, or None when either is missing or that is the more."""
    start = next((r for r in rows if r["workload"] == START.name and r["system"] == row["system"]), None)
    value = median(row["runs"], figure)
    if value is None or not start or not start["runs"] or row is start:
        return None
    rest = value - median(start["runs"], figure)
    return rest if rest > 0 else None


def table(rows):
    """Columns and cells."""
    columns = [
        "",
        "messages/s",
        "above start",
        "CPU-s",
        "CPU-s/M",
        "above start",
        "wall s",
        "peak MB",
        *DATABASE_COLUMNS,
        "broker/M",
        "B/message",
    ]
    cells = []
    for row in rows:
        runs, millions = row["runs"], row["messages"] / 1e6
        if not runs:
            cells.append([f"{row['workload']}, {row['system']}", "differs", *[""] * (len(columns) - 2)])
            continue
        postgres, written, archive = (median(runs, name) for name in ("postgres_cpu", "rows_written", "archive"))
        cpu, wall = (above_start(rows, row, name) for name in ("cpu", "wall"))
        is_start = row["workload"] == START.name
        cells.append(
            [
                f"{row['workload']}, {row['system']}" + (" (some runs differ)" if row["differs"] else ""),
                "" if is_start else f"{row['messages'] / median(runs, 'wall'):,.0f}",
                show(wall and row["messages"] / wall, ",.0f"),
                with_spread(runs, "cpu", ".2f"),
                "" if is_start else f"{median(runs, 'cpu') / millions:.2f}",
                show(cpu and cpu / millions, ".2f"),
                with_spread(runs, "wall", ".2f"),
                f"{median(runs, 'memory') / 1e6:,.0f}",
                "" if is_start or postgres is None else f"{postgres / millions:.2f}",
                "" if is_start or (written or 0) < ROWS_THAT_TELL else f"{postgres / written * 1e6:.1f}",
                "" if is_start else f"{median(runs, 'kafka_cpu') / millions:.2f}",
                "" if is_start or archive is None else f"{archive / row['messages']:.1f}",
            ]
        )
    return columns, cells


def plots(rows):
    """Names and texts of the pictures."""
    measured = [row for row in rows if row["runs"] and row["workload"] != START.name]
    workloads = list(dict.fromkeys(row["workload"] for row in measured))
    systems = list(dict.fromkeys(row["system"] for row in measured))

    def values(figure):
        found = {(row["workload"], row["system"]): figure(row) for row in measured}
        return {system: [found.get((workload, system)) for workload in workloads] for system in systems}

    cpu = values(lambda row: median(row["runs"], "cpu") / row["messages"] * 1e6)
    rate = values(lambda row: row["messages"] / median(row["runs"], "wall"))
    memory = values(lambda row: median(row["runs"], "memory") / 1e6)
    return {
        "speed-cpu": bars("CPU-seconds per million messages (logarithmic)", workloads, cpu, ".2f"),
        "speed-rate": bars("Messages a second, start and stop included (logarithmic)", workloads, rate, ",.0f"),
        "speed-memory": bars("Peak memory, MB (logarithmic)", workloads, memory, ",.0f"),
    }
