"""The settings of Spark that a sum, a file or its name depends on, whatever a cluster's spark-defaults.conf says.

It needs nothing of Spark, so that the table can be read and tested beside it.
"""

from typing import NamedTuple

from antenna_spark.command import MistakeError


class Setting(NamedTuple):
    """A setting, the value that the engine needs, and what another value does."""

    name: str
    value: str
    reason: str


DATASOURCES = "org.apache.spark.sql.execution.datasources"
PARQUET_COMMITTER = "org.apache.parquet.hadoop.ParquetOutputCommitter"

# The engine sets these and warns of each other value. What is not here changes the cost only, or ends a job with an
# error: `_write()` of speed.py and `check_files()` of batch.py compare files, rows and bytes before a commit.
SETTINGS = (
    Setting("spark.sql.session.timeZone", "UTC", "times move by the zone's offset"),
    Setting("spark.sql.ansi.enabled", "true", "a sum that exceeds BIGINT wraps silently"),
    Setting("spark.sql.ansi.enforceReservedKeywords", "false", "names of columns become keywords"),
    Setting("spark.sql.caseSensitive", "false", "columns of files are not found by another spelling"),
    Setting("spark.sql.timestampType", "TIMESTAMP_LTZ", "event times lose their zone"),
    Setting("spark.sql.retainGroupColumns", "true", "sums lose the names that they belong to"),
    Setting("spark.sql.columnNameOfCorruptRecord", "_corrupt_record", "a field is replaced by the whole message"),
    Setting("spark.sql.files.maxRecordsPerFile", "0", "the rows of one list entry lie in several files"),
    Setting("spark.sql.files.ignoreCorruptFiles", "false", "rows of unreadable files are left out silently"),
    Setting("spark.sql.files.ignoreMissingFiles", "false", "rows of missing files are left out silently"),
    Setting("spark.sql.sources.useV1SourceList", "avro,csv,json,kafka,orc,parquet,text", "rows lose their file's name"),
    Setting("spark.sql.sources.partitionOverwriteMode", "STATIC", "files are moved by another rule"),
    Setting(
        "spark.sql.sources.commitProtocolClass",
        f"{DATASOURCES}.SQLHadoopMapReduceCommitProtocol",
        "files lie elsewhere, or are there before they are complete",
    ),
    Setting("spark.sql.sources.outputCommitterClass", PARQUET_COMMITTER, "files lie elsewhere"),
    Setting("spark.sql.parquet.output.committer.class", PARQUET_COMMITTER, "files lie elsewhere"),
    Setting("spark.sql.parquet.outputTimestampType", "TIMESTAMP_MICROS", "readers see times as INT96 or without zone"),
    Setting("spark.sql.parquet.datetimeRebaseModeInRead", "CORRECTED", "times are read by the Julian calendar"),
    Setting("spark.sql.parquet.datetimeRebaseModeInWrite", "CORRECTED", "times are written by the Julian calendar"),
    Setting("spark.sql.streaming.offsetLog.formatVersion", "1", "the end offsets of a micro-batch are not found"),
    Setting("spark.sql.streaming.disabledV2MicroBatchReaders", "", "Kafka is read by the old source"),
    Setting("spark.speculation", "false", "two tasks write the files of one partition"),
    Setting("spark.hadoop.mapreduce.fileoutputcommitter.algorithm.version", "1", "a failed task leaves its files"),
    Setting("spark.hadoop.parquet.writer.version", "PARQUET_1_0", "older readers cannot read the files"),
)

# Settings of Spark and of Hadoop that the engine cannot change. {name: (harmless value, what another value does)}
REFUSED = {
    "spark.api.mode": ("classic", "Spark Connect has no access to Kafka's client"),
    "parquet.crypto.factory.class": ("", "files would be encrypted, which antenna cannot read"),
}


def check_refused(given):
    """Raises MistakeError when {name: value} has a setting that the engine cannot work with."""
    for name, (harmless, reason) in REFUSED.items():
        if (value := given.get(name) or harmless) != harmless:
            raise MistakeError(
                f'the setting "{name}" cannot be "{value}": {reason}', "remove it from the configuration of this job"
            )


def overridden(given):
    """The settings that {name: value} has otherwise."""
    return [setting for setting in SETTINGS if given.get(setting.name, setting.value).lower() != setting.value.lower()]
