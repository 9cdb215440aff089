"""Hours whose totals came from the Spark job, and two archives of one hour."""

import datetime
import json
import shutil
import uuid

import events
import pytest
from foreign import amounts, event_columns, write
from waiting import wait_until

pytestmark = pytest.mark.timeout(120)

NINE = datetime.datetime(2022, 2, 20, 9)
TEN = datetime.datetime(2022, 2, 20, 10)
LABELS = ("antenna_bytes_total", "app_bytes_total", "user_bytes_total")
USER = events.user(1)


@pytest.fixture
def archived(case):
    """Ours has 300 bytes of nine o'clock and 100 of ten."""
    case.prepare(partitions=1)
    case.produce([events.encode(events.BEGIN + second, user_id=USER, size=100) for second in (1, 2, 3, 3600)])
    case.speed()
    return case


def take_over(case, value, hour=NINE, table="bytes_hourly"):
    """Totals of another job."""
    for label in LABELS:
        case.execute(f"INSERT INTO {table} (date, type, id, value) VALUES ('{hour}', '{label}', 'old', {value})")


def state(case, hour=NINE):
    return case.value("SELECT state FROM antenna.hour_state WHERE hour = %s", hour)


def layers(case, hour=NINE):
    """{layer: bytes} of the hour, as dashboards see it."""
    return dict(
        case.query(
            "SELECT layer, sum(value)::bigint FROM antenna.hourly "
            "WHERE date = %s AND type = 'app_bytes_total' GROUP BY 1",
            hour,
        )
    )


def causes(report, hour=NINE):
    [found] = [one for one in report["hours"] if one["hour"] == f"{hour.isoformat()}Z"]
    return {one["cause"] for one in found["differences"]}


def run_pending(case):
    case.batch_pending()


def run_follow(case):
    follow = case.program.start(*case.batch_arguments("-", "--follow", "--interval", "100ms"))
    wait_until(lambda: state(case, TEN) == "clean", "the other hour is run")
    assert "1 hours are held" in follow.terminate().err


@pytest.mark.parametrize("run", [run_pending, run_follow])
@pytest.mark.parametrize("value", [5, 300, 54428952])
def test_taken_over_totals_are_not_replaced_unasked(archived, run, value):
    take_over(archived, value)
    run(archived)
    assert amounts(archived)[NINE] == {"old": value}
    assert amounts(archived)[TEN] == {USER: 100}
    assert (state(archived), state(archived, TEN)) == ("held", "clean")
    assert layers(archived) == {"batch": value}
    assert "held" in causes(archived.verify(code=4))
    status = archived.program.run("status", *archived.login, "--json")
    assert json.loads(status.out)["hours"]["held"] == 1


def test_pending_tells_of_held_hours(archived):
    take_over(archived, 5)
    assert "1 hours are held" in archived.batch("-", "--pending").err


def test_taken_over_totals_are_shown_while_the_archive_is_open(archived):
    take_over(archived, 5000)
    archived.execute("UPDATE antenna.progress SET archived_until = NULL")
    assert (state(archived), layers(archived)) == ("held", {"batch": 5000})


# Taken-over totals of an hour of which ours has 300 bytes: their table, their bytes, what dashboards show before a run.
TAKEN_OVER = {
    "less than ours": ("bytes_hourly", 200, {"batch": 200}),
    "as much as ours": ("bytes_hourly", 300, {"batch": 300}),
    "more than ours": ("bytes_hourly", 5000, {"batch": 5000}),
    "of 5 minutes": ("bytes", 5000, {"speed": 5300}),
}


@pytest.mark.parametrize("name", TAKEN_OVER)
def test_taken_over_totals_are_replaced_only_when_it_is_asked_for(archived, name):
    """Not by naming the hour, nor a range that has it."""
    table, value, shown = TAKEN_OVER[name]
    take_over(archived, value, table=table)
    for options in ((), ("--to", "2022-02-20T10:00:00Z")):
        result = archived.program.run(*archived.batch_arguments(NINE, *options))
        assert result.code == 3, result.err
        assert all(words in result.err for words in ("is held", "files have 300", "--allow-less"))
        assert (state(archived), layers(archived)) == ("held", shown)
    report = json.loads(archived.batch(NINE, "--json", "--allow-less").out)
    assert (report["bytes"], state(archived), layers(archived)) == (300, "clean", {"batch": 300})
    assert report["replaced_bytes"] == (value if table == "bytes_hourly" else 0)
    archived.batch(NINE)


