"""Kafka, PostgreSQL or the disk go away for a while: the speed layer waits and resumes by itself."""

import contextlib
import signal
import subprocess

import events
import pytest
from case import QUICK_ROLLS
from waiting import wait_until

pytestmark = pytest.mark.timeout(120)


@contextlib.contextmanager
def running_service(case, *options):
    """A service that reads live events; at its end everything must be exact."""
    case.prepare()
    simulate = case.start_simulate("--rate", "2000", "--late", "0.05", "--malformed", "0.01")
    speed = case.start_speed(*QUICK_ROLLS, *options)
    wait_until(lambda: case.value("SELECT count(*) FROM antenna.archive_file"), "a first file")
    yield speed
    simulate.terminate()
    case.wait_until_read(speed)
    speed.terminate()
    case.check_exact()


@pytest.mark.parametrize("stop", ["restart", "crash"])
def test_postgres_goes_and_comes(case, stop):
    with running_service(case) as speed:
        if stop == "crash":
            case.postgres.kill()
            speed.wait_for("waits and will try again")
            case.postgres.start()
        else:
            case.postgres.restart()
        speed.wait_for("goes on after")


@pytest.mark.parametrize("stop", ["restart", "crash"])
def test_kafka_goes_and_comes(case, stop):
    with running_service(case) as speed:
        if stop == "crash":
            case.kafka.kill()
            speed.wait_for("reaches no Kafka broker")
            case.kafka.start()
            speed.wait_for("reads from Kafka again")
        else:
            case.kafka.restart()


@pytest.mark.asan
@pytest.mark.tsan
def test_connections_are_cut(case):
    cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'antenna'"
    with running_service(case, "--workers", "2") as speed:
        for count in range(1, 4):
            case.execute(f"{cut} AND datname = '{case.database}'")
            speed.wait_for("goes on after", count=count)


def test_somebody_else_claims_the_partitions(case):
    with running_service(case) as speed:
        case.execute("UPDATE antenna.progress SET epoch = epoch + 1")
        speed.wait_for("another worker has taken over")
        speed.wait_for("goes on after")


def test_stop_while_postgres_is_away(case):
    case.prepare()
    case.produce(events.draw(1000))
    speed = case.start_speed("--commit-interval", "1s", "--roll-age", "1h")
    case.wait_until_read(speed)
    case.postgres.stop()
    try:
        case.produce(events.draw(1000, seed=2))
        speed.wait_for("waits and will try again")
        speed.process.send_signal(signal.SIGTERM)
        speed.wait().fails(3, "stopped without writing what was read last")
    finally:
        case.postgres.start()
    case.speed()
    case.check_exact()


@pytest.fixture
def small_disk(case):
    """The archive's root is a disk of 24 MiB."""
    case.root.mkdir()
    options = ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", case.root]
    if subprocess.run(options, capture_output=True, check=False).returncode:
        pytest.skip("a tmpfs cannot be mounted here")
    yield case.root
    subprocess.run(["umount", "--lazy", case.root], check=True)


def fill(disk):
    """Leaves no byte of a disk free; returns the file that takes them."""
    path = disk / "filler"
    with open(path, "wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(65536))
    return path


def test_disk_is_full_for_a_while(case, small_disk):
    with running_service(case) as speed:
        filler = fill(small_disk)
        speed.wait_for("waits and will try again")
        assert "No space left" in speed.err
        filler.unlink()
        speed.wait_for("goes on after")


def test_disk_is_full_at_the_start(case, small_disk):
    case.prepare()
    fill(small_disk)
    case.program.run(*case.speed_arguments()).fails(3, "disk space", "No space left", "free some space")


def test_read_only_disk(case, small_disk):
    case.prepare()
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    case.program.run(*case.speed_arguments()).fails(3, "could not make the folder", "Read-only", "storage-root")
