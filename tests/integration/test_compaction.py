"""Compaction: the small files of a sealed hour become few, with the same rows, whatever happens meanwhile."""

import datetime
import fcntl
import os
import re

import events
import pyarrow.parquet as pq
import pytest
import readers
from case import QUICK_ROLLS
from folder_watcher import FolderWatcher
from oracle import expect
from proxy import COMMIT
from test_protocol import Victim, address, cut_after, cut_before, kill_after, kill_before
from waiting import wait_until

pytestmark = pytest.mark.timeout(60)

HOUR = datetime.datetime(2022, 2, 20, 9)
SECOND_HOUR = datetime.datetime(2022, 2, 20, 10)


def start(case, hour, **changes):
    return case.program.start(*case.batch_arguments(hour, **changes), "--compact")


def compact(case, hour=HOUR):
    result = start(case, hour).wait()
    assert result.code == 0, result.err
    said = re.search(r"\d+ files became \d+|not compacted: .*", result.out)
    return said and said[0]


def files_of(case, hour=HOUR):
    return [place for place in readers.list_files(case.root) if readers.hour_of(place) == hour]


def hour_folder(case, hour=HOUR):
    return (case.root / "data" / files_of(case, hour)[0]).parent


def listed(case):
    """The list of files, and what is said of the hours."""
    return (
        case.query("SELECT path, rows, bytes_total, size, offsets, replaced_by FROM antenna.archive_file ORDER BY 1"),
        case.query("SELECT hour, files, rows, bytes_total, changed_at, dirty FROM antenna.hour ORDER BY 1"),
    )


def contents(case):
    return {path: path.read_bytes() for path in case.root.rglob("*.parquet")}


@pytest.fixture
def archived(case):
    """Two hours, each in several small files."""
    case.prepare()
    case.produce(events.draw(3000))
    case.speed(*QUICK_ROLLS)
    assert len(files_of(case)) > 4
    return case


@pytest.mark.valgrind
@pytest.mark.core
def test_many_files_become_one(archived):
    before = files_of(archived)
    schema = pq.ParquetFile(archived.root / "data" / before[0]).schema
    ranges = archived.query(
        "SELECT key, min((value->>0)::int), max((value->>1)::int) FROM antenna.archive_file, jsonb_each(offsets) "
        "WHERE hour = %s GROUP BY 1 ORDER BY 1",
        HOUR,
    )
    with FolderWatcher(archived.root):
        assert compact(archived) == f"{len(before)} files became 1"
    archived.check_exact()
    (place,) = files_of(archived)
    file = pq.ParquetFile(archived.root / "data" / place)
    assert file.schema.equals(schema)
    assert file.metadata.row_group(0).column(0).compression == "ZSTD"
    assert len(files_of(archived, SECOND_HOUR)) > 4
    offsets = archived.value("SELECT offsets FROM antenna.archive_file WHERE path = %s", place)
    assert sorted((key, *value) for key, value in offsets.items()) == ranges
    times = "SELECT min_timestamp, max_timestamp FROM antenna.archive_file WHERE path = %s"
    seconds = [row[0] for row in readers.read_file(archived.root / "data" / place)]
    utc = datetime.UTC
    assert [time.replace(tzinfo=utc).timestamp() for time in archived.query(times, place)[0]] == [
        min(seconds),
        max(seconds),
    ]


def test_the_hour_stays_clean_and_its_totals_the_same(archived):
    archived.batch(HOUR)
    changed_at = archived.value("SELECT changed_at FROM antenna.hour WHERE hour = %s", HOUR)
    compact(archived)
    assert archived.query("SELECT changed_at, dirty, state FROM antenna.hour_state WHERE hour = %s", HOUR) == [
        (changed_at, False, "clean")
    ]
    archived.batch(HOUR)
    archived.check_batch(expect(archived.messages()), HOUR)
    assert compact(archived) is None


def test_late_files_are_merged_by_the_next_run(archived):
    compact(archived)
    archived.produce(events.draw(50, seed=2, seconds=3600))
    archived.speed()
    assert len(files_of(archived)) == 2
    assert compact(archived) == "2 files became 1"
    archived.check_exact()


