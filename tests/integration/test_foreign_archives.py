"""Archives of other programs: folders, time zones, types of columns, and rows that are no events."""

import datetime
import decimal
import json
import os
import zoneinfo

import pyarrow as pa
import pytest
from case import Case
from foreign import HOUR, UTC_TIME, amounts, event_columns, folder_of, micros, write
from program import Program

pytestmark = pytest.mark.timeout(120)

NINE = datetime.datetime(2022, 2, 5, 9)
TEN_PAST = datetime.timedelta(minutes=10)


@pytest.fixture(scope="module")
def database(kafka, postgres, tmp_path_factory):
    """One for all tests, as they only differ in their archives."""
    folder = tmp_path_factory.mktemp("foreign")
    made = Case(kafka, postgres, Program(folder), folder)
    made.provision()
    yield made
    made.close()


@pytest.fixture
def case(database, tmp_path):
    """Empty tables, and an archive that holds nothing yet."""
    database.root = tmp_path / "archive"
    (database.root / "data").mkdir(parents=True)
    database.execute("TRUNCATE bytes_hourly, user_quota_limit, antenna.hour, antenna.archive_file")
    return database


def run(case, hour, *options, **changes):
    return case.program.run(*case.batch_arguments(hour, *options, **changes))


def report(case, hour, *options, **changes):
    result = run(case, hour, "--json", *options, **changes)
    assert result.code == 0, result.err
    return json.loads(result.out)


def keep_totals(case, hour, value=400):
    """Totals and a user over quota that are there before."""
    case.execute(f"INSERT INTO bytes_hourly VALUES ('{hour}', 'SKYPE', {value}, 'app_bytes_total')")
    case.execute(f"INSERT INTO user_quota_limit VALUES ('u@example.org', {value}, 5, '{hour}')")
    return kept(case)


def kept(case):
    return case.query("SELECT date, value FROM bytes_hourly"), case.query("SELECT usage FROM user_quota_limit")


# An hour with totals, and archives that do not have it: (what is made of the archive, the storage path, words).
def nothing(data):
    pass


def file_of(folder, name="a.parquet"):
    return lambda data: write(data, event_columns([NINE + TEN_PAST] * 3), folder, name)


@pytest.mark.parametrize(
    ("make", "below", "words"),
    [
        pytest.param(nothing, "data", ("no folder year=",), id="an empty archive"),
        pytest.param(file_of("year=2022/month=2/day=5/hour=9"), "", ("storage-root",), id="a level too high"),
        pytest.param(file_of("old/year=2022/month=2/day=5/hour=9"), "data", ("no folder year=",), id="two too high"),
        pytest.param(file_of("year=2022/month=2/day=5/hour=9"), "data/year=2022", ("month=2",), id="a level too low"),
        pytest.param(
            file_of("year=2022/month=2/day=5/hour=9"), "data/year=2022/month=2/day=5/hour=9", ("year=",), id="the hour"
        ),
        pytest.param(
            file_of("year=2022/month=2/day=5/hour=9"),
            "data/year=2022/month=2/day=5/hour=9/a.parquet",
            ("could not open",),
            id="a file",
        ),
        pytest.param(nothing, "no-data", ("could not open",), id="no folder"),
        pytest.param(file_of("year=2022/month=2/day=5/hour=10"), "data", ("0 files have 0",), id="another hour"),
        pytest.param(file_of("year=2022/month=2/day=5/hour=9"), "data", ("has 400 bytes", "have 300"), id="less"),
        pytest.param(file_of("year=2022/month=2/day=5/hour=9", "a.orc"), "data", ("left out",), id="another format"),
        pytest.param(
            file_of("year=2022/month=2/day=5", "a.parquet"), "data", ("left out",), id="no folder of the hour"
        ),
        pytest.param(file_of("year=2022/month=Feb/day=5/hour=9"), "data", ("month=Feb",), id="a name of a month"),
        pytest.param(file_of("YEAR=2022/month=2/day=5/hour=9"), "data", ("YEAR=2022",), id="upper case"),
        pytest.param(file_of("date=2022-02-05/hour=9"), "data", ("date=2022-02-05",), id="by date"),
        pytest.param(
            file_of("year=2022/month=2/day=5/hour=9/minute=5"), "data", ("minute=5",), id="a level below the hour"
        ),
    ],
)
def test_totals_are_never_replaced_by_nothing_or_less(case, make, below, words):
    make(case.root / "data")
    before = keep_totals(case, NINE)
    result = run(case, NINE, "--all-files", path=case.root / below)
    assert result.code == 3, result.out + result.err
    assert all(word in result.err for word in words), result.err
    assert kept(case) == before


