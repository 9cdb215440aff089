"""rebuild makes the window totals those of the archive, and changes nothing where the archive cannot tell."""

import datetime
import json
import shutil

import events
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import readers
from antenna_spark.tables import TOTALS
from case import QUICK_ROLLS
from foreign import HOUR as FOREIGN_HOUR
from foreign import event_columns, write
from oracle import expect
from proxy import COMMIT
from test_batch_concurrency import meanwhile
from test_compaction import damage_times
from test_interrupted import hour_lock, interrupt
from test_metrics_of_totals import ALL, METRICS
from test_protocol import Victim, address, cut_after, cut_before, kill_after, kill_before
from waiting import wait_until

pytestmark = pytest.mark.timeout(60)

HOUR = datetime.datetime(2022, 2, 20, 9)
FIRST, SECOND = HOURS = ["2022-02-20T09:00:00Z", "2022-02-20T10:00:00Z"]

APPLY = b"ORDER BY array_position"


@pytest.fixture
def batched(case):
    """Two hours in both layers."""
    case.prepare()
    case.produce(events.draw(2000))
    case.speed()
    case.batch_pending()
    return case


def arguments(case, *options, hours=HOURS, uri=None):
    login = (uri or case.login[0], *case.login[1:])
    storage = ("--storage-path", case.root / "data")
    return ("rebuild", *login, *storage, "--from", hours[0], "--to", hours[-1], *options)


def rebuild(case, *options, code=0, **changes):
    """Reports by hour."""
    result = case.program.run(*arguments(case, "--json", *options, **changes))
    assert result.code == code, result.out + result.err
    reports = map(json.loads, result.out.splitlines())
    return {report["hour"]: report for report in reports if "hour" in report}


def differing(reports):
    """How many totals are missing, changed and too many in all hours."""
    return [sum(report[f"totals_{kind}"] for report in reports.values()) for kind in ("missing", "changed", "surplus")]


def files_of_hour(case, hour=9):
    return sorted(case.root.glob(f"data/*/*/*/hour={hour}/*.parquet"))


ONE = "(SELECT min(ctid) FROM bytes WHERE date = '2022-02-20 09:00')"
# What was done to the window totals, and how many totals then are missing, changed and too many.
EDITS = {
    "more": (f"UPDATE bytes SET value = value + 1 WHERE ctid = {ONE}", [0, 1, 0]),
    "less than nothing": (f"UPDATE bytes SET value = -value - 1 WHERE ctid = {ONE}", [0, 1, 0]),
    "nothing": (f"UPDATE bytes SET value = 0 WHERE ctid = {ONE}", [0, 1, 0]),
    "gone": (f"DELETE FROM bytes WHERE ctid = {ONE}", [1, 0, 0]),
    "of another name": (f"UPDATE bytes SET id = 'zzz' WHERE ctid = {ONE}", [1, 0, 1]),
    "for nobody": ("INSERT INTO bytes VALUES ('2022-02-20 09:05', 'zzz', 7, 'user_bytes_total')", [0, 0, 1]),
    "nothing for nobody": ("INSERT INTO bytes VALUES ('2022-02-20 09:05', 'zzz', 0, 'user_bytes_total')", [0, 0, 1]),
    "of another type": ("INSERT INTO bytes VALUES ('2022-02-20 09:05', 'a', 7, 'cell_bytes_total')", [0, 0, 1]),
    "where no window starts": ("INSERT INTO bytes VALUES ('2022-02-20 09:01', 'a', 7, 'app_bytes_total')", [0, 0, 1]),
    "moved to another window": (
        f"UPDATE bytes SET date = '2022-02-20 09:01' WHERE ctid = {ONE}",
        [1, 0, 1],
    ),
}


@pytest.mark.core
@pytest.mark.parametrize("name", EDITS)
def test_rows_that_were_edited(batched, name):
    edit, found = EDITS[name]
    before = batched.totals()
    batched.execute(edit)
    edited = batched.totals()
    assert differing(rebuild(batched, "--dry-run")) == found
    assert batched.totals() == edited
    reports = rebuild(batched)
    assert differing(reports) == found
    assert [report["rebuilt"] for report in reports.values()] == [True, True]
    assert batched.totals() == before
    assert differing(rebuild(batched)) == [0, 0, 0]
    batched.check_layers()


