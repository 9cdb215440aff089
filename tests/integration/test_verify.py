"""verify finds each kind of difference, names it, and says nothing where there is none."""

import datetime
import json
import shutil

import events
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from case import QUICK_ROLLS
from waiting import wait_until

pytestmark = pytest.mark.timeout(60)

FIRST_HOUR = datetime.datetime(2022, 2, 20, 9)
HOURS = ["2022-02-20T09:00:00Z", "2022-02-20T10:00:00Z"]


@pytest.fixture
def batched(case):
    """Two hours in both layers, and some rejected messages."""
    case.prepare()
    case.produce([*events.draw(2000), b"nonsense", b"", b"more nonsense"])
    case.speed()
    case.batch_pending()
    return case


def first_file(case):
    return next(case.root.glob("data/*/*/*/hour=9/*.parquet"))


def causes(report):
    """The causes by hour, only of hours that have some."""
    found = {hour["hour"]: [one["cause"] for one in hour["differences"]] for hour in report["hours"]}
    return {hour: names for hour, names in found.items() if names}


def details(report):
    return "\n".join(one["detail"] for hour in report["hours"] for one in hour["differences"])


@pytest.mark.valgrind
@pytest.mark.core
@pytest.mark.parametrize("options", [(), ("--deep",)])
def test_nothing_differs(batched, options):
    report = batched.verify(*options)
    assert [hour["hour"] for hour in report["hours"]] == HOURS
    assert {hour["state"] for hour in report["hours"]} == {"clean"}
    for hour in report["hours"]:
        amount = hour["list"]["bytes"]
        assert set(hour["bytes"].values()) == set(hour["bytes_hourly"].values()) == {amount}
        assert hour["parquet"]["rows"] == hour["list"]["rows"]
        assert hour["parquet"]["bytes"] == (amount if options else 0)
    assert report["rejected"] == {"not_json": 2, "empty": 1}
    assert report["messages"]["totalled"] == report["messages"]["archived"] == 2000
    assert report["messages"]["rejected"] == 3


def test_table(batched):
    result = batched.program.run(*batched.verify_arguments())
    assert result.code == 0, result.err
    lines = result.out.splitlines()
    assert [line.split()[:2] for line in lines[1:3]] == [[HOURS[0], "clean"], [HOURS[1], "clean"]]
    assert all(line.endswith("=") for line in lines[1:3])
    assert "2 hours verified, 0 with differences" in lines
    assert lines[-1] == "rejected, apart from that: 3 messages: not_json 2, empty 1"


def test_a_range(batched):
    report = batched.verify("--from", HOURS[1], "--to", HOURS[1])
    assert [hour["hour"] for hour in report["hours"]] == HOURS[1:]


@pytest.mark.core
def test_an_edited_row_of_the_speed_layer(batched):
    batched.execute("UPDATE bytes SET value = value + 1 WHERE ctid = (SELECT min(ctid) FROM bytes)")
    report = batched.verify(code=4)
    assert [*causes(report).values()] == [["speed_rows_edited"]]
    assert "window totals" in details(report)


@pytest.mark.core
def test_an_edited_row_of_the_batch_layer(batched):
    batched.execute(f"DELETE FROM bytes_hourly WHERE date = '{FIRST_HOUR}' AND id = 'SKYPE'")
    report = batched.verify(code=4)
    assert causes(report) == {HOURS[0]: ["hourly_rows_edited"]}
    assert "app_bytes_total" in details(report)


@pytest.mark.core
def test_edits_that_add_up_to_nothing_are_found_by_a_deep_look(batched):
    for table in ("bytes", "bytes_hourly"):
        for number, change in ((1, 5), (2, -5)):
            user = f"date = '{FIRST_HOUR}' AND id = '{events.user(number)}'"
            batched.execute(f"UPDATE {table} SET value = value + {change} WHERE {user}")
    batched.verify()
    report = batched.verify("--deep", code=4)
    assert sorted(causes(report)[HOURS[0]]) == ["hourly_rows_edited"] * 2 + ["speed_rows_edited"] * 2
    for number in (1, 2):
        assert events.user(number) in details(report)


def test_rows_for_nobody(batched):
    """An id that no event has, worth nothing, and one that is missing."""
    batched.execute(f"INSERT INTO bytes_hourly VALUES ('{FIRST_HOUR}', 'zzz', 7, 'user_bytes_total')")
    batched.execute(f"UPDATE bytes_hourly SET id = 'aaa' WHERE date = '{FIRST_HOUR}' AND id = 'SKYPE'")
    batched.execute(f"DELETE FROM bytes_hourly WHERE date = '{FIRST_HOUR}' AND id = 'zzz'")
    report = batched.verify("--deep", code=4)
    assert causes(report) == {HOURS[0]: ["hourly_rows_edited"] * 2}
    assert '"aaa"' in details(report)
    assert '"SKYPE"' in details(report)


