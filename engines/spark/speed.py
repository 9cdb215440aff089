"""The speed layer on Apache Spark: 5-minute totals in PostgreSQL and the Parquet archive, exactly once.

Run by spark-submit (docs/spark.md), with the arguments of `antenna speed`. It goes on where the job stands in
antenna.progress, whichever engine wrote that, and each micro-batch is one transaction there: totals, rejected
messages, the list of its files, and both offsets. Spark's checkpoint only numbers the micro-batches of one claim and is
thrown away.
"""

import collections
import contextlib
import datetime
import json
import pathlib
import shutil
import tempfile
import threading
import time

from antenna_spark import command, events, postgres, record, staging
from antenna_spark.claim import claim_partitions
from antenna_spark.command import CommandError, MistakeError, WorldError
from antenna_spark.events import at, parse_json_data, start_of, total_bytes
from antenna_spark.kafka import Topic
from antenna_spark.postgres import Step
from pyspark.errors import StreamingQueryException
from pyspark.sql import Window
from pyspark.sql import functions as F

POLL = "1 second"
IDLE_SECONDS = 5
PAUSE_SECONDS = 5

# Of one reason and minute of the clock, as many rejected messages are kept.
KEPT_PER_MINUTE = 100

UNKNOWN_TIME = at(0)


def parse_arguments():
    """The command line."""
    parser = command.parser_of(
        "5-minute totals in PostgreSQL and the Parquet archive, exactly once, on Apache Spark",
        ("kafka-server", "bootstrap servers, separated by commas"),
        ("topic", "topic of the events"),
        ("jdbc-uri", "database: jdbc:postgresql://host:port/database"),
        ("jdbc-table", "table of the 5-minute totals"),
        ("jdbc-user", "role to log in as"),
        ("jdbc-password", "its password, or -"),
        ("storage-root", "folder of the archive, the same on all machines of the cluster"),
    )
    add = parser.add_argument
    add("--job", default="antenna-speed", metavar="NAME", help="name of the job: the key of its progress (%(default)s)")
    add("--until-end", action="store_true", help="stop when all that the topic held at the start is written")
    add("--roll-rows", type=int, default=10_000_000, metavar="N", help="most messages of a micro-batch (%(default)s)")
    add("--roll-age", type=command.duration, default="1m", metavar="TIME", help="longest wait for one (%(default)s)")
    add(
        "--max-future",
        type=command.duration,
        default="1h",
        metavar="TIME",
        help="reject events dated further ahead of their arrival (%(default)s)",
    )
    add("--max-bytes", type=int, default=record.BIGINT_MAX, metavar="N", help="reject events that carry more bytes")
    add(
        *("-X", "--kafka-property"),
        type=command.kafka_property,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a property of Kafka's Java client; may be given several times",
    )
    return parser.parse_args()


def read_from_kafka(session, topic, claims, arguments):
    """The topic's messages as a stream of micro-batches, from where the archive stands in each partition."""
    offsets = {topic.name: {str(claim.partition): claim.archive_offset for claim in claims.values()}}
    stream = (
        session.readStream.format("kafka")
        .options(**{f"kafka.{name}": value for name, value in topic.properties.items()})
        .option("kafka.bootstrap.servers", topic.server)
        .option("subscribe", topic.name)
        .option("startingOffsets", json.dumps(offsets))
        .option("maxOffsetsPerTrigger", arguments.roll_rows)
    )
    if not arguments.until_end:
        stream = stream.option("minOffsetsPerTrigger", arguments.roll_rows)
        stream = stream.option("maxTriggerDelay", f"{arguments.roll_age * 1000:.0f}ms")
    return stream.load()


def total_bytes_antenna(valid):
    """The windows' sums by antenna."""
    return total_bytes(valid, start_of(record.WINDOW_SECONDS), "antenna_id", "antenna_bytes_total")


def total_bytes_app(valid):
    """The windows' sums by app."""
    return total_bytes(valid, start_of(record.WINDOW_SECONDS), "app", "app_bytes_total")


def total_bytes_user(valid):
    """The windows' sums by user."""
    return total_bytes(valid, start_of(record.WINDOW_SECONDS), "id", "user_bytes_total")


def lacks_total(claims):
    """Whether a message is not yet totalled, which one that another run did not archive may be."""
    condition = F.lit(True)
    for claim in claims.values():
        if claim.totals_offset > claim.archive_offset:
            passed = (F.col("partition") == claim.partition) & (F.col("offset") < claim.totals_offset)
            condition = condition & ~passed
    return condition


