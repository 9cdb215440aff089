"""The speed layer on Apache Spark: window totals in PostgreSQL and the Parquet archive, exactly once.

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

from antenna_spark import command, events, full_hours, identity, postgres, record, staging
from antenna_spark.claim import check_topic, claim_partitions
from antenna_spark.command import CommandError, MistakeError, OutOfRangeError, WorldError
from antenna_spark.events import at, parse_json_data, start_of, total_all
from antenna_spark.kafka import RecreatedError, Topic
from antenna_spark.postgres import Step
from pyspark.errors import StreamingQueryException
from pyspark.sql import Window
from pyspark.sql import functions as F

POLL = "1 second"
LOOK_SECONDS = 2
PAUSE_SECONDS = 5

# Of one reason and minute of the clock, as many rejected messages are kept.
KEPT_PER_MINUTE = 100

UNKNOWN_TIME = at(0)


def parse_arguments():
    """The command line."""
    parser = command.parser_of(
        "window totals in PostgreSQL and the Parquet archive, exactly once, on Apache Spark",
        ("kafka-server", "bootstrap servers, separated by commas"),
        ("topic", "topic of the events"),
        ("jdbc-uri", "database: jdbc:postgresql://host:port/database"),
        ("jdbc-table", "table of the window totals"),
        ("jdbc-user", "role to log in as"),
        ("jdbc-password", "its password, or -"),
        ("storage-root", "folder of the archive, the same on all machines of the cluster", command.local_path),
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
    add("--max-bytes", type=int, default=record.BYTES_MAX, metavar="N", help="reject events that carry more bytes")
    add(
        "--accept",
        type=command.words_of(record.ACCEPTABLE),
        action="extend",
        default=[],
        metavar="|".join(record.ACCEPTABLE),
        help="also accept what the Spark job counts, separated by commas; may be given several times",
    )
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
    """The topic's messages as a stream of micro-batches, from where the job stands in each partition."""
    offsets = {topic.name: {str(claim.partition): claim.next_offset for claim in claims.values()}}
    stream = (
        session.readStream.format("kafka")
        .options(**{f"kafka.{name}": value for name, value in topic.properties.items()})
        .option("kafka.bootstrap.servers", topic.server)
        .option("subscribe", topic.name)
        .option("startingOffsets", json.dumps(offsets))
        .option("failOnDataLoss", True)
        .option("maxOffsetsPerTrigger", arguments.roll_rows)
    )
    if not arguments.until_end:
        stream = stream.option("minOffsetsPerTrigger", arguments.roll_rows)
        stream = stream.option("maxTriggerDelay", f"{arguments.roll_age * 1000:.0f}ms")
    return stream.load()


def is_beyond(offsets):
    """Whether a message lies at or beyond its partition's offset: {partition: offset}. Another run may have written one
    that is read again for the totals or for the archive only.
    """
    condition = F.lit(True)
    for partition, offset in offsets.items():
        condition = condition & ~((F.col("partition") == partition) & (F.col("offset") < offset))
    return condition


def mark_sides(decoded, claims):
    """Adds the columns to_total and to_archive: whether a message is yet to be totalled, and to be archived."""
    ahead = [claim for claim in claims.values() if claim.totals_offset != claim.archive_offset]
    return decoded.withColumn("to_total", is_beyond({c.partition: c.totals_offset for c in ahead})).withColumn(
        "to_archive", is_beyond({c.partition: c.archive_offset for c in ahead})
    )