# Changes in SQL of an hour's totals, 300 bytes of one user, app and antenna each; what a run would make less, if any.
HALVE = "UPDATE bytes_hourly SET value = value / 2 WHERE date = '2022-02-20 09:00'; "
ADD = "INSERT INTO bytes_hourly (date, type, id, value) SELECT '2022-02-20 09:00', "
EARLIER = {
    "less of each": (HALVE, None),
    "nothing": ("DELETE FROM bytes_hourly", None),
    "a name without bytes": (f"{HALVE}{ADD} 'user_bytes_total', 'none', 0", None),
    "a user": (f"{HALVE}{ADD} 'user_bytes_total', 'gone', 7", ("1 totals", 'user_bytes_total "gone" has 7 bytes')),
    "an app": (f"{HALVE}{ADD} 'app_bytes_total', 'gone', 7", ("1 totals", 'app_bytes_total "gone"')),
    "an antenna": (f"{HALVE}{ADD} 'antenna_bytes_total', 'gone', 7", ("1 totals", 'antenna_bytes_total "gone"')),
    "an unknown type": (f"{HALVE}{ADD} 'zone_bytes_total', 'gone', 7", ("1 totals", 'zone_bytes_total "gone"')),
    "a name that sorts first": (f"{HALVE}{ADD} 'app_bytes_total', '!', 7", ("1 totals", '"!"')),
    "a name that sorts last": (f"{HALVE}{ADD} 'user_bytes_total', 'é', 7", ("1 totals", '"é"')),
    "several": (f"{HALVE}{ADD} 'user_bytes_total', 'gone ' || n, n FROM generate_series(1, 9) AS n", ("9 totals",)),
    "the last of many": (
        f"{HALVE}{ADD} 'user_bytes_total', lpad(n::text, 6), n / 50000 FROM generate_series(1, 50000) AS n",
        ("1 totals", '" 50000"'),
    ),
    "the whole hour": ("UPDATE bytes_hourly SET value = value + 1", ("has 301 bytes", "its 1 files have 300")),
}


def test_no_total_becomes_less_while_the_hour_grows(archived, subtests):
    archived.batch(NINE)
    for name, (change, words) in EARLIER.items():
        with subtests.test(name):
            archived.execute(change)
            before = archived.totals("bytes_hourly")
            result = archived.program.run(*archived.batch_arguments(NINE))
            if words:
                result.fails("ANT-H001", "--allow-less", *words)
                assert archived.totals("bytes_hourly") == before
            archived.batch(NINE, *(["--allow-less"] if words else []))
            assert amounts(archived)[NINE] == {USER: 300}


def test_taken_over_five_minute_totals_are_not_replaced_by_late_bytes(archived):
    """Step 4 of moving: the archive has a part of them only."""
    take_over(archived, 5000, table="bytes")
    archived.batch_pending()
    assert NINE not in amounts(archived)
    assert (state(archived), layers(archived)) == ("held", {"speed": 5300})


def write_old(case, rows=2):
    old = case.folder / "old"
    write(old, event_columns([NINE] * rows), "year=2022/month=2/day=20/hour=10")
    return old


def test_two_archives_of_one_hour(archived):
    """The old one has folders of Madrid: each is read by its own rule, together or alone."""
    old = write_old(archived)
    rule = ("--old-storage-path", old, "--time-zone", "Europe/Madrid", "--json")
    assert json.loads(archived.batch(NINE, *rule).out)["bytes"] == 500
    assert amounts(archived)[NINE] == {USER: 300, "u": 200}
    assert (state(archived), layers(archived)) == ("clean", {"batch": 500})
    alone = archived.batch_arguments(NINE, *rule, path="-")
    archived.program.run(*alone).fails("ANT-H001", "500 bytes", "--allow-less")
    result = archived.program.run(*alone, "--allow-less")
    assert json.loads(result.out)["bytes"] == 200
    assert (state(archived), layers(archived)) == ("held", {"batch": 200})
    archived.batch_pending()
    assert json.loads(archived.batch(NINE, "--json", "--allow-less").out)["bytes"] == 300
    assert state(archived) == "clean"