def test_files_of_two_jobs_are_not_mixed(archived):
    """Their offsets are of different topics, or the same once more."""
    archived.topic += "-two"
    archived.create_topic()
    archived.produce(events.draw(300, seed=7))
    archived.speed("--job", "other", *QUICK_ROLLS)
    count = len(files_of(archived))
    assert compact(archived) == f"{count} files became 2"
    assert archived.value("SELECT count(DISTINCT job) FROM antenna.archive_file WHERE hour = %s", HOUR) == 2
    archived._check_list()


def test_an_hour_that_is_not_sealed_is_left_alone(archived):
    archived.execute("UPDATE antenna.progress SET archived_until = '2022-02-20 09:59:59' WHERE partition = 0")
    before, files = listed(archived), contents(archived)
    assert compact(archived) == "not compacted: not sealed"
    assert (listed(archived), contents(archived)) == (before, files)
    archived.check_nothing_left()


def test_an_hour_that_nobody_has_listed(archived):
    assert compact(archived, datetime.datetime(2021, 1, 1)) is None
    archived.check_nothing_left()


def test_other_files_of_the_folder_stay(archived):
    folder = hour_folder(archived)
    place = files_of(archived)[0]
    foreign = folder / "part-0000.parquet"
    foreign.write_bytes((archived.root / "data" / place).read_bytes())
    (folder / "_SUCCESS").touch()
    (folder / ".part-0000.parquet.crc").write_bytes(b"crc")
    (folder / "_temporary").mkdir()
    (folder / "_temporary" / "x").touch()
    folder.chmod(0o2750)
    with FolderWatcher(archived.root):
        compact(archived)
    assert sorted(path.name for path in folder.iterdir() if not path.name.startswith("2022")) == [
        *(".part-0000.parquet.crc", "_SUCCESS", "_temporary", "part-0000.parquet")
    ]
    assert (folder / "_temporary" / "x").exists()
    assert folder.stat().st_mode & 0o7777 == 0o2750
    assert foreign.stat().st_nlink == 1
    foreign.unlink()
    archived.check_exact()


def test_late_files_come_while_the_hour_is_compacted(case):
    """A service archives late events of the hour all the time; none is lost and none doubled."""
    case.prepare()
    case.produce(events.draw(1000, seconds=3600))
    case.speed(*QUICK_ROLLS)
    speed = case.start_speed("--roll-rows", "20", "--roll-age", "20ms", "--commit-interval", "10ms")
    speed.wait_for("is given")
    for seed in range(2, 6):
        running = start(case, HOUR)
        while running.is_running():
            case.produce(events.draw(40, seed=seed, seconds=3600))
        assert running.wait().code == 0, running.err
    case.wait_until_read(speed)
    speed.terminate()
    case.check_exact()
    compact(case)
    assert len(files_of(case)) == 1
    case.check_exact()


