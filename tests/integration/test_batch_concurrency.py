"""What others do between two steps of the batch layer and of verify: it changes no number and makes no false alarm."""

import contextlib
import fcntl
import threading

import events
import pytest
from case import QUICK_ROLLS
from proxy import COMMIT, statement
from test_compaction import HOUR, die_before_the_exchange, files_of
from test_protocol import address
from waiting import wait_until

pytestmark = pytest.mark.timeout(90)

SNAPSHOT = statement("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")


@pytest.fixture
def archived(case):
    """Two hours, each in several small files."""
    case.prepare()
    case.produce(events.draw(2000))
    case.speed(*QUICK_ROLLS)
    return case


def meanwhile(proxy, request, act, number=1):
    """Has something done when the program is at its `number`th such request, which is passed on after it."""

    def pass_on(link, data):
        act()
        return link.release(data)

    proxy.arm(request, None, number, pass_on)


@pytest.fixture
def sleep(proxy):
    """Puts the program to sleep at a request, and wakes it when the block is left."""

    @contextlib.contextmanager
    def at(request, number):
        awake = threading.Event()
        meanwhile(proxy, request, lambda: awake.wait(60), number)
        try:
            yield
        finally:
            awake.set()

    return at


@contextlib.contextmanager
def unpublished(case, place):
    """A listed file that its writer, who lives, has not moved to its place yet; yields what moves it there."""
    path = case.root / "data" / place
    folder = case.root / ".staging" / path.name.split("-")[1]
    folder.mkdir()
    path.rename(folder / path.name)
    with open(folder / "lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield lambda: (folder / path.name).rename(path)


@pytest.fixture
def half_compacted(archived, proxy):
    """Compaction has died between the list and the folder."""
    die_before_the_exchange(archived, proxy)
    return archived


def verify(case, proxy):
    arguments = list(case.verify_arguments("--deep"))
    arguments[1] = address(case, proxy)
    return case.program.run(*arguments)


@pytest.mark.parametrize(("options", "commit"), [((), 1), (("--compact",), 2)])
def test_asleep_before_its_end_it_does_not_keep_the_speed_layer(archived, proxy, sleep, options, commit):
    """It has locked the hour's row, which late events change."""
    with sleep(COMMIT, commit):
        running = archived.program.start(*archived.batch_arguments(HOUR, *options, uri=address(archived, proxy)))
        assert proxy.happened.wait(30)
        archived.produce(events.draw(100, seed=2, seconds=3600))
        archived.speed(seconds=30)
    running.wait().fails("ANT-P001")
    archived.batch("-", "--pending", "--compact")
    archived.check_layers()


def test_an_hour_has_one_lock_whatever_dates_look_like(archived):
    archived.execute(f"ALTER DATABASE {archived.database} SET datestyle TO 'German'")
    with archived.connect() as another:
        another.execute("SELECT pg_advisory_lock(hashtextextended('antenna batch 2022-02-20 09:00:00', 0))")
        running = archived.program.start(*archived.batch_arguments(HOUR))
        wait_until(lambda: archived.value("SELECT count(*) FROM pg_locks WHERE NOT granted"), "it waits for the lock")
    assert running.wait().code == 0, running.err


def test_a_file_is_published_while_batch_reads(archived, proxy):
    with unpublished(archived, files_of(archived)[0]) as publish:
        meanwhile(proxy, b"DELETE FROM", publish)
        result = archived.program.run(*archived.batch_arguments(HOUR, uri=address(archived, proxy)))
        assert proxy.happened.is_set()
    assert result.code == 0, result.err
    archived.batch_pending()

    archived.verify("--deep")


def test_a_file_is_published_while_verify_reads(archived, proxy):
    archived.batch_pending()
    with unpublished(archived, files_of(archived)[0]) as publish:
        meanwhile(proxy, b"FULL JOIN", publish)
        result = verify(archived, proxy)
        assert proxy.happened.is_set()
    assert result.code == 0, result.out + result.err


def test_a_compaction_is_brought_to_its_end_while_verify_reads(half_compacted, proxy):
    half_compacted.batch_pending()
    meanwhile(proxy, SNAPSHOT, half_compacted.speed)
    result = verify(half_compacted, proxy)
    assert proxy.happened.is_set()
    assert len(files_of(half_compacted)) == 1
    assert result.code == 0, result.out + result.err


@pytest.mark.parametrize("options", [(), ("--all-files",)])
def test_a_compaction_is_brought_to_its_end_while_batch_reads(half_compacted, proxy, options):
    meanwhile(proxy, b"FROM antenna.archive_file", half_compacted.speed)
    result = half_compacted.program.run(
        *half_compacted.batch_arguments(HOUR, *options, uri=address(half_compacted, proxy))
    )
    assert proxy.happened.is_set()
    assert result.code == 0, result.err
    assert "not listed" not in result.out
    half_compacted.batch_pending()
    half_compacted.check_layers()
