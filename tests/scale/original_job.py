"""A Spark job that behaves as the one that our users come from, for the test of docs/from-spark.md (spark-submit).

    original_job.py speed kafkaServer topicName jdbc:Uri jdbcTable jdbcUser jdbcPassword StorageRootPath
    original_job.py batch StoragePath OffsetDateTime jdbc:Uri userMetadataTable bytesHourlyTable userQuotaLimitTable \\
        jdbcUser jdbcPassword

Windows of five minutes are appended once the watermark of 15 s has passed them. The totals have no checkpoint: a
restart reads the topic from where STARTING_OFFSETS says. Times are those of the JVM's time zone. A message that is no
event becomes NULLs. A rerun of an hour appends all again, also the users over quota of every hour. Unlike the original,
`speed` ends when it has read what the topic holds.
"""

import datetime
import os
import sys
import tempfile

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

EVENT = "timestamp TIMESTAMP, id STRING, antenna_id STRING, bytes BIGINT, app STRING"
TYPES = {"antenna_id": "antenna_bytes_total", "id": "user_bytes_total", "app": "app_bytes_total"}
DRIVER = "org.postgresql.Driver"
NOW = {"availableNow": True}


def write_to_jdbc(rows, uri, table, user, password):
    """Appends."""
    rows.write.mode("append").jdbc(uri, table, properties={"user": user, "password": password, "driver": DRIVER})


def read_from_jdbc(session, uri, table, user, password):
    """All of a table."""
    return session.read.jdbc(uri, table, properties={"user": user, "password": password, "driver": DRIVER})


def total_bytes(events, column, length):
    """The sums of windows."""
    sums = events.groupBy(F.window("timestamp", length), F.col(column).alias("id")).agg(F.sum("bytes").alias("value"))
    return sums.select(F.col("window.start").alias("date"), "id", "value", F.lit(TYPES[column]).alias("type"))


def speed(session, *arguments):
    """The speed layer."""
    server, topic, uri, table, user, password, root = arguments
    source = session.readStream.format("kafka").option("kafka.bootstrap.servers", server).option("subscribe", topic)

    def parsed(start):
        messages = source.option("startingOffsets", start).load()
        return messages.select(F.from_json(F.col("value").cast("string"), EVENT).alias("event")).select("event.*")

    archive = parsed("earliest").withColumns(
        {
            name: getattr(F, function)("timestamp")
            for name, function in {"year": "year", "month": "month", "day": "dayofmonth", "hour": "hour"}.items()
        }
    )
    queries = [
        archive.writeStream.partitionBy("year", "month", "day", "hour")
        .option("path", f"{root}/data")
        .option("checkpointLocation", f"{root}/checkpoint")
        .trigger(**NOW)
        .start()
    ]
    for column in TYPES:
        totals = total_bytes(
            parsed(os.environ.get("STARTING_OFFSETS", "earliest")).withWatermark("timestamp", "15 seconds"),
            column,
            "5 minutes",
        )
        queries.append(
            totals.writeStream.outputMode("append")
            .foreachBatch(lambda rows, _: write_to_jdbc(rows, uri, table, user, password))
            .option("checkpointLocation", tempfile.mkdtemp())
            .trigger(**NOW)
            .start()
        )
    for query in queries:
        query.awaitTermination()


def batch(session, *arguments):
    """The batch layer; the hour's offset is not looked at."""
    path, hour, uri, users, hourly, exceeded, user, password = arguments
    time = datetime.datetime.fromisoformat(hour)
    folder = F.expr(f"year = {time.year} AND month = {time.month} AND day = {time.day} AND hour = {time.hour}")
    events = session.read.parquet(path).where(folder)
    for column in TYPES:
        write_to_jdbc(total_bytes(events, column, "1 hour"), uri, hourly, user, password)
    usage = read_from_jdbc(session, uri, hourly, user, password).where("type = 'user_bytes_total'")
    over = usage.join(read_from_jdbc(session, uri, users, user, password), "id").where("value > quota")
    write_to_jdbc(over.select("email", F.col("value").alias("usage"), "quota", "date"), uri, exceeded, user, password)


if __name__ == "__main__":
    spark = SparkSession.builder.appName("original").getOrCreate()
    spark.conf.set("spark.sql.shuffle.partitions", 1)
    spark.conf.set("spark.sql.ansi.enabled", False)
    {"speed": speed, "batch": batch}[sys.argv[1]](spark, *sys.argv[2:])
