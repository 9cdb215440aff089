"""Readers that know nothing of the program but its tables: psycopg for tables, pyarrow and DuckDB for Parquet."""

import collections
import csv
import datetime
import re

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from antenna_spark.tables import FIELDS, TOTALS

TYPES = {"time": pa.timestamp("us", tz="UTC"), "amount": pa.int64(), "id": pa.string(), "text": pa.string()}
SCHEMA = pa.schema([(field.name, TYPES[field.kind]) for field in FIELDS])

# Folders carry no zeros in front of their numbers.
PLACE = re.compile(
    r"year=([1-9]\d{3})/month=([1-9]|1[0-2])/day=([1-9]|[12]\d|3[01])/hour=(\d|1\d|2[0-3])/[^/]+\.parquet"
)


def list_files(root):
    """Paths of the archive's Parquet files below its data folder."""
    data = root / "data"
    return sorted(str(path.relative_to(data)) for path in data.rglob("*.parquet"))


def hour_of(place):
    """The hour that a file's folders name."""
    match = PLACE.fullmatch(place)
    assert match, f"{place} is not in the folder of an hour"
    return datetime.datetime(*map(int, match.groups()))


def read_file(path):
    """The rows of one file by pyarrow, after a look at its schema."""
    file = pq.ParquetFile(path)
    assert file.schema_arrow.remove_metadata().equals(SCHEMA), f"{path} has the schema\n{file.schema_arrow}"
    columns = file.read().to_pydict()
    columns["timestamp"] = [round(time.timestamp()) for time in columns["timestamp"]]
    return list(zip(*(columns[field.name] for field in FIELDS), strict=True))


def read_archive(root):
    """Rows by hour, each a Counter, of all files."""
    hours = collections.defaultdict(collections.Counter)
    for place in list_files(root):
        hours[hour_of(place)].update(read_file(root / "data" / place))
    return hours


def read_archive_by_duckdb(root):
    """All rows as a Counter, read by DuckDB without a hint."""
    if not list_files(root):
        return collections.Counter()
    with duckdb.connect() as connection:
        columns = ", ".join(field.name for field in FIELDS)
        rows = connection.execute(
            f"SELECT * REPLACE (epoch_us(timestamp) // 1000000 AS timestamp) FROM (SELECT {columns}"
            " FROM read_parquet($1, hive_partitioning = false))",
            [f"{root}/data/**/*.parquet"],
        ).fetchall()
    return collections.Counter(rows)


def sum_archive(root):
    """(date, type, id) -> bytes of 5-minute windows, and how many rows they are of, by DuckDB."""
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"CREATE VIEW rows AS SELECT * FROM read_parquet('{root}/data/**/*.parquet')")
        queries = [
            f"SELECT time_bucket(INTERVAL 5 MINUTES, timestamp::TIMESTAMP), '{total.label}', {total.fields[0]},"
            " sum(bytes)::BIGINT FROM rows GROUP BY ALL"
            for total in TOTALS
            if total.standard
        ]
        sums = connection.execute(" UNION ALL ".join(queries)).fetchall()
        [(count,)] = connection.execute("SELECT count(*) FROM rows").fetchall()
    return {tuple(row[:3]): row[3] for row in sums}, count


def read_totals(query, table="bytes"):
    """(date, type, id) -> value; fails when a key comes twice."""
    rows = query(f'SELECT date, type, id, value FROM "{table}"')
    totals = {tuple(row[:3]): row[3] for row in rows}
    assert len(totals) == len(rows), f"{table} has doubled rows"
    return totals


def read_ledger(path):
    """The simulator's ledger: {grain: {(date, type, id): value}}."""
    grains = collections.defaultdict(dict)
    with open(path, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            date = datetime.datetime.fromisoformat(row["date"]) if row["date"] else None
            grains[row["grain"]][date, row["type"], row["id"]] = int(row["value"])
    return grains