@pytest.mark.core
def test_a_deleted_file(batched):
    path = first_file(batched)
    path.unlink()
    report = batched.verify(code=4)
    assert causes(report) == {HOURS[0]: ["file_missing"]}
    assert path.name in details(report)


def test_a_truncated_file(batched):
    path = first_file(batched)
    path.write_bytes(path.read_bytes()[:-20])
    report = batched.verify(code=4)
    assert causes(report) == {HOURS[0]: ["file_damaged"]}
    assert path.name in details(report)


def test_a_file_whose_footer_is_damaged(batched):
    path = first_file(batched)
    path.write_bytes(path.read_bytes()[:-4] + b"RAP1")
    report = batched.verify(code=4)
    assert causes(report) == {HOURS[0]: ["file_damaged"]}
    assert path.name in details(report)


def test_a_file_with_damaged_pages_is_found_by_a_deep_look(batched):
    path = first_file(batched)
    data = bytearray(path.read_bytes())
    data[100:400] = bytes(300)
    path.write_bytes(data)
    report = batched.verify("--deep", code=4)
    assert causes(report) == {HOURS[0]: ["file_damaged"]}
    assert path.name in details(report)


def test_a_file_with_other_rows(batched):
    """Of the same size, which is what a footer does not tell."""
    path = first_file(batched)
    table = pq.read_table(path)
    pq.write_table(table.set_column(3, "bytes", pa.array([1] * len(table), pa.int64())), path)
    batched.execute(f"UPDATE antenna.archive_file SET size = {path.stat().st_size} WHERE path LIKE '%/{path.name}'")
    batched.verify()
    report = batched.verify("--deep", code=4)
    assert causes(report) == {HOURS[0]: ["file_damaged"]}
    assert path.name in details(report)


@pytest.mark.core
def test_a_doubled_file(batched):
    path = first_file(batched)
    shutil.copy(path, path.with_name("copy.parquet"))
    report = batched.verify(code=4)
    assert causes(report) == {HOURS[0]: ["file_unlisted"]}
    assert "copy.parquet" in details(report)


# Where a Parquet file may lie that is not listed, in hours that the database does not know: (folder, hour or None).
UNLISTED = [
    ("year=2021/month=1/day=5/hour=7", "2021-01-05T07:00:00Z"),
    ("year=2021/month=01/day=05/hour=07", "2021-01-05T07:00:00Z"),
    ("year=2021/month=1/day=05/hour=007", "2021-01-05T07:00:00Z"),
    ("year=2022/month=2/day=20/hour=11", "2022-02-20T11:00:00Z"),
    ("year=2022/month=02/day=20/hour=11", "2022-02-20T11:00:00Z"),
    ("year=2022/month=02/day=20/hour=09", HOURS[0]),
    ("", None),
    ("year=2022", None),
    ("year=2022/month=2/day=20", None),
    ("year=2022/month=2/day=30/hour=9", None),
    ("year=1999/month=2/day=3/hour=9", None),
    ("year=2022/month=2/day=20/hour=24", None),
    ("year=2022/month=Feb/day=20/hour=9", None),
    ("year=2022/month=2/day=20/hour=9/minute=5", None),
    ("year=2022/month=2/day=20/hour=9/old", None),
    ("year=2022/month=2/day=20/hour=__HIVE_DEFAULT_PARTITION__", None),
    ("date=2022-02-20/hour=9", None),
    ("old/year=2022/month=2/day=20/hour=9", None),
]


def test_files_that_no_hour_of_the_database_has(batched, subtests):
    for folder, hour in UNLISTED:
        with subtests.test(folder):
            path = batched.root / "data" / folder / "other.parquet"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"")
            report = batched.verify(code=4)
            assert causes(report) == ({hour: ["file_unlisted"]} if hour else {})
            differences = report["differences"] + [one for each in report["hours"] for one in each["differences"]]
            assert [one["cause"] for one in differences] == ["file_unlisted"]
            assert f'"{path}"' in differences[0]["detail"]
            path.unlink()


def test_many_files_of_no_hour(batched):
    """A copy of an archive within ours is named by its first files, and counted."""
    for number in range(25):
        (batched.root / "data" / f"{number}.parquet").touch()
    report = batched.verify(code=4)
    assert [one["cause"] for one in report["differences"]] == ["file_unlisted"] * 11
    assert "15 more" in report["differences"][-1]["detail"]
    table = batched.program.run(*batched.verify_arguments())
    assert table.code == 4
    assert "15 more" in table.out


def test_what_readers_skip_is_no_file(batched):
    """Hidden names, empty folders, and a link that leads round in a circle."""
    data = batched.root / "data"
    for name in ("_temporary/a.parquet", ".hidden/a.parquet", ".a.parquet", "year=2021/month=1/day=5/hour=7/_SUCCESS"):
        path = data / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (data / "round").symlink_to(data)
    assert [hour["hour"] for hour in batched.verify()["hours"]] == HOURS


