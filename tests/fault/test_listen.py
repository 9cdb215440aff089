"""What --listen says while a server or the disk is away: within seconds, whether there is work or not."""

import contextlib
import shutil
import subprocess

import events
import pytest
from disks import full
from pauses import paused, stopped
from scraper import Scraper
from service import running_service

pytestmark = pytest.mark.timeout(300)

# Without work a server is asked every 2 s, and one that is silent has 5 s for its answer.
NOTICED_SECONDS = 12

# Files come so late that none is written meanwhile.
NO_ROLL = ("--roll-age", "1h")


REASONS = {
    ("postgres", stopped): "worker 1 waits: ",
    ("postgres", paused): "worker 1 has waited for",
    ("kafka", stopped): "worker 1 reaches no Kafka broker",
    ("kafka", paused): "worker 1 reaches no Kafka broker",
}

# What may be told instead where there is work: the commit that is under way.
WITH_WORK = {("postgres", paused): ("worker 1 waits for PostgreSQL to answer a commit",)}


@contextlib.contextmanager
def without_work(case):
    """A service that has committed all that there is, and has yet to write a file."""
    case.prepare()
    case.produce(events.draw(100))
    speed = case.start_speed("--listen", "0", *NO_ROLL)
    case.wait_until_read(speed)
    yield speed
    case.produce(events.draw(100, seed=2))
    case.wait_until_read(speed, seconds=120)
    speed.terminate()


@contextlib.contextmanager
def with_work(case):
    with running_service(case, "--listen", "0") as speed:
        yield speed


@pytest.mark.parametrize("service", [without_work, with_work])
@pytest.mark.parametrize(("name", "away"), REASONS)
def test_not_ready_while_a_server_is_away(case, service, name, away):
    with service(case) as speed:
        scraper = Scraper(speed)
        scraper.wait_until_ready()
        with away(getattr(case, name)):
            words = REASONS[name, away]
            if service is with_work:
                words = (words, *WITH_WORK.get((name, away), ()))
            scraper.wait_until_not_ready(words, NOTICED_SECONDS)
            assert scraper.get("/healthz") == (200, "ok\n")
        scraper.wait_until_ready()
    case.check_exact()


def test_ready_again_without_a_message(case):
    """That Kafka is back shows without anything to read."""
    case.prepare()
    speed = case.start_speed("--listen", "0")
    scraper = Scraper(speed)
    scraper.wait_until_ready()
    with stopped(case.kafka):
        scraper.wait_until_not_ready("worker 1 reaches no Kafka broker", NOTICED_SECONDS)
        assert scraper.value("antenna_kafka_disconnects_total") == 1
        speed.wait_for("gives up 3 partitions")
    scraper.wait_until_ready()
    partitions = [key for key in scraper.samples() if key[0] == "antenna_partition_epoch"]
    assert len(partitions) == 3, "what the group had taken it has given back"
    speed.terminate()


def test_not_ready_without_partitions(case):
    """A worker that has nothing to read is asked for the day on which it has."""
    case.prepare(partitions=1)
    speed = case.start_speed("--listen", "0", "--workers", "2")
    scraper = Scraper(speed)
    scraper.wait_until_ready()
    with stopped(case.postgres):
        for number in (1, 2):
            speed.wait_for(f"worker {number} waits", NOTICED_SECONDS)
        scraper.wait_until_not_ready(" waits: ", NOTICED_SECONDS)
    scraper.wait_until_ready()
    speed.terminate()


def test_not_ready_while_postgres_takes_no_changes(case):
    """As managed services set it when their disk is full: sessions stay, and may only read."""
    with without_work(case) as speed:
        scraper = Scraper(speed)
        scraper.wait_until_ready()
        case.execute("ALTER SYSTEM SET default_transaction_read_only TO on")
        case.execute("SELECT pg_reload_conf()")
        try:
            scraper.wait_until_not_ready("PostgreSQL lets this session only read", NOTICED_SECONDS)
            assert speed.said("waits and will try again")
        finally:
            case.execute("ALTER SYSTEM RESET default_transaction_read_only")
            case.execute("SELECT pg_reload_conf()")
        scraper.wait_until_ready()
    case.check_exact()


# The archive's disk.


@contextlib.contextmanager
def read_only(disk):
    """By a second mount over the first, as the writer's open lock keeps that from being one."""
    staging = disk / ".staging"
    subprocess.run(["mount", "--bind", staging, staging], check=True)
    subprocess.run(["mount", "-o", "remount,bind,ro", staging], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", staging], check=True)


@contextlib.contextmanager
def removed(disk):
    aside = disk / "aside"
    shutil.move(disk / ".staging", aside)
    yield
    shutil.move(aside, disk / ".staging")


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [(full, "No space left"), (read_only, "Read-only file system"), (removed, "No such file or directory")],
)
def test_not_ready_while_the_disk_takes_no_file(case, small_disk, trouble, reason):
    with without_work(case) as speed:
        scraper = Scraper(speed)
        scraper.wait_until_ready()
        with trouble(small_disk):
            scraper.wait_until_not_ready(reason, NOTICED_SECONDS)
            speed.wait_for("worker 1 cannot archive for now")
            case.produce(events.draw(100, seed=3))
            case.wait_until_read(speed)
        scraper.wait_until_ready()
        speed.wait_for("worker 1 can archive again")
    case.check_exact()


# The batch layer, which waits for an hour to be complete.


@pytest.mark.parametrize(("away", "reason"), [(stopped, ""), (paused, "PostgreSQL has not answered for")])
def test_batch_is_not_ready_while_postgres_is_away(case, away, reason):
    case.prepare()
    (case.root / "data").mkdir(parents=True)
    batch = case.program.start(*case.batch_arguments("-", "--follow", "--interval", "1h", "--listen", "0"))
    scraper = Scraper(batch)
    scraper.wait_until_ready()
    with away(case.postgres):
        scraper.wait_until_not_ready(reason, NOTICED_SECONDS)
    scraper.wait_until_ready()
    batch.terminate()
