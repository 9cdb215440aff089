"""What the batch layer costs for one hour and for a day: antenna, Spark SQL, and DuckDB alone on the same files.

A city's events are archived by `antenna speed`; every user has a quota, which some exceed. antenna and Spark write
hourly totals, which are compared with the ledger, and offenders, which are compared with what SQL finds. DuckDB, as a
Python module with as many threads, computes the totals only.
"""

import dataclasses
import datetime
import os
import resource
import sys
import time

import duckdb
from check import differing_totals
from lab import Usage, cpu_seconds
from plots import bars
from results import median, with_spread
from stack import ServerError
from systems import SYSTEMS, spark_command, spark_environment
from workloads import WORKLOADS

NAME = "batch"
TITLE = "Batch layer"
MESSAGES = 10_000_000
TABLES = ("user_metadata", "bytes_hourly", "user_quota_limit")
SPARK_TABLES = ("user_metadata", "bytes_hourly_spark", "user_quota_limit_spark")

# Users as the simulator names them, with quotas from 0 to 200 000 bytes an hour.
CREATE_USERS = """
    INSERT INTO user_metadata SELECT '00000000-0000-0000-0000-' || lpad(number::text, 12, '0'), 'user ' || number,
        number || '@example.com', number * 7919 %% 200000 FROM generate_series(1, %s) AS number
"""
# The reference's tables, without keys.
# A role named antenna makes tables in the schema of that name unless told otherwise: it is dropped with each data set.
CREATE_SPARK_TABLES = """
    CREATE TABLE public.bytes_hourly_spark (date TIMESTAMP, id TEXT, value BIGINT, type TEXT);
    CREATE TABLE public.user_quota_limit_spark (email TEXT, usage BIGINT, quota BIGINT, date TIMESTAMP);
"""
OFFENDERS = "SELECT count(*), sum(usage), sum(quota) FROM {table}"

# The hour's three totals in one scan, as src/archive/reader.c asks for them.
TOTALS = """
    SELECT CASE GROUPING(antenna_id, app, id) WHEN 3 THEN 0 WHEN 5 THEN 1 ELSE 2 END AS dimension,
        CASE GROUPING(antenna_id, app, id) WHEN 3 THEN antenna_id WHEN 5 THEN app ELSE id END AS name,
        count(*) AS events, sum(bytes)::HUGEINT AS bytes
    FROM read_parquet($1, hive_partitioning = false)
    GROUP BY GROUPING SETS ((antenna_id), (app), (id)) ORDER BY 1, 2
"""

# The same of all hours in one scan, which antenna does not do.
TOTALS_OF_ALL_HOURS = (
    TOTALS.replace("SELECT CASE", "SELECT epoch_us(timestamp) // 3600000000 AS hour, CASE", 1)
    .replace("((antenna_id), (app), (id))", "((hour, antenna_id), (hour, app), (hour, id))")
    .replace("ORDER BY 1, 2", "ORDER BY 1, 2, 3")
)


def workload_of(hours, scale):
    """A city's events spread over so many hours of a day of their own."""
    first = datetime.datetime(2026, 2, hours, tzinfo=datetime.UTC)
    name = "1 hour" if hours == 1 else f"{hours} hours"
    city = dataclasses.replace(WORKLOADS["city"], name=name.replace(" ", "-"), messages=MESSAGES)
    return dataclasses.replace(city.scaled(scale), first=first, seconds=3600 * hours - 1)


@dataclasses.dataclass(frozen=True)
class Archive:
    """The archive of a load, and its hours as text."""

    load: object
    path: object
    hours: list


def archive(bench, hours):
    """Has the events of so many hours sent and archived, in a data set of its own."""
    bench.lab.provision()
    bench.lab.query(CREATE_USERS, WORKLOADS["city"].users)
    load = bench.loads.get(workload_of(hours, bench.scale))
    root = bench.lab.home / "batch" / load.topic
    SYSTEMS["antenna"].run(bench.lab, load, load.topic, root)
    first = load.workload.first
    names = [f"{first + datetime.timedelta(hours=hour):%Y-%m-%dT%H:%M:%SZ}" for hour in range(hours)]
    return Archive(load, root / "data", names)


def check(lab, archived, tables):
    """Raises ServerError when totals differ from the ledger or offenders from those of SQL."""
    if count := differing_totals(lab, archived.load, tables[1], "hour"):
        raise ServerError(f"{count:,} totals of {tables[1]} differ from the ledger")
    expected = lab.query(
        f"SELECT count(*), sum(value), sum(quota) FROM {tables[1]} JOIN user_metadata USING (id)"
        " WHERE type = 'user_bytes_total' AND value > quota"
    )
    if lab.query(OFFENDERS.format(table=tables[2])) != expected:
        raise ServerError(f"the offenders of {tables[2]} are wrong")


