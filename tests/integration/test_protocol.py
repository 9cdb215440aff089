"""Each point at which a crash or a lost connection can fall: docs/reliability.md, "Failures and recovery"."""

import itertools
import re
import signal
import threading

import events
import pytest
import readers
from case import QUICK_ROLLS
from oracle import expect
from proxy import BEGIN, COMMIT, fatal_error
from scraper import Scraper
from test_group import wait_for_owners
from waiting import wait_until

pytestmark = pytest.mark.timeout(60)

# The command tags of the server's answers, by which it has done what was asked.
UPDATED, INSERTED, COMMITTED = b"UPDATE ", b"INSERT 0 ", b"COMMIT\0"

CLAIM = b"SET epoch = progress.epoch + 1"

# In a client's first message; the first client of a speed process is none of its workers.
LOGIN = b"application_name"
WORKERS_LOGIN = 2


def address(case, proxy):
    return f"jdbc:postgresql://127.0.0.1:{proxy.port}/{case.database}"


class Victim:
    """The process that an action is about; actions begin before its starter has its name."""

    def __init__(self):
        self._known = threading.Event()
        self._running = None

    def set(self, running):
        self._running = running
        self._known.set()

    def signal(self, number):
        assert self._known.wait(10)
        self._running.process.send_signal(number)


def kill_before(victim, _link, _request, _tag=COMMITTED):
    victim.signal(signal.SIGKILL)
    return False


def kill_after(victim, link, request, tag=COMMITTED):
    assert link.forward(request, tag)
    victim.signal(signal.SIGKILL)
    return False


def cut_before(_victim, _link, _request, _tag=COMMITTED):
    return False


def cut_after(_victim, link, request, tag=COMMITTED):
    assert link.forward(request, tag)
    return False


def feed_until_it_happened(case, proxy):
    """Produces again and again: each portion needs a commit and a roll."""
    written = "SELECT partition, least(totals_offset, archive_offset) FROM antenna.progress"
    for seed in itertools.count(1):
        case.produce(events.draw(1000, seed=seed))
        ends = case.ends()
        wait_until(lambda: proxy.happened.is_set() or dict(case.query(written)) == ends, "the portion is written")  # noqa: B023
        if proxy.happened.is_set():
            return


# Of a commit all statements are sent before the first is answered, and COMMIT then. A roll sends one by one.
PARTS = {
    "fence of a commit": (b"SET totals_offset", "commit", UPDATED),
    "totals of a commit": (b"INSERT INTO", "commit", INSERTED),
    "end of a commit": (COMMIT, "commit", COMMITTED),
    "end of a roll": (COMMIT, "roll", COMMITTED),
}


@pytest.mark.core
@pytest.mark.parametrize("number", [1, 3])
@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("action", [kill_before, kill_after, cut_before, cut_after])
def test_around_a_part_of_a_transaction(case, proxy, action, part, number):
    request, kind, tag = PARTS[part]
    case.prepare()
    victim = Victim()
    proxy.arm(request, kind, number, lambda link, data: action(victim, link, data, tag))
    speed = case.start_speed(*QUICK_ROLLS, uri=address(case, proxy))
    victim.set(speed)
    feed_until_it_happened(case, proxy)
    if action in (cut_before, cut_after):
        speed.wait_for("goes on after")
        case.wait_until_read(speed)
        speed.terminate()
    else:
        wait_until(lambda: not speed.is_running(), "its death")
        if action is kill_after and kind == "roll":
            assert unpublished(case)
        case.speed()
    assert proxy.happened.is_set()
    case.check_exact()


def test_a_worker_reads_on_while_a_commit_is_under_way(case, proxy):
    """And its rows become files, the parts of one roll, which is listed after the commit."""
    released = threading.Event()

    def hold(link, request):
        assert released.wait(30)
        return link.release(request)

    proxy.arm(b"INSERT INTO", "commit", 1, hold)
    case.prepare()
    case.produce(events.draw(100))
    quick = ("--commit-interval", "1ms", "--roll-rows", "100", "--roll-age", "1h")
    speed = case.start_speed(*quick, "--listen", "0", uri=address(case, proxy))
    scraper = Scraper(speed)
    assert proxy.happened.wait(30)
    case.produce(events.draw(490, seed=2))
    wait_until(lambda: scraper.value("antenna_messages_total", case.topic) >= 590, "all is read")
    wait_until(lambda: len([*case.root.glob(".staging/*/*.parquet")]) >= 5, "parts are written")
    assert case.query("SELECT sum(totals_offset), sum(archive_offset) FROM antenna.progress") == [(0, 0)]
    released.set()
    case.wait_until_read(speed)
    speed.terminate()
    case.check_exact()


def unpublished(case):
    """Files that are listed and wait in staging."""
    listed = {path.rpartition("/")[2] for (path,) in case.query("SELECT path FROM antenna.archive_file")}
    return sorted(path.name for path in case.root.glob(".staging/*/*.parquet") if path.name in listed)


def fall_asleep_at(case, proxy, request, options=QUICK_ROLLS, seconds=30):
    """A worker that fell asleep at a request, for so many seconds at most, and what wakes it."""
    sleeper, awake = Victim(), threading.Event()

    def fall_asleep(link, request):
        sleeper.signal(signal.SIGSTOP)
        assert awake.wait(seconds)
        return link.release(request)

    def wake():
        sleeper.signal(signal.SIGCONT)
        awake.set()

    proxy.arm(request, None, 1, fall_asleep)
    first = case.start_speed(*options, uri=address(case, proxy))
    sleeper.set(first)
    assert proxy.happened.wait(30)
    return first, wake


