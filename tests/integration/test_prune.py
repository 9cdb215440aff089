"""prune removes what is old of hours that are complete, and whatever comes of them later still adds up."""

import datetime
import json
import time

import events
import pytest
import readers
from antenna_spark.command import MistakeError
from antenna_spark.tables import TOTALS
from case import QUICK_ROLLS
from oracle import expect
from proxy import COMMIT
from test_clock import Clock
from test_interrupted import hour_lock, interrupt
from test_metrics_of_totals import ALL
from test_protocol import Victim, address, cut_after, cut_before, kill_after, kill_before
from test_spark_session import connected
from waiting import wait_until

pytestmark = pytest.mark.timeout(60)

NINE, TEN = datetime.datetime(2022, 2, 20, 9), datetime.datetime(2022, 2, 20, 10)
FIRST, SECOND = HOURS = ["2022-02-20T09:00:00Z", "2022-02-20T10:00:00Z"]

KINDS = ["totals", "archive", "hourly"]
EVERYTHING = [word for kind in KINDS for word in (f"--{kind}-older-than", "30d")]
COUNTED = {"totals": ["totals"], "archive": ["files", "rows", "size"], "hourly": ["hourly_totals"]}


@pytest.fixture
def batched(case):
    """Two hours in both layers, each in several files."""
    case.prepare()
    case.produce(events.draw(2000))
    case.speed(*QUICK_ROLLS)
    case.batch_pending()
    return case


def arguments(case, *options, uri=None):
    return ("prune", uri or case.login[0], *case.login[1:], "--storage-path", case.root / "data", *options)


def limit(*kinds):
    return [word for kind in kinds for word in (f"--{kind}-older-than", "30d")]


def prune(case, *options, code=0):
    """Reports by hour, and the last line."""
    result = case.program.run(*arguments(case, "--json", *options))
    assert result.code == code, result.out + result.err
    *hours, last = map(json.loads, result.out.splitlines())
    return {report["hour"]: report for report in hours}, last


def contents(case):
    """All that prune may remove."""
    return (
        case.totals(),
        case.totals("bytes_hourly"),
        readers.list_files(case.root),
        case.value("SELECT count(*) FROM antenna.archive_file"),
        case.value("SELECT count(*) FROM user_quota_limit"),
    )


def left(case):
    """Which of the kinds have something."""
    totals, hourly, files, listed, _ = contents(case)
    assert len(files) == listed
    return {kind for kind, found in zip(KINDS, (totals, files, hourly), strict=True) if found}


def shown(case):
    """{(hour, layer): bytes} as dashboards see them."""
    return {
        (hour, layer): amount
        for hour, layer, amount in case.query(
            "SELECT date, layer, sum(value)::bigint FROM antenna.hourly WHERE type = 'app_bytes_total' GROUP BY 1, 2"
        )
    }


def states(case):
    return [row[0] for row in case.query("SELECT state FROM antenna.hour_state ORDER BY hour")]


def amounts(case):
    """The bytes of each hour by the topic's messages."""
    found = {}
    for (hour, label, _), value in expect(case.messages()).hourly.items():
        if label == "app_bytes_total":
            found[hour] = found.get(hour, 0) + value
    return found


def come_late(case, seed=5, count=40):
    """Late events of the first hour, counted and archived."""
    case.produce(events.draw(count, seed=seed, seconds=3600))
    case.speed()


@pytest.mark.core
@pytest.mark.parametrize("kinds", [("totals",), ("archive",), ("hourly",), ("totals", "archive"), tuple(KINDS)])
def test_what_is_old_goes_and_the_proof_holds(batched, kinds):
    before = contents(batched)
    would, last = prune(batched, *limit(*kinds), "--dry-run")
    assert contents(batched) == before
    assert (last["hours"], last["removed"]) == (2, False)
    done, last = prune(batched, *limit(*kinds))
    assert done == would
    assert (last["hours"], last["removed"], last["complete"]) == (2, True, True)
    for kind, names in COUNTED.items():
        assert all((report[name] > 0) == (kind in kinds) for name in names for report in done.values())
    assert left(batched) == set(KINDS) - set(kinds)
    batched.check_nothing_left()
    batched.verify("--deep")
    columns = ", ".join(f"count({kind}_pruned_at)" for kind in KINDS)
    assert batched.query(f"SELECT {columns} FROM antenna.hour") == [tuple(2 * (kind in kinds) for kind in KINDS)]
    assert prune(batched, *limit(*kinds))[1]["hours"] == 0
    if "archive" in kinds:
        assert not list(batched.root.glob("data/*/*"))
        assert list(batched.root.glob("data/year=2022"))
    report = json.loads(batched.program.run("status", *batched.login, "--json").out)
    assert report["hours"]["pruned"] == 2 * ("hourly" in kinds)
    assert report["archive"]["files"] == len(readers.list_files(batched.root))
    assert set(shown(batched)) == (
        {(hour, "batch") for hour in (NINE, TEN)}
        if "hourly" not in kinds
        else set()
        if "totals" in kinds
        else {(hour, "speed") for hour in (NINE, TEN)}
    )


