"""What a service manager is told: when the jobs are ready, that they live, that they stop."""

import events
import pytest
from manager import WATCHDOG_SECONDS, Manager
from waiting import wait_until

pytestmark = pytest.mark.timeout(60)

# So long after the last sign of life nobody would take the job for alive.
SILENCE_SECONDS = 2 * WATCHDOG_SECONDS


@pytest.fixture
def manager(tmp_path):
    with Manager(tmp_path) as manager:
        yield manager


def start_speed(case, manager, *options):
    return case.program.start(*case.speed_arguments(*options), environment=manager.environment)


def claimed(case):
    return case.value("SELECT count(*) FROM antenna.progress WHERE epoch > 0")


@pytest.mark.core
@pytest.mark.tsan
def test_speed_is_ready_when_every_partition_is_claimed(case, manager):
    case.prepare(partitions=3)
    speed = start_speed(case, manager, "--workers", "2")
    assert manager.next() == {"READY": "1", "STATUS": "reads"}
    assert claimed(case) == 3
    case.produce(events.draw(100))
    case.wait_until_read(speed)
    for _ in range(3):
        assert manager.next() == {"WATCHDOG": "1"}
    speed.terminate()
    assert manager.wait_for("STOPPING")["STATUS"] == "writes what it has read, and stops"
    case.check_exact()


def test_more_workers_than_partitions_are_ready_too(case, manager):
    case.prepare(partitions=1)
    speed = start_speed(case, manager, "--workers", "3")
    manager.wait_for("READY")
    speed.terminate()


def test_configuration_error_is_never_ready(case, manager):
    case.create_topic()
    start_speed(case, manager).wait().fails("ANT-P016", "run antenna provision")
    assert manager.next(0.1) is None


def test_speed_lives_while_postgres_is_down(case, manager):
    case.prepare()
    speed = start_speed(case, manager)
    manager.wait_for("READY")
    case.produce(events.draw(50, seed=1))
    case.wait_until_read(speed)
    case.postgres.stop()
    try:
        case.produce(events.draw(50, seed=2))
        speed.wait_for("waits and will try again")
        manager.drain()
        for _ in range(10):
            assert manager.next(SILENCE_SECONDS) == {"WATCHDOG": "1"}
    finally:
        case.postgres.start()
    case.wait_until_read(speed)
    speed.terminate()
    case.check_exact()


def test_speed_that_hangs_is_not_alive(case, manager):
    """One worker of two hangs in a turn of its loop."""
    case.prepare(partitions=2)
    speed = start_speed(case, manager, "--workers", "2")
    manager.wait_for("WATCHDOG")
    with case.totals_held():
        case.produce([events.encode()])
        wait_until(case.waits_for_a_lock, "a commit waits for the table")
        wait_until(lambda: manager.next(SILENCE_SECONDS) is None, "the worker waits for the commit")
        assert manager.next(SILENCE_SECONDS) is None
    manager.wait_for("WATCHDOG")
    speed.terminate()
    case.check_exact()


@pytest.mark.core
def test_batch_is_ready_lives_and_stops(case, manager):
    case.prepare()
    case.produce(events.draw(100))
    case.speed()
    arguments = case.batch_arguments("-", "--follow", "--interval", "100ms")
    batch = case.program.start(*arguments, environment=manager.environment)
    assert "READY" in manager.next()
    for _ in range(3):
        manager.wait_for("WATCHDOG")
    batch.terminate()
    manager.wait_for("STOPPING")
    assert case.totals("bytes_hourly")


def test_batch_lives_while_postgres_is_down(case, manager):
    case.prepare()
    (case.root / "data").mkdir(parents=True)
    arguments = case.batch_arguments("-", "--follow", "--interval", "100ms")
    batch = case.program.start(*arguments, environment=manager.environment)
    manager.wait_for("READY")
    case.postgres.stop()
    try:
        batch.wait_for("waits and will try again")
        manager.drain()
        for _ in range(10):
            assert manager.next(SILENCE_SECONDS) == {"WATCHDOG": "1"}
    finally:
        case.postgres.start()
    batch.wait_for("goes on")
    batch.terminate()
