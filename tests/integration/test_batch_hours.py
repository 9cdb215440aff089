"""Which hours the batch layer runs: ranges, those that are pending, and those again that late events change."""

import datetime
import json
import time

import events
import pytest
from case import QUICK_ROLLS
from oracle import at, expect
from waiting import early_in_an_hour, wait_until

pytestmark = pytest.mark.timeout(60)

FIRST_HOUR = datetime.datetime(2022, 2, 20, 9)
HOURS = [f"2022-02-20T{hour:02}:00:00Z" for hour in range(9, 13)]
PENDING = ("-", "--pending")


@pytest.fixture
def archived(case):
    """Four hours in the archive."""
    case.prepare()
    case.produce(events.draw(2000, seconds=4 * 3600))
    case.speed()
    return case


def states(case):
    return dict(case.query("SELECT hour, state FROM antenna.hour_state ORDER BY hour"))


def test_a_range_of_hours(archived):
    out = archived.batch(HOURS[1], "--to", HOURS[2]).out.splitlines()
    assert [line.split()[0] for line in out] == ["hour", HOURS[1], HOURS[2], "all"]
    expected = expect(archived.messages()).hourly
    hours = {FIRST_HOUR + datetime.timedelta(hours=n) for n in (1, 2)}
    assert archived.totals("bytes_hourly") == {key: value for key, value in expected.items() if key[0] in hours}
    sums = [int(line.split()[3]) for line in out[1:]]
    assert sums[2] == sums[0] + sums[1] > 0


def test_a_range_with_hours_of_which_nothing_is_known(archived):
    lines = archived.batch("2022-02-20T06:30:00Z", "--to", HOURS[0], "--json").out.splitlines()
    assert [json.loads(line)["files"] > 0 for line in lines] == [False, False, False, True]
    assert len(states(archived)) == 4


def test_ranges_that_are_none(archived):
    archived.program.run(*archived.batch_arguments(HOURS[1], "--to", HOURS[0])).fails(
        "ANT-U003", "to", "before the first hour"
    )
    archived.program.run(*archived.batch_arguments("-")).fails("ANT-U004", "hour", "--pending", "--follow")
    archived.program.run(*archived.batch_arguments("yesterday")).fails("ANT-U003", "hour", "yesterday", "ISO-8601")
    far = archived.batch_arguments("1000-01-01T00:00:00Z")
    archived.program.run(*far).fails("ANT-U003", "hour")


@pytest.mark.core
def test_pending_runs_what_is_new_and_then_nothing(archived):
    assert set(states(archived).values()) == {"new"}
    assert list(archived.batch_pending()) == HOURS
    assert set(states(archived).values()) == {"clean"}
    archived.check_layers()
    result = archived.batch(*PENDING)
    assert (result.out, "no hour is pending" in result.err) == ("", True)


def test_pending_within_a_range(archived):
    out = archived.batch(HOURS[1], "--pending", "--to", HOURS[2], "--json").out.splitlines()
    assert [json.loads(line)["hour"] for line in out] == HOURS[1:3]


@pytest.mark.core
def test_late_events_make_their_hours_dirty_and_pending_repairs_them(archived):
    archived.batch_pending()
    archived.verify()
    archived.produce(events.draw(50, seed=2, begin=events.BEGIN + 3600, seconds=3600))
    archived.speed()
    assert [state for state in states(archived).values()] == ["clean", "dirty", "clean", "clean"]
    report = archived.verify(code=4)
    found = {hour["hour"]: [one["cause"] for one in hour["differences"]] for hour in report["hours"]}
    assert found == {HOURS[0]: [], HOURS[1]: ["dirty"], HOURS[2]: [], HOURS[3]: []}
    assert list(archived.batch_pending()) == [HOURS[1]]
    archived.check_layers()


def test_an_hour_is_open_until_every_partition_has_passed_its_end(case):
    """One partition is at its end, the other has more of the first hour that is not read."""
    now = early_in_an_hour()
    hour = now - now % 3600 - 3600
    case.prepare(partitions=2)
    case.produce([events.encode(hour + 10), events.encode(hour + 20)] * 20)
    speed = case.start_speed(*QUICK_ROLLS)
    try:
        wait_until(lambda: set(states(case).values()) == {"new"}, "the last hour is sealed: nothing is left to read")
        wait_until(
            lambda: case.value("SELECT until FROM antenna.sealed") > at(now), "event time goes on with the clock"
        )
        case.produce([events.encode(now)] * 20)
        wait_until(lambda: len(states(case)) == 2, "this hour is in the archive")
        assert states(case)[at(now - now % 3600)] == "open"
    finally:
        speed.terminate()


