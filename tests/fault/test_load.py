"""PostgreSQL at a small part of its speed, a burst of ten times the usual rate, and a soak with fault after fault."""

import collections
import pathlib
import re
import time

import pytest
import readers
from faults import NAMED, dice_of, times
from pauses import slowed
from service import backlog, running_service, wait_for_progress
from test_postgres import crash, hold_lock, restart, take_over, terminate_backends
from waiting import wait_until

pytestmark = pytest.mark.timeout(300)

# PostgreSQL's speed is divided by it.
SLOWNESS = 100
WORK = "SELECT count(*) FROM generate_series(1, 100000)"
BURSTS = times(1, 10)
USUAL = ("--rate", "1000", "--late", "0.05", "--malformed", "0.01")
BURST = ("--rate", "10000", "--count", "100000", "--seed", "2")
CAUGHT_UP = 500
MEMORY_MAX_MB = 300


def peak_memory_mb(running):
    status = pathlib.Path(f"/proc/{running.process.pid}/status").read_text()
    return int(re.search(r"VmHWM:\s*(\d+) kB", status).group(1)) / 1000


def seconds_for_work(case, times):
    """How long PostgreSQL takes for a statement that is nothing but work, at best of so many times."""
    seconds = []
    with case.connect() as connection:
        for _ in range(times):
            begin = time.monotonic()
            connection.execute(WORK)
            seconds.append(time.monotonic() - begin)
    return min(seconds)


def wait_until_slow(case, usual):
    """Where others want the processors, too, the usual speed is not the full one."""
    wait_until(lambda: seconds_for_work(case, 1) > usual * SLOWNESS / 10, "PostgreSQL is slow", 60)


@pytest.mark.timeout(60 + 240 * BURSTS)
def test_slow_postgres_and_a_burst(case, figures):
    """The totals are later, none is lost, and memory is bounded."""
    with running_service(case, "--roll-rows", "500000", "--roll-age", "2s", live=USUAL) as speed:
        for _ in range(BURSTS):
            usual = seconds_for_work(case, 5)
            with slowed(case.postgres, SLOWNESS):
                wait_until_slow(case, usual)
                assert case.start_simulate(*BURST).wait().code == 0
                wait_for_progress(case, speed, 10_000)
            wait_until(lambda: backlog(case) < CAUGHT_UP, "it has caught up", 120)
        assert peak_memory_mb(speed) < MEMORY_MAX_MB
    figures.check("slow PostgreSQL, 10x burst", case, 2 * BURSTS)


def kill_service(case, _proxy):
    """The service is started again by whoever watches it."""


def restart_kafka(case, _proxy):
    case.kafka.restart()


def crash_kafka(case, _proxy):
    case.kafka.kill()
    case.kafka.start()


SOAK_FAULTS = [crash, restart, terminate_backends, hold_lock, take_over, restart_kafka, crash_kafka, kill_service]
# About half of what two cores carry that have both servers and the simulator to carry, too.
SOAK_RATE = 100_000
SOAK_FAULTS_COUNT = times(2, 720)
MESSAGES_BETWEEN = times(60, 60) * SOAK_RATE
SOAK_LIVE = ("--rate", str(SOAK_RATE), "--late", "0.05", "--malformed", "0.01", "--users", "1000")

# The ledger knows what was sent, so that Kafka need not keep it all.
SOAK_TOPIC = {"retention.bytes": str(1 << 30), "segment.bytes": str(1 << 26)}


def check_soak(case, figures, ledger):
    """Totals and archive are what the simulator has sent, and each message is an archived row or a rejected one."""
    windows = collections.Counter(readers.read_ledger(ledger)["5min"])
    messages = sum(case.ends().values())
    figures.note(f"soak at {SOAK_RATE:,} messages a second", SOAK_FAULTS_COUNT, messages, windows, case.totals())
    assert case.totals() == windows
    archived, rows = readers.sum_archive(case.root)
    assert archived == windows
    assert rows + case.value("SELECT sum(messages)::bigint FROM antenna.rejected_count") == messages


@pytest.mark.timeout(300 + 240 * SOAK_FAULTS_COUNT)
def test_soak(case, figures):
    """Live events at a high rate, a drawn fault after each minute's worth of them."""
    dice = dice_of("soak")
    case.provision()
    case.create_topic(config=SOAK_TOPIC)
    ledger = case.folder / "ledger.csv"
    simulate = case.start_simulate(*SOAK_LIVE, "--ledger", ledger)
    options = ("--roll-age", "10s", *NAMED)
    speed = case.start_speed(*options)
    for _ in range(SOAK_FAULTS_COUNT):
        wait_for_progress(case, speed, MESSAGES_BETWEEN, seconds=180)
        fault = dice.choice(SOAK_FAULTS)
        fault(case, None)
        if fault is kill_service:
            speed.kill()
            speed = case.start_speed(*options)
    wait_for_progress(case, speed, MESSAGES_BETWEEN, seconds=180)
    simulate.terminate()
    case.wait_until_read(speed, seconds=120)
    speed.terminate()
    check_soak(case, figures, ledger)