def overtake(case, proxy, request, options=QUICK_ROLLS):
    """A worker that fell asleep at a request, another that has read on since, and what wakes the first."""
    case.prepare()
    case.produce(events.draw(2000))
    first, wake = fall_asleep_at(case, proxy, request, options)
    case.produce(events.draw(500, seed=2))
    second = case.start_speed(*QUICK_ROLLS)
    case.wait_until_read(second)
    case.check_totals(expect(case.messages()))
    return first, second, wake


# What the first worker writes first.
FIRST = {"totals": QUICK_ROLLS, "files": ("--roll-rows", "100", "--commit-interval", "10s")}


@pytest.fixture(params=FIRST)
def overtaken(case, proxy, request):
    """The first fell asleep with events in memory."""
    return overtake(case, proxy, BEGIN, FIRST[request.param])


def check_both_go_on(case, first, second):
    """More comes, is read, and counts once."""
    case.produce(events.draw(500, seed=3))
    case.wait_until_read(second)
    first.terminate()
    second.terminate()
    case.check_exact()


def test_a_worker_that_slept_while_another_took_over(case, overtaken):
    """It wakes and must not write what it holds."""
    first, second, wake = overtaken
    wake()
    first.wait_for("ANT-D007")
    check_both_go_on(case, first, second)


def test_a_worker_that_slept_before_its_claim(case, proxy):
    """What the other has read since is not taken for messages that Kafka has lost."""
    first, second, wake = overtake(case, proxy, CLAIM)
    wake()
    wait_for_owners(case, first, second, partitions=3)
    check_both_go_on(case, first, second)


def test_a_stop_after_another_took_over(case, overtaken):
    """Nothing is lost by it: the stop is a clean one."""
    first, second, wake = overtaken
    first.process.send_signal(signal.SIGTERM)
    wake()
    assert first.wait().code == 0, first.err
    second.terminate()
    case.check_exact()


def test_a_worker_that_freezes_within_a_transaction(case, proxy):
    """Its locks do not keep the next owner of its partitions waiting for long."""
    case.prepare()
    case.produce(events.draw(2000))
    frozen, thawed = Victim(), threading.Event()

    def freeze(_link, _request):
        frozen.signal(signal.SIGSTOP)
        assert thawed.wait(50)
        return False

    proxy.arm(COMMIT, None, 1, freeze)
    first = case.start_speed(*QUICK_ROLLS, uri=address(case, proxy))
    frozen.set(first)
    assert proxy.happened.wait(30)
    second = case.start_speed(*QUICK_ROLLS)
    case.wait_until_read(second, seconds=30)
    frozen.signal(signal.SIGCONT)
    thawed.set()
    first.wait_for("goes on after")
    first.terminate()
    second.terminate()
    case.check_exact()


def test_a_login_that_is_ended_by_the_server(case, proxy):
    """As a session that begins just when all are ended, for a restart or a failover: it is tried again."""
    case.prepare()
    case.produce(events.draw(100))
    answer = fatal_error("57P01", "terminating connection due to administrator command")

    def end(link, _request):
        """Ends this login and the next, by which the client asks once more for the reason."""
        proxy.arm(LOGIN, None, 1, lambda link, _request: link.refuse(answer))
        return link.refuse(answer)

    proxy.arm(LOGIN, None, WORKERS_LOGIN, end)
    speed = case.start_speed("--until-end", *QUICK_ROLLS, uri=address(case, proxy))
    result = speed.wait()
    assert result.code == 0, result.err
    assert speed.said("waits and will try again: could not connect to PostgreSQL")
    case.check_exact()


def test_files_that_could_not_be_published(case):
    """They are listed: batch reads them where they are, and the next start puts them in their place."""
    case.prepare()
    case.produce(events.draw(1000))
    (case.root / "data").mkdir(parents=True)
    in_the_way = case.root / "data" / "year=2022"
    in_the_way.write_text("no folder")
    case.program.run(*case.speed_arguments("--until-end")).fails("ANT-A002", "could not make the folder", "year=2022")
    expected = expect(case.messages())
    assert readers.list_files(case.root) == []
    assert len(unpublished(case)) == 2
    in_the_way.unlink()
    for hour in expected.hours:
        case.batch(hour)
        case.check_batch(expected, hour)
    case.speed()
    case.check_exact(expected)


def test_unlisted_files_in_staging_are_deleted(case):
    case.prepare()
    case.produce(events.draw(1000))
    case.speed()
    name = re.sub(r"-\d+\.parquet$", "-77.parquet", readers.list_files(case.root)[0].rpartition("/")[2])
    folder = case.root / ".staging" / "0123456789abcdef"
    folder.mkdir()
    for leftover in (name, "half.parquet", "probe"):
        (folder / leftover).write_bytes(b"PAR1 and no more")
    (folder / "lock").touch()
    case.speed()
    assert not folder.exists()
    case.check_exact()


def test_folders_of_living_writers_are_left_alone(case):
    case.prepare()
    speed = case.start_speed()
    speed.wait_for("is given")
    folders = list((case.root / ".staging").iterdir())
    assert len(folders) == 1
    case.topic += "-two"
    case.create_topic(1)
    case.speed("--job", "other")
    assert list((case.root / ".staging").iterdir()) == folders
    speed.terminate()
    case.check_nothing_left()