@pytest.mark.parametrize("left_out", ["the old archive", "ours"])
def test_more_bytes_do_not_hide_that_an_archive_is_left_out(archived, left_out):
    """A run that reads less of one archive than the run before, and more in all."""
    rule = ("--old-storage-path", write_old(archived), "--time-zone", "Europe/Madrid")
    archived.batch(NINE, *rule)
    if left_out == "ours":
        write_old(archived, rows=9)
        without = archived.batch_arguments(NINE, *rule, path="-")
    else:
        archived.produce([events.encode(events.BEGIN + 9, user_id=USER, size=250)])
        archived.speed()
        without = archived.batch_arguments(NINE)
    archived.program.run(*without).fails(
        "ANT-H001", "read 300 bytes of listed files and 200 of others", "--old-storage-path"
    )
    assert amounts(archived)[NINE] == {USER: 300, "u": 200}
    assert archived.program.run(*without, "--allow-less").code == 0


def test_late_events_of_an_hour_of_two_archives_are_held(archived):
    rule = ("--old-storage-path", write_old(archived), "--time-zone", "Europe/Madrid")
    archived.batch(NINE, *rule)
    archived.produce([events.encode(events.BEGIN + 9, user_id=USER, size=7)])
    archived.speed()
    archived.batch_pending()
    assert (state(archived), layers(archived)) == ("held", {"batch": 500})
    assert "held" in causes(archived.verify(code=4))
    archived.batch("-", "--pending", *rule)
    assert (state(archived), layers(archived)) == ("clean", {"batch": 507})


def restore_copy(case, copy):
    shutil.copytree(copy, case.root / "data", dirs_exist_ok=True)


def drop_identity(case, copy):
    (copy / ".antenna-archive").unlink()


def copy_files(case, copy):
    """Into the folders of another program."""
    files = [*copy.rglob("*.parquet")]
    drop_identity(case, copy)
    for file in files:
        folder = copy / "year=2022" / "month=02" / "day=20" / file.parent.name
        folder.mkdir(parents=True, exist_ok=True)
        file.rename(folder / file.name)


# What reads a copy of our archive that was made before compaction: file by file it has other names.
COPIES = {
    "as the old archive": (None, ("--old-storage-path", "COPY"), {}),
    "as the old archive, alone": (None, ("--old-storage-path", "COPY"), {"path": "-"}),
    "as the old archive, without its identity": (drop_identity, ("--old-storage-path", "COPY"), {}),
    "alone, without its identity": (drop_identity, ("--old-storage-path", "COPY"), {"path": "-"}),
    "its files in other folders": (copy_files, ("--old-storage-path", "COPY"), {}),
    "our own as the old archive": (None, ("--old-storage-path", "OURS"), {}),
    "restored over ours": (restore_copy, ("--all-files",), {}),
}


@pytest.mark.parametrize("use", COPIES)
def test_a_copy_of_our_archive_does_not_count_twice(archived, use):
    prepare, options, changes = COPIES[use]
    places = {"COPY": archived.folder / "copy", "OURS": archived.root / "data"}
    archived.produce([events.encode(events.BEGIN + 9, user_id=USER, size=7)])
    archived.speed()
    shutil.copytree(places["OURS"], places["COPY"])
    archived.batch(NINE, "--compact")
    if prepare:
        prepare(archived, places["COPY"])
    options = [places.get(option, option) for option in options]
    result = archived.program.run(*archived.batch_arguments(NINE, *options, **changes))
    result.fails("ANT-A013" if "--all-files" in options else "ANT-A021", "count twice")
    assert amounts(archived)[NINE] == {USER: 307}


def test_an_archive_of_another_database(archived):
    """It has names and folders as ours, and an identity of its own."""
    other = archived.folder / "other"
    shutil.copytree(archived.root / "data", other)
    (other / ".antenna-archive").write_text(f"{uuid.uuid4()}\n")
    for path in other.rglob("*.parquet"):
        path.rename(path.with_name(path.name.replace("-1.parquet", "-7.parquet")))
    assert json.loads(archived.batch(NINE, "--old-storage-path", other, "--json").out)["bytes"] == 600


@pytest.mark.parametrize(
    ("changes", "options", "code", "word"),
    [
        ({"path": "-"}, (), "ANT-U003", "--old-storage-path"),
        ({"path": "-"}, ("--old-storage-path", "OLD", "--compact"), "ANT-U006", "--compact"),
        ({}, ("--old-storage-path", "/nonexistent"), "ANT-A008", "old-storage-path"),
        ({}, ("--old-storage-path", "EMPTY"), "ANT-A008", "no folder year="),
    ],
)
def test_old_archives_that_are_none(archived, changes, options, code, word):
    old = write_old(archived)
    (archived.folder / "empty").mkdir()
    places = {"OLD": old, "EMPTY": archived.folder / "empty"}
    options = [places.get(option, option) for option in options]
    archived.program.run(*archived.batch_arguments(NINE, *options, **changes)).fails(code, word)
