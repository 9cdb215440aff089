"""A writer that lives and looks dead, as its lock was lost on a network file system, cannot list what others delete."""

import events
import pytest
from faults import PRELOAD, Fault, Injection
from folder_watcher import FolderWatcher
from proxy import BEGIN, COMMIT
from test_compaction import HOUR, SECOND_HOUR, archived, files_of  # noqa: F401
from test_protocol import fall_asleep_at
from test_sides import AHEAD
from waiting import PATIENCE, wait_until

pytestmark = pytest.mark.timeout(60)

# At which request of its roll the writer sleeps while its folder is recovered. PostgreSQL ends such a transaction.
ASLEEP = {"before its transaction": BEGIN, "before its commit": COMMIT}


def lose_locks(case):
    """The folders of all writers look like those of dead ones."""
    for lock in case.root.glob(".staging/*/lock"):
        lock.unlink()


def recover(case):
    """A job of the data set with another topic starts, and recovers what dead writers left."""
    own, case.topic = case.topic, f"{case.topic}-other"
    case.create_topic(1)
    case.speed("--job", "other")
    case.topic = own


@pytest.mark.core
@pytest.mark.parametrize("request_of_roll", ASLEEP.values(), ids=ASLEEP)
def test_a_writer_whose_folder_is_recovered_while_it_sleeps(case, proxy, request_of_roll):
    case.prepare(partitions=1)
    case.produce(events.draw(150))
    speed, wake = fall_asleep_at(case, proxy, request_of_roll, AHEAD["archive"], seconds=50 * PATIENCE)
    staged = [*case.root.glob(".staging/*/*.parquet")]
    assert staged
    lose_locks(case)
    recover(case)
    assert not [path for path in staged if path.exists()]
    wake()
    speed.wait_for("begins a new staging folder")
    speed.terminate()
    case.speed()
    case.check_exact()
    case.check_nothing_left()


def test_a_writer_whose_empty_folder_is_removed(case):
    case.prepare(partitions=1)
    case.produce(events.draw(50))
    speed = case.start_speed("--roll-rows", "100", "--roll-age", "1h")
    case.wait_until_read(speed)
    lose_locks(case)
    recover(case)
    assert case.value("SELECT count(*) FROM antenna.retired_writer") == 0
    case.produce(events.draw(100, seed=2))
    speed.wait_for("begins a new staging folder")
    case.wait_until_read(speed)
    speed.terminate()
    case.check_exact()
    case.check_nothing_left()


def hold_compaction(case, hour, call, path):
    """Compaction that is held before a call; returns it, and the fault that releases it."""
    injection = Injection(case.folder / f"hold-{hour:%H}", Fault(call, "hold", path=path))
    arguments = (*case.batch_arguments(hour), "--compact")
    running = case.program.start(*arguments, environment=injection.environment)
    wait_until(lambda: injection.happened, "the call")
    return running, injection


# What the process that recovers the hour is about to do when the one that lost its lock wakes, and exchanges folders.
RECOVERED_UP_TO = {
    "its own exchange": ("renameat2", "*/data/*/hour=9"),
    "the deletion of the old files": ("unlink", "*/.staging/*/swap-20220220T09*/*.parquet"),
    "the end": ("rmdir", "*/.staging/*/swap-20220220T09*"),
}


@pytest.mark.skipif(not PRELOAD.exists(), reason="a build with sanitizers lets no call wait")
@pytest.mark.parametrize("step", RECOVERED_UP_TO)
def test_compaction_that_sleeps_before_it_exchanges_folders(archived, step):  # noqa: F811
    """Folders that are exchanged twice are as before."""
    with FolderWatcher(archived.root):
        sleeper, its_call = hold_compaction(archived, HOUR, "renameat2", "*/data/*/hour=9")
        lose_locks(archived)
        second, its_step = hold_compaction(archived, SECOND_HOUR, *RECOVERED_UP_TO[step])
        shown = files_of(archived)
        its_call.release()
        wait_until(lambda: not sleeper.is_running() or files_of(archived) != shown, "what it does")
        its_step.release()
        assert second.wait().code == 0, second.err
        result = sleeper.wait()
    assert len(files_of(archived)) == 1
    archived.check_exact()
    archived.verify("--deep")
    result.fails("ANT-A023", "another process has recovered the staging folder")
