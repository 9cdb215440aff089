"""Parquet files as other programs write them, and the hour that is made of them."""

import datetime

import pyarrow as pa
import pyarrow.parquet as pq

HOUR = datetime.datetime(2022, 2, 20, 10)
UTC_TIME = pa.timestamp("us", "UTC")


def micros(moment):
    """A moment of UTC as Parquet counts it."""
    return int(moment.replace(tzinfo=datetime.UTC).timestamp()) * 1_000_000


def event_columns(moments, users=None, sizes=None):
    """The five columns of events at these moments: 100 bytes of user u each, unless it is told."""
    count = len(moments)
    return {
        "timestamp": pa.array([moment if moment is None else micros(moment) for moment in moments], UTC_TIME),
        "id": pa.array(users or ["u"] * count, pa.string()),
        "antenna_id": pa.array(["a"] * count, pa.string()),
        "bytes": pa.array(sizes or [100] * count, pa.int64()),
        "app": pa.array(["SKYPE"] * count, pa.string()),
    }


def write(data, columns, folder="year=2022/month=2/day=20/hour=10", name="part-0000.snappy.parquet", **options):
    """Writes columns to a file in a folder of an archive."""
    path = data / folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path, **options)
    return path


def folder_of(hour, padded=False):
    """The folder of an hour, with zeros before its numbers or without."""
    width = 2 if padded else 1
    return f"year={hour.year}/month={hour.month:0{width}}/day={hour.day:0{width}}/hour={hour.hour:0{width}}"


def amounts(case, kind="user_bytes_total"):
    """The hourly totals of a kind: {hour: {id: bytes}}."""
    found = {}
    for (hour, label, name), value in case.totals("bytes_hourly").items():
        if label == kind:
            found.setdefault(hour, {})[name] = value
    return found
