"""PostgreSQL at a small part of its speed, a burst of ten times the usual rate, and a soak with fault after fault."""

import pathlib
import re

import pytest
from faults import NAMED, dice_of, times
from service import backlog, running_service, wait_for_progress
from test_postgres import crash, hold_lock, restart, take_over, terminate_backends
from waiting import wait_until
from wire import Wire

pytestmark = pytest.mark.timeout(300)

# A round trip takes about 0.3 ms on loopback, and a hundred times that with this delay each way.
SLOW_SECONDS = 0.015
USUAL = ("--rate", "1000", "--late", "0.05", "--malformed", "0.01")
BURST = ("--rate", "10000", "--count", "100000", "--seed", "2")
CAUGHT_UP = 500
MEMORY_MAX_MB = 300


def peak_memory_mb(running):
    status = pathlib.Path(f"/proc/{running.process.pid}/status").read_text()
    return int(re.search(r"VmHWM:\s*(\d+) kB", status).group(1)) / 1000


def test_slow_postgres_and_a_burst(case, figures):
    """The totals are later, none is lost, and memory is bounded."""
    wire = Wire(case.postgres.port)
    uri = f"jdbc:postgresql://127.0.0.1:{wire.port}/{case.database}"
    with running_service(case, "--roll-rows", "500000", "--roll-age", "2s", live=USUAL, uri=uri) as speed:
        wire.delay = SLOW_SECONDS
        wait_for_progress(case, speed)
        assert case.start_simulate(*BURST).wait().code == 0
        wait_for_progress(case, speed, 10_000)
        wire.delay = 0
        wait_until(lambda: backlog(case) < CAUGHT_UP, "it has caught up", 120)
        assert peak_memory_mb(speed) < MEMORY_MAX_MB
    figures.check("slow PostgreSQL, 10x burst", case, 2)
    wire.close()


def kill_service(case, _proxy):
    """The service is started again by whoever watches it."""


def restart_kafka(case, _proxy):
    case.kafka.restart()


def crash_kafka(case, _proxy):
    case.kafka.kill()
    case.kafka.start()


SOAK_FAULTS = [crash, restart, terminate_backends, hold_lock, take_over, restart_kafka, crash_kafka, kill_service]
SOAK_RATE = 20_000
MESSAGES_BETWEEN = 5 * SOAK_RATE


@pytest.mark.timeout(300 + 120 * times(720))
def test_soak(case, figures):
    """Live events at a high rate, a drawn fault after each few seconds' worth of them."""
    dice = dice_of("soak")
    case.prepare()
    simulate = case.start_simulate("--rate", str(SOAK_RATE), "--late", "0.05", "--malformed", "0.01", "--users", "1000")
    options = ("--roll-age", "2s", *NAMED)
    speed = case.start_speed(*options)
    for _ in range(times(720)):
        wait_for_progress(case, speed, MESSAGES_BETWEEN)
        fault = dice.choice(SOAK_FAULTS)
        fault(case, None)
        if fault is kill_service:
            speed.kill()
            speed = case.start_speed(*options)
    wait_for_progress(case, speed, MESSAGES_BETWEEN)
    simulate.terminate()
    case.wait_until_read(speed, seconds=120)
    speed.terminate()
    figures.check("soak at 20,000 messages a second", case, times(720))