@pytest.mark.core
def test_a_table_that_was_lost(case):
    case.provision("--metrics", ALL)
    case.create_topic()
    case.produce(events.draw(2000))
    case.speed()
    case.batch_pending()
    before = case.totals()
    case.execute("DROP TABLE bytes CASCADE")
    case.provision()
    reports = rebuild(case)
    assert differing(reports) == [len(before), 0, 0]
    assert {report["bytes_before"] for report in reports.values()} == {0}
    assert case.totals() == before
    case.check_layers(expect(case.messages(), totals=TOTALS))


@pytest.mark.parametrize("window", ["1s", "1h"])
def test_windows_of_another_length(case, window):
    case.provision("--window", window)
    case.create_topic()
    case.produce(events.draw(1000))
    case.speed()
    before = case.totals()
    case.execute("TRUNCATE bytes")
    rebuild(case)
    assert case.totals() == before


def test_nothing_differs(batched):
    before = batched.query("SELECT ctid, * FROM bytes ORDER BY 1")
    result = batched.program.run(*arguments(batched))
    assert result.code == 0, result.err
    lines = [line.split() for line in result.out.splitlines()]
    assert [(line[0], line[-1]) for line in lines[1:]] == [(FIRST, "="), (SECOND, "=")]
    assert batched.query("SELECT ctid, * FROM bytes ORDER BY 1") == before


def test_table(batched):
    batched.execute(EDITS["more"][0])
    for options, fate in ((("--dry-run",), "differs"), ((), "rebuilt"), ((), "=")):
        result = batched.program.run(*arguments(batched, *options, hours=[FIRST]))
        assert result.code == 0, result.err
        title, line = result.out.splitlines()
        assert title.split()[-3:] == ["missing", "changed", "surplus"]
        assert line.split()[-1] == fate


def test_an_hour_without_rows(batched):
    hour = "2021-01-05T07:00:00Z"
    reports = rebuild(batched, hours=[hour])
    assert (reports[hour]["rows"], differing(reports)) == (0, [0, 0, 0])
    assert batched.value("SELECT count(*) FROM antenna.hour") == 2
    batched.check_layers()


def test_a_range_with_hours_that_are_not_sealed(batched):
    batched.execute("UPDATE bytes SET value = value + 1")
    batched.execute("UPDATE antenna.progress SET archived_until = '2022-02-20 10:30' WHERE partition = 0")
    before = batched.totals()
    reports = rebuild(batched, code=6)
    assert [(report["sealed"], report["rebuilt"]) for report in reports.values()] == [(True, True), (False, False)]
    after = batched.totals()
    assert {key: value for key, value in after.items() if key[0] >= datetime.datetime(2022, 2, 20, 10)} == {
        key: value for key, value in before.items() if key[0] >= datetime.datetime(2022, 2, 20, 10)
    }
    result = batched.program.run(*arguments(batched, hours=[SECOND]))
    assert result.code == 6
    assert f"incomplete: 1 hours are left, from {SECOND}" in result.out
    assert "not sealed" in result.out


# An archive that is not whole.


def unlist(case):
    name = files_of_hour(case)[0].name
    case.execute(f"DELETE FROM antenna.archive_file WHERE path LIKE '%/{name}'")


def copy_a_file(case):
    shutil.copy(files_of_hour(case)[0], files_of_hour(case)[0].with_name("copy.parquet"))


def change_bytes(case):
    path = files_of_hour(case)[0]
    table = pq.read_table(path)
    pq.write_table(table.set_column(3, "bytes", pa.array([1] * len(table), pa.int64())), path)


def change_times(case):
    """By an hour, into windows of the next one."""
    path = files_of_hour(case)[0]
    table = pq.read_table(path)
    later = [time + datetime.timedelta(hours=1) for time in table["timestamp"].to_pylist()]
    pq.write_table(table.set_column(0, "timestamp", pa.array(later, pa.timestamp("us", "UTC"))), path)


def cut_a_file(case):
    path = files_of_hour(case)[0]
    path.write_bytes(path.read_bytes()[:-20])


DAMAGES = {
    "missing": (lambda case: files_of_hour(case)[0].unlink(), ["ANT-A011", "put the file back"]),
    "cut": (cut_a_file, ["ANT-A007", "could not read the archive"]),
    "other bytes": (change_bytes, ["ANT-A012", "bytes instead of the", "that are listed", "from a backup"]),
    "other times": (change_times, ["ANT-A012", "other event times than listed", "from a backup"]),
    "damaged times": (lambda case: damage_times(files_of_hour(case)[0]), ["ANT-A007"]),
    "not listed": (copy_a_file, ["ANT-A013", "copy.parquet", "is not listed", "--all-files"]),
    "off the list": (unlist, ["ANT-A013", "is not listed"]),
    "list edited": (
        lambda case: case.execute("UPDATE antenna.hour SET rows = rows + 1 WHERE hour = '2022-02-20 09:00'"),
        ["ANT-H003", "antenna.hour counts", "files were listed meanwhile, or one list was edited"],
    ),
}