def test_an_edited_list(batched):
    batched.execute(f"DELETE FROM antenna.archive_file WHERE path LIKE '%/{first_file(batched).name}'")
    report = batched.verify(code=4)
    assert causes(report) == {HOURS[0]: ["file_unlisted", "list_edited"]}


def test_edited_counters(batched):
    batched.execute("UPDATE antenna.progress SET records_archived = records_archived - 1 WHERE partition = 0")
    batched.execute("UPDATE antenna.rejected_count SET messages = messages + 1 WHERE reason = 'empty'")
    report = batched.verify(code=4)
    assert causes(report) == {}
    assert [one["cause"] for one in report["differences"]] == ["counters_edited"] * 2


@pytest.mark.parametrize("date", ["0044-03-15 BC", "1970-01-01", "2150-01-01", "294276-12-31", "infinity", "-infinity"])
@pytest.mark.parametrize("table", ["bytes", "bytes_hourly"])
def test_rows_dated_when_no_event_can_be(batched, table, date):
    """They are in no hour of the archive, and the views show them."""
    batched.execute(f"INSERT INTO {table} (date, type, id, value) VALUES ('{date}', 'app_bytes_total', 'old', 5)")
    report = batched.verify(code=4)
    cause = "speed_rows_edited" if table == "bytes" else "hourly_rows_edited"
    assert [one["cause"] for one in report["differences"]] == [cause]
    assert f"at {date}" in report["differences"][0]["detail"].replace(" 00:00:00", "")
    assert batched.value("SELECT count(*) FROM antenna.hourly") > 10


def test_an_hour_without_batch_run(case):
    case.prepare()
    case.produce(events.draw(500))
    case.speed()
    case.batch(FIRST_HOUR)
    assert causes(case.verify(code=4)) == {HOURS[1]: ["not_batched"]}


def test_hours_that_the_archive_does_not_know(batched):
    """As after the adoption of the Spark job's tables."""
    batched.execute("INSERT INTO bytes VALUES ('2021-01-01 05:05', 'SKYPE', 5, 'app_bytes_total')")
    batched.execute("INSERT INTO bytes_hourly VALUES ('2021-01-01 05:00', 'SKYPE', 5, 'app_bytes_total')")
    report = batched.verify(code=4)
    assert causes(report) == {"2021-01-01T05:00:00Z": ["speed_rows_edited", "hourly_rows_edited"]}
    batched.verify("--from", HOURS[0])


def test_late_events_on_their_way_to_the_archive(batched):
    batched.produce(events.draw(20, seed=2, seconds=3600))
    speed = batched.start_speed("--roll-age", "1h", "--commit-interval", "10ms")
    batched.wait_until_read(speed)
    report = batched.verify(code=4)
    assert causes(report) == {HOURS[0]: ["not_archived_yet"]}
    speed.terminate()
    assert causes(batched.verify(code=4)) == {HOURS[0]: ["dirty"]}
    batched.batch_pending()
    batched.check_layers()


def test_what_is_still_expected_of_an_open_hour_is_no_difference(case):
    case.prepare(partitions=1)
    speed = case.start_speed("--roll-rows", "400", "--roll-age", "1h", "--commit-interval", "10ms")
    case.produce([events.encode(events.BEGIN + n) for n in range(0, 3600, 7)])
    case.wait_until_read(speed)
    wait_until(lambda: case.value("SELECT archive_offset FROM antenna.progress") == 400, "a roll")
    report = case.verify()
    assert causes(report) == {HOURS[0]: ["not_archived_yet", "not_batched"]}
    assert all(one["expected"] for one in report["hours"][0]["differences"])
    speed.terminate()


@pytest.mark.timeout(180)
def test_while_events_stream_in_nothing_is_found_that_is_not_so(case):
    """A look at any moment finds no more than that the batch layer is behind."""
    case.prepare()
    simulate = case.start_simulate("--rate", "2000", "--late", "0.2", "--malformed", "0.02")
    speed = case.start_speed(*QUICK_ROLLS)
    wait_until(lambda: case.value("SELECT count(*) FROM antenna.hour") > 0, "the first file")
    expected = {"not_archived_yet", "not_totalled_yet", "not_batched", "dirty"}
    for _ in range(20):
        result = case.program.run(*case.verify_arguments("--json"))
        assert result.code in (0, 4), result.err
        found = {cause for names in causes(json.loads(result.out)).values() for cause in names}
        assert found <= expected, result.out
        case.batch_pending()
    simulate.terminate()
    case.wait_until_read(speed)
    speed.terminate()
    case.batch_pending()
    case.check_exact()


def test_usage(case):
    case.program.run("verify", *case.login).fails("ANT-U004", "--storage-path")
    case.provision()
    case.program.run(*case.verify_arguments("--from", HOURS[1], "--to", HOURS[0])).fails("ANT-U003", "before --from")


def test_no_such_folder(case):
    case.provision()
    case.program.run(*case.verify_arguments()).fails("ANT-A008", "could not open the storage-path", "year=")


def test_an_empty_archive(case):
    case.prepare()
    case.speed()
    assert case.verify()["hours"] == []