def test_table(batched):
    result = batched.program.run(*arguments(batched, *EVERYTHING))
    assert result.code == 0, result.err
    lines = result.out.splitlines()
    assert [line.split()[0] for line in lines] == ["hour", FIRST, SECOND, "all", "removed"]
    assert lines[-1] == "removed data of 2 hours, 0 rejected messages and 0 notices"


def test_usage(batched):
    batched.program.run(*arguments(batched)).fails("ANT-U004", "no limit is given", "--totals-older-than")
    login = batched.login
    batched.program.run("prune", *login, *limit("archive")).fails("ANT-U004", "missing option --storage-path")
    for value in ("0", "59m", "soon", "40000d"):
        batched.program.run(*arguments(batched, "--totals-older-than", value)).fails("ANT-U003", "totals-older-than")
    follow = batched.batch_arguments("-", "--pending", *limit("totals"))
    batched.program.run(*follow).fails("ANT-U006", "--follow", "antenna prune")
    result = batched.program.run("prune", *login, *limit("totals", "hourly"))
    assert result.code == 0, result.err
    assert left(batched) == {"archive"}


def test_an_hour_that_is_young_enough_stays(batched):
    before = contents(batched)
    assert prune(batched, "--totals-older-than", "36000d", "--archive-older-than", "36000d")[1]["hours"] == 0
    assert contents(batched) == before


# States of hours that are not complete, and how the first hour comes by each.
INCOMPLETE = {
    "dirty": come_late,
    "new": lambda case: case.execute(
        "UPDATE antenna.hour SET batch_at = NULL, batch_rows = NULL; DELETE FROM bytes_hourly"
    ),
    "open": lambda case: case.execute("UPDATE antenna.progress SET archived_until = '2022-02-20 09:30'"),
    "held": lambda case: case.execute("UPDATE antenna.hour SET batch_at = NULL, batch_rows = NULL"),
}


@pytest.mark.core
@pytest.mark.parametrize("state", INCOMPLETE)
def test_an_hour_that_is_not_complete_stays(batched, state):
    INCOMPLETE[state](batched)
    found = states(batched)
    assert state in found
    before = batched.query("SELECT count(*) FROM bytes WHERE date < '2022-02-20 10:00'")
    reports, last = prune(batched, *EVERYTHING)
    assert last["hours_kept"] == len([one for one in found if one != "clean"])
    assert FIRST not in reports
    assert batched.query("SELECT count(*) FROM bytes WHERE date < '2022-02-20 10:00'") == before
    assert [place for place in readers.list_files(batched.root) if readers.hour_of(place) == NINE]


def test_an_hour_of_which_nobody_knows_stays(batched):
    """As of the Spark job."""
    for table in ("bytes", "bytes_hourly"):
        batched.execute(f"INSERT INTO {table} VALUES ('2021-01-05 07:00', 'u', 5, 'user_bytes_total')")
    prune(batched, *EVERYTHING)
    assert len(batched.totals()) == len(batched.totals("bytes_hourly")) == 1


@pytest.mark.parametrize("table", ["bytes", "bytes_hourly"])
@pytest.mark.parametrize("edit", ["value + 1", "value - 1"])
def test_sums_that_are_not_proven_stay(batched, table, edit):
    one = f"SELECT min(ctid) FROM {table} WHERE date < '2022-02-20 10:00'"
    batched.execute(f"UPDATE {table} SET value = {edit} WHERE ctid = ({one})")
    result = batched.program.run(*arguments(batched, *EVERYTHING))
    assert result.code == 3
    assert f'of table "public.{table}"' in result.err
    assert "ANT-H007" in result.err and "antenna verify" in result.err
    assert batched.query(f"SELECT DISTINCT date_trunc('hour', date) FROM {table}") == [(NINE,)]
    assert {readers.hour_of(place) for place in readers.list_files(batched.root)} == {NINE}


