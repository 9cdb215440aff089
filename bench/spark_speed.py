"""The job of `antenna speed` on Spark: Structured Streaming in the setting that was found to cost least.

Run by spark-submit (systems.py). One stream, and one function a micro-batch that parses the batch once, keeps it,
writes the archive and appends the three windowed sums by JDBC. Up to the topic's end it is one batch, so that a window
is one row; nothing is kept between batches and nothing is late: Spark is spared its state store and its watermark.
"""

import argparse
import pathlib

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

SCHEMA = "timestamp BIGINT, id STRING, antenna_id STRING, bytes BIGINT, app STRING"
COLUMNS = ("timestamp", "id", "antenna_id", "bytes", "app")
# What from_json lets pass and antenna does not: times out of range, numbers and lists for names, keys that come twice.
STRICT = """
    event.timestamp BETWEEN 0 AND unix_seconds(arrival) + 3600 AND event.bytes >= 0
    AND length(event.id) = 36 AND length(event.antenna_id) = 36 AND NOT startswith(event.app, '[')
    AND instr(substr(value, instr(value, '"app"') + 5), '"app"') = 0
"""
WINDOW_SECONDS = 300
DIMENSIONS = {"antenna_id": "antenna_bytes_total", "id": "user_bytes_total", "app": "app_bytes_total"}
ROWS_A_STATEMENT = 10_000


def parse_arguments():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("jdbc_uri")
    parser.add_argument("jdbc_user")
    parser.add_argument("password_file", type=pathlib.Path)
    parser.add_argument("kafka")
    parser.add_argument("topic")
    parser.add_argument("table")
    parser.add_argument("root")
    parser.add_argument("--live", action="store_true", help="go on until a signal, with a batch after the other")
    parser.add_argument("--strict", action="store_true", help="refuse all malformed messages that antenna refuses")
    parser.add_argument("--no-cache", action="store_true", help="parse the batch again for each use")
    return parser.parse_args()


def write_to_jdbc(totals, arguments):
    """Appends rows to the table."""
    totals.write.format("jdbc").mode("append").options(
        url=f"{arguments.jdbc_uri}?reWriteBatchedInserts=true",
        dbtable=arguments.table,
        user=arguments.jdbc_user,
        password=arguments.password_file.read_text().strip(),
        driver="org.postgresql.Driver",
        batchsize=ROWS_A_STATEMENT,
        isolationLevel="READ_COMMITTED",
    ).save()


def write_to_storage(events, root):
    """Appends events to the archive, in the folders of the reference."""
    parts = {unit: F.expr(f"{unit}(timestamp)") for unit in ("year", "month", "day", "hour")}
    events.withColumns(parts).write.mode("append").partitionBy(*parts).parquet(f"{root}/data")


def totals_of(events):
    """The sums of bytes a window for each dimension, in one table."""
    window = F.expr(f"timestamp_seconds(unix_seconds(timestamp) div {WINDOW_SECONDS} * {WINDOW_SECONDS})")
    windows = events.select(window.alias("date"), *DIMENSIONS, "bytes")
    sums = [
        windows.groupBy("date", F.col(column).alias("id")).agg(F.sum("bytes").alias("value"), F.lit(name).alias("type"))
        for column, name in DIMENSIONS.items()
    ]
    return sums[0].unionByName(sums[1]).unionByName(sums[2])


def parse(messages, strict):
    """The valid events of messages of Kafka."""
    event = F.from_json(F.col("value").cast("string"), SCHEMA).alias("event")
    found = messages.select(event, "value", F.col("timestamp").alias("arrival"))
    valid = found.where(" AND ".join(f"event.{column} IS NOT NULL" for column in COLUMNS))
    if strict:
        valid = valid.where(STRICT)
    columns = [f"event.{column}" for column in COLUMNS[1:]]
    return valid.select(F.timestamp_seconds("event.timestamp").alias("timestamp"), *columns)


def main():
    """Runs the stream."""
    arguments = parse_arguments()
    session = SparkSession.builder.appName("antenna-speed").getOrCreate()
    messages = (
        session.readStream.format("kafka")
        .option("kafka.bootstrap.servers", arguments.kafka)
        .option("subscribe", arguments.topic)
        .option("startingOffsets", "earliest")
        .load()
    )

    def write(batch, _number):
        events = batch if arguments.no_cache else batch.persist()
        write_to_storage(events, arguments.root)
        write_to_jdbc(totals_of(events), arguments)
        if not arguments.no_cache:
            events.unpersist()

    stream = (
        parse(messages, arguments.strict)
        .writeStream.foreachBatch(write)
        .option("checkpointLocation", f"{arguments.root}/checkpoint")
    )
    stream.trigger(**({"processingTime": "0 seconds"} if arguments.live else {"availableNow": True}))
    stream.start().awaitTermination()
    session.stop()


main()
