"""Messages and events as Spark sees them: decoding, and sums of bytes."""

import datetime
import functools

from pyspark import SparkConf, SparkContext, cloudpickle
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from antenna_spark import command, record, tables
from antenna_spark.settings import SETTINGS, check_refused, overridden

# Executors get the functions themselves, so that nothing is to be installed where they run.
cloudpickle.register_pickle_by_value(record)
cloudpickle.register_pickle_by_value(tables)

FIELDS = [field.name for field in tables.FIELDS]
NUMBERS = [field.name for field in tables.FIELDS if field.kind in ("time", "amount")]
TEXTS = [field.name for field in tables.FIELDS if field.name not in NUMBERS]
EVENT = ", ".join(f"{name} {'BIGINT' if name in NUMBERS else 'STRING'}" for name in FIELDS)
REJECTED = "reason STRING, detail STRING, position INT"
PAYLOAD_KEPT = 4096  # bytes of a rejected message

# A message of the plain shape, as src/record/scan.h takes it: members with names of ours, printable ASCII without
# escapes, integers of up to 18 digits. Java's syntax; possessive, so that nothing is tried twice.
BLANK = r"[ \t\r\n]*+"
INTEGER = r"(?:0|[1-9][0-9]{0,17}+)"
TEXT = r'"[ !#-\[\]-~]{1,256}+"'
NAME_END = rf'"{BLANK}:'
MEMBER = rf'(?:"(?:{"|".join(NUMBERS)}){NAME_END}{BLANK}{INTEGER}|"(?:{"|".join(TEXTS)}){NAME_END}{BLANK}{TEXT})'
REQUIRED = [field.name for field in tables.FIELDS if field.required]
MORE = f"{{{len(REQUIRED) - 1},{len(FIELDS) - 1}}}+"  # members after the first
PLAIN = rf"\A{BLANK}\{{{BLANK}{MEMBER}(?:{BLANK},{BLANK}{MEMBER}){MORE}{BLANK}\}}{BLANK}\z"


def open_session(name):
    """Spark's session with the settings that the engine relies on, whatever the cluster's are. Raises MistakeError.

    Shuffles have a partition for each core unless the operator says otherwise.
    """
    SparkContext._ensure_initialized()  # without Java, SparkConf knows no settings of the cluster
    builder = SparkSession.builder.appName(name)
    for setting in SETTINGS:
        builder = builder.config(setting.name, setting.value)
    for setting in overridden(given := dict(SparkConf().getAll())):
        command.say("warning", f"ignored {setting.name}={given[setting.name]}: with it, {setting.reason}")
    check_refused(given)
    session = builder.getOrCreate()
    check_refused(session.sparkContext._jsc.hadoopConfiguration())
    if "spark.sql.shuffle.partitions" not in given:
        session.conf.set("spark.sql.shuffle.partitions", session.sparkContext.defaultParallelism)
    return session


def at(seconds):
    """The timestamp of PostgreSQL without time zone, UTC."""
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).replace(tzinfo=None)


def seconds_of(date):
    """The seconds since the epoch of such a timestamp."""
    return int(date.replace(tzinfo=datetime.UTC).timestamp())


def has_each_once(text, event):
    """Whether a message of the plain shape has each required field, and none twice."""
    present = F.lit(True)
    for field in REQUIRED:
        present = present & event[field].isNotNull()
    if REQUIRED == FIELDS:  # so many members that are all there are each there once
        return present
    found = sum(event[field].isNotNull().cast("int") for field in FIELDS)
    return present & (found == F.regexp_count(text, F.lit(NAME_END)))


def keeps_limits(event, arrival, limits):
    """Whether an event of the plain shape is valid; one that is not is looked at again for its reason."""
    timestamp = event["timestamp"]
    return (
        (event["bytes"] <= limits.max_bytes)
        & timestamp.between(record.TIME_MIN, record.TIME_END - 1)
        & ((arrival < 0) | (timestamp <= arrival + limits.max_future))
    )