@pytest.mark.core
@pytest.mark.parametrize("name", DAMAGES)
def test_an_archive_that_is_not_whole(batched, name):
    damage, (code, *words) = DAMAGES[name]
    batched.execute("UPDATE bytes SET value = value + 1 WHERE date < '2022-02-20 10:00'")
    damage(batched)
    before = batched.totals()
    for options in (("--dry-run",), ()):
        result = batched.program.run(*arguments(batched, *options, hours=[FIRST]))
        result.fails(code, "could not rebuild the window totals of the hour 2022-02-20T09:00:00Z", *words)
    batched.execute("UPDATE bytes SET value = value + 1 WHERE date >= '2022-02-20 10:00'")
    result = batched.program.run(*arguments(batched))
    assert result.code == 3
    assert "of 1 of 2 hours" in result.err
    after = batched.totals()
    assert {key: value for key, value in after.items() if key[0].hour == 9} == {
        key: value for key, value in before.items() if key[0].hour == 9
    }
    expected = expect(batched.messages()).windows
    assert {key: value for key, value in after.items() if key[0].hour == 10} == {
        key: value for key, value in expected.items() if key[0].hour == 10
    }


# The speed layer.


def test_totals_that_wait_for_the_archive(batched):
    batched.produce(events.draw(20, seed=2, seconds=3600))
    speed = batched.start_speed("--roll-age", "1h", "--commit-interval", "10ms")
    batched.wait_until_read(speed)
    batched.execute("UPDATE bytes SET value = value + 1")
    before = batched.totals()
    for options in (("--dry-run",), (), ("--allow-less",)):
        result = batched.program.run(*arguments(batched, *options, hours=[FIRST]))
        result.fails("ANT-H004", "are in the window totals and not yet in the archive", "antenna status")
    assert batched.totals() == before
    assert rebuild(batched, hours=[SECOND])[SECOND]["totals_changed"] > 0
    speed.terminate()
    rebuild(batched)
    batched.batch_pending()
    batched.check_layers()


def test_rows_of_the_archive_that_wait_to_be_totalled(batched):
    batched.produce(events.draw(300, seed=2, seconds=3600))
    speed = batched.start_speed("--roll-rows", "20", "--roll-age", "1h", "--commit-interval", "5m")
    wait_until(
        lambda: batched.value("SELECT bool_or(archive_offset > totals_offset) FROM antenna.progress"), "a roll", 30
    )
    before = batched.totals()
    result = batched.program.run(*arguments(batched, hours=[FIRST]))
    result.fails("ANT-H004", "are in the archive and not yet in the window totals")
    assert batched.totals() == before
    speed.terminate()
    rebuild(batched)
    batched.batch_pending()
    batched.check_layers()


def test_events_of_no_bytes_that_wait_for_the_archive(case):
    """No sum of bytes shows them: a metric that counts events does, and a total that the archive lacks stays."""
    case.provision("--metrics", ALL)
    case.create_topic(1)
    case.produce(events.draw(300, seconds=3600))
    case.speed()
    case.produce([events.encode(user_id="new", size=0)])
    speed = case.start_speed("--roll-age", "1h", "--commit-interval", "10ms")
    case.wait_until_read(speed)
    result = case.program.run(*arguments(case, hours=[FIRST]))
    result.fails(
        "ANT-H004", "1 events of the hour 2022-02-20T09:00:00Z may be in the window totals and not yet in the archive"
    )
    speed.terminate()
    assert differing(rebuild(case, hours=[FIRST])) == [0, 0, 0]
    case.check_totals(expect(case.messages(), totals=TOTALS))


def test_a_user_of_no_bytes_that_waits_for_the_archive(batched):
    batched.produce([events.encode(user_id="new", size=0)])
    speed = batched.start_speed("--roll-age", "1h", "--commit-interval", "10ms")
    batched.wait_until_read(speed)
    assert differing(rebuild(batched)) == [0, 0, 0]
    speed.terminate()
    assert differing(rebuild(batched)) == [0, 0, 0]
    batched.batch_pending()
    batched.check_layers()


