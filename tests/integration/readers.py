"""Readers that know nothing of the program: psycopg for tables, pyarrow and DuckDB for Parquet."""

import collections
import csv
import datetime
import re

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

SCHEMA = pa.schema(
    [
        ("timestamp", pa.timestamp("us", tz="UTC")),
        ("id", pa.string()),
        ("antenna_id", pa.string()),
        ("bytes", pa.int64()),
        ("app", pa.string()),
    ]
)

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
    seconds = [round(time.timestamp()) for time in columns["timestamp"]]
    return list(zip(seconds, columns["id"], columns["antenna_id"], columns["bytes"], columns["app"], strict=True))


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
        rows = connection.execute(
            "SELECT epoch_us(timestamp) // 1000000, id, antenna_id, bytes, app FROM read_parquet($1)",
            [f"{root}/data/**/*.parquet"],
        ).fetchall()
    return collections.Counter(rows)


def sum_archive(root):
    """(date, type, id) -> bytes of 5-minute windows, and how many rows they are of, by DuckDB."""
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"CREATE VIEW rows AS SELECT * FROM read_parquet('{root}/data/**/*.parquet')")
        sums = connection.execute(
            """
            SELECT time_bucket(INTERVAL 5 MINUTES, timestamp::TIMESTAMP) AS date, type, name, sum(bytes)::BIGINT
            FROM (
                UNPIVOT (SELECT timestamp, bytes, antenna_id AS antenna_bytes_total, id AS user_bytes_total,
                         app AS app_bytes_total FROM rows)
                ON antenna_bytes_total, user_bytes_total, app_bytes_total INTO NAME type VALUE name
            ) GROUP BY ALL
            """
        ).fetchall()
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