@pytest.mark.parametrize("rows", [0, 3])
def test_totals_are_replaced_by_less_when_it_is_asked_for(case, rows):
    write(case.root / "data", event_columns([NINE + TEN_PAST] * rows), folder_of(NINE))
    keep_totals(case, NINE)
    report(case, NINE, "--all-files", "--allow-less")
    assert amounts(case) == ({NINE: {"u": 300}} if rows else {})


def test_users_over_quota_alone_are_not_removed_by_an_empty_hour(case):
    write(case.root / "data", event_columns([NINE]), folder_of(HOUR))
    case.execute(f"INSERT INTO user_quota_limit VALUES ('u@example.org', 6, 5, '{NINE}')")
    run(case, NINE, "--all-files").fails("ANT-H002")


@pytest.mark.parametrize("folder", ["month=02/day=05/hour=09", "month=2/day=05/hour=9", "month=002/day=5/hour=09"])
def test_folders_with_zeros_before_their_numbers_are_read(case, folder):
    write(case.root / "data", event_columns([NINE]), f"year=2022/{folder}")
    assert report(case, NINE, "--all-files")["bytes"] == 100


def test_folders_of_both_spellings_are_one_hour(case):
    write(case.root / "data", event_columns([NINE]), folder_of(NINE), "a.parquet")
    write(case.root / "data", event_columns([NINE] * 2), folder_of(NINE, padded=True), "b.parquet")
    assert report(case, NINE, "--all-files")["bytes"] == 300


def test_the_same_file_in_folders_of_both_spellings_is_refused(case):
    for padded in (False, True):
        write(case.root / "data", event_columns([NINE]), folder_of(NINE, padded))
    run(case, NINE, "--all-files").fails("ANT-A014", "part-0000")


def added(*names):
    """A file of the log of Spark's file sink that adds files."""
    paths = (f"file:///srv/old/{folder_of(NINE)}/{name}.parquet" for name in names)
    entries = ({"path": path, "size": 1, "isDir": False, "blockSize": 1, "action": "add"} for path in paths)
    return "\n".join(["v1", *map(json.dumps, entries)])


# Of the files a (100 bytes), b (200) and c (400): the log, {name: text}, and the bytes and files left out, or words.
SPARK_LOGS = {
    "no log": (None, 700, 0),
    "all": ({"0": added("a", "b", "c")}, 700, 0),
    "all, of several micro-batches": ({"0": added("a"), "1": added(), "2": added("b", "c")}, 700, 0),
    "compacted": ({"9.compact": added("a", "b"), "10": added("c")}, 700, 0),
    "compacted, its micro-batches not yet deleted": (
        {"8": added("a"), "9.compact": added("a", "b"), "10": added("c")},
        700,
        0,
    ),
    "a failed micro-batch": ({"0": added("a", "c")}, 500, 1),
    "failed micro-batches and files of other hours": ({"0": added("x", "b"), "1": added("y")}, 200, 2),
    "hidden and unfinished files": ({"0": added("a", "b"), ".1.crc": "?", ".1.tmp": added("c")}, 300, 1),
    "a log that was begun anew": ({"0": added("x")}, None, "nor another file of the hour"),
    "an empty log": ({}, None, "nor another file of the hour"),
    "another version": ({"0": added("a", "b", "c").replace("v1", "v2")}, None, "as a log of Spark's file sink"),
    "another action": ({"0": added("a").replace("add", "delete")}, None, "as a log of Spark's file sink"),
    "damaged": ({"0": added("a", "b", "c")[:-9]}, None, "as a log of Spark's file sink"),
    "cut": ({"0": ""}, None, "as a log of Spark's file sink"),
}


