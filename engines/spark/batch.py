"""The batch layer on Apache Spark: an hour's totals and its users over quota, from the archive, in one transaction.

Run by spark-submit (docs/spark.md), with the arguments of `antenna batch`. Running it again changes nothing.
"""

import pathlib
import time

from antenna_spark import command, events, postgres
from antenna_spark.command import MistakeError
from antenna_spark.events import total_bytes
from antenna_spark.staging import STAGING
from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import functions as F

ARCHIVE = "timestamp TIMESTAMP, id STRING, antenna_id STRING, bytes BIGINT, app STRING"

# A writer publishes a file within milliseconds of listing it.
PUBLISH_SECONDS = 2
LOOK_SECONDS = 0.02


def parse_arguments():
    """The command line."""
    return command.parser_of(
        "an hour's totals and its users over quota from the Parquet archive, on Apache Spark",
        ("storage-path", "folder that holds year=…: the speed layer's storage-root with /data behind it", pathlib.Path),
        ("hour", "a time within the hour, ISO-8601 with an offset: 2022-02-20T10:00:00Z", command.hour_of),
        ("jdbc-uri", "database: jdbc:postgresql://host:port/database"),
        ("user-metadata-table", "table of the users"),
        ("bytes-hourly-table", "table of the hourly totals"),
        ("user-quota-limit-table", "table of the users over their quota"),
        ("jdbc-user", "role to log in as"),
        ("jdbc-password", "its password, or -"),
    ).parse_args()


def find_file(storage_path, place):
    """The path of a listed file: in its place, or in the staging folder of a writer that could not publish it.

    Raises MistakeError.
    """
    path = storage_path / place
    give_up_at = time.monotonic() + PUBLISH_SECONDS
    while not path.exists():
        if time.monotonic() >= give_up_at:
            staging = storage_path.parent / STAGING
            for folder in ("*", "*/swap-*"):
                for found in staging.glob(f"{folder}/{path.name}"):
                    return found
            raise MistakeError(
                f'the archive\'s file "{path}" is missing',
                "give the storage-path that the speed layer writes, or put the file back",
            )
        time.sleep(LOOK_SECONDS)
    return path


def read_from_storage(session, paths):
    """The events of Parquet files, each with its file's name."""
    if not paths:
        return session.createDataFrame([], f"{ARCHIVE}, file STRING")
    reader = session.read.schema(ARCHIVE).option("recursiveFileLookup", True)  # folders are no columns
    return (
        reader.parquet(*(f"file://{path}" for path in paths))
        .select("*", "_metadata.file_name")
        .withColumnRenamed("file_name", "file")
    )


def check_files(rows, paths, listed):
    """Raises MistakeError when a file does not hold the rows and bytes that are listed."""
    sums = rows.groupBy("file").agg(F.count("*").alias("rows"), F.sum("bytes").alias("bytes")).collect()
    found = {row["file"]: (row["rows"], row["bytes"]) for row in sums}
    for path, (_, count, size) in zip(paths, listed, strict=True):
        if found.get(path.name) != (count, size):
            has_rows, has_bytes = found.get(path.name, (0, 0))
            raise MistakeError(
                f'"{path}" has {has_rows} rows and {has_bytes} bytes instead of the {count} and {size} that are listed',
                "put the file back from a backup",
            )


def hourly_total_bytes_antenna(rows, hour):
    """The hour's sums by antenna."""
    return total_bytes(rows, hour, "antenna_id", "antenna_bytes_total")


def hourly_total_bytes_app(rows, hour):
    """The hour's sums by app."""
    return total_bytes(rows, hour, "app", "app_bytes_total")


def hourly_total_bytes_user(rows, hour):
    """The hour's sums by user."""
    return total_bytes(rows, hour, "id", "user_bytes_total")


def users_with_exceeded_quota(database, hour):
    """Enriches the hour's users with their metadata and replaces those over quota, where both tables are.

    Returns their number and that of users without metadata.
    """
    return database.replace_exceeded(hour)


def run_hour(session, arguments, database):
    """Replaces the hour's totals and offenders; returns a report. The session keeps other runs of the hour out."""
    hour = arguments.hour
    database.hold_hour(hour)
    listed = database.hour_files(hour)
    paths = [find_file(arguments.storage_path.absolute(), place) for place, _, _ in listed]
    rows = read_from_storage(session, paths).persist()
    check_files(rows, paths, listed)
    begin = F.lit(events.seconds_of(hour))
    sums = hourly_total_bytes_antenna(rows, begin).union(hourly_total_bytes_app(rows, begin))
    totals = sums.union(hourly_total_bytes_user(rows, begin)).orderBy("label", "id").persist()
    written = totals.count()  # so that the transaction waits for nothing
    count, size = sum(file[1] for file in listed), sum(file[2] for file in listed)
    with database.transaction():
        database.replace_totals(hour, events.sorted_rows(totals), events.LABELS)
        exceeded, unknown = users_with_exceeded_quota(database, hour)
        database.note_batch(hour, count, size)
    provisional = "" if database.is_sealed(hour) else " (provisional: more is expected)"
    return (
        f"{hour.isoformat()}Z{provisional}: {len(listed)} files, {count} rows, {size} bytes; {written} totals,"
        f" {exceeded} users over quota, {unknown} without metadata"
    )


def batch(session, arguments):
    """Runs the job."""
    if not arguments.storage_path.is_dir():
        raise MistakeError(
            f'the storage-path "{arguments.storage_path}" is no folder',
            "give the folder that holds year=…: the speed layer's storage-root with /data behind it",
        )
    tables = {
        "user_metadata": arguments.user_metadata_table,
        "bytes_hourly": arguments.bytes_hourly_table,
        "user_quota_limit": arguments.user_quota_limit_table,
    }
    try:
        with postgres.connected(arguments, tables) as database:
            print(run_hour(session, arguments, database))
    except (PySparkException, Py4JJavaError) as error:
        raise MistakeError(f"could not read the archive: {error}") from error


if __name__ == "__main__":
    parsed = parse_arguments()
    command.run(batch, events.open_session("antenna-batch"), parsed)
