"""Sums that BIGINT cannot hold: the event that exceeds one is rejected and kept, in totals and archive alike."""

import events
import pytest
import readers
from case import QUICK_ROLLS
from oracle import at, expect
from scraper import Scraper
from waiting import wait_until

pytestmark = pytest.mark.timeout(60)

MAX = 2**63 - 1
ALL = ("--max-bytes", str(MAX))
HOUR = events.BEGIN


def event(seconds=0, size=MAX, name="x"):
    """An event of a user, an antenna and an app of that name."""
    return events.encode(HOUR + seconds, size=size, user_id=name, antenna_id=name, app=name)


# Events, and how many of them exceed a sum. None stands for a run of the job in between.
SUMS = {
    "of a window": ([event(), event(), event(1, 0), event(2, 1)], 2),
    "of a window by one byte": ([event(0, MAX - 1), event(1, 1), event(2, 1)], 1),
    "of a window by small steps": ([event(0, MAX - 50), *(event(i, 20) for i in range(4)), event(9, 10)], 2),
    "of a window in PostgreSQL": ([event(), None, event(0, 1), event(0, 0)], 1),
    "of an hour": ([event(), event(300)], 1),
    "of an hour in PostgreSQL": ([event(3599), None, event(0, 1)], 1),
    "of all names of an hour": ([event(), event(0, 1, "y"), event(600, 5, "z"), event(1, 0, "z")], 2),
    "none, of several hours": ([event(), event(3600), event(7200), event(10800, 1)], 0),
    "among others": ([*events.draw(500), event(), *events.draw(500, seed=2)], None),
    "again and again": ([event(), *(event(i % 3600, i) for i in range(1, 300))], 299),
}


@pytest.mark.core
@pytest.mark.parametrize(("values", "count"), SUMS.values(), ids=SUMS)
def test_an_event_that_exceeds_a_sum_is_rejected(case, values, count):
    case.prepare(partitions=1)
    while values:
        run = values.index(None) if None in values else len(values)
        case.produce(values[:run])
        values = values[run + 1 :]
        case.speed(*ALL)
    expected = case.check_exact(expect(case.messages(), max_bytes=MAX))
    reasons = [reason for reason, _, _ in expected.rejected.values()]
    assert set(reasons) <= {"sum_out_of_range"}
    assert count in (None, len(reasons))
    case.batch_pending()
    case.check_layers(expected)


def test_commits_continue_after_an_hour_was_full(case):
    """And show that the outage, which the worker read again for, is over."""
    case.prepare(partitions=1)
    case.produce([event(), event(1, 1)])
    speed = case.start_speed(*ALL, "--commit-interval", "50ms", "--roll-age", "1h", "--listen", "0")
    speed.wait_for("ANT-D009")
    speed.wait_for("goes on after")
    case.produce([event(3600, 5, "y")])
    Scraper(speed).wait_until_ready()
    case.wait_until_read(speed)
    speed.terminate()
    case.check_exact(expect(case.messages(), max_bytes=MAX))


def test_bytes_of_a_roll_that_no_counter_holds(case):
    """Its rows, each of which fills the memory, become parts of a roll while a commit is under way."""
    case.prepare(partitions=1)
    speed = case.start_speed(*ALL, "--commit-interval", "1ms", "--roll-rows", "1", "--roll-age", "1h", "--listen", "0")
    scraper = Scraper(speed)
    with case.totals_held():
        case.produce([event(0, 2**62, "a")])
        wait_until(case.waits_for_a_lock, "a commit waits for the table")
        case.produce([event(3600, 2**62, "b"), event(7200, 2**62, "c"), event(7201, 1, "c")])
        wait_until(lambda: scraper.value("antenna_messages_total", case.topic) >= 3, "the rows are full")
    case.wait_until_read(speed)
    speed.terminate()
    case.check_exact(expect(case.messages(), max_bytes=MAX))
    assert case.value("SELECT bytes_archived FROM antenna.progress") == 3 * 2**62 + 1


def fill(case):
    """The hour is full of totals that others have inserted."""
    case.execute(f"INSERT INTO bytes VALUES ('{at(HOUR)}', 'of others', {MAX}, 'user_bytes_total')")


def test_refused_events_are_all_kept_and_none_comes_back_with_the_archive(case):
    case.prepare(partitions=1)
    fill(case)
    case.produce([*(event(i, 1) for i in range(250)), event(3600, 7)])
    running = case.start_speed("--roll-age", "1d")
    case.wait_until_read(running)
    running.kill()
    assert case.value("SELECT count(*) FROM antenna.rejected WHERE reason = 'sum_out_of_range'") == 250
    assert case.value("SELECT count(*) FROM antenna.archive_file") == 0
    case.speed()
    assert [row[3] for row in readers.read_archive_by_duckdb(case.root)] == [7]
    case.check_nothing_left()


def test_workers_share_the_room_of_an_hour(case):
    case.prepare(partitions=4)
    case.produce([event(i, MAX // 20, f"u{i}") for i in range(400)])
    case.speed(*ALL, *QUICK_ROLLS, "--workers", "4")
    counts = case.query("SELECT sum(records_totalled)::int, sum(records_rejected)::int FROM antenna.progress")
    assert counts == [(20, 380)]
    hour = at(HOUR)
    users = {key: value for key, value in case.totals().items() if key[1] == "user_bytes_total"}
    assert sum(users.values()) == 20 * (MAX // 20)
    case.batch(hour)
    case.verify("--deep")


@pytest.mark.parametrize("how", ["before the hour was counted", "behind the program's back"])
def test_totals_of_others_are_counted(case, how):
    case.prepare(partitions=1)
    if how == "behind the program's back":
        case.produce([event(0, 1)])
        case.speed(*ALL)
        case.execute(f"UPDATE bytes SET value = {MAX}")
    else:
        fill(case)
    case.produce([event(0, 5), event(3600, 7)])
    case.speed(*ALL)
    assert case.query("SELECT reason, count(*) FROM antenna.rejected GROUP BY 1") == [("sum_out_of_range", 1)]
    assert {value for key, value in case.totals().items() if key[0] == at(HOUR + 3600)} == {7}


def test_service_continues_after_an_event_that_exceeds_a_sum(case):
    case.prepare(partitions=1)
    case.produce([event(), event()])
    running = case.start_speed(*ALL, "--commit-interval", "10ms")
    case.wait_until_read(running)
    case.produce([event(i % 3600, i, "y") for i in range(3)])
    case.produce([event(3600, 9)])
    case.wait_until_read(running)
    wait_until(lambda: running.said("goes on after"), "the worker has gone on")
    running.terminate()
    case.check_exact(expect(case.messages(), max_bytes=MAX))