def test_event_time_of_a_backfill_seals_no_hour_that_it_has_not_passed(case):
    """Messages that arrive now and are of the past: how far they are is told by their own time."""
    case.prepare(partitions=1)
    case.produce([events.encode(events.BEGIN + n) for n in range(0, 7200, 10)])
    speed = case.start_speed("--roll-rows", "400", "--roll-age", "1h", "--commit-interval", "10ms")
    try:
        case.wait_until_read(speed)
        rolled = at(events.BEGIN + 3990)
        wait_until(lambda: case.value("SELECT until FROM antenna.sealed") == rolled, "the first 400 rows are archived")
        assert list(states(case).values()) == ["new", "open"]
    finally:
        speed.terminate()
    assert list(states(case).values()) == ["new", "new"]


def test_a_device_whose_clock_is_ahead_seals_nothing(case):
    now = int(time.time())
    case.prepare(partitions=1)
    case.produce([events.encode(now + 3000), events.encode(now)])
    case.speed()
    assert case.value("SELECT until FROM antenna.sealed") <= at(int(time.time()) + 1)


def test_a_provisional_hour(case):
    now = early_in_an_hour()
    case.prepare(partitions=1)
    case.produce([events.encode(now)])
    case.speed()
    hour = f"{at(now - now % 3600).isoformat()}Z"
    assert "provisional" in case.batch(hour).out
    assert json.loads(case.batch(hour, "--json").out)["provisional"]
    case.program.run(*case.batch_arguments(hour, "--require-sealed")).fails("ANT-H004", "is not sealed", hour, "hint: ")


def test_require_sealed_runs_what_is_sealed(archived):
    archived.batch(HOURS[0], "--to", HOURS[3], "--require-sealed")
    archived.check_layers()


def test_a_job_that_will_never_write_again_does_not_keep_hours_open(archived):
    archived.execute("UPDATE antenna.progress SET archived_until = NULL WHERE partition = 0")
    assert set(states(archived).values()) == {"open"}
    archived.execute("UPDATE antenna.progress SET archived_until = 'infinity'")
    assert list(archived.batch_pending()) == HOURS


def test_an_hour_that_fails_keeps_no_other_from_being_run(archived):
    path = next(archived.root.glob("data/*/*/*/hour=10/*.parquet"))
    path.rename(path.with_suffix(".lost"))
    result = archived.program.run(*archived.batch_arguments(*PENDING))
    assert result.code == 3
    assert f"the hour {HOURS[1]} is left as it was" in result.err
    assert path.name in result.err
    assert "could not run 1 of 4 hours" in result.err
    assert list(states(archived).values()) == ["clean", "new", "clean", "clean"]
    path.with_suffix(".lost").rename(path)
    assert list(archived.batch_pending()) == [HOURS[1]]
    archived.check_layers()


def start_to_follow(case):
    """The batch layer as a service, before anything has come."""
    case.prepare()
    (case.root / "data").mkdir(parents=True)
    follow = case.program.start(*case.batch_arguments("-", "--follow", "--interval", "100ms"))
    follow.wait_for("runs hours as they are sealed")
    return follow


def test_follow_runs_hours_as_they_come(case):
    follow = start_to_follow(case)
    for seed in range(3):
        case.produce(events.draw(500, seed=seed, seconds=4 * 3600))
        case.speed()
        expected = expect(case.messages())
        wait_until(lambda: case.totals("bytes_hourly") == dict(expected.hourly), "the hours are run")  # noqa: B023
    assert follow.terminate().out.count(HOURS[0]) == 3
    case.check_layers()


def test_follow_waits_for_postgres(case):
    follow = start_to_follow(case)
    case.end_sessions()
    follow.wait_for("waits and will try again")
    follow.wait_for("goes on")
    case.produce(events.draw(500))
    case.speed()
    wait_until(lambda: len(states(case)) == 2 and set(states(case).values()) == {"clean"}, "the hours are run")
    follow.terminate()
    case.check_layers()


def test_follow_ends_when_a_migration_has_overtaken_it(case):
    follow = start_to_follow(case)
    case.execute("INSERT INTO antenna.schema_version VALUES (99)")
    case.end_sessions()
    follow.wait(30).fails("ANT-D001", "the schema antenna has version 99")


def test_killed_in_the_middle_of_hours_again_and_again(archived):
    for _ in range(20):
        archived.execute("UPDATE antenna.hour SET batch_rows = 0")
        batch = archived.program.start(*archived.batch_arguments(*PENDING))
        wait_until(lambda: archived.value("SELECT bool_or(NOT dirty) FROM antenna.hour"), "an hour is run")
        batch.kill()
        for key, value in archived.totals("bytes_hourly").items():
            assert expect_once(archived).hourly[key] == value
    archived.batch_pending()
    archived.check_layers()


def expect_once(case):
    """What is expected, computed once: the topic does not change."""
    if not hasattr(case, "expected"):
        case.expected = expect(case.messages())
    return case.expected