RACES = ["more", "gone", "for nobody", "of another name"]


@pytest.mark.parametrize("name", [*RACES, "all"])
def test_late_events_between_the_look_and_the_repair(batched, proxy, name):
    """They are counted and archived while the differences are on their way to the table."""
    batched.execute("TRUNCATE bytes" if name == "all" else EDITS[name][0])

    def come_late():
        batched.produce(
            [*events.draw(100, seed=3, seconds=3600), events.encode(events.BEGIN + 300, user_id="zzz", size=0)]
        )
        batched.speed()

    meanwhile(proxy, APPLY, come_late)
    result = batched.program.run(*arguments(batched, uri=address(batched, proxy)))
    assert proxy.happened.is_set()
    assert result.code == 0, result.err
    batched.batch_pending()
    batched.check_layers()
    assert differing(rebuild(batched)) == [0, 0, 0]


def test_files_that_are_listed_while_it_reads(batched, proxy):
    """The look at the tables finds other rows than were read, and the hour is read again."""
    batched.execute("TRUNCATE bytes")

    def come_late():
        batched.produce(events.draw(100, seed=3, seconds=3600))
        batched.speed()

    meanwhile(proxy, b"CREATE TEMPORARY TABLE", come_late)
    assert batched.program.run(*arguments(batched, uri=address(batched, proxy))).code == 0
    assert proxy.happened.is_set()
    batched.batch_pending()
    batched.check_layers()


@pytest.mark.core
@pytest.mark.timeout(180)
def test_beside_the_speed_layer(batched):
    """Late events come to the hours all the time; what is refused is refused with its reason."""
    speed = batched.start_speed(*QUICK_ROLLS)
    speed.wait_for("is given")
    for seed in range(10, 22):
        batched.execute(f"DELETE FROM bytes WHERE (hashtext(id) + {seed}) % 3 = 0")
        running = batched.program.start(*arguments(batched))
        while running.is_running():
            batched.produce(events.draw(40, seed=seed))
        result = running.wait()
        assert result.code in (0, 3), result.err
        errors = [line for line in result.err.splitlines() if "could not rebuild the window totals of the hour" in line]
        reasons = ("not yet in the", "on their way", "were listed meanwhile", "were counted while")
        assert all(any(reason in line for reason in reasons) for line in errors), result.err
    batched.wait_until_read(speed)
    speed.terminate()
    rebuild(batched)
    batched.batch_pending()
    batched.check_layers()


def test_several_at_once(batched):
    before = batched.totals()
    batched.execute("TRUNCATE bytes")
    runs = [batched.program.start(*arguments(batched, "--json")) for _ in range(3)]
    results = [run.wait() for run in runs]
    assert [result.code for result in results] == [0] * 3, results
    missing = sum(json.loads(line)["totals_missing"] for result in results for line in result.out.splitlines())
    assert missing == len(before)
    assert batched.totals() == before


@pytest.mark.parametrize("action", [kill_before, kill_after, cut_before, cut_after])
def test_around_the_commit(batched, proxy, action):
    before = batched.totals()
    batched.execute("UPDATE bytes SET value = value + 1; DELETE FROM bytes WHERE id = 'SKYPE'")
    edited = batched.totals()
    victim = Victim()
    proxy.arm(COMMIT, None, 1, lambda *arguments: action(victim, *arguments))
    running = batched.program.start(*arguments(batched, hours=[FIRST], uri=address(batched, proxy)))
    victim.set(running)
    wait_until(lambda: not running.is_running(), "its end")
    assert proxy.happened.is_set()
    assert running.process.returncode != 0
    done = before if action in (kill_after, cut_after) else edited
    wait_until(
        lambda: not batched.value("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"), "its session ends"
    )
    assert {key: value for key, value in batched.totals().items() if key[0].hour == 9} == {
        key: value for key, value in done.items() if key[0].hour == 9
    }
    rebuild(batched)
    assert batched.totals() == before
    batched.check_layers()


def test_stopped_before_all_is_done(batched):
    result = interrupt(batched, arguments(batched, "--json"), hour_lock(FIRST))
    assert result.code == 6, result.err
    assert json.loads(result.out.splitlines()[-1]) == {"complete": False, "hours_left": 1, "left_from": SECOND}


# Metrics, and archives of others.


