"""Compares the ledger, `bytes`, `bytes_hourly` and the archive with readers that know nothing of the program."""

import collections
import csv
import dataclasses
import datetime

import duckdb

TYPES = {"antenna_bytes_total": "antenna_id", "app_bytes_total": "app", "user_bytes_total": "id"}


@dataclasses.dataclass
class Comparison:
    """The result of a comparison: bytes by source for each complete hour, the number of totals, and the differences."""

    hours: dict  # hour -> {source: bytes}
    compared: int
    differences: list  # (source, (date, type, id), expected, found)


def read_ledger(path):
    """The simulator's ledger: {grain: {(date, type, id): value}}, dates in UTC without a zone."""
    grains = collections.defaultdict(dict)
    with open(path, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            date = datetime.datetime.fromisoformat(row["date"]) if row["date"] else None
            grains[row["grain"]][date, row["type"], row["id"]] = int(row["value"])
    return grains


def read_table(connection, table):
    """The rows of a table of totals: {(date, type, id): value}."""
    rows = connection.execute(f"SELECT date, type, id, value FROM {table}")
    return {(date, kind, name): value for date, kind, name, value in rows}


def read_archive(folder):
    """Hourly totals of the Parquet files: {(hour, type, id): value}."""
    totals = {}
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for kind, column in TYPES.items():
            rows = connection.execute(
                f"SELECT date_trunc('hour', timestamp)::TIMESTAMP, {column}, sum(bytes)"
                " FROM read_parquet($1) GROUP BY ALL",
                [f"{folder}/**/*.parquet"],
            ).fetchall()
            totals.update({(hour, kind, name): int(value) for hour, name, value in rows})
    return totals


def by_hour(totals):
    """The same with windows summed up to hours."""
    sums = collections.Counter()
    for (date, kind, name), value in totals.items():
        sums[date.replace(minute=0), kind, name] += value
    return dict(sums)


def find_differences(source, expected, found):
    """Each total that one of the two lacks or has otherwise."""
    keys = sorted(expected.keys() | found.keys())
    return [(source, key, expected.get(key), found.get(key)) for key in keys if expected.get(key) != found.get(key)]


def add_ledgers(paths):
    """Several ledgers as one: their totals added up."""
    sums = collections.defaultdict(collections.Counter)
    for path in paths:
        for grain, totals in read_ledger(path).items():
            sums[grain].update(totals)
    return sums


def compare(connection, ledger_paths, archive, end):
    """Compares all windows, and all totals of the hours before `end`, one by one with the ledgers."""
    ledger = add_ledgers(ledger_paths)
    windows = read_table(connection, "bytes")
    hourly = {
        "ledger": ledger["hour"],
        "bytes": by_hour(windows),
        "bytes_hourly": read_table(connection, "bytes_hourly"),
        "archive": read_archive(archive),
    }
    sources = {
        source: {key: value for key, value in totals.items() if key[0] < end} for source, totals in hourly.items()
    }
    complete = sources["ledger"]
    differences = find_differences("bytes", ledger["5min"], windows)
    for source in ("bytes_hourly", "archive"):
        differences += find_differences(source, complete, sources[source])
    hours = collections.defaultdict(collections.Counter)
    for source, totals in sources.items():
        for (hour, kind, _), value in totals.items():
            if kind == "app_bytes_total":
                hours[hour][source] += value
    return Comparison(dict(sorted(hours.items())), len(ledger["5min"]) + 2 * len(complete), differences)
