"""Run by spark-submit: calls functions of the Spark engine that need Spark, and prints as JSON what they answer.

Its argument is a file of JSON: {"reached": {name: [[arrival in seconds, text], …]}}.
"""

import datetime
import importlib
import json
import pathlib
import sys
import types

from pyspark.sql import functions as F

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "engines" / "spark"))

batch, speed = importlib.import_module("batch"), importlib.import_module("speed")
command, events, postgres, record, settings, tables = (
    importlib.import_module(f"antenna_spark.{name}")
    for name in ("command", "events", "postgres", "record", "settings", "tables")
)

HOUR = datetime.datetime(2022, 2, 20, 9)
NOW = events.seconds_of(HOUR) + 4000
COUNTED = postgres.Counted(300, [total for total in tables.TOTALS if total.standard])
LIMITS = record.Limits(3600, record.BIGINT_MAX, frozenset(record.ACCEPTABLE))


class Recorder:
    """Stands in for a database: notes the names of the methods that are called."""

    def __init__(self):
        """Nothing was called yet."""
        self.called = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def __getattr__(self, name):
        def method(*_):
            self.called.append(name)
            return self

        return method


def effective(session):
    """{setting: its value}."""
    hadoop, core = session.sparkContext._jsc.hadoopConfiguration(), session.sparkContext.getConf()
    return {
        setting.name: hadoop.get(setting.name.removeprefix("spark.hadoop."))
        if setting.name.startswith("spark.hadoop.")
        else session.conf.get(setting.name, core.get(setting.name))
        for setting in settings.SETTINGS
    }


def reached(session, cases):
    """{name: how far in event time the totals and the archive have come}; each case is a partition of its own."""
    rows = [
        (partition, offset, text.encode() if text is not None else None, arrival)
        for partition, messages in enumerate(cases.values())
        for offset, (arrival, text) in enumerate(messages)
    ]
    frame = session.createDataFrame(rows, "partition INT, offset BIGINT, value BINARY, arrival BIGINT")
    frame = frame.withColumn("timestamp", F.timestamp_seconds("arrival"))
    sums = speed.sum_partitions(speed.mark_sides(events.parse_json_data(frame, LIMITS), {}), NOW)
    return {name: [sums[i]["totalled_until"], sums[i]["archived_until"]] for i, name in enumerate(cases)}


def order():
    """The operations of a micro-batch's transaction."""
    database = Recorder()
    writer = speed.Writer(types.SimpleNamespace(job="", topic=""), None, Recorder(), database, {}, counted=COUNTED)
    database.called.clear()
    writer.write_to_postgres(([], []), types.SimpleNamespace(toLocalIterator=lambda **_: []), None, {}, [])
    return database.called


class List:
    """Stands in for a database that has one file of the hour."""

    def __init__(self, path):
        """The file's name."""
        self._name = path.name

    def hour_files(self, _):
        """Its path, rows and bytes."""
        return [(self._name, 1, 7)]


def moves(session, folder, times):
    """How often an hour was read whose file moves so many times, each time after it was found."""
    place = folder / "data" / f"{times}.parquet"
    staged = folder / ".staging" / "0123456789abcdef" / place.name
    for path in (place, staged):
        path.parent.mkdir(parents=True, exist_ok=True)
    event = tuple({"time": HOUR, "amount": 7}.get(field.kind, field.name) for field in tables.FIELDS)
    session.createDataFrame([event], batch.ARCHIVE).coalesce(1).write.parquet(f"file://{folder}/made-{times}")
    next((folder / f"made-{times}").glob("*.parquet")).rename(staged)
    reads, batch.PUBLISH_SECONDS = [], 0.1

    def read(session, paths):
        reads.append(paths)
        if len(reads) <= times:
            source, target = (staged, place) if staged.exists() else (place, staged)
            source.rename(target)
        return read_from_storage(session, paths)

    read_from_storage, batch.read_from_storage = batch.read_from_storage, read
    try:
        arguments = types.SimpleNamespace(hour=HOUR, storage_path=folder / "data")
        totals, files, count, size = batch.read_until_still(session, arguments, List(place), COUNTED.totals)
        return [len(reads), totals.count(), files, count, size]
    except Exception as error:
        return [len(reads), type(error).__name__]
    finally:
        batch.read_from_storage = read_from_storage


def main(session, arguments):
    """Prints all answers."""
    cases = json.loads(arguments.cases.read_text())
    answers = {
        "settings": effective(session),
        "reached": reached(session, cases["reached"]),
        "order": order(),
        "moves": {times: moves(session, arguments.cases.parent, times) for times in (2, 3)},
    }
    print(f"answers: {json.dumps(answers)}")


if __name__ == "__main__":
    command.run(main, events.open_session, types.SimpleNamespace(cases=pathlib.Path(sys.argv[1])))