def test_metrics_that_were_switched_on_later(batched):
    """From then on verify misses what is not there."""
    batched.provision("--metrics", ALL)
    rebuild(batched)
    assert batched.totals() == dict(expect(batched.messages(), totals=TOTALS).windows)
    batched.batch("2022-02-20T09:00:00Z", "--to", SECOND)
    batched.verify("--deep")
    batched.execute(f"DELETE FROM bytes WHERE type = '{METRICS[0]}' AND date < '2022-02-20 10:00'")
    report = batched.verify(code=4)
    assert [[one["cause"] for one in hour["differences"]] for hour in report["hours"]] == [["speed_rows_edited"], []]
    rebuild(batched)
    batched.verify("--deep")


def foreign_archive(case):
    """An hour of the Spark job, whose hourly totals were computed from its archive."""
    old = case.folder / "spark"
    write(old, event_columns([FOREIGN_HOUR + datetime.timedelta(minutes=minute) for minute in (0, 4, 5, 59)]))
    return old


@pytest.mark.parametrize("late", [False, True], ids=["alone", "with late events"])
def test_the_history_of_an_archive_that_was_taken_over(case, late):
    case.prepare()
    case.produce([events.encode(events.BEGIN + (3600 if late else 7200))])
    case.speed()
    old = foreign_archive(case)
    options = ("--old-storage-path", old)
    case.batch_pending()
    case.batch(SECOND, *options)
    result = case.program.run(*arguments(case, hours=[SECOND]))
    result.fails("ANT-H001", "the last run of the hour", "--old-storage-path and --all-files of that run")
    reports = rebuild(case, *options, hours=[SECOND])
    assert (reports[SECOND]["rows"], differing(reports)[2]) == (4 + late, 0)
    found = {key: value for key, value in case.totals().items() if key[1:] == ("user_bytes_total", "u")}
    assert found == {
        (FOREIGN_HOUR + datetime.timedelta(minutes=minute), "user_bytes_total", "u"): value
        for minute, value in ((0, 200), (5, 100), (55, 100))
    }
    assert differing(rebuild(case, *options, hours=[SECOND])) == [0, 0, 0]
    case.verify("--deep")
    case.execute("UPDATE bytes SET value = value + 1 WHERE id = 'u'")
    assert "speed_rows_edited" in json.dumps(case.verify(code=4))
    case.produce([events.encode(events.BEGIN + 3700)])
    case.speed()
    rebuild(case, *options, hours=[SECOND])
    case.batch(SECOND, *options)
    case.verify("--deep")


def test_before_any_job_has_counted(case):
    """Nothing is sealed yet, and nothing can come of what a job has passed."""
    case.prepare()
    (case.root / "data").mkdir(parents=True)
    rebuild(case, "--old-storage-path", foreign_archive(case), hours=[SECOND])
    assert sum(value for key, value in case.totals().items() if key[1] == "app_bytes_total") == 400


def test_more_was_counted_than_the_archive_has(batched):
    """As by the Spark job, or where Kafka has deleted messages before they were archived."""
    batched.execute("INSERT INTO bytes VALUES ('2021-01-05 07:00', 'u', 5, 'user_bytes_total')")
    hour = "2021-01-05T07:00:00Z"
    result = batched.program.run(*arguments(batched, hours=[hour]))
    result.fails("ANT-H001", "5 bytes were counted, and the 0 files of the hour have 0", "--allow-less")
    assert differing(rebuild(batched, "--allow-less", hours=[hour])) == [0, 0, 1]
    batched.execute("UPDATE antenna.hour_bytes SET added = added + 7")
    batched.program.run(*arguments(batched, hours=[FIRST])).fails("ANT-H001", "bytes were counted", "--allow-less")
    rebuild(batched, "--allow-less")
    assert differing(rebuild(batched)) == [0, 0, 0]
    batched.check_layers()


def test_usage(batched):
    login = batched.login
    batched.program.run("rebuild", *login).fails("ANT-U004", "missing option --storage-path")
    batched.program.run("rebuild", *login, "--storage-path", batched.root / "data").fails(
        "ANT-U004", "missing option --from"
    )
    batched.program.run(*arguments(batched, hours=[SECOND, FIRST])).fails("ANT-U003", "lies before")
    old = ("--storage-path", "-", "--old-storage-path", batched.folder, "--from", FIRST)
    batched.program.run("rebuild", *login, *old).fails("ANT-U003", '"-" names none')
    batched.program.run(*arguments(batched, "--jdbc-table", "other")).fails("ANT-P016", '"other"')
    assert readers.list_files(batched.root)
