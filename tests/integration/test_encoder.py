"""What happens while the encoder writes a roll's files: the worker goes on, dies, sleeps, stops or loses its world."""

import signal
import time

import events
import pytest
from faults import NAMED, PRELOAD, Fault, Injection
from oracle import expect
from scraper import Scraper
from test_group import wait_for_owners
from test_sides import offsets
from waiting import wait_until

pytestmark = [
    pytest.mark.timeout(90),
    pytest.mark.skipif(not PRELOAD.exists(), reason="a build with sanitizers lets no call wait"),
]

# Where the encoder is held: at its first byte, and when all of a file but its end is there.
POINTS = ["open", "fsync"]

ROLLS = ("--roll-rows", "100", "--roll-age", "1h", "--commit-interval", "10ms")

# Longer than a loop of the worker, shorter than any time-out.
MOMENT_SECONDS = 0.3


class Held:
    """A speed layer whose encoder is held in its first file, with the totals of all messages committed."""

    def __init__(self, case, call="fsync", options=()):
        case.prepare(partitions=2)
        case.produce(events.draw(150, seconds=1000))
        fault = Fault(call, "hold", path="*/.staging/*.parquet")
        self._injection = Injection(case.folder / "fault", fault)
        arguments = case.speed_arguments(*NAMED, *ROLLS, "-X", "session.timeout.ms=6000", *options)
        self.speed = case.program.start(*arguments, environment=self._injection.environment)
        wait_until(lambda: self._injection.happened or not self.speed.is_running(), "the encoder begins")
        case.wait_until_read(self.speed)
        assert offsets(case)[1] == 0

    def release(self):
        self._injection.release()


@pytest.mark.core
@pytest.mark.parametrize("call", POINTS)
def test_totals_go_on(case, call):
    """And rows gather, but not without end."""
    held = Held(case, call)
    case.produce(events.draw(50, seed=2, seconds=1000))
    case.wait_until_read(held.speed)
    assert offsets(case) == (200, 0)
    # the rows are full, and the roll that they need waits for the one under way
    case.produce(events.draw(300, seed=3, seconds=1000))
    time.sleep(MOMENT_SECONDS)
    assert offsets(case)[0] < 500
    held.release()
    case.wait_until_read(held.speed)
    wait_until(lambda: offsets(case)[1] >= 400, "the archive follows")
    held.speed.terminate()
    case.check_exact()


@pytest.mark.parametrize("call", POINTS)
def test_dies(case, call):
    held = Held(case, call)
    held.speed.kill()
    case.speed(*NAMED)
    case.check_exact()


def test_stops(case):
    """A clean stop waits for the files."""
    held = Held(case)
    held.speed.process.send_signal(signal.SIGTERM)
    time.sleep(MOMENT_SECONDS)
    assert held.speed.is_running()
    held.release()
    assert held.speed.wait().code == 0
    case.check_exact()


def test_hangup(case):
    held = Held(case)
    held.speed.process.send_signal(signal.SIGHUP)
    held.release()
    assert held.speed.wait().code == 0
    case.check_exact()


def test_shares_its_partitions(case):
    """What it holds of a partition is archived before another worker reads on."""
    held = Held(case)
    second = case.start_speed(*ROLLS)
    second.wait_for("reads topic")
    time.sleep(MOMENT_SECONDS)
    held.release()
    wait_for_owners(case, held.speed, second, partitions=2)
    assert not held.speed.said("ANT-D007")
    case.produce(events.draw(300, seed=2))
    case.wait_until_read(second)
    held.speed.terminate()
    second.terminate()
    # A rebalance on a busy machine may leave rows of the last seconds to the next start.
    case.speed()
    case.check_exact()


def test_sleeps_until_another_has_taken_over(case):
    """It lists nothing when it wakes, and deletes what it has written."""
    held = Held(case)
    held.speed.process.send_signal(signal.SIGSTOP)
    staged = [*case.root.glob(".staging/*/*.parquet")]
    assert staged
    second = case.start_speed(*ROLLS)
    case.produce(events.draw(300, seed=2))
    case.wait_until_read(second)
    held.release()
    held.speed.process.send_signal(signal.SIGCONT)
    held.speed.wait_for("ANT-D007")
    wait_until(lambda: not [path for path in staged if path.exists()], "its files are deleted")
    case.wait_until_read(second)
    held.speed.terminate()
    second.terminate()
    case.check_exact()


def test_loses_postgresql(case):
    """The roll is dropped with the claims, and its rows are read again."""
    held = Held(case)
    case.end_sessions()
    case.produce(events.draw(20, seed=2))
    time.sleep(MOMENT_SECONDS)
    held.release()
    held.speed.wait_for("goes on after")
    case.wait_until_read(held.speed)
    held.speed.terminate()
    case.check_exact()


def test_loses_its_topic(case):
    """What was read is nowhere else: it is archived before the worker ends."""
    held = Held(case)
    expected = expect(case.messages())
    case.delete_topic()
    case.create_topic(partitions=2)
    held.release()
    held.speed.wait().fails("ANT-K014")
    case.check_totals(expected)
    case.check_archive(expected)


def test_loses_its_archive(case):
    """Its files are not listed in the archive's absence."""
    held = Held(case)
    mark = case.root / "data" / ".antenna-archive"
    hidden = mark.rename(case.folder / "mark")
    held.release()
    held.speed.wait_for("waits and will try again")
    assert case.value("SELECT count(*) FROM antenna.archive_file") == 0
    hidden.rename(mark)
    held.speed.wait_for("goes on after")
    held.speed.terminate()
    case.check_exact()


@pytest.mark.timeout(120)
def test_a_disk_that_hangs_shows(case):
    """After half a minute the worker waits for it, so that whoever watches it sees that it stands."""
    held = Held(case, options=("--listen", "127.0.0.1:0"))
    scraper = Scraper(held.speed)
    assert scraper.get("/readyz")[0] == 200
    scraper.wait_until_not_ready("has waited for 5 s for Kafka, PostgreSQL or the disk", seconds=60)
    held.release()
    scraper.wait_until_ready()
    held.speed.terminate()
    case.check_exact()


def test_totals_only(case):
    """Nothing is encoded, and the archive's offset follows."""
    case.prepare()
    case.produce([*events.draw(300), b"nonsense"])
    case.speed("--no-archive", *ROLLS)
    assert offsets(case) == (301, 301)
