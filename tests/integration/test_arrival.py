"""Kafka's timestamps that cannot be the arrival of a message: its event is counted all the same."""

import time

import events
import pytest
from findings import examine

pytestmark = pytest.mark.timeout(60)

NOW = int(time.time())

# Timestamps as producers send them, and what the doctor makes of them; None: they can be the arrival.
STAMPS = [
    (-1, "probably none"),
    (1, "a clock that is wrong"),
    (915148800000, "a clock that is wrong"),  # 1999
    (1262304000000, "a clock that is wrong"),  # 2010
    (NOW, "in seconds"),
    (NOW * 1_000_000, "in microseconds"),
    (NOW * 1_000_000_000, "in nanoseconds"),
    (NOW * 1000, None),
    ((NOW + 50 * 365 * 86400) * 1000, None),
]

ANY_STAMP = {"message.timestamp.after.max.ms": str(2**63 - 1)}


def prepare(case, config):
    case.provision()
    case.create_topic(1, config)
    (case.root / "data").mkdir(parents=True)
    (case.root / ".staging").mkdir()


def test_stamps_that_cannot_be_an_arrival(case):
    prepare(case, ANY_STAMP)
    for stamp, _ in STAMPS:
        case.produce([events.encode(NOW - 60, size=stamp % 1000)], timestamp_ms=stamp)
    case.speed()
    assert case.check_exact().events == len(STAMPS)
    for offset, (stamp, said) in enumerate(STAMPS):
        if said:  # the doctor names the first that it finds
            case.delete_records({0: offset})
            findings = examine(case)
            findings.tells("kafka_clock", "warning", f"offset {offset}: {stamp}, ", said, "--max-future")


def test_start_at_a_time_with_unusable_timestamps(case):
    """Kafka would find its end, or its beginning. A job that has started goes on."""
    prepare(case, ANY_STAMP)
    start = ("--start", f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(NOW - 3600))}")
    for offset, (stamp, said) in enumerate(STAMPS):
        case.produce([events.encode(NOW - 60)], timestamp_ms=stamp)
        if said:
            result = case.program.run(*case.speed_arguments("--until-end", *start))
            result.fails("ANT-K016", f"offset {offset}: {stamp}", "earliest")
            case.delete_records({0: offset + 1})
        else:
            case.speed(*start)
    assert case.value("SELECT sum(records_totalled) FROM antenna.progress") == len(
        [1 for _, said in STAMPS if not said]
    )
    case.produce([events.encode(NOW - 60)], timestamp_ms=1)
    case.speed(*start)
    assert case.value("SELECT sum(records_totalled) FROM antenna.progress") == 3


def test_events_ahead_of_an_arrival_that_is_none(case):
    """What lies after 2099 is rejected, else nothing can judge it, at the first reading as at any other."""
    prepare(case, ANY_STAMP)
    ahead = NOW + 30 * 86400
    for stamp in (-1, NOW, NOW * 1000):
        case.produce([events.encode(ahead), events.encode(4102444800)], timestamp_ms=stamp)
    case.speed()
    expected = case.check_exact()
    assert (expected.events, len(expected.rejected)) == (2, 4)


def test_a_broker_that_stamps(case):
    prepare(case, {"message.timestamp.type": "LogAppendTime"})
    case.produce([events.encode()], timestamp_ms=1)
    examine(case).tells("kafka_timestamps", "ok", "LogAppendTime").tells("kafka_clock", "ok", "by the broker")


def test_a_topic_that_the_simulator_creates_is_stamped_by_the_broker(case):
    result = case.program.run("simulate", case.kafka.address, case.topic, "--count", "10")
    assert result.code == 0, result.err
    case.provision()
    examine(case).tells("kafka_timestamps", "ok", "LogAppendTime")


@pytest.mark.parametrize(("retention", "said"), [("86400000", "deletes a late event"), ("-1", "compares two clocks")])
def test_senders_that_stamp(case, retention, said):
    prepare(case, {"retention.ms": retention})
    examine(case).tells("kafka_timestamps", "warning", "CreateTime", said)
