"""The parts of the Spark engine that need Spark and no servers, in one run on a cluster with hostile settings."""

import json
import pathlib

import events
import pytest
from antenna_spark.settings import SETTINGS
from engine import Spark

pytestmark = [pytest.mark.timeout(300), pytest.mark.share]

PROBE = pathlib.Path(__file__).with_name("probe.py")

# What a cluster's spark-defaults.conf may say of each setting that the engine relies on.
HOSTILE = {
    "spark.sql.session.timeZone": "Europe/Madrid",
    "spark.sql.ansi.enabled": "false",
    "spark.sql.ansi.enforceReservedKeywords": "true",
    "spark.sql.caseSensitive": "true",
    "spark.sql.timestampType": "TIMESTAMP_NTZ",
    "spark.sql.retainGroupColumns": "false",
    "spark.sql.columnNameOfCorruptRecord": "id",
    "spark.sql.files.maxRecordsPerFile": "10",
    "spark.sql.files.ignoreCorruptFiles": "true",
    "spark.sql.files.ignoreMissingFiles": "true",
    "spark.sql.sources.useV1SourceList": "",
    "spark.sql.sources.partitionOverwriteMode": "dynamic",
    "spark.sql.sources.commitProtocolClass": "org.apache.spark.internal.io.cloud.PathOutputCommitProtocol",
    "spark.sql.sources.outputCommitterClass": "org.apache.hadoop.mapreduce.lib.output.BindingPathOutputCommitter",
    "spark.sql.parquet.output.committer.class": "org.apache.spark.internal.io.cloud.BindingParquetOutputCommitter",
    "spark.sql.parquet.outputTimestampType": "INT96",
    "spark.sql.parquet.datetimeRebaseModeInRead": "LEGACY",
    "spark.sql.parquet.datetimeRebaseModeInWrite": "LEGACY",
    "spark.sql.streaming.offsetLog.formatVersion": "2",
    "spark.sql.streaming.disabledV2MicroBatchReaders": "org.apache.spark.sql.kafka010.KafkaSourceProvider",
    "spark.speculation": "true",
    "spark.hadoop.mapreduce.fileoutputcommitter.algorithm.version": "2",
    "spark.hadoop.parquet.writer.version": "PARQUET_2_0",
}

# Such that cost only, which are left alone and must change nothing.
HARMLESS = {
    "spark.sql.parquet.compression.codec": "uncompressed",
    "spark.hadoop.parquet.block.size": "4096",
    "spark.sql.files.maxPartitionBytes": "1024",
    "spark.sql.adaptive.coalescePartitions.enabled": "true",
    "spark.sql.maxConcurrentOutputFileWriters": "1",
    "spark.sql.legacy.timeParserPolicy": "LEGACY",
    "spark.driver.extraJavaOptions": "-Duser.timezone=America/St_Johns",
    "spark.executor.extraJavaOptions": "-Duser.timezone=Europe/Madrid",
}

AT, LATER = events.BEGIN, events.BEGIN + 3000


def event(timestamp, size=100):
    """The text of an event."""
    return events.encode(timestamp, size=size).decode()


# Messages as [arrival, text], and the event time that they prove; None: none.
REACHED = {
    "an event": ([[LATER, event(AT)]], AT),
    "an event and a later rejected message": ([[AT, event(AT)], [LATER, "nonsense"]], AT),
    "an event and a later tombstone": ([[AT, event(AT)], [LATER, None]], AT),
    "only rejected messages": ([[LATER, "nonsense"], [LATER, event(7)]], None),
    "an event that --accept takes": ([[LATER, event("2022-02-20T10:00:00+01:00")]], AT),
    "events of two hours that exceed BIGINT together": (
        [[AT, event(AT, 2**63 - 1)], [AT + 3600, event(AT + 3600, 2**63 - 1)]],
        AT + 3600,
    ),
    "an event ahead of its arrival": ([[AT, event(LATER)]], AT),
    "an event ahead of our clock": ([[-1, event(AT)], [-1, event(AT + 7200)]], AT),
    "an event without arrival": ([[-1, event(AT)]], AT),
    "an event and a rejected one without arrival": ([[AT, event(AT)], [-1, "nonsense"]], AT),
}


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    folder = tmp_path_factory.mktemp("probe")
    cases = folder / "cases.json"
    cases.write_text(json.dumps({"reached": {name: messages for name, (messages, _) in REACHED.items()}}))
    spark = Spark(folder / "submitted", master="local[1]", settings=HOSTILE | HARMLESS)
    try:
        result = spark.run(PROBE, cases)
    finally:
        spark.close()
    assert result.code == 0, result.err
    (line,) = (line for line in result.err.splitlines() if line.startswith("answers: "))
    return json.loads(line.removeprefix("answers: ")) | {"text": result.err}


def test_each_setting_that_the_engine_relies_on_has_a_case():
    assert HOSTILE.keys() == {setting.name for setting in SETTINGS}


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_settings_of_the_cluster(answers, setting):
    assert answers["settings"][setting.name] == setting.value
    assert f"ignored {setting.name}={HOSTILE[setting.name]}: with it, {setting.reason}" in answers["text"]


@pytest.mark.parametrize("name", REACHED)
def test_event_time_that_messages_prove(answers, name):
    """What is not proved must not seal an hour."""
    assert answers["reached"][name] == [REACHED[name][1]] * 2


def test_order_of_a_transaction(answers):
    """Whoever recovers the writer's folder waits from the start; whoever lost its partitions does no work."""
    assert answers["order"][:4] == ["transaction", "hold_files", "advance_totals", "advance_archive"]


@pytest.mark.parametrize("times,expected", [("2", [3, 3, 1, 1, 7]), ("3", [3, "AnalysisException"])])
def test_batch_reads_again_when_a_file_moves(answers, times, expected):
    assert answers["moves"][times] == expected