def sum_partitions(decoded, latest):
    """{partition: counts and sums of its messages, and the event time that it has reached}.

    An event later than `latest`, in seconds, shows nothing: ahead of our clock it would seal hours that are unread.
    """
    valid, to_total, to_archive = F.col("reason").isNull(), F.col("to_total"), F.col("to_archive")
    # A device whose clock is ahead proves no more than its arrival. A rejected message proves nothing: its timestamp is
    # NULL, which least() would skip.
    size = F.col("bytes").cast("decimal(38,0)")  # those of many hours may exceed BIGINT together
    limited = F.when(F.col("arrival") >= 0, F.least("timestamp", "arrival")).otherwise(F.col("timestamp"))
    reached = F.when(valid & (limited <= latest), limited)
    rows = decoded.groupBy("partition").agg(
        F.count_if(valid & to_total).alias("totalled"),
        F.count_if(~valid & to_total).alias("rejected"),
        F.sum(F.when(to_total, size)).alias("bytes_totalled"),
        F.max(F.when(to_total, reached)).alias("totalled_until"),
        F.count_if(valid & to_archive).alias("archived"),
        F.sum(F.when(to_archive, size)).alias("bytes_archived"),
        F.max(F.when(to_archive, reached)).alias("archived_until"),
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
    # A batch that is read again, as after a sum that was out of range, finds what its first attempt has left.
    timed.write.mode("overwrite").partitionBy(*folders).parquet(f"file://{scratch}", compression="zstd")
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
        # One task has all messages of a partition, and so writes one file (settings.py).
        paths = [*scratch.glob(f"hour={row['hour']}/partition={row['partition']}/*.parquet")]
        if len(paths) != 1:
            raise CommandError(f"Spark wrote {len(paths)} files instead of 1 of an hour and partition")
        (path,) = paths
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

    def __init__(self, arguments, topic, folder, database, claims, *, counted):
        """`claims`: {partition: Claim}; `counted`: what is counted."""
        self.careful = False  # a sum was out of range: from now on each event needs room in its hour
        self.checkpoint = None  # folder of the query's checkpoint
        self.failure = None  # of the last micro-batch
        self._arguments = arguments
        self._key = (arguments.job, arguments.topic)
        self._topic = topic
        self._folder = folder
        self._database = database
        self._claims = claims
        self._counted = counted
        self._refused = database.find_refused(self._key, list(claims.values()))
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
            if end > claim.totals_offset:
                counts = (row["totalled"], row["rejected"], int(row["bytes_totalled"] or 0)) if row else (0, 0, 0)
                until = at(row["totalled_until"] or 0) if row else UNKNOWN_TIME
                totals.append(
                    Step(partition, claim.epoch, claim.totals_offset, end, *counts, until, extents[partition].end)
                )
            if end > claim.archive_offset:
                counts = (row["archived"], 0, int(row["bytes_archived"] or 0)) if row else (0, 0, 0)
                until = at(row["archived_until"] or 0) if row else UNKNOWN_TIME
                archive.append(
                    Step(partition, claim.epoch, claim.archive_offset, end, *counts, until, extents[partition].end)
                )
        return totals, archive

    def _write(self, messages, number):
        ends = self._ends_of(number)
        limits = record.Limits.of(self._arguments)
        decoded = mark_sides(parse_json_data(messages, limits), self._claims)
        decoded = full_hours.reject(decoded, self._refused).persist()
        refused = (
            full_hours.find_exceeding(decoded.where("reason IS NULL AND to_total"), self._database)
            if self.careful
            else []
        )
        decoded = full_hours.reject(decoded, refused)
        valid = decoded.where("reason IS NULL")
        new = valid.where("to_total")
        window, kinds = self._counted
        totals = total_all(new, start_of(window), kinds).orderBy("label", "start", "id").persist()
        try:
            steps = self._steps(ends, sum_partitions(decoded, time.time() + limits.max_future))
            identity.look(self._folder.data, self._folder.archive_id)
            files = write_to_storage(valid.where("to_archive"), self._folder, number)
            totals.count()  # so that the transaction waits for nothing
            check_topic(self._database, self._key, self._topic)  # what was read is of the topic that was claimed
            self.write_to_postgres(steps, totals, decoded, files, full_hours.kept(messages, refused))
        finally:
            totals.unpersist()
            decoded.unpersist()
        for name in files:
            self._folder.publish(name)
        self._claims |= {
            partition: self._claims[partition]._replace(
                archive_offset=max(end, self._claims[partition].archive_offset),
                totals_offset=max(end, self._claims[partition].totals_offset),
            )
            for partition, end in ends.items()
        }

    def write_to_postgres(self, steps, totals, decoded, files, refused):
        """One transaction, which changes nothing when the partitions are no longer ours."""
        to_totals, to_archive = steps
        rejected = (
            decoded.where("reason IS NOT NULL AND to_total") if any(step.rejected for step in to_totals) else None
        )
        counts, kept = self._look_at(rejected) if rejected else ({}, [])
        minute = datetime.datetime.now(datetime.UTC).replace(tzinfo=None, second=0, microsecond=0)
        with self._database.transaction():
            self._database.hold_files(self._folder.token)
            self._database.advance_totals(self._key, to_totals)
            self._database.advance_archive(self._key, to_archive)
            hours = self._database.add_totals(events.sorted_rows(totals), events.labels(self._counted.totals))
            self._database.count_rejected(self._key, minute, counts)
            self._database.keep_rejected(self._key, self._choose(kept, minute) + refused)
            self._database.count_hours(hours)
            self._database.list_files(self._key, list(files.values()))

    def _look_at(self, rejected):
        """{reason: how many}, and the first of each reason."""
        counts = {row["reason"]: row["count"] for row in rejected.groupBy("reason").count().collect()}
        place = F.row_number().over(Window.partitionBy("reason").orderBy("partition", "offset"))
        first = rejected.where(F.col("reason") != full_hours.REASON).withColumn("place", place)
        first = first.where(F.col("place") <= KEPT_PER_MINUTE)
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

    def look(self):
        """Checks that the topic is the same and that PostgreSQL takes changes. Notes which partitions are archived to
        their end: their hours are complete except for late events. Raises CommandError.
        """
        with self._lock:
            try:
                check_topic(self._database, self._key, self._topic)
            except RecreatedError:
                raise
            except CommandError:  # no answer: the query itself notices
                pass
            identity.look(self._folder.data, self._folder.archive_id)
            self._database.check_writing()
            self._database.check_owned(self._key, list(self._claims.values()))
            now = datetime.datetime.now(datetime.UTC).replace(tzinfo=None)  # before Kafka is asked
            try:
                ends = self._topic.ends()
            except WorldError:
                return
            idle = [
                claim
                for claim in self._claims.values()
                if ends[claim.partition] == claim.archive_offset == claim.totals_offset
            ]
            if idle:
                self._database.note_idle(self._key, idle, now)


# Words of failures that pass, or that the next claim explains: the executors' disk is full, Kafka does not answer, or
# Kafka no longer holds the messages.
PASSING = (
    "No space left on device",
    "Disk quota exceeded",
    "errors.TimeoutException",
    "data may have been lost",
    "errors.UnknownTopicOrPartitionException",
)


def failure_of_query(error, cause):
    """The error of ours for a query that ended. `cause`: what the writer raised, or None."""
    if isinstance(cause, CommandError):
        return cause
    if "ARITHMETIC_OVERFLOW" in str(error):
        return OutOfRangeError("a sum of bytes exceeds BIGINT", "reject absurd events with --max-bytes")
    if isinstance(cause, OSError) or any(words in str(error) for words in PASSING):
        return WorldError(f"Spark's query failed: {cause or error}")
    return CommandError(f"Spark's query failed: {cause or error}")


def read_claimed(session, arguments, topic, folder, *, careful, counted):
    """Claims the partitions and writes what they hold, until the end or the first trouble."""
    with (
        postgres.connected(arguments, {"bytes": arguments.jdbc_table}) as database,
        tempfile.TemporaryDirectory(prefix="antenna-spark-", ignore_cleanup_errors=True) as checkpoint,
    ):
        claims = claim_partitions(database, topic, arguments, folder, counted)
        writer = Writer(arguments, topic, folder, database, claims, counted=counted)
        writer.careful = careful
        writer.checkpoint = pathlib.Path(checkpoint)
        query = (
            read_from_kafka(session, topic, claims, arguments)
            .writeStream.foreachBatch(writer.write)
            .option("checkpointLocation", f"file://{checkpoint}")
            .trigger(**({"availableNow": True} if arguments.until_end else {"processingTime": POLL}))
            .start()
        )
        try:
            while not query.awaitTermination(LOOK_SECONDS):
                writer.look()
        except StreamingQueryException as error:
            raise failure_of_query(error, writer.failure) from error
        finally:
            query.stop()
        writer.look()


def prepare(arguments, topic):
    """Checks what the job is to the data set, and writes down where it begins; returns the archive's identity
    and what is counted.
    """
    key = (arguments.job, arguments.topic)
    with postgres.connected(arguments, {"bytes": arguments.jdbc_table}) as database:
        with database.lock_data_set():
            data = pathlib.Path(arguments.storage_root).absolute() / staging.DATA
            archive_id = identity.check_identity(database, data, is_writer=True)
        starts, topic_id = [extent.first for extent in topic.extents().values()], topic.id()
        with database.lock_data_set():
            if database.note_topic(key, topic_id, starts) != topic_id != "":
                raise RecreatedError(topic.name)
            database.begin_progress(key, starts)
        return archive_id, database.counted()


def speed(session, arguments):
    """Runs the job."""
    topic = Topic(session, arguments.kafka_server, arguments.topic, dict(arguments.kafka_property))
    with contextlib.closing(topic):
        archive_id, counted = prepare(arguments, topic)
        with staging.open_staging(arguments.storage_root) as folder:
            folder.archive_id = archive_id
            run_claims(session, arguments, topic, folder, counted)


def run_claims(session, arguments, topic, folder, counted):
    """Claims and reads, again and again, until the end or what an operator must fix."""
    careful = False
    while True:
        try:
            return read_claimed(session, arguments, topic, folder, careful=careful, counted=counted)
        except OutOfRangeError as trouble:
            if careful:
                raise
            careful = True
            command.say("warning", f"reads again and rejects the events that exceed a sum: {trouble}")
        except (WorldError, OSError) as trouble:
            if isinstance(trouble, OSError):
                trouble = command.file_error(trouble, f'could not use "{trouble.filename}"')
            if isinstance(trouble, MistakeError):
                raise trouble from None
            command.say("warning", f"waits and will try again: {trouble}")
            time.sleep(PAUSE_SECONDS)


if __name__ == "__main__":
    command.run(speed, events.open_session, parse_arguments())
