"""The job of `antenna speed` as a script of one's own: polars for sums and Parquet, psycopg for the table.

usage: script_speed.py <kafka> <topic> <conninfo> <job> <root> [--until-end]
"""

import pathlib
import sys

import polars as pl
import psycopg
from confluent_kafka import Consumer, TopicPartition

SCHEMA = {"timestamp": pl.Int64, "id": pl.String, "antenna_id": pl.String, "bytes": pl.Int64, "app": pl.String}
TOTALS = {"antenna_id": "antenna_bytes_total", "id": "user_bytes_total", "app": "app_bytes_total"}
MESSAGES, SECONDS = 500_000, 1  # at most, of a transaction
FETCH = {"queued.min.messages": 1_000_000, "fetch.queue.backoff.ms": 1, "check.crcs": True}
CREATE = "CREATE TABLE IF NOT EXISTS script (job TEXT, partition INT, next BIGINT, PRIMARY KEY (job, partition))"
PROGRESS = "INSERT INTO script VALUES (%s, %s, %s) ON CONFLICT (job, partition) DO UPDATE SET next = excluded.next"
ADD = """INSERT INTO bytes AS b SELECT * FROM sums
    ON CONFLICT (date, type, id) DO UPDATE SET value = b.value + excluded.value"""


def write_totals(cursor, events):
    """Adds the sums of the windows to the table."""
    window, value = pl.col("timestamp").dt.truncate("5m").alias("date"), pl.col("bytes").sum().alias("value")
    sums = pl.concat(
        events.group_by(window, pl.col(column).alias("id")).agg(value).with_columns(type=pl.lit(name))
        for column, name in TOTALS.items()
    )
    cursor.execute("CREATE TEMPORARY TABLE IF NOT EXISTS sums (LIKE bytes) ON COMMIT DELETE ROWS")
    with cursor.copy("COPY sums FROM STDIN (FORMAT csv)") as copy:
        copy.write(sums.sort("date", "type", "id").write_csv(include_header=False))
    cursor.execute(ADD)


def write_archive(events, root, name):
    """Writes a file for each hour; after a crash the same name comes again."""
    for (hour,), part in events.group_by(pl.col("timestamp").dt.truncate("1h")):
        folder = root / f"year={hour.year}/month={hour.month}/day={hour.day}/hour={hour.hour}"
        folder.mkdir(parents=True, exist_ok=True)
        part.write_parquet(folder / f"{name}.parquet")


def main():
    """Reads the topic, to its end or until it is stopped."""
    kafka, topic, conninfo, job, root, *until_end = sys.argv[1:]
    consumer = Consumer({"bootstrap.servers": kafka, "group.id": job, "enable.auto.commit": False, **FETCH})
    with psycopg.connect(conninfo) as database, database.cursor() as cursor:
        cursor.execute(CREATE)
        position = dict.fromkeys(consumer.list_topics(topic).topics[topic].partitions, 0)
        position |= cursor.execute("SELECT partition, next FROM script WHERE job = %s", [job]).fetchall()
        database.commit()
        places = [TopicPartition(topic, *item) for item in position.items()]
        ends = {place.partition: consumer.get_watermark_offsets(place)[1] for place in places}
        consumer.assign(places)
        while not until_end or any(position[partition] < end for partition, end in ends.items()):
            name, values = sum(position.values()), []
            for message in consumer.consume(MESSAGES, timeout=SECONDS):
                if message.error():
                    raise RuntimeError(message.error())
                values.append(message.value())
                position[message.partition()] = message.offset() + 1
            if values:
                events = pl.read_ndjson(b"\n".join(values), schema=SCHEMA)
                events = events.with_columns(pl.from_epoch("timestamp"))
                write_totals(cursor, events)
                cursor.executemany(PROGRESS, [(job, *item) for item in position.items()])
                write_archive(events, pathlib.Path(root), name)
                database.commit()


main()
