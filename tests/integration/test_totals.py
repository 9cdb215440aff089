"""The speed layer on every kind of message: tables and archive are what an independent count says."""

import time

import events
import pytest
from oracle import expect

pytestmark = pytest.mark.timeout(120)


@pytest.mark.valgrind
@pytest.mark.core
@pytest.mark.tsan
def test_events_of_two_hours_in_no_order(case):
    case.prepare()
    case.produce(events.draw(5000))
    case.speed()
    expected = case.check_exact()
    assert expected.events == 5000
    assert len(expected.hours) == 2


def test_late_events_are_added_to_their_windows(case):
    case.prepare()
    case.produce(events.draw(500, seed=1))
    case.speed()
    case.check_exact()
    case.produce(events.draw(500, seed=2))
    case.produce(events.draw(10, seed=3, begin=events.BEGIN - 30 * 86400))
    case.speed()
    expected = case.check_exact()
    assert expected.events == 1010


def test_borders_of_windows_and_hours(case):
    case.prepare()
    case.produce(
        events.encode(events.BEGIN + seconds, size=10**index)
        for index, seconds in enumerate([-1, 0, 1, 299, 300, 301, 3599, 3600])
    )
    case.speed()
    expected = case.check_exact()
    assert len(expected.hours) == 3


def test_equal_messages_all_count(case):
    case.prepare()
    case.produce([events.encode()] * 1000)
    case.speed()
    expected = case.check_exact()
    assert set(expected.windows.values()) == {100000}


def test_unusual_messages_are_accepted(case):
    case.prepare()
    case.produce(
        [
            b'{"app":"x","bytes":1,"antenna_id":"a","id":"u","timestamp":1645347600}',
            b'\n { "timestmap" : 1645347600 ,\t"id":"u","antenna_id":"a","bytes":0,"app":"x" } ',
            b'{"timestamp":1645347600,"id":"u","antenna_id":"a","bytes":1,"app":"x","more":{"list":[1,2.5,null]}}',
            events.encode(user_id='Zoë "quoted" \\ \n\t', antenna_id="日本", app="it's; DROP TABLE bytes; --"),
            events.encode(app="\U0001f4f6", size=2**40),
            events.encode(user_id="x" * 256),
            events.encode(events.BEGIN, user_id="NULL", antenna_id="null", app="\\N"),
            events.encode(946684800),
        ]
    )
    case.speed()
    expected = case.check_exact()
    assert expected.events == 8
    assert not expected.rejected


def test_max_bytes_rejects_absurd_events(case):
    case.prepare(partitions=1)
    case.produce([events.encode(size=1000), events.encode(size=1001)])
    case.speed("--max-bytes", "1000")
    assert set(case.totals().values()) == {1000}
    assert case.query("SELECT reason FROM antenna.rejected") == [("out_of_range",)]


def test_future_is_judged_by_the_arrival_in_kafka(case):
    now = int(time.time())
    case.prepare(partitions=1)
    case.produce([events.encode(now + 3500), events.encode(now + 3700)])
    # an old message: its own time was already too far ahead when it arrived
    case.produce([events.encode(events.BEGIN + 3600), events.encode(events.BEGIN + 3601)], events.BEGIN * 1000)
    case.speed()
    expected = case.check_exact()
    assert expected.events == 2
    assert [reason for reason, _, _ in expected.rejected.values()] == ["timestamp_in_future"] * 2


def test_max_future(case):
    case.prepare(partitions=1)
    case.produce([events.encode(events.BEGIN + 10), events.encode(events.BEGIN + 11)], events.BEGIN * 1000)
    case.speed("--max-future", "10s")
    expected = case.check_exact(expect(case.messages(), max_future=10))
    assert expected.events == 1


def test_empty_topic(case):
    case.prepare()
    case.speed()
    assert case.totals() == {}
    assert case.value("SELECT count(*) FROM antenna.archive_file") == 0


def test_a_flood_of_rejected_messages_is_counted_and_kept_in_part(case):
    case.prepare(partitions=1)
    case.produce([b"nonsense"] * 5001 + [events.encode()])
    case.speed("--commit-interval", "10m")
    assert len(case.check_exact().rejected) == 5001
    assert case.value("SELECT count(*) FROM antenna.rejected") < 1000


@pytest.mark.core
@pytest.mark.parametrize("options", [("--commit-interval", "10m"), ("--commit-interval", "1ms"), ("--workers", "2")])
def test_commits_of_more_totals_than_are_sent_at_once(case, options):
    case.prepare(partitions=2)
    case.produce(events.draw(50_000, users=100_000, antennas=1000))
    case.speed(*options)
    case.check_exact()


def test_events_of_more_hours_than_gather_at_once(case):
    case.prepare(partitions=1)
    case.produce(events.draw(300, seconds=200 * 3600))
    case.speed()
    assert len(case.check_exact().hours) > 100


@pytest.mark.parametrize("options", [("--roll-rows", "7"), ("--roll-bytes", "64KiB"), ("--workers", "3")])
def test_limits_and_workers_change_nothing(case, options):
    case.prepare()
    case.produce(events.draw(700))
    case.speed(*options)
    case.check_exact()
