"""`make bench-batch`: what `antenna batch` costs beside DuckDB alone, on the same files.

A city's events are sent, archived by `antenna speed`, and batched: all in one hour, and spread over a day. DuckDB, as a
Python module, runs the same SQL on the same files with as many threads. CPU seconds are those of each process; what
PostgreSQL takes to write the totals is counted apart, and that antenna also sends them is in its figure. Runs
alternate; each figure is the median.
"""

import argparse
import os
import resource
import statistics
import sys
import time

import duckdb
from lab import cpu_seconds, opened, print_table
from stack import ServerError

USERS, ANTENNAS = 100_000, 20_000

# The hour's three totals in one scan, as src/archive/reader.c asks for them.
TOTALS = """
    SELECT CASE GROUPING(antenna_id, app, id) WHEN 3 THEN 0 WHEN 5 THEN 1 ELSE 2 END AS dimension,
        CASE GROUPING(antenna_id, app, id) WHEN 3 THEN antenna_id WHEN 5 THEN app ELSE id END AS name,
        count(*) AS events, sum(bytes)::HUGEINT AS bytes
    FROM read_parquet($1, hive_partitioning = false)
    GROUP BY GROUPING SETS ((antenna_id), (app), (id)) ORDER BY 1, 2
"""

# The same of several hours in one scan.
TOTALS_BY_HOUR = TOTALS.replace("SELECT CASE", "SELECT epoch_us(timestamp) // 3600000000 AS hour, CASE", 1)
for _column in ("antenna_id", "app", "id"):
    TOTALS_BY_HOUR = TOTALS_BY_HOUR.replace(f"({_column})", f"(hour, {_column})")
TOTALS_BY_HOUR = TOTALS_BY_HOUR.replace("ORDER BY 1, 2", "ORDER BY 1, 2, 3")


def parse_arguments():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--messages", type=int, default=10_000_000, help="events of the hour, and of the day (10000000)"
    )
    parser.add_argument("--runs", type=int, default=3, help="of each (3)")
    return parser.parse_args()


def archive(lab, messages, day):
    """Has a day's or an hour's events archived; returns the storage path and the hours."""
    hours = [f"{day}T{hour:02}:00:00Z" for hour in range(24)] if day.endswith("2") else [f"{day}T00:00:00Z"]
    topic = f"devices-{day}"
    period = ["--from", hours[0], "--to", hours[-1].replace("00:00Z", "59:59Z")]
    population = ["--users", USERS, "--antennas", ANTENNAS]
    print(f"{len(hours)} hours: sending and archiving {messages:,} events", file=sys.stderr)
    lab.antenna("simulate", lab.kafka.address, topic, *population, *period, "--count", messages, "--rate", "max")
    uri, user, password = lab.login
    root = lab.home / topic
    job = ["--until-end", "--job", topic]
    lab.antenna("speed", lab.kafka.address, topic, uri, "bytes", user, password, root, *job)
    return root / "data", hours


def run_antenna(lab, path, hours):
    """Batches the hours; returns wall seconds, CPU seconds of antenna and those of PostgreSQL."""
    uri, user, password = lab.login
    tables = ["user_metadata", "bytes_hourly", "user_quota_limit"]
    postgres_cpu = cpu_seconds(lab.postgres.pid())
    begin = time.monotonic()
    usage, _ = lab.antenna("batch", path, hours[0], uri, *tables, user, password, "--to", hours[-1])
    wall = time.monotonic() - begin
    return wall, usage.ru_utime + usage.ru_stime, cpu_seconds(lab.postgres.pid()) - postgres_cpu


def run_duckdb(path, hours, one_scan):
    """Computes the same totals by DuckDB alone; returns wall and CPU seconds."""
    files = sorted(map(str, path.rglob("*.parquet")))
    groups = [files] if one_scan else [[f for f in files if f"/hour={hour}/" in f] for hour in range(len(hours))]
    before, begin = resource.getrusage(resource.RUSAGE_SELF), time.monotonic()
    with duckdb.connect(config={"threads": os.cpu_count()}) as database:
        for group in groups:
            database.execute(TOTALS_BY_HOUR if one_scan else TOTALS, [group]).to_arrow_table()
    wall, after = time.monotonic() - begin, resource.getrusage(resource.RUSAGE_SELF)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure(lab, path, hours, runs):
    """The rows of the table: the median of each figure."""
    ways = {
        "antenna batch": lambda: run_antenna(lab, path, hours),
        "DuckDB alone, an hour a scan": lambda: (*run_duckdb(path, hours, False), 0),
        "DuckDB alone, one scan": lambda: (*run_duckdb(path, hours, True), 0),
    }
    found = {name: [] for name in ways}
    for _ in range(runs):
        for name, run in ways.items():
            found[name].append(run())
    medians = {
        name: [statistics.median(column) for column in zip(*runs_of, strict=True)] for name, runs_of in found.items()
    }
    base = medians["DuckDB alone, an hour a scan"][1]
    return [
        [
            f"{len(hours)} hours, {name}",
            f"{wall:.2f}",
            f"{cpu:.2f}",
            f"{cpu / base:.2f}",
            f"{postgres:.2f}" if postgres else "",
        ]
        for name, (wall, cpu, postgres) in medians.items()
    ]


def main():
    """Runs the benchmark; returns the exit code."""
    arguments = parse_arguments()
    rows = []
    try:
        with opened() as lab:
            for day in ("2026-01-01", "2026-01-02"):
                path, hours = archive(lab, arguments.messages, day)
                rows += measure(lab, path, hours, arguments.runs)
            lab.describe(f"{arguments.messages:,} events of {USERS:,} users and {ANTENNAS:,} antennas")
            print_table(["", "wall s", "CPU-s", "ratio", "PostgreSQL CPU-s"], rows)
    except ServerError as error:
        print(f"bench-batch: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
