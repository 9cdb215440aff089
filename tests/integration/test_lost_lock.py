"""A writer that lives and looks dead, as its lock was lost on a network file system, cannot list what others delete."""

import events
import pytest
from proxy import BEGIN, COMMIT
from test_protocol import fall_asleep_at
from test_sides import AHEAD
from waiting import PATIENCE

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