def run_antenna(lab, archived):
    """`antenna batch` of all hours."""
    uri, user, password = lab.login
    hours = archived.hours
    return lab.antenna("batch", archived.path, hours[0], uri, *TABLES, user, password, "--to", hours[-1])


def run_spark(lab, archived):
    """bench/spark_batch.py by spark-submit."""
    return lab.run(
        *spark_command("spark_batch.py", lab, archived.path, *SPARK_TABLES, *archived.hours),
        environment=spark_environment(),
    )


def run_duckdb(_lab, archived):
    """The totals of each hour by DuckDB, an hour after the other."""
    files = sorted(map(str, archived.path.rglob("*.parquet")))
    groups = [[file for file in files if f"/hour={hour}/" in file] for hour in range(len(archived.hours))]
    return query_duckdb(TOTALS, groups)


def run_duckdb_once(_lab, archived):
    """The totals of all hours by DuckDB in one scan."""
    return query_duckdb(TOTALS_OF_ALL_HOURS, [sorted(map(str, archived.path.rglob("*.parquet")))])


def query_duckdb(query, groups):
    """Runs a query for each group of files in this process, which had started and loaded DuckDB before."""
    before, begin = resource.getrusage(resource.RUSAGE_SELF), time.monotonic()
    with duckdb.connect(config={"threads": os.cpu_count()}) as database:
        for group in groups:
            database.sql(query, params=[group]).to_arrow_table()
    wall, after = time.monotonic() - begin, resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Usage(wall, cpu, None, "", os.getloadavg()[0])


WAYS = {
    "antenna": (run_antenna, TABLES),
    "DuckDB alone": (run_duckdb, None),
    "DuckDB alone, in one scan": (run_duckdb_once, None),
    "Spark": (run_spark, SPARK_TABLES),
}


def measure(lab, archived, name):
    """One run: its figures. Raises ServerError when the results are wrong."""
    way, tables = WAYS[name]
    for table in (tables or TABLES)[1:]:
        lab.query(f"TRUNCATE {table}")
    lab.query("CHECKPOINT")
    postgres = cpu_seconds(lab.postgres.pid())
    usage = way(lab, archived)
    postgres = cpu_seconds(lab.postgres.pid()) - postgres
    if tables:
        check(lab, archived, tables)
    return usage.figures | {"postgres_cpu": postgres if tables else None}


def run(bench):
    """Measures each way on one hour and on a day; returns the rows."""
    lab = bench.lab
    lab.query(CREATE_SPARK_TABLES)
    names = [name for name in WAYS if name != "Spark" or ("spark" in bench.systems and SYSTEMS["spark"].is_available())]
    rows = []
    for hours in (1,) if bench.quick else (1, 24):
        archived = archive(bench, hours)
        runs = {name: [] for name in names}
        for number in range(bench.runs):
            for name in names:
                print(f"{hours} hour(s): {name}, run {number + 1} of {bench.runs}", file=sys.stderr)
                runs[name].append(measure(lab, archived, name))
        rows += [{"hours": hours, "system": name, "messages": archived.load.sent, "runs": runs[name]} for name in names]
    return rows


def table(rows):
    """Columns and cells."""
    cells = []
    for row in rows:
        base = next(r for r in rows if r["hours"] == row["hours"] and r["system"] == "antenna")
        runs, postgres = row["runs"], median(row["runs"], "postgres_cpu")
        cells.append(
            [
                f"{row['messages']:,} rows in {row['hours']} hour(s), {row['system']}",
                with_spread(runs, "cpu", ".2f"),
                f"{median(runs, 'cpu') / median(base['runs'], 'cpu'):.2f}",
                with_spread(runs, "wall", ".2f"),
                with_spread(runs, "memory", ",.0f", 1e6),
                "" if postgres is None else f"{postgres:.2f}",
            ]
        )
    return ["", "CPU-s", "to antenna's", "wall s", "peak MB", "PostgreSQL CPU-s"], cells


def plots(rows):
    """Names and texts of the pictures."""
    hours = list(dict.fromkeys(row["hours"] for row in rows))
    values = {
        name: [
            next((median(r["runs"], "cpu") for r in rows if (r["hours"], r["system"]) == (hour, name)), None)
            for hour in hours
        ]
        for name in WAYS
    }
    return {"batch-cpu": bars("Batch: CPU-seconds (logarithmic)", [f"{hour} hour(s)" for hour in hours], values, ".2f")}
