"""Events that no sum has room for, by the rule of src/speed/full_hours.h: the bytes of an hour fit BIGINT."""

from pyspark.sql import functions as F

from antenna_spark import record
from antenna_spark.events import FIELDS, PAYLOAD_KEPT, at, seconds_of, start_of

REASON = "sum_out_of_range"
DETAIL = "no sum of its hour has room for it"


def find_exceeding(new, database):
    """[(partition, offset)] of the events that the hours have no room for; `new`: those that are to be totalled."""
    events = new.withColumn("hour", start_of(record.HOUR_SECONDS))
    sums = events.groupBy("hour").agg(F.sum(F.col("bytes").cast("decimal(38,0)")).alias("bytes")).collect()
    added = {at(row["hour"]): int(row["bytes"]) for row in sums}
    known = database.full_hours({hour: min(size, record.BIGINT_MAX) for hour, size in added.items()})
    full = known.keys() | {hour for hour, size in added.items() if size > record.BIGINT_MAX}
    room = {seconds_of(hour): record.BIGINT_MAX - known.get(hour, 0) for hour in full}
    exceeding = []
    if room:
        ordered = events.where(F.col("hour").isin(list(room))).orderBy("partition", "offset")
        for row in ordered.select("partition", "offset", "hour", "bytes").toLocalIterator():
            if row["bytes"] > room[row["hour"]]:
                exceeding.append((row["partition"], row["offset"]))
            else:
                room[row["hour"]] -= row["bytes"]
    return exceeding


def is_among(places):
    """Whether a message is at one of [(partition, offset)]."""
    condition = F.lit(False)
    for partition in {partition for partition, _ in places}:
        offsets = [offset for other, offset in places if other == partition]
        condition = condition | (F.col("partition") == partition) & F.col("offset").isin(offsets)
    return condition


def reject(decoded, places):
    """The decoded messages, with those at `places` rejected."""
    if not places:
        return decoded
    refused = is_among(places)
    for field in FIELDS:
        decoded = decoded.withColumn(field, F.when(~refused, F.col(field)))
    return decoded.withColumn("reason", F.when(refused, REASON).otherwise(F.col("reason")))


def kept(messages, places):
    """The rows of antenna.rejected_message of the messages at `places`: all of them are kept."""
    if not places:
        return []
    value = F.coalesce("value", F.lit(b""))
    columns = (F.substring(value, 1, PAYLOAD_KEPT).alias("payload"), F.octet_length(value).alias("size"))
    rows = messages.where(is_among(places)).select("partition", "offset", *columns).collect()
    return [(row[0], row[1], REASON, DETAIL, 0, bytes(row[2]), row[3]) for row in rows]
