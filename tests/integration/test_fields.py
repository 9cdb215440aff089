"""Fields that an event may lack: the archive has them where they are, and reads files from before they were."""

import datetime
import json

import duckdb
import events
import pytest
import readers
from antenna_spark.tables import FIELDS
from oracle import expect

pytestmark = pytest.mark.timeout(60)

OPTIONAL = [field.name for field in FIELDS if not field.required]
HOUR = datetime.datetime(2022, 2, 20, 9)

# Values as JSON.
VALUES = {
    "a text": '"c1"',
    "escapes": '"\\u00fc\\n\\"c"',
    "another alphabet": '"日本"',
    "null": "null",
    "a number": "7",
    "empty": '""',
    "as long as may be": json.dumps("c" * 256),
    "too long": json.dumps("c" * 257),
    "a list": "[]",
    "with a NUL": '"\\u0000"',
}


def encode(name, value, number, *, twice=False):
    """A message with the field last, in the plain shape otherwise."""
    text = events.encode(events.BEGIN + number).decode()
    member = f', "{name}": {value}'
    return (text[:-1] + member * (1 + twice) + "}").encode()


@pytest.mark.core
@pytest.mark.parametrize("name", OPTIONAL)
def test_values(case, name):
    case.prepare()
    case.produce([encode(name, value, number) for number, value in enumerate(VALUES.values())])
    case.produce([encode(name, '"c"', 100, twice=True), events.encode(events.BEGIN + 200), *events.draw(100)])
    case.speed()
    expected = case.check_exact()
    assert sorted(reason for reason, _, _ in expected.rejected.values()) == ["duplicate_field", "not_json"]
    case.batch_pending()
    case.check_layers(expected)


@pytest.mark.parametrize("name", OPTIONAL)
def test_a_file_has_it_in_each_row_or_in_none(case, name):
    case.prepare(partitions=1)
    for value in ('"c"', "null"):
        case.produce([encode(name, value, number) for number in range(5000)])
        case.speed("--roll-rows", "5000")
    case.check_exact()


def forget(case, place):
    """Writes a file of the archive as a version did that had no optional fields."""
    path = case.root / "data" / place
    with duckdb.connect() as connection:
        columns = ", ".join(field.name for field in FIELDS if field.required)
        rows = f"SELECT {columns} FROM read_parquet('{path}', hive_partitioning = false)"
        connection.execute(f"COPY ({rows}) TO '{path}.old' (FORMAT parquet)")
    path.with_name(path.name + ".old").replace(path)
    case.execute(f"UPDATE antenna.archive_file SET size = {path.stat().st_size} WHERE path = '{place}'")


@pytest.mark.parametrize("older", ["some", "all"])
def test_files_of_before_a_field(case, older):
    case.prepare()
    case.produce([encode(OPTIONAL[0], f'"c{number}"', number) for number in range(600)])
    case.speed("--roll-rows", "100")
    places = readers.list_files(case.root)
    assert len(places) > 3
    forgotten = places if older == "all" else places[::2]
    for place in forgotten:
        forget(case, place)
    expected = expect(case.messages())
    assert case.verify("--deep", code=4)["differences"] == [], "no batch run yet, and nothing else"
    result = case.batch("2022-02-20T09:00:00Z", "--compact")
    assert f"{len(places)} files became 1" in result.out
    case.check_batch(expected, HOUR)
    case.verify("--deep")
    (place,) = readers.list_files(case.root)
    rows = readers.read_file(case.root / "data" / place)
    required = [field.required for field in FIELDS]

    def without(row):
        return tuple(value for value, is_required in zip(row, required, strict=True) if is_required)

    assert sorted(map(without, rows)) == sorted(without(row) for row in expected.rows.elements())
    absent = sum(None in row for row in rows)
    assert absent == 600 if older == "all" else 0 < absent < 600