# Late events.


@pytest.mark.core
@pytest.mark.parametrize("kinds", [("archive",), ("totals", "archive"), ("totals",)])
def test_late_events_are_added(batched, kinds):
    """To the totals of all others, each once; no view shows them alone."""
    prune(batched, *limit(*kinds))
    before = amounts(batched)
    for seed in (5, 6):
        come_late(batched, seed)
        assert states(batched) == ["dirty", "clean"]
        assert (
            shown(batched)[NINE, "batch" if "totals" in kinds else "speed"]
            == (before if "totals" in kinds else amounts(batched))[NINE]
        )
        reports = batched.batch_pending()
        assert reports[FIRST].get("late_rows_added", False) == ("archive" in kinds)
        expected = expect(batched.messages())
        assert batched.totals("bytes_hourly") == dict(expected.hourly)
        batched.batch(FIRST)
        batched.batch(FIRST, "--compact")
        assert batched.totals("bytes_hourly") == dict(expected.hourly)
        batched.verify("--deep")
        before = amounts(batched)
        assert {hour: value for (hour, _), value in shown(batched).items()} == before
    reports, _ = prune(batched, *limit(*kinds))
    assert list(reports) == [FIRST]
    assert not left(batched) & set(kinds)
    batched.verify("--deep")
    assert batched.totals("bytes_hourly") == dict(expect(batched.messages()).hourly)


def test_late_events_with_metrics(case):
    """Those that were switched on later are none of the hour's."""
    case.provision("--metrics", ALL)
    case.create_topic()
    case.produce(events.draw(2000))
    case.speed()
    case.batch_pending()
    prune(case, *limit("totals", "archive"))
    come_late(case)
    case.verify(code=4)
    case.batch_pending()
    case.verify("--deep")
    assert case.totals("bytes_hourly") == dict(expect(case.messages(), totals=TOTALS).hourly)


@pytest.mark.parametrize("pruned", ["before", "after"])
def test_late_events_and_metrics_that_were_switched_on_after_the_batch_run(batched, pruned):
    """The hour's totals have none of a metric, and never that of its late rows alone."""
    if pruned == "before":
        prune(batched, *limit("totals", "archive"))
    batched.provision("--metrics", ALL)
    if pruned == "after":
        prune(batched, *limit("totals", "archive"))
    for seed in (5, 6):
        come_late(batched, seed)
        batched.batch_pending()
        assert batched.totals("bytes_hourly") == dict(expect(batched.messages()).hourly)
        batched.verify("--deep")
        prune(batched, *limit("totals", "archive"))


def test_late_events_of_an_hour_of_which_nothing_is_kept(batched):
    prune(batched, *EVERYTHING)
    come_late(batched)
    assert states(batched) == ["pruned", "pruned"]
    assert batched.batch_pending() == {}
    assert shown(batched) == {}
    arguments = batched.batch_arguments(FIRST)
    batched.program.run(*arguments).fails("ANT-H006", "and its hourly totals, too", "nothing is kept")
    batched.verify("--deep")
    assert list(prune(batched, *EVERYTHING)[0]) == [FIRST]
    assert left(batched) == set()
    batched.verify("--deep")


def test_hourly_totals_come_back_while_the_archive_is_kept(batched):
    prune(batched, *limit("hourly"))
    assert batched.batch_pending() == {}
    batched.batch(FIRST, "--to", SECOND)
    assert states(batched) == ["clean", "clean"]
    batched.check_layers()


def test_late_events_on_their_way_to_the_archive(batched):
    batched.produce(events.draw(20, seed=2, seconds=3600))
    speed = batched.start_speed("--roll-age", "1h", "--commit-interval", "10ms")
    batched.wait_until_read(speed)
    prune(batched, *limit("totals"))
    assert batched.totals() == {}
    report = batched.verify(code=4)
    assert {one["cause"] for hour in report["hours"] for one in hour["differences"]} == {"not_archived_yet"}
    speed.terminate()
    batched.batch_pending()
    batched.verify("--deep")
    assert batched.totals("bytes_hourly") == dict(expect(batched.messages()).hourly)


