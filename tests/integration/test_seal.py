"""An hour is sealed only after its end, and only after all sent messages are archived."""

import time

import confluent_kafka
import events
import pytest
from case import ANSWER_SECONDS, QUICK_ROLLS
from test_clock import Clock
from waiting import wait_until

pytestmark = pytest.mark.timeout(60)

# The broker ends a transaction of which it hears nothing for so long.
TRANSACTION_MS = 600_000


def archived_until(case):
    """{partition: the event time up to which it is archived}"""
    return dict(case.query("SELECT partition, archived_until FROM antenna.progress"))


def begin_transaction(case):
    """An event in partition 0, of a transaction that its producer has still to end."""
    producer = confluent_kafka.Producer(
        {
            "bootstrap.servers": case.kafka.address,
            "transactional.id": case.topic,
            "transaction.timeout.ms": TRANSACTION_MS,
        }
    )
    producer.init_transactions(ANSWER_SECONDS)
    producer.begin_transaction()
    producer.produce(case.topic, events.encode(), partition=0)
    assert producer.flush(ANSWER_SECONDS) == 0
    return producer


def check_hour_is_held_open(case, producer, seconds=30):
    """A running job passes over the partition without messages, and over the other when the transaction has ended."""
    wait_until(lambda: archived_until(case).get(1), "a partition without messages is passed over", seconds)
    assert archived_until(case)[0] is None
    producer.commit_transaction(ANSWER_SECONDS)
    wait_until(lambda: archived_until(case)[0], "so is one whose transaction has ended", seconds)
    assert case.value("SELECT rows FROM antenna.hour") == 1


def test_an_open_transaction_holds_its_hour_open(case):
    """Of its partition neither its own events can be read yet nor those behind it."""
    case.prepare(partitions=2)
    producer = begin_transaction(case)
    speed = case.start_speed(*QUICK_ROLLS)
    check_hour_is_held_open(case, producer)
    speed.terminate()


def check_nothing_is_ahead(case):
    """No partition is archived up to a time that is still to come."""
    ahead = "SELECT partition, totalled_until, archived_until FROM antenna.progress WHERE {} > now() AT TIME ZONE 'UTC'"
    assert case.query(ahead.format("greatest(totalled_until, archived_until)")) == []


def test_a_machine_whose_clock_is_ahead(case):
    """Once told, a time that is to come would be believed until it has come."""
    clock = Clock(case.folder)
    clock.set("+1d")
    case.prepare()
    speed = case.program.start(*case.speed_arguments(*QUICK_ROLLS), environment=clock.environment)
    wait_until(lambda: all((archived_until(case) or {0: None}).values()), "all partitions are passed over")
    check_nothing_is_ahead(case)
    speed.terminate()


def test_a_producer_whose_clock_is_ahead(case):
    """Kafka believes what it says of the arrival, too."""
    case.prepare(partitions=1)
    later = int(time.time()) + 3000
    case.produce([events.encode(later)], timestamp_ms=later * 1000)
    case.speed()
    assert case.value("SELECT records_archived FROM antenna.progress") == 1
    check_nothing_is_ahead(case)
