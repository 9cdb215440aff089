"""The archive as other programs see it: whole folders, without a hint, wherever they lie."""

import duckdb
import events
import pyarrow.parquet as pq
import pytest
import readers
from antenna_spark.tables import FIELDS
from oracle import expect
from readers import SCHEMA

pytestmark = pytest.mark.timeout(60)


@pytest.fixture
def archived(case):
    """Two hours, in a folder whose name needs care."""
    case.root = case.folder / "it's an archive, 100% ünïque" / "deeper"
    case.prepare()
    case.produce(events.draw(1000))
    case.speed("--roll-rows", "300")
    return case


def test_the_archive_is_exact_and_batch_reads_it(archived):
    expected = archived.check_exact()
    for hour in expected.hours:
        archived.batch(hour)
        archived.check_batch(expected, hour)


def test_pyarrow_reads_the_folder_as_one_table(archived):
    table = pq.read_table(archived.root / "data")
    assert table.schema.remove_metadata().names == [*SCHEMA.names, "year", "month", "day", "hour"]
    assert table.select(SCHEMA.names).schema.remove_metadata().equals(SCHEMA)
    assert table.num_rows == 1000
    hour = pq.read_table(archived.root / "data", filters=[("hour", "=", 9)])
    assert hour.num_rows == sum(row[0] < events.BEGIN + 3600 for row in expect(archived.messages()).rows.elements())


def test_duckdb_reads_the_folder_by_its_partitions(archived):
    path = str(archived.root / "data").replace("'", "''")
    query = f"""
        SELECT year, month, day, hour, sum(bytes), max(hour(timestamp AT TIME ZONE 'UTC'))
        FROM read_parquet('{path}/*/*/*/*/*.parquet', hive_partitioning = true) GROUP BY ALL ORDER BY ALL
    """
    with duckdb.connect() as connection:
        found = connection.execute(query).fetchall()
    expected = expect(archived.messages())
    sums = [sum(row[3] * count for row, count in expected.rows_of(hour).items()) for hour in expected.hours]
    assert found == [(2022, 2, 20, 9, sums[0], 9), (2022, 2, 20, 10, sums[1], 10)]


def test_footers_say_what_readers_can_skip(archived):
    for path in archived.root.glob("data/**/*.parquet"):
        file = pq.ParquetFile(path)
        for group in range(file.num_row_groups):
            for column in range(len(SCHEMA)):
                chunk = file.metadata.row_group(group).column(column)
                assert chunk.is_stats_set
                absent = 0 if FIELDS[column].required else chunk.num_values
                assert chunk.statistics.null_count == absent
                assert chunk.statistics.has_min_max or absent or SCHEMA.field(column).type == "string"
                assert chunk.compression == "ZSTD"
            assert file.metadata.row_group(group).column(1).has_dictionary_page


@pytest.mark.parametrize("codec", ["zstd", "snappy"])
def test_compression(case, codec):
    """Of files that are written, and of those that compaction makes of them."""
    case.prepare()
    case.produce(events.draw(300))
    case.speed("--compression", codec, "--roll-rows", "100")
    written = readers.list_files(case.root)
    case.batch("-", "--pending", "--compact", "--compression", codec)
    for path in {*written, *readers.list_files(case.root)}:
        if (file := case.root / "data" / path).exists():
            group = pq.ParquetFile(file).metadata.row_group(0)
            assert {group.column(i).compression for i in range(group.num_columns)} == {codec.upper()}
    assert len(readers.list_files(case.root)) < len(written)
    case.check_archive(expect(case.messages()))
