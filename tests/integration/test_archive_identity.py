"""The archive's identity: no command takes another folder, or an empty one under a mount point, for the archive."""

import os
import shutil

import events
import pytest
import readers
from case import QUICK_ROLLS
from waiting import wait_until

pytestmark = pytest.mark.timeout(60)

HOUR = "2022-02-20T09:00:00Z"
NAME = ".antenna-archive"
ADOPT = "--adopt-archive"


def identity(case):
    return case.value("SELECT archive_id::text FROM antenna.data_set")


def file_of(case):
    return case.root / "data" / NAME


def take_away(case):
    """As an unmount does."""
    case.root.rename(case.folder / "away")


def put_back(case):
    shutil.rmtree(case.root, ignore_errors=True)
    (case.folder / "away").rename(case.root)


def empty_folder(case):
    take_away(case)
    (case.root / "data").mkdir(parents=True)


def another_archive(case):
    file_of(case).write_text("00000000-0000-0000-0000-000000000000\n")


def damaged(case):
    file_of(case).write_text(identity(case)[:20])


def without(case):
    """As restored from a backup that leaves hidden files out."""
    file_of(case).unlink()


def a_pipe(case):
    file_of(case).unlink()
    os.mkfifo(file_of(case))


def a_folder(case):
    file_of(case).unlink()
    file_of(case).mkdir()


ROOTS = {
    take_away: ("has no file .antenna-archive", "could not open"),
    empty_folder: ("has no file .antenna-archive",),
    another_archive: ("is another archive",),
    damaged: ("is another archive",),
    without: ("has no file .antenna-archive",),
    a_pipe: ("is no regular file",),
    a_folder: ("is no regular file",),
}

COMMANDS = {
    "speed": lambda case: case.speed_arguments("--until-end"),
    "batch": lambda case: case.batch_arguments(HOUR),
    "compact": lambda case: case.batch_arguments(HOUR, "--compact"),
    "pending": lambda case: case.batch_arguments("-", "--pending"),
    "verify": lambda case: case.verify_arguments(),
}


@pytest.mark.parametrize("change", ROOTS)
def test_a_root_that_is_not_the_archive(used, change):
    before = used.totals("bytes_hourly"), used.totals()
    used.produce(events.draw(50, seed=2))
    change(used)
    for name, arguments in COMMANDS.items():
        result = used.program.run(*arguments(used))
        assert result.code == 3, (name, result.err)
        assert any(words in result.err for words in ROOTS[change]), (name, result.err)
    result = used.program.run("doctor", *used.login, "--storage-root", used.root)
    assert "storage_identity" in result.out, result.out
    assert result.code == 3, result.out
    assert (used.totals("bytes_hourly"), used.totals()) == before
    assert not [*used.root.rglob("*.parquet")] or change not in (take_away, empty_folder)


@pytest.mark.parametrize("command", ["speed", "batch"])
@pytest.mark.parametrize("change", [another_archive, without])
def test_a_moved_or_restored_archive_is_adopted_by_a_person(used, change, command):
    change(used)
    arguments = COMMANDS[command](used)
    assert used.program.run(*arguments, ADOPT).code == 0
    assert file_of(used).read_text() == identity(used) + "\n"
    assert used.program.run(*arguments).code == 0
    used.check_layers()


def test_a_first_start_gives_the_identity(case):
    case.prepare()
    case.produce(events.draw(300))
    speeds = [case.start_speed(*QUICK_ROLLS, "--workers", "2") for _ in range(3)]
    for speed in speeds:
        case.wait_until_read(speed)
    for speed in speeds:
        speed.terminate()
    assert file_of(case).read_text() == identity(case) + "\n"
    assert case.value("SELECT archive_marked_at IS NOT NULL FROM antenna.data_set")
    case.check_exact()
    assert readers.read_archive_by_duckdb(case.root)


def test_the_first_of_several_roots_is_the_archive(case):
    case.prepare()
    case.produce(events.draw(100))
    case.speed()
    case.root = case.folder / "second"
    case.program.run(*case.speed_arguments("--until-end")).fails("ANT-A019", "has no file .antenna-archive", ADOPT)
    assert not case.root.exists()
    case.speed(ADOPT)
    assert file_of(case).read_text() == identity(case) + "\n"


FORGET = "UPDATE antenna.data_set SET archive_marked_at = NULL, archive_id = gen_random_uuid()"


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("there", [True, False], ids=["files there", "files missing"])
def test_an_archive_of_before_identities(used, command, there):
    """It is known by its files."""
    file_of(used).unlink()
    used.execute(FORGET)
    if not there:
        used.root.rename(used.folder / "away")
        (used.root / "data").mkdir(parents=True)
    result = used.program.run(*COMMANDS[command](used))
    if there:
        assert result.code == 0, result.err
        assert file_of(used).exists() == (command == "speed")
    else:
        assert result.code == 3, result.err
        assert "is missing" in result.err
        assert not file_of(used).exists()


def wait_until_archived(case):
    ends = case.ends()

    def look():
        return dict(case.query("SELECT partition, archive_offset FROM antenna.progress")) == ends

    wait_until(look, "all messages are archived", 60)


def test_a_root_that_vanishes_under_a_service(case):
    """It waits, writes nothing in its place, and goes on when the root is back."""
    case.prepare()
    case.produce(events.draw(300))
    speed = case.start_speed(*QUICK_ROLLS)
    wait_until_archived(case)
    take_away(case)
    case.root.mkdir()
    speed.wait_for("ANT-A022")
    case.produce(events.draw(300, seed=2))
    speed.wait_for("waits and will try again")
    assert not [*case.root.rglob("*")]
    put_back(case)
    wait_until_archived(case)
    speed.terminate()
    case.check_exact()


def test_a_root_that_vanishes_within_a_roll(case):
    """The files are listed and cannot be published. It waits, and publishes them when the root is back."""
    case.prepare()
    case.produce(events.draw(300))
    speed = case.start_speed(*QUICK_ROLLS)
    wait_until_archived(case)
    with case.connect() as holder, holder.transaction():
        holder.execute("LOCK TABLE antenna.archive_file IN EXCLUSIVE MODE")
        case.produce(events.draw(300, seed=2))
        wait_until(case.waits_for_a_lock, "it waits for the lock")
        take_away(case)
        case.root.mkdir()
    speed.wait_for("ANT-A022")
    put_back(case)
    speed.wait_for("goes on after")
    speed.terminate()
    case.check_exact()


def test_a_root_that_vanishes_within_an_hour_of_batch(used):
    """A retry helps, as its exit code says."""
    with used.connect() as holder, holder.transaction():
        holder.execute("SELECT pg_advisory_xact_lock(hashtextextended('antenna batch 2022-02-20 09:00:00', 0))")
        batch = used.program.start(*used.batch_arguments(HOUR))
        wait_until(used.waits_for_a_lock, "it waits for the lock")
        take_away(used)
    batch.wait().fails("ANT-A022", "the archive is not mounted", "mount the archive again")
    put_back(used)
    used.batch(HOUR)
    used.check_layers()


def test_a_root_that_vanishes_under_batch(used):
    follow = used.program.start(*used.batch_arguments("-", "--follow", "--interval", "200ms"))
    follow.wait_for("runs hours as they are sealed")
    take_away(used)
    used.root.mkdir()
    follow.wait_for("ANT-A022")
    put_back(used)
    follow.wait_for("goes on")
    follow.terminate()
    used.check_layers()