@pytest.mark.parametrize("of", ["--all-files", "--old-storage-path"])
@pytest.mark.parametrize("log", SPARK_LOGS)
def test_what_failed_micro_batches_left_is_not_counted(case, log, of):
    texts, size, left_out = SPARK_LOGS[log]
    data = case.root / "data"
    for name, count in (("a", 1), ("b", 2), ("c", 4)):
        write(data, event_columns([NINE] * count), folder_of(NINE), f"{name}.parquet")
    if texts is not None:
        (data / "_spark_metadata").mkdir()
        for name, text in texts.items():
            (data / "_spark_metadata" / name).write_text(text)
    options = [of] if of == "--all-files" else [of, data]
    changes = {} if of == "--all-files" else {"path": "-"}
    if size is None:
        run(case, NINE, *options, **changes).fails("ANT-A025", left_out)
    else:
        found = report(case, NINE, *options, **changes)
        assert (found["bytes"], found["left_out_files"]) == (size, left_out)


@pytest.mark.parametrize("padded", [False, True])
def test_files_that_are_left_out_are_counted(case, padded):
    write(case.root / "data", event_columns([NINE]), folder_of(NINE, padded))
    result = run(case, NINE)
    assert "1 files not listed and left out" in result.out
    assert "left out 1 files" in result.err
    found = report(case, NINE)
    assert (found["unlisted_files"], found["left_out_files"], found["files"]) == (1, 1, 0)
    found = report(case, NINE, "--all-files")
    assert (found["unlisted_files"], found["left_out_files"], found["files"]) == (1, 0, 1)
    report(case, NINE, "--all-files")
    assert "has totals" not in run(case, NINE).fails("ANT-H001", "left out").out


# What else may be called *.parquet in the hour's folder: how it is made, and what is left out of the hour (None: it is
# refused).
NO_FILES = {
    "a pipe": (os.mkfifo, 1),
    "a folder": (os.mkdir, 1),
    "a link to a folder": (lambda path: path.symlink_to("."), 1),
    "a link to a file": (lambda path: path.symlink_to(next(path.parent.glob("part-*")).name), 0),
    "a link to nothing": (lambda path: path.symlink_to("/not/mounted/b.parquet"), None),
    "a link to itself": (lambda path: path.symlink_to(path), None),
}


@pytest.mark.parametrize("name", NO_FILES)
def test_what_is_called_a_file_and_is_none(case, name):
    make, left_out = NO_FILES[name]
    write(case.root / "data", event_columns([NINE]), folder_of(NINE))
    make(case.root / "data" / folder_of(NINE) / "b.parquet")
    if left_out is None:
        run(case, NINE, "--all-files").fails("ANT-A010", "b.parquet")
        return
    found = report(case, NINE, "--all-files")
    assert (found["left_out_files"], found["files"]) == (left_out, 2 - left_out)


def test_a_file_that_this_user_may_not_read(case):
    write(case.root / "data", event_columns([NINE]), folder_of(NINE))
    for path in (case.root / "data" / folder_of(NINE)).iterdir():
        path.chmod(0)
    ordinary = ("setpriv", "--bounding-set=-dac_override,-dac_read_search")
    running = case.program.start(*case.batch_arguments(NINE, "--all-files"), via=ordinary)
    running.wait().fails("ANT-A002", "Permission denied", "let this user read")