def arrival_of(stamp):
    """The arrival that a message's timestamp says, -1 when it cannot be one: producers send 0, or seconds as if they
    were milliseconds.
    """
    return F.when(stamp.between(record.ARRIVAL_MIN, record.TIME_END - 1), stamp).otherwise(F.lit(-1))


def parse_json_data(messages, limits):
    """Each message as event or with the reason for rejecting it.

    Columns: partition, offset, arrival (seconds, negative when unknown), the event's (NULL when rejected), reason
    (NULL when valid), detail, position, payload (its first bytes when rejected) and size.
    """

    @F.udf(f"{EVENT}, {REJECTED}", useArrow=False)
    def decode(message, arrival):
        return None if message is None else record.decode_or_reason(bytes(message), arrival, limits)

    text = F.col("value").cast("string")
    value = F.coalesce("value", F.lit(b""))
    short = F.octet_length("value") <= record.MESSAGE_SIZE_MAX
    plain = F.when(short & text.rlike(PLAIN), F.from_json(text, EVENT))
    found = messages.select(
        *(
            "partition",
            "offset",
            "value",
            arrival_of(F.unix_seconds("timestamp")).alias("arrival"),
            plain.alias("plain"),
        )
    )
    is_whole = has_each_once(F.col("value").cast("string"), F.col("plain"))
    is_plain = F.coalesce(is_whole & keeps_limits(F.col("plain"), F.col("arrival"), limits), F.lit(False))
    found = found.withColumn("is_plain", is_plain)
    other = F.when(~F.col("is_plain"), F.substring(value, 1, record.MESSAGE_SIZE_MAX + 1))
    found = found.withColumn("other", decode(other, "arrival"))
    return found.select(
        *("partition", "offset", "arrival"),
        *(F.when(F.col("is_plain"), F.col("plain")[f]).otherwise(F.col("other")[f]).alias(f) for f in FIELDS),
        *("other.reason", "other.detail", "other.position"),
        F.when(~F.col("is_plain"), F.substring(value, 1, PAYLOAD_KEPT)).alias("payload"),
        F.octet_length(value).alias("size"),
    )


def start_of(period):
    """The first second of the period of so many seconds that an event lies in."""
    return F.col("timestamp") - F.col("timestamp") % period


def id_of(total):
    """The id of a kind of total: a text, or two that are joined as pair_join() in src/record/total_kind.h does."""
    if len(total.fields) == 1:
        return F.col(total.fields[0])
    escape, separator = tables.PAIR_ESCAPE, tables.PAIR_SEPARATOR
    texts = [
        F.replace(F.replace(F.col(name), F.lit(escape), F.lit(escape * 2)), F.lit(separator), F.lit(escape + separator))
        for name in total.fields
    ]
    return F.concat_ws(separator, *texts)


def labels(totals):
    """The labels of kinds of totals."""
    return [total.label for total in totals]


def total_events(events, start, total, label):
    """The sums of one kind by `start`, the first second of a period. Columns: start, label, id, value."""
    return (
        events.groupBy(start.alias("start"), id_of(total).alias("id"))
        .agg((F.count("*") if total.unit == "events" else F.sum("bytes")).alias("value"))
        .select("start", F.lit(label).alias("label"), "id", "value")
    )


def total_all(events, start, totals):
    """The sums of these kinds, in the columns of total_events(); labels are their numbers, from 1."""
    sums = [total_events(events, start, total, number) for number, total in enumerate(totals, start=1)]
    return functools.reduce(lambda one, other: one.union(other), sums)


def sorted_rows(totals):
    """Rows (date, label, id, value) of sorted totals, as they come from the executors."""
    for row in totals.toLocalIterator(prefetchPartitions=True):
        yield at(row["start"]), row["label"], row["id"], row["value"]