def sum_partitions(decoded):
    """{partition: counts and sums of its messages, and the event time that it has reached}."""
    valid, to_total = F.col("reason").isNull(), F.col("to_total")
    # A device whose clock is ahead tells no more than its arrival.
    reached = F.when(F.col("arrival") >= 0, F.least("timestamp", "arrival")).otherwise(F.col("timestamp"))
    rows = decoded.groupBy("partition").agg(
        F.count_if(valid & to_total).alias("totalled"),
        F.count_if(~valid & to_total).alias("rejected"),
        F.sum(F.when(to_total, F.col("bytes"))).alias("bytes_totalled"),
        F.max(F.when(to_total, reached)).alias("totalled_until"),
        F.count_if(valid).alias("archived"),
        F.sum("bytes").alias("bytes_archived"),
        F.max(reached).alias("archived_until"),
    )
    return {row["partition"]: row for row in rows.collect()}


def write_to_storage(valid, folder, number):
    """Writes the events as Parquet files to the staging folder, one for each hour and partition; returns their rows of
    the archive's list by name.
    """
    scratch = folder.scratch / str(number)
    rows = valid.withColumn("hour", start_of(record.HOUR_SECONDS))
    folders = ["hour", "partition"]
    timed = rows.withColumn("timestamp", F.timestamp_seconds("timestamp")).select(*events.FIELDS, *folders)
    timed.write.partitionBy(*folders).parquet(f"file://{scratch}", compression="zstd")
    contents = rows.groupBy(*folders).agg(
        F.count("*").alias("rows"),
        F.sum("bytes").alias("bytes"),
        F.min("timestamp").alias("first"),
        F.max("timestamp").alias("last"),
        F.min("offset").alias("first_offset"),
        F.max("offset").alias("last_offset"),
    )
    files = {}
    for row in contents.orderBy(*folders).collect():
        # One task has all messages of a partition, and so writes one file.
        (path,) = scratch.glob(f"hour={row['hour']}/partition={row['partition']}/*.parquet")
        name = folder.take_in(path, at(row["hour"]))
        offsets = json.dumps({str(row["partition"]): [row["first_offset"], row["last_offset"]]})
        times = at(row["first"]), at(row["last"])
        size = (folder.folder / name).stat().st_size
        files[name] = (staging.place_of(name), at(row["hour"]), row["rows"], row["bytes"], *times, size, offsets)
    staging.sync(folder.folder)
    shutil.rmtree(scratch)
    return files


class Writer:
    """Writes the micro-batches of one claim, and notes when there are none."""

    def __init__(self, arguments, topic, folder, database, claims):
        """`claims`: {partition: Claim}."""
        self.checkpoint = None  # folder of the query's checkpoint
        self.failure = None  # of the last micro-batch
        self._arguments = arguments
        self._key = (arguments.job, arguments.topic)
        self._topic = topic
        self._folder = folder
        self._database = database
        self._claims = claims
        self._kept = collections.Counter()  # rejected messages by (minute, reason)
        self._lock = threading.Lock()  # the query's thread writes, the main thread notes

    def write(self, messages, number):
        """Writes one micro-batch: the function for foreachBatch."""
        with self._lock:
            try:
                self._write(messages, number)
            except Exception as error:
                self.failure = error
                raise

    def _ends_of(self, number):
        """{partition: the offset before which a micro-batch ends}, beyond its last message where markers follow it.

        Spark writes it down before it begins: version, metadata, and a line for each source.
        """
        lines = (self.checkpoint / "offsets" / str(number)).read_text().splitlines()
        ends = {int(partition): end for partition, end in json.loads(lines[2])[self._topic.name].items()}
        if not ends.keys() <= self._claims.keys():
            raise WorldError(f'topic "{self._topic.name}" has new partitions')
        return ends

    def _steps(self, ends, sums):
        """The steps of the totals and those of the archive."""
        extents = self._topic.extents()
        totals, archive = [], []
        for partition, end in sorted(ends.items()):
            claim, row = self._claims[partition], sums.get(partition)
            place = (partition, claim.epoch, end)
            if end > claim.totals_offset:
                counts = (row["totalled"], row["rejected"], row["bytes_totalled"] or 0) if row else (0, 0, 0)
                until = at(row["totalled_until"] or 0) if row else UNKNOWN_TIME
                totals.append(Step(*place, *counts, until, extents[partition].end))
            if end > claim.archive_offset:
                counts = (row["archived"], 0, row["bytes_archived"] or 0) if row else (0, 0, 0)
                until = at(row["archived_until"] or 0) if row else UNKNOWN_TIME
                archive.append(Step(*place, *counts, until, extents[partition].end))
        return totals, archive

    def _write(self, messages, number):
        ends = self._ends_of(number)
        limits = record.Limits(int(self._arguments.max_future), self._arguments.max_bytes)
        decoded = parse_json_data(messages, limits).withColumn("to_total", lacks_total(self._claims)).persist()
        valid = decoded.where("reason IS NULL")
        new = valid.where("to_total")
        totals = total_bytes_antenna(new).union(total_bytes_app(new)).union(total_bytes_user(new))
        totals = totals.orderBy("label", "start", "id").persist()
        try:
            steps = self._steps(ends, sum_partitions(decoded))
            files = write_to_storage(valid, self._folder, number)
            totals.count()  # so that the transaction waits for nothing
            self.write_to_postgres(steps, totals, decoded, files)
        finally:
            totals.unpersist()
            decoded.unpersist()
        for name in files:
            self._folder.publish(name)
        self._claims |= {
            partition: self._claims[partition]._replace(
                archive_offset=end, totals_offset=max(end, self._claims[partition].totals_offset)
            )
            for partition, end in ends.items()
        }

    def write_to_postgres(self, steps, totals, decoded, files):
        """One transaction, which changes nothing when the partitions are no longer ours."""
        to_totals, to_archive = steps
        rejected = (
            decoded.where("reason IS NOT NULL AND to_total") if any(step.rejected for step in to_totals) else None
        )
        counts, kept = self._look_at(rejected) if rejected else ({}, [])
        minute = datetime.datetime.now(datetime.UTC).replace(tzinfo=None, second=0, microsecond=0)
        with self._database.transaction():
            self._database.advance_totals(self._key, to_totals)
            self._database.advance_archive(self._key, to_archive)
            self._database.add_totals(events.sorted_rows(totals), events.LABELS)
            self._database.count_rejected(self._key, minute, counts)
            self._database.keep_rejected(self._key, self._choose(kept, minute))
            self._database.list_files(self._key, self._folder.token, list(files.values()))

    def _look_at(self, rejected):
        """{reason: how many}, and the first of each reason."""
        counts = {row["reason"]: row["count"] for row in rejected.groupBy("reason").count().collect()}
        place = F.row_number().over(Window.partitionBy("reason").orderBy("partition", "offset"))
        first = rejected.withColumn("place", place).where(F.col("place") <= KEPT_PER_MINUTE)
        columns = ("partition", "offset", "reason", "detail", "position", "payload", "size")
        return counts, [tuple(row) for row in first.select(*columns).collect()]

    def _choose(self, messages, minute):
        """Those that are still to be kept in this minute."""
        chosen = []
        for message in messages:
            reason = message[2]
            if self._kept[minute, reason] < KEPT_PER_MINUTE:
                self._kept[minute, reason] += 1
                chosen.append((*message[:5], bytes(message[5]), message[6]))
        return chosen

    def note_idle(self):
        """Notes which partitions are archived to their end: their hours are complete but for late events."""
        with self._lock:
            now = datetime.datetime.now(datetime.UTC).replace(tzinfo=None)  # before Kafka is asked
            try:
                ends = self._topic.ends()
            except WorldError:
                return
            idle = [
                Step(claim.partition, claim.epoch, claim.archive_offset, 0, 0, 0, now, claim.archive_offset)
                for claim in self._claims.values()
                if ends[claim.partition] == claim.archive_offset
            ]
            if idle:
                self._database.note_idle(self._key, idle)