def test_a_file_that_is_not_published_yet_is_left_alone(archived):
    """Its writer lives and would put it into the folder after its rows are in another."""
    place = archived.root / "data" / files_of(archived)[0]
    count = len(files_of(archived))
    folder = archived.root / ".staging" / place.name.split("-")[1]
    folder.mkdir()
    place.rename(folder / place.name)
    with open(folder / "lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert compact(archived) == f"{count} files became 2"
    archived.speed()
    assert len(files_of(archived)) == 2
    archived.check_exact()


def test_an_archive_below_another_name(archived):
    moved = archived.root / "moved"
    (archived.root / "data").rename(moved)
    start(archived, HOUR, path=moved).wait().fails("ANT-A008", "could not compact", "of a storage-root", "hint: ")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_another_user(archived):
    before = listed(archived)
    os.chown(hour_folder(archived), 12345, -1)
    start(archived, HOUR).wait().fails("ANT-A024", "belongs to another user", "hint: run compaction as the user")
    assert listed(archived)[0] == before[0]
    archived.check_exact()


def test_files_that_lie_elsewhere(archived):
    """Without its link nothing would know of a file any more, and forget would leave the users in it."""
    archived.move_elsewhere(hour_folder(archived))
    start(archived, HOUR).wait().fails("ANT-A026", "put the file itself")
    archived.check_exact()


def test_pending_hours_are_compacted_and_verified(archived):
    counts = {hour: len(files_of(archived, hour)) for hour in (HOUR, SECOND_HOUR)}
    said = archived.batch("-", "--pending", "--compact").out
    assert all(f"  {count} files became 1" in said for count in counts.values())
    archived.verify("--deep")
    archived.check_exact()


def test_of_several_hours_one_that_cannot_be_compacted_is_named(archived):
    """The totals of both are written, and the other hour is compacted."""
    path = archived.root / "data" / files_of(archived)[2]
    damage_times(path)
    arguments = archived.batch_arguments(HOUR, "--to", "2022-02-20T10:00:00Z", "--compact")
    result = archived.program.run(*arguments)
    assert result.code == 3
    assert path.name in result.err
    assert (len(files_of(archived)) > 4, len(files_of(archived, SECOND_HOUR))) == (True, 1)
    for hour in (HOUR, SECOND_HOUR):
        archived.check_batch(expect(archived.messages()), hour)
    archived.check_nothing_left()


# What is damaged.


def damage_times(path):
    """Only compaction reads them."""
    column = pq.read_metadata(path).row_group(0).column(0)
    begin = column.dictionary_page_offset or column.data_page_offset
    data = bytearray(path.read_bytes())
    data[begin : begin + column.total_compressed_size] = bytes(column.total_compressed_size)
    path.write_bytes(data)


def cut(path):
    path.write_bytes(path.read_bytes()[:-20])


@pytest.mark.parametrize("damage", [damage_times, cut, os.unlink])
def test_a_damaged_file_is_named_and_nothing_changes(archived, damage):
    archived.batch(HOUR)
    path = archived.root / "data" / files_of(archived)[2]
    damage(path)
    before, files = listed(archived), contents(archived)
    result = start(archived, HOUR).wait()
    assert result.code == 3
    assert path.name in result.err
    assert (listed(archived), contents(archived)) == (before, files)
    archived.check_nothing_left()


def test_a_file_that_is_not_as_listed_is_named_and_nothing_changes(archived):
    place = files_of(archived)[2]
    archived.execute(
        f"UPDATE antenna.archive_file SET min_timestamp = min_timestamp - INTERVAL '1h' WHERE path = '{place}'"
    )
    before, files = listed(archived), contents(archived)
    result = start(archived, HOUR).wait()
    result.fails(
        "ANT-A012", "could not compact the hour 2022-02-20T09:00:00Z", place, "instead of the listed", "hint: "
    )
    assert (listed(archived)[0], contents(archived)) == (before[0], files)
    archived.check_nothing_left()


# Crashes.


@pytest.mark.parametrize("action", [kill_before, kill_after, cut_before, cut_after])
def test_around_the_commit(archived, proxy, action):
    """The first COMMIT is that of the batch run, the second replaces the files in the list."""
    expected = expect(archived.messages())
    before = len(files_of(archived))
    victim = Victim()
    proxy.arm(COMMIT, None, 2, lambda *arguments: action(victim, *arguments))
    with FolderWatcher(archived.root):
        running = start(archived, HOUR, uri=address(archived, proxy))
        victim.set(running)
        wait_until(lambda: not running.is_running(), "its end")
        assert proxy.happened.is_set()
        assert running.process.returncode != 0
        assert list(archived.root.glob(".staging/*/swap-20220220T09/*.parquet"))
        # batch reads the new file where it is, or the old ones
        archived.batch(HOUR)
        archived.check_batch(expected, HOUR)
        if action in (kill_after, cut_after):
            assert compact(archived) is None
        else:
            assert compact(archived) == f"{before} files became 1"
    assert len(files_of(archived)) == 1
    archived.check_exact(expected)


def die_before_the_exchange(case, proxy, **changes):
    """Compaction of an hour dies right after its files were replaced in the list, and before they are in the folder."""
    victim = Victim()
    proxy.arm(COMMIT, None, 2, lambda *arguments: kill_after(victim, *arguments))
    running = start(case, HOUR, uri=address(case, proxy), **changes)
    victim.set(running)
    wait_until(lambda: not running.is_running(), "its end")


@pytest.mark.core
def test_speed_layer_recovers_files_of_compaction(archived, proxy):
    die_before_the_exchange(archived, proxy)
    archived.speed()
    assert len(files_of(archived)) == 1
    archived.check_exact()


def test_an_hour_whose_recovery_is_under_way_is_left_alone(archived, proxy):
    die_before_the_exchange(archived, proxy)
    (path,) = archived.root.glob(".staging/*/lock")
    with open(path, "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert compact(archived) == "not compacted: another run is at it"
    assert compact(archived) is None
    archived.check_exact()
