"""Workers that cannot reach PostgreSQL or their disk leave the consumer group, and come back by themselves."""

import errno

import events
import pytest
from case import QUICK_GROUP
from faults import PRELOAD, Fault, Injection
from waiting import wait_until

pytestmark = pytest.mark.timeout(120)

NOBODY = 1  # a port where nobody listens
LEAVE = ("--leave-after", "500ms", "--roll-age", "200ms", "--commit-interval", "50ms")
LEFT, BACK = "leaves the consumer group", "joins the consumer group again"

# What the members of the group are like.
GROUPS = {
    "classic": QUICK_GROUP,
    "static": (*QUICK_GROUP, "--instance-id", "cut-off"),
    "kip-848": ("-X", "group.protocol=consumer"),
}


@pytest.fixture
def cut(case, postgres, proxy):
    """Lets the proxy lead nowhere and ends the sessions; returns what undoes it."""

    def begin():
        proxy.lead_to(NOBODY)
        case.end_sessions()
        return lambda: proxy.lead_to(postgres.port)

    return begin


def start(case, *options, environment=None, **changes):
    return case.program.start(*case.speed_arguments(*LEAVE, *options, **changes), environment=environment)


def start_through(case, proxy, *options):
    """A process that reaches PostgreSQL by the proxy alone."""
    return start(case, *options, uri=case.login[0].replace(f":{case.postgres.port}/", f":{proxy.port}/"))


def wait_for_owners(case, count):
    """Waits until so many workers have claimed partitions last."""
    owners = "SELECT count(DISTINCT owner) FROM antenna.progress WHERE owner IS NOT NULL"
    wait_until(lambda: case.value(owners) == count, f"{count} workers have claimed partitions")


@pytest.mark.parametrize("group", GROUPS)
def test_others_take_over_from_a_worker_that_cannot_reach_postgres(case, proxy, cut, group):
    case.prepare(partitions=4)
    disconnected = start_through(case, proxy, *GROUPS[group])
    disconnected.wait_for("is given")
    other = start(case, *(word for word in GROUPS[group] if word not in ("--instance-id", "cut-off")))
    wait_for_owners(case, 2)
    restore = cut()
    disconnected.wait_for(LEFT)
    case.produce(events.draw(100))
    case.wait_until_read(other)  # of all partitions
    wait_for_owners(case, 1)
    restore()
    disconnected.wait_for(BACK)
    wait_for_owners(case, 2)
    case.produce(events.draw(100, seed=2))
    case.wait_until_read(other)
    for process in (disconnected, other):
        process.terminate()
    case.check_exact()


@pytest.fixture
def full_for_now(case):
    """The environment of a process whose disk is full for a while after its start has looked at it."""
    if not PRELOAD.exists():
        pytest.skip("a build with sanitizers lets no call fail")
    return Injection(case.folder / "fault", Fault("posix_fallocate", errno.ENOSPC, number=2, times=6)).environment


def test_others_take_over_from_a_worker_whose_disk_is_full(case, full_for_now):
    case.prepare(partitions=4)
    full = start(case, *QUICK_GROUP, environment=full_for_now)
    full.wait_for("is given")
    other = start(case, *QUICK_GROUP)
    full.wait_for(LEFT)
    case.produce(events.draw(100))
    case.wait_until_read(other)
    full.wait_for(BACK)
    wait_for_owners(case, 2)
    for process in (full, other):
        process.terminate()
    case.check_exact()


def test_the_end_is_reached_after_an_absence(case, full_for_now):
    case.prepare(partitions=2)
    case.produce(events.draw(100))
    process = start(case, *QUICK_GROUP, "--until-end", environment=full_for_now)
    result = process.wait()
    assert result.code == 0, result.err
    assert LEFT in result.err and BACK in result.err
    case.check_exact()


def test_all_workers_leave_and_come_back(case, proxy, cut):
    case.prepare(partitions=4)
    case.produce(events.draw(100))
    process = start_through(case, proxy, *QUICK_GROUP, "--workers", "2")
    case.wait_until_read(process)
    restore = cut()
    process.wait_for(LEFT, count=2)
    case.produce(events.draw(100, seed=2))
    restore()
    case.wait_until_read(process)
    process.wait_for("goes on after", count=2)  # stopped before, the worker would not have written what it reads again
    process.terminate()
    case.check_exact()


def test_stop_of_an_absent_worker(case, proxy, cut):
    case.prepare(partitions=1)
    process = start_through(case, proxy, *QUICK_GROUP)
    wait_for_owners(case, 1)
    cut()
    process.wait_for(LEFT)
    process.process.terminate()
    process.wait(10).fails("ANT-P001", "stopped without writing")


def test_partitions_are_revoked_while_no_dependency_answers(case, proxy):
    """What is held cannot be written when the group asks for it: the worker leaves after it has answered the group."""
    case.prepare(partitions=4)
    case.execute(
        "CREATE FUNCTION refuse() RETURNS TRIGGER LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE 'full' USING ERRCODE = '53100'; END $$; "
        "CREATE TRIGGER refuse BEFORE INSERT ON bytes FOR EACH ROW EXECUTE FUNCTION refuse()"
    )
    slow = ("--commit-interval", "3s", "--roll-age", "60s")
    process = start_through(case, proxy, *QUICK_GROUP, *slow)
    process.wait_for("is given")
    case.produce(events.draw(100))
    process.wait_for("waits and will try again")
    epochs = "SELECT min(epoch) / 1000000000 FROM antenna.progress"
    wait_until(lambda: case.value(epochs) == 2, "the partitions are claimed again")
    proxy.lead_to(NOBODY)  # the session that it has goes on
    other = start(case, *QUICK_GROUP, *slow)
    process.wait_for("gives up")
    process.wait_for(LEFT)
    case.execute("DROP TRIGGER refuse ON bytes")
    proxy.lead_to(case.postgres.port)
    process.wait_for(BACK)
    for one in (process, other):
        one.terminate()
    case.speed()
    case.check_exact()