def read_claimed(session, arguments, topic, folder):
    """Claims the partitions and writes what they hold, until the end or the first trouble."""
    with (
        postgres.connected(arguments, {"bytes": arguments.jdbc_table}) as database,
        tempfile.TemporaryDirectory(prefix="antenna-spark-", ignore_cleanup_errors=True) as checkpoint,
    ):
        claims = claim_partitions(database, topic, arguments, folder)
        writer = Writer(arguments, topic, folder, database, claims)
        writer.checkpoint = pathlib.Path(checkpoint)
        query = (
            read_from_kafka(session, topic, claims, arguments)
            .writeStream.foreachBatch(writer.write)
            .option("checkpointLocation", f"file://{checkpoint}")
            .trigger(**({"availableNow": True} if arguments.until_end else {"processingTime": POLL}))
            .start()
        )
        try:
            while not query.awaitTermination(IDLE_SECONDS):
                writer.note_idle()
        except StreamingQueryException as error:
            if isinstance(writer.failure, CommandError):
                raise writer.failure from error
            if "ARITHMETIC_OVERFLOW" in str(error):
                raise MistakeError(
                    "a sum of bytes exceeds what BIGINT holds", "--max-bytes rejects absurd events"
                ) from error
            raise CommandError(f"Spark's query failed: {writer.failure or error}") from error
        finally:
            query.stop()
        writer.note_idle()


def speed(session, arguments):
    """Runs the job."""
    topic = Topic(session, arguments.kafka_server, arguments.topic, dict(arguments.kafka_property))
    with contextlib.closing(topic), staging.open_staging(arguments.storage_root) as folder:
        with postgres.connected(arguments, {}) as database:
            starts = [extent.first for extent in topic.extents().values()]
            database.begin_progress((arguments.job, arguments.topic), starts)
        while True:
            try:
                return read_claimed(session, arguments, topic, folder)
            except WorldError as trouble:
                command.say("warning", f"waits and will try again: {trouble}")
            time.sleep(PAUSE_SECONDS)


if __name__ == "__main__":
    parsed = parse_arguments()
    command.run(speed, events.open_session("antenna-speed"), parsed)
