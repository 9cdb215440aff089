"""PostgreSQL crashes, restarts, cuts connections, keeps locks, loses requests and answers."""

import signal

import events
import pytest
from faults import dice_of, rounds, times
from proxy import COMMIT, Proxy
from service import running_service, wait_for_progress
from test_protocol import address, cut_after, cut_before
from waiting import wait_until

pytestmark = pytest.mark.timeout(600)

WAITING = """
    SELECT count(*) FROM pg_locks WHERE NOT granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""

# A lock is held until somebody waits for it, and so long then: once for a minute, else shortly.
LONG_LOCK_SECONDS = times(60, 60)
LOCK_SECONDS = 0.5


@pytest.fixture
def proxy(postgres):
    proxy = Proxy(postgres.port)
    yield proxy
    proxy.close()


def crash(case, _proxy):
    case.postgres.kill()
    case.postgres.start()


def restart(case, _proxy):
    case.postgres.restart()


def terminate_backends(case, _proxy):
    case.end_sessions()


def lose_answer(_case, proxy):
    proxy.happened.clear()
    proxy.arm(COMMIT, None, 1, lambda *arguments: cut_after(None, *arguments))
    assert proxy.happened.wait(60)


def lose_request(_case, proxy):
    proxy.happened.clear()
    proxy.arm(COMMIT, "roll", 1, lambda *arguments: cut_before(None, *arguments))
    assert proxy.happened.wait(60)


def hold_lock(case, _proxy, seconds=LOCK_SECONDS):
    with case.connect() as connection, connection.transaction():
        connection.execute("LOCK TABLE bytes")
        wait_until(lambda: case.value(WAITING), "a commit waits for the table")
        connection.execute("SELECT pg_sleep(%s)", [seconds])


def take_over(case, _proxy):
    case.execute("UPDATE antenna.progress SET epoch = epoch + 1")


FAULT_KINDS = [crash, restart, terminate_backends, lose_answer, lose_request, hold_lock, take_over]


@pytest.mark.parametrize(("seed", "count"), rounds(70, 1000, 20))
def test_faults_in_a_row(case, figures, proxy, seed, count):
    """Each kind in turn from a drawn one on, at moments that depend on what is committed."""
    dice = dice_of("postgres", seed)
    first = dice.randrange(len(FAULT_KINDS))
    with running_service(case, "--workers", "2", uri=address(case, proxy)) as speed:
        for i in range(count):
            FAULT_KINDS[(first + i) % len(FAULT_KINDS)](case, proxy)
            wait_for_progress(case, speed, dice.randrange(1, 2000))
    figures.check("PostgreSQL: crash, restart, cut connections, lost answers, locks", case, count)


@pytest.mark.parametrize("kind", FAULT_KINDS)
def test_each_fault(case, figures, proxy, kind):
    with running_service(case, uri=address(case, proxy)) as speed:
        kind(case, proxy)
        if kind is not hold_lock:
            speed.wait_for("goes on after")
        wait_for_progress(case, speed)
    figures.check("PostgreSQL: crash, restart, cut connections, lost answers, locks", case, 1)


def test_a_table_is_locked_for_long(case, figures):
    with running_service(case) as speed:
        hold_lock(case, None, LONG_LOCK_SECONDS)
        wait_for_progress(case, speed)
    figures.check("PostgreSQL: crash, restart, cut connections, lost answers, locks", case, 1)


@pytest.mark.core
@pytest.mark.tsan
def test_connections_are_cut(case, figures):
    with running_service(case, "--workers", "2") as speed:
        for count in range(1, 4):
            terminate_backends(case, None)
            speed.wait_for("goes on after", count=count)
    figures.check("PostgreSQL: crash, restart, cut connections, lost answers, locks", case, 3)


def test_stop_while_it_is_away(case):
    """The stop says that something is not written, and the next start reads it again."""
    case.prepare()
    case.produce(events.draw(1000))
    speed = case.start_speed("--commit-interval", "1s", "--roll-age", "1h")
    case.wait_until_read(speed)
    case.postgres.stop()
    try:
        case.produce(events.draw(1000, seed=2))
        speed.wait_for("waits and will try again")
        speed.process.send_signal(signal.SIGTERM)
        speed.wait().fails("ANT-P001", "stopped without writing what was read last")
    finally:
        case.postgres.start()
    case.speed()
    case.check_exact()