# Types of the columns: (column, its values, expected bytes of the user, or code and words of the refusal).
TYPES = {
    "strings by dictionary": ("id", pa.array(["u"] * 4).dictionary_encode(), {"u": 400}),
    "large strings": ("id", pa.array(["u"] * 4, pa.large_string()), {"u": 400}),
    "strings as bytes": ("id", pa.array([b"u"] * 4), {"u": 400}),
    "bytes that are no text": ("id", pa.array([b"\xff"] * 4), ("ANT-A007", "part-0000", "UTF8")),
    "bool": ("id", pa.array([True] * 4), ("ANT-A015", '"id"', "BOOLEAN")),
    "int32": ("id", pa.array([7] * 4, pa.int32()), ("ANT-A015", '"id"', "INTEGER")),
    "int64": ("id", pa.array([2**40 + 64] * 4), ("ANT-A015", '"id"', "BIGINT")),
    "uint64": ("id", pa.array([7] * 4, pa.uint64()), ("ANT-A015", '"id"', "UBIGINT")),
    "double": ("id", pa.array([7.5] * 4), ("ANT-A015", '"id"', "DOUBLE")),
    "decimal": ("id", pa.array([decimal.Decimal("7")] * 4), ("ANT-A015", '"id"', "DECIMAL")),
    "timestamp": ("id", pa.array([micros(HOUR)] * 4, UTC_TIME), ("ANT-A015", '"id"', "TIMESTAMP")),
    "date": ("id", pa.array([7] * 4, pa.date32()), ("ANT-A015", '"id"', "DATE")),
    "struct": ("id", pa.array([{"id": "x", "app": "y"}] * 4), ("ANT-A015", '"id"', "STRUCT")),
    "list": ("id", pa.array([["x"]] * 4), ("ANT-A015", '"id"', "LIST")),
    "map": ("id", pa.array([[("k", "v")]] * 4, pa.map_(pa.string(), pa.string())), ("ANT-A015", '"id"', "MAP")),
    "fixed bytes": ("id", pa.array([bytes(16)] * 4, pa.binary(16)), ("ANT-A015", '"id"', "BLOB")),
    "null": ("id", pa.nulls(4), ("ANT-A015", '"id"', "NULL")),
    "bytes of int32": ("bytes", pa.array([100] * 4, pa.int32()), {"u": 400}),
    "bytes of int8": ("bytes", pa.array([100] * 4, pa.int8()), {"u": 400}),
    "bytes of uint8": ("bytes", pa.array([200] * 4, pa.uint8()), {"u": 800}),
    "bytes of uint32": ("bytes", pa.array([2**32 - 1] * 4, pa.uint32()), {"u": 4 * (2**32 - 1)}),
    "bytes of uint64": ("bytes", pa.array([100] * 4, pa.uint64()), {"u": 400}),
    "bytes of float": ("bytes", pa.array([1.5, float("nan"), 1, 1], pa.float32()), ("ANT-A015", '"bytes"', "FLOAT")),
    "bytes of double": ("bytes", pa.array([100.0] * 4), ("ANT-A015", '"bytes"', "DOUBLE")),
    "bytes of decimal": ("bytes", pa.array([decimal.Decimal("1.5")] * 4), ("ANT-A015", '"bytes"', "DECIMAL")),
    "bytes of text": ("bytes", pa.array(["100"] * 4), ("ANT-A015", '"bytes"', "VARCHAR")),
    "bytes of bool": ("bytes", pa.array([True] * 4), ("ANT-A015", '"bytes"', "BOOLEAN")),
    "bytes of time": ("bytes", pa.array([1] * 4, pa.time64("us")), ("ANT-A015", '"bytes"', "TIME")),
    "milliseconds": ("timestamp", pa.array([micros(HOUR) // 1000] * 4, pa.timestamp("ms", "UTC")), {"u": 400}),
    "nanoseconds": ("timestamp", pa.array([micros(HOUR) * 1000] * 4, pa.timestamp("ns", "UTC")), {"u": 400}),
    "no zone": (
        "timestamp",
        pa.array([micros(HOUR)] * 4, pa.timestamp("us")),
        ("ANT-A017", "no time zone", "--time-zone"),
    ),
    "whole seconds": ("timestamp", pa.array([micros(HOUR) // 10**6] * 4), ("ANT-A015", '"timestamp"', "BIGINT")),
    "text of a time": ("timestamp", pa.array(["2022-02-20T10:00:00Z"] * 4), ("ANT-A015", '"timestamp"', "VARCHAR")),
    "missing": ("app", None, ("ANT-A015", '"app"', "is missing")),
    "one more column": ("more", pa.array([{"id": 1}] * 4), {"u": 400}),
    "twice": ("APP", pa.array(["x"] * 4), ("ANT-A015", '"app"', "twice")),
}


@pytest.mark.parametrize("kind", TYPES)
def test_types_are_cast_or_refused_by_name(case, kind):
    name, values, expected = TYPES[kind]
    columns = event_columns([HOUR] * 4) | {name: values}
    path = write(case.root / "data", {key: value for key, value in columns.items() if value is not None})
    result = run(case, HOUR, "--all-files")
    if isinstance(expected, dict):
        assert result.code == 0, result.err
        assert amounts(case) == {HOUR: expected}
    else:
        result.fails(*expected)
        assert str(path) in result.err
        assert amounts(case) == {}


def test_timestamps_of_spark_2(case):
    write(case.root / "data", event_columns([HOUR] * 4), use_deprecated_int96_timestamps=True)
    assert report(case, HOUR, "--all-files")["bytes"] == 400


def test_types_that_differ_between_files(case):
    """Each file is read by its own types, in whatever order they come."""
    kinds = ["strings as bytes", "bytes of int8", "bytes of uint64", "milliseconds", "nanoseconds", "one more column"]
    for number, kind in enumerate([*kinds, *reversed(kinds)]):
        name, values, _ = TYPES[kind]
        write(case.root / "data", event_columns([HOUR] * 4) | {name: values}, name=f"{number}.parquet")
    large = event_columns([HOUR], sizes=[2**40])
    write(case.root / "data", large, name="large.parquet")
    assert report(case, HOUR, "--all-files")["bytes"] == 12 * 400 + 2**40
    write(case.root / "data", event_columns([HOUR]) | {"bytes": pa.array([1.5])}, name="zz.parquet")
    run(case, HOUR, "--all-files").fails("ANT-A015", "zz.parquet", '"bytes"', "DOUBLE")


def test_a_file_without_rows_is_nothing(case):
    write(case.root / "data", event_columns([]), name="none.parquet")
    write(case.root / "data", event_columns([HOUR]))
    assert report(case, HOUR, "--all-files")["bytes"] == 100


@pytest.mark.parametrize("cut", [0, 3, 100, -20])
def test_a_damaged_file_is_named(case, cut):
    write(case.root / "data", event_columns([HOUR]), name="a.parquet")
    path = write(case.root / "data", event_columns([HOUR]), name="b.parquet")
    path.write_bytes(path.read_bytes()[:cut])
    assert str(path) in run(case, HOUR, "--all-files").fails("ANT-A007").err


# Rows that are no events: (id, antenna, app, bytes, minutes into the hour or None) and where they are counted.
REJECTS = {
    "without id": ({"id": None}, "rejected_rows"),
    "without antenna": ({"antenna_id": None}, "rejected_rows"),
    "without app": ({"app": None}, "rejected_rows"),
    "without timestamp": ({"timestamp": None}, "rejected_rows"),
    "empty id": ({"id": ""}, "rejected_rows"),
    "empty app": ({"app": ""}, "rejected_rows"),
    "long id": ({"id": "x" * 257}, "rejected_rows"),
    "NUL in it": ({"app": "a\0b"}, "rejected_rows"),
    "negative": ({"bytes": -5}, "rejected_rows"),
    "without bytes": ({"bytes": None}, "rows_without_bytes"),
}


@pytest.mark.parametrize("kind", REJECTS)
def test_rows_that_are_no_events_are_counted_and_in_no_total(case, kind):
    changes, counter = REJECTS[kind]
    columns = event_columns([HOUR] * 3)
    for name, value in changes.items():
        columns[name] = pa.array([*columns[name].to_pylist()[:2], value], columns[name].type)
    write(case.root / "data", columns)
    found = report(case, HOUR, "--all-files")
    assert (found["bytes"], found[counter]) == (200, 1)
    assert amounts(case) == {HOUR: {"u": 200}}
    assert "rows" in run(case, HOUR, "--all-files").err
    run(case, HOUR, "--all-files", "--invalid-rows", "stop").fails("ANT-A018")


def test_bytes_that_exceed_what_a_total_holds(case):
    write(case.root / "data", event_columns([HOUR] * 2) | {"bytes": pa.array([2**64 - 1, 1], pa.uint64())})
    assert report(case, HOUR, "--all-files")["rejected_rows"] == 1
    write(case.root / "data", event_columns([HOUR] * 2, sizes=[2**63 - 1] * 2), name="b.parquet")
    run(case, HOUR, "--all-files").fails("ANT-H008", "exceeds")


# Folders by a time zone: (zone, UTC hour, the folders that have rows of it, by what they are called there).
ZONES = [
    ("Europe/Madrid", "2022-02-20T10", ["2022-02-20T11"]),
    ("Europe/Madrid", "2022-07-20T10", ["2022-07-20T12"]),
    ("Europe/Madrid", "2021-12-31T23", ["2022-01-01T00"]),
    ("Europe/Madrid", "2022-03-27T00", ["2022-03-27T01"]),
    ("Europe/Madrid", "2022-03-27T01", ["2022-03-27T03"]),
    ("Europe/Madrid", "2022-10-30T00", ["2022-10-30T02"]),
    ("Europe/Madrid", "2022-10-30T01", ["2022-10-30T02"]),
    ("Europe/Madrid", "2022-10-30T02", ["2022-10-30T03"]),
    ("America/New_York", "2022-11-06T06", ["2022-11-06T01"]),
    ("Asia/Kolkata", "2022-02-20T10", ["2022-02-20T15", "2022-02-20T16"]),
    ("Asia/Kathmandu", "2022-02-20T10", ["2022-02-20T15", "2022-02-20T16"]),
    ("Australia/Lord_Howe", "2022-04-02T14", ["2022-04-03T01"]),
    ("Australia/Lord_Howe", "2022-04-02T15", ["2022-04-03T01", "2022-04-03T02"]),
    ("Pacific/Kiritimati", "2022-02-20T10", ["2022-02-21T00"]),
    ("Etc/GMT+12", "2022-02-20T10", ["2022-02-19T22"]),
    ("UTC", "2022-02-20T10", ["2022-02-20T10"]),
]


@pytest.mark.parametrize(("zone", "hour", "folders"), ZONES)
def test_an_hour_of_folders_in_local_time(case, zone, hour, folders):
    """Each minute's rows lie where a clock of the zone says, and three hours are read one by one."""
    begin = datetime.datetime.fromisoformat(hour)
    files = {}
    for minute in range(-60, 120, 5):
        moment = begin + datetime.timedelta(minutes=minute)
        local = moment.replace(tzinfo=datetime.UTC).astimezone(zoneinfo.ZoneInfo(zone))
        files.setdefault(folder_of(local), []).append(moment)
    assert {folder_of(datetime.datetime.fromisoformat(folder)) for folder in folders} <= files.keys()
    for folder, moments in files.items():
        write(case.root / "data", event_columns(moments), folder, f"{folder.replace('/', '-')}.parquet")
    for offset in (-1, 0, 1):
        found = report(case, begin + datetime.timedelta(hours=offset), "--all-files", "--time-zone", zone)
        assert (found["bytes"], found["rows"]) == (1200, 12)
    assert sum(sum(users.values()) for users in amounts(case).values()) == 3600


def test_rows_outside_of_their_folders_hour_are_refused_by_file_and_range(case):
    path = write(case.root / "data", event_columns([HOUR, HOUR + TEN_PAST]), "year=2022/month=2/day=20/hour=11")
    eleven = HOUR.replace(hour=11)
    run(case, eleven, "--all-files").fails(
        "ANT-A016", str(path), "2022-02-20T10:00:00Z", "2022-02-20T10:10:00Z", "--time-zone", "--by-timestamp"
    )
    assert report(case, HOUR, "--all-files", "--time-zone", "Europe/Madrid")["bytes"] == 200
    assert amounts(case) == {HOUR: {"u": 200}}


@pytest.mark.parametrize("offset", [-13, -11, -1, 0, 1, 9, 11])
def test_rows_are_sorted_by_their_own_time_when_asked(case, offset):
    """Rows of three hours in one folder that is some hours off: each hour gets its own, from wherever they are."""
    moments = [HOUR + datetime.timedelta(hours=hour, minutes=5) for hour in (-1, 0, 1)]
    write(case.root / "data", event_columns(moments), folder_of(HOUR + datetime.timedelta(hours=-offset)))
    write(case.root / "data", event_columns([HOUR]), folder_of(HOUR), "right.parquet")
    found = [
        report(case, HOUR + datetime.timedelta(hours=hour), "--all-files", "--by-timestamp") for hour in (-1, 0, 1)
    ]
    assert [hour["bytes"] for hour in found] == [100, 200, 100]


def test_rows_more_than_a_day_off_are_refused_also_by_their_own_time(case):
    path = write(case.root / "data", event_columns([HOUR + datetime.timedelta(days=2)]), folder_of(HOUR))
    run(case, HOUR, "--all-files", "--by-timestamp").fails("ANT-A016", str(path))


def test_timestamps_without_a_zone_are_of_the_zone_that_is_given(case):
    local = pa.array([micros(HOUR)] * 2, pa.timestamp("us"))
    write(case.root / "data", event_columns([HOUR] * 2) | {"timestamp": local}, folder_of(HOUR))
    nine = HOUR.replace(hour=9)
    assert report(case, nine, "--all-files", "--time-zone", "Europe/Madrid")["bytes"] == 200


def test_timestamps_without_a_zone_in_a_doubled_hour_are_refused(case):
    doubled = datetime.datetime(2022, 10, 30, 2, 10)
    local = pa.array([micros(doubled)], pa.timestamp("us"))
    path = write(case.root / "data", event_columns([doubled]) | {"timestamp": local}, folder_of(doubled))
    for hour in (0, 1):
        at = datetime.datetime(2022, 10, 30, hour)
        run(case, at, "--all-files", "--time-zone", "Europe/Madrid").fails("ANT-A017", str(path), "twice")


@pytest.mark.parametrize("zone", ["Mars/Olympus", "UTC+3", "+01:00", "europe/madrid", "CEST", "x'y"])
def test_zones_that_are_none(case, zone):
    write(case.root / "data", event_columns([HOUR]))
    run(case, HOUR, "--all-files", "--time-zone", zone).fails("ANT-U003", "time-zone", "Europe/Madrid")


def test_a_zone_that_nothing_is_read_by(case):
    write(case.root / "data", event_columns([HOUR]))
    run(case, HOUR, "--time-zone", "UTC").fails("ANT-U006", "--time-zone", "--all-files")


# Columns that a field of ours has the name of, which other programs are free to use as they like.
UNREAD = {
    "a number": {"cell": pa.array([1], pa.int32())},
    "a list": {"cell": pa.array([["a"]], pa.list_(pa.string()))},
    "columns of its own": {"cell": pa.array([{"id": "x"}], pa.struct([("id", pa.string())]))},
    "nothing": {"cell": pa.array([None], pa.null())},
    "two spellings": {"cell": pa.array([1], pa.int32()), "CELL": pa.array(["c"])},
}


@pytest.mark.parametrize("name", UNREAD)
def test_columns_that_are_not_read(case, name):
    columns = event_columns([HOUR])
    write(case.root / "data", UNREAD[name] | columns)
    write(case.root / "data", columns, name="part-0001.snappy.parquet")
    assert report(case, HOUR, "--all-files")["bytes"] == 200