def test_what_needs_the_archive_refuses_the_hour(batched):
    prune(batched, *limit("totals"))
    rebuild = ("rebuild", *batched.login, "--storage-path", batched.root / "data", "--from", FIRST)
    batched.program.run(*rebuild).fails("ANT-H006", "the window totals of the hour were removed by antenna prune")
    prune(batched, *limit("archive"))
    batched.program.run(*rebuild).fails("ANT-H006", "the files of the hour were removed by antenna prune")
    (batched.folder / "old" / "year=2022").mkdir(parents=True)
    arguments = batched.batch_arguments(FIRST, "--old-storage-path", batched.folder / "old", "--allow-less")
    batched.program.run(*arguments).fails("ANT-H006", "only its late events can be added")
    with connected(batched) as database, pytest.raises(MistakeError, match="removed by antenna prune"):
        database.refuse_pruned(NINE)


# Crashes, and others.


@pytest.mark.core
@pytest.mark.parametrize("action", [kill_before, kill_after, cut_before, cut_after])
def test_around_the_commit(batched, proxy, action):
    """Files go after the rows of the list, by whoever comes next."""
    files = readers.list_files(batched.root)
    victim = Victim()
    proxy.arm(COMMIT, None, 1, lambda *arguments: action(victim, *arguments))
    running = batched.program.start(*arguments(batched, *EVERYTHING, uri=address(batched, proxy)))
    victim.set(running)
    wait_until(lambda: not running.is_running(), "its end")
    assert proxy.happened.is_set()
    assert running.process.returncode != 0
    wait_until(
        lambda: not batched.value("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"), "its session ends"
    )
    done = action in (kill_after, cut_after)
    if action in (kill_before, kill_after):
        assert readers.list_files(batched.root) == files
    come_late(batched)
    batched.batch_pending()
    found = {place for place in readers.list_files(batched.root) if readers.hour_of(place) == NINE}
    assert bool(found & set(files)) == (not done)
    batched.check_nothing_left()
    prune(batched, *EVERYTHING)
    assert left(batched) == set()
    batched.verify("--deep")


def test_several_at_once(batched):
    counted = prune(batched, *EVERYTHING, "--dry-run")[0]
    runs = [batched.program.start(*arguments(batched, "--json", *EVERYTHING)) for _ in range(3)]
    results = [run.wait() for run in runs]
    assert [result.code for result in results] == [0] * 3, results
    reports = [json.loads(line) for result in results for line in result.out.splitlines()]
    assert sorted(report["hour"] for report in reports if "hour" in report) == HOURS
    assert {report["hour"]: report for report in reports if "hour" in report} == counted
    assert left(batched) == set()
    batched.check_nothing_left()


def test_beside_the_speed_layer(batched):
    speed = batched.start_speed(*QUICK_ROLLS)
    speed.wait_for("is given")
    for seed in range(10, 16):
        running = batched.program.start(*arguments(batched, *limit("totals", "archive")))
        while running.is_running():
            batched.produce(events.draw(40, seed=seed))
        assert running.wait().code in (0, 5), running.err
        batched.program.run(*batched.batch_arguments("-", "--pending"))
    batched.wait_until_read(speed)
    speed.terminate()
    batched.batch_pending()
    prune(batched, *limit("totals", "archive"))
    assert batched.totals("bytes_hourly") == dict(expect(batched.messages()).hourly)
    assert left(batched) == {"hourly"}
    batched.verify("--deep")


def test_stopped_before_all_is_done(batched):
    result = interrupt(batched, arguments(batched, *EVERYTHING), hour_lock(FIRST))
    assert result.code == 6, result.err
    assert f"incomplete: 1 hours are left, from {SECOND}" in result.out


def test_files_that_are_missing_are_taken_off_the_list(batched):
    files = [path for path in batched.root.rglob("*.parquet") if "hour=9" in str(path)]
    files[0].unlink()
    result = batched.program.run(*arguments(batched, *limit("archive")))
    assert result.code == 0, result.err
    assert "1 files of the hour 2022-02-20T09:00:00Z are on the list and missing" in result.err
    assert left(batched) == {"totals", "hourly"}
    batched.verify()


