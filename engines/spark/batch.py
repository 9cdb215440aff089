"""The batch layer on Apache Spark: an hour's totals and its users over quota, from the archive, in one transaction.

Run by spark-submit (docs/spark.md), with the arguments of `antenna batch`. Running it again changes nothing.
"""

import time

from antenna_spark import command, events, identity, postgres, staging, tables
from antenna_spark.command import MistakeError
from antenna_spark.events import total_all
from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import functions as F

# A file that was written before a field was has NULL in its column.
TYPES = {"time": "TIMESTAMP", "amount": "BIGINT"}
ARCHIVE = ", ".join(f"{field.name} {TYPES.get(field.kind, 'STRING')}" for field in tables.FIELDS)

# A writer publishes a file within milliseconds of listing it.
PUBLISH_SECONDS = 2
LOOK_SECONDS = 0.02

# An hour whose files move while they are read is read again.
READ_ATTEMPTS = 3


class MovedError(Exception):
    """A file has left the place where it was found: its writer, or whoever recovers its folder, has published it."""


def parse_arguments():
    """The command line."""
    parser = command.parser_of(
        "an hour's totals and its users over quota from the Parquet archive, on Apache Spark",
        (
            "storage-path",
            "folder that holds year=…: the speed layer's storage-root with /data behind it",
            command.local_path,
        ),
        ("hour", "a time within the hour, ISO-8601 with an offset: 2022-02-20T10:00:00Z", command.hour_of),
        ("jdbc-uri", "database: jdbc:postgresql://host:port/database"),
        ("user-metadata-table", "table of the users"),
        ("bytes-hourly-table", "table of the hourly totals"),
        ("user-quota-limit-table", "table of the users over their quota"),
        ("jdbc-user", "role to log in as"),
        ("jdbc-password", "its password, or -"),
    )
    choices = {"choices": ["hour", "now"], "default": "hour"}
    parser.add_argument("--quota-as-of", **choices, help="quota in force when the hour began, or the present one")
    parser.add_argument("--allow-less", action="store_true", help="replace the hour's totals by smaller ones, or none")
    return parser.parse_args()


def find_listed(storage_path, place):
    """The path of a listed file: in its place, or in the staging folder of a writer that could not publish it.

    Raises MistakeError.
    """
    give_up_at = time.monotonic() + PUBLISH_SECONDS
    while not (path := storage_path / place).exists() and time.monotonic() < give_up_at:
        time.sleep(LOOK_SECONDS)
    if found := staging.find_file(storage_path, place):
        return found
    raise MistakeError(
        f'the archive\'s file "{path}" is missing',
        "give the storage-path that the speed layer writes, or put the file back",
    )


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


def users_with_exceeded_quota(database, hour, as_of_now):
    """Enriches the hour's users with their metadata and replaces those over quota, where both tables are.

    Returns their number and that of users without metadata.
    """
    return database.replace_exceeded(hour, as_of_now)


def read_hour(session, arguments, database, kinds):
    """The sums of an hour's listed files, and what the list says of them: (totals, files, rows, bytes)."""
    listed = database.hour_files(arguments.hour)
    paths = [find_listed(arguments.storage_path.absolute(), place) for place, _, _ in listed]
    try:
        rows = read_from_storage(session, paths).persist()
        check_files(rows, paths, listed)
        begin = F.lit(events.seconds_of(arguments.hour))
        totals = total_all(rows, begin, kinds).orderBy("label", "id").persist()
        totals.count()  # so that the transaction waits for nothing
    except (PySparkException, Py4JJavaError, MistakeError) as error:
        if not all(path.exists() for path in paths):
            raise MovedError from error
        raise
    return totals, len(listed), sum(file[1] for file in listed), sum(file[2] for file in listed)


def read_until_still(session, arguments, database, kinds):
    """As read_hour(), again when a file has moved meanwhile."""
    for left in reversed(range(READ_ATTEMPTS)):
        try:
            return read_hour(session, arguments, database, kinds)
        except MovedError as error:
            if not left:
                raise error.__cause__ from None


def run_hour(session, arguments, database):
    """Replaces the hour's totals and users over quota; returns a report. The session keeps other runs of it out."""
    hour = arguments.hour
    database.hold_hour(hour)
    database.refuse_pruned(hour)
    counted, sealed = database.count_rows(hour), database.is_sealed(hour)
    kinds = database.totals()
    totals, files, count, size = read_until_still(session, arguments, database, kinds)
    written = totals.count()
    with database.transaction():
        rows = events.sorted_rows(totals)
        if not arguments.allow_less:
            database.refuse_less(hour, count, size, counted)
            rows = database.refuse_decreases(hour, rows, events.labels(kinds))
        database.replace_totals(hour, rows, events.labels(kinds))
        database.check_hour(hour, written, kinds, count, size)
        exceeded, unknown = users_with_exceeded_quota(database, hour, arguments.quota_as_of == "now")
        if count:  # as users_with_exceeded_quota() of src/batch/hour.c
            database.write_notices(hour, arguments.quota_as_of == "now", sealed)
        database.hold_totals(kinds)
        database.note_batch(hour, count, size)
    provisional = "" if sealed else " (provisional: more is expected)"
    return (
        f"{hour.isoformat()}Z{provisional}: {files} files, {count} rows, {size} bytes; {written} totals,"
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
            identity.check_identity(database, arguments.storage_path.absolute(), is_writer=False)
            print(run_hour(session, arguments, database))
    except (PySparkException, Py4JJavaError) as error:
        raise MistakeError(f"could not read the archive: {error}") from error


if __name__ == "__main__":
    command.run(batch, events.open_session, parse_arguments())