def test_a_database_that_was_restored_to_before_it(batched):
    """Its list names files that are gone: the next run takes them off."""
    tables = ("bytes", "bytes_hourly", "antenna.archive_file", "antenna.hour")
    for table in tables:
        batched.execute(f"CREATE TABLE saved_{table.replace('.', '_')} AS SELECT * FROM {table}")
    prune(batched, *EVERYTHING)
    for table in tables:
        names = batched.value(
            "SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute "
            "WHERE attrelid = %s::regclass AND attnum > 0 AND attgenerated = ''",
            table,
        )
        saved = f"saved_{table.replace('.', '_')}"
        batched.execute(f"TRUNCATE {table}; INSERT INTO {table} ({names}) SELECT {names} FROM {saved}")
    report = batched.verify(code=4)
    assert {one["cause"] for hour in report["hours"] for one in hour["differences"]} == {"file_missing"}
    prune(batched, *EVERYTHING)
    assert left(batched) == set()
    batched.verify("--deep")


def test_files_that_lie_elsewhere_stay(batched):
    """Nothing of the hour is removed: its link would go, and the file that it points to would stay."""
    moved = batched.move_elsewhere(batched.root / "data")
    refused = batched.program.run(*arguments(batched, *limit("archive")))
    assert refused.code == 3, refused.err
    assert "ANT-A026" in refused.err
    assert moved
    assert all(link.is_symlink() for link in moved)
    batched.verify("--deep")


def test_a_foreign_file_stays(batched):
    folder = next(batched.root.rglob("hour=9"))
    (folder / "part-0.parquet").write_bytes(b"")
    prune(batched, *EVERYTHING)
    assert [path.name for path in folder.iterdir()] == ["part-0.parquet"]


def test_as_a_service(batched):
    follow = batched.program.start(*batched.batch_arguments("-", "--follow", "--interval", "100ms", *EVERYTHING))
    follow.wait_for("removed what is old of 2 hours")
    assert left(batched) == set()
    follow.terminate()
    batched.verify("--deep")


def test_rejected_messages(batched):
    batched.produce([b"nonsense", b"more nonsense"])
    batched.speed()
    batched.execute(
        "UPDATE antenna.rejected_message SET rejected_at = now() - INTERVAL '31 days' "
        'WHERE (partition, "offset") = (SELECT partition, "offset" FROM antenna.rejected_message LIMIT 1)'
    )
    batched.execute(
        "INSERT INTO antenna.rejected_message SELECT job, topic, partition, archive_offset + step, 'sum_out_of_range', "
        "'', 0, '', 0, now() - INTERVAL '31 days' FROM antenna.progress, (VALUES (-100000), (0)) AS steps (step) "
        "WHERE partition = 0"
    )
    counted = batched.query("SELECT * FROM antenna.rejected_count")
    for options, removed in ((("--dry-run",), False), ((), True)):
        _, last = prune(batched, *limit("rejected"), *options)
        assert (last["rejected_messages"], last["removed"]) == (2, removed)
    assert prune(batched, *limit("rejected"))[1]["rejected_messages"] == 0
    kept = batched.query("SELECT reason FROM antenna.rejected_message ORDER BY 1")
    assert kept == [("not_json",), ("sum_out_of_range",)]
    assert batched.query("SELECT * FROM antenna.rejected_count") == counted
    assert left(batched) == set(KINDS)


def test_hours_of_today_stay(case):
    case.prepare()
    now = int(time.time())
    case.produce([events.encode(now - 3 * 3600), events.encode(now)])
    case.speed()
    case.batch_pending()
    reports, _ = prune(case, "--totals-older-than", "1h", "--archive-older-than", "1h")
    assert len(reports) == 1
    assert len({key[0] for key in case.totals()}) == 1


def test_a_clock_that_is_ahead_makes_nothing_old(case):
    """An hour is old by the clock that is behind: that of PostgreSQL or of this machine."""
    case.prepare()
    case.produce([events.encode(int(time.time()) - 5 * 3600)])
    case.speed()
    case.batch_pending()
    clock = Clock(case.folder)
    three_hours = ("--totals-older-than", "3h", "--archive-older-than", "3h", "--rejected-older-than", "3h")
    clock.set("-3h")
    result = case.program.run(*arguments(case, *three_hours), environment=clock.environment)
    assert result.out.splitlines()[-1].startswith("removed data of 0 hours"), result.out
    assert "s ahead of this machine's: all is kept for so much longer" in result.err
    assert left(case) == set(KINDS)
    clock.set("+3h")
    result = case.program.run(*arguments(case, "--totals-older-than", "6h"), environment=clock.environment)
    assert result.out.splitlines()[-1].startswith("removed data of 0 hours"), result.out
    assert prune(case, *three_hours)[1]["hours"] == 1
