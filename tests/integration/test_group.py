"""Several speed processes in one group: work moves between them and every event counts once."""

import signal

import events
import pytest
from case import QUICK_GROUP, QUICK_ROLLS
from oracle import expect
from waiting import wait_until

pytestmark = pytest.mark.timeout(120)


def owners(case):
    """Process ids of the partitions' owners."""
    return [int(row[0].split(":")[1]) for row in case.query("SELECT owner FROM antenna.progress WHERE epoch > 0")]


def wait_for_owners(case, *processes, partitions=6):
    """Until each of these processes, and no other, has partitions."""
    wanted = {running.process.pid for running in processes}

    def look():
        for running in processes:
            assert running.is_running(), running.err
        found = owners(case)
        return len(found) == partitions and set(found) == wanted

    wait_until(look, f"partitions are owned by {wanted}")


@pytest.mark.core
@pytest.mark.tsan
def test_member_is_killed_and_another_joins(case):
    case.prepare(partitions=6)
    simulate = case.start_simulate("--rate", "2000", "--late", "0.1", "--malformed", "0.02")
    first = case.start_speed(*QUICK_ROLLS)
    second = case.start_speed(*QUICK_ROLLS)
    wait_for_owners(case, first, second)
    first.kill()
    wait_for_owners(case, second)
    third = case.start_speed(*QUICK_ROLLS)
    wait_for_owners(case, second, third)
    simulate.terminate()
    case.wait_until_read(second)
    second.terminate()
    third.terminate()
    case.check_exact()


def test_survivors_recover_files_of_a_dead_member(case):
    case.prepare(partitions=6)
    first = case.start_speed()
    second = case.start_speed()
    wait_for_owners(case, first, second)
    assert len(case.staging_folders()) == 2
    first.kill()
    wait_for_owners(case, second)
    assert len(case.staging_folders()) == 1
    second.terminate()
    assert not case.staging_folders()


def test_members_join_and_leave_cleanly(case):
    case.prepare(partitions=6)
    simulate = case.start_simulate("--rate", "2000")
    running = [case.start_speed(*QUICK_ROLLS)]
    wait_for_owners(case, *running)
    for _ in range(2):
        running.append(case.start_speed(*QUICK_ROLLS))
        wait_for_owners(case, *running)
    while len(running) > 1:
        running.pop(0).terminate()
        wait_for_owners(case, *running)
    simulate.terminate()
    case.wait_until_read(running[0])
    running[0].terminate()
    case.check_exact()


def test_until_end_of_two_processes_waits_for_both(case):
    case.prepare(partitions=6)
    case.simulate("--count", "20000", "--rate", "max")
    first = case.start_speed("--until-end")
    second = case.start_speed("--until-end")
    assert first.wait().code == 0
    assert second.wait().code == 0
    case.check_exact()


def start_static(case, *options):
    """A process whose members keep their names; in a group of its own, where they stay after their end."""
    static = ("--job", case.topic, "--instance-id", "one", "-X", "session.timeout.ms=300000")
    return case.program.start(*case.speed_arguments(*static, *QUICK_ROLLS, *options))


def check_static(case):
    expected = expect(case.messages())
    case.check_totals(expected)
    case.check_archive(expected)
    case.check_progress(expected, case.topic)


def test_static_member_regains_its_partitions(case):
    """After a crash, before the group has noticed it, and with several workers."""
    case.prepare(partitions=6)
    simulate = case.start_simulate("--rate", "2000", "--late", "0.1")
    for _ in range(3):
        speed = start_static(case, "--workers", "2")
        wait_for_owners(case, speed)
        speed.kill()
    simulate.terminate()
    speed = start_static(case, "--workers", "2")
    case.wait_until_read(speed, case.topic)
    speed.terminate()
    check_static(case)


def test_static_member_stops_during_an_assignment(case):
    """Nothing is left to read, so it ends at once; it does not wait for an answer of a group that it has left."""
    jobs = [f"{case.topic}-{number}" for number in range(5)]
    case.prepare()
    case.produce(events.draw(30))
    for job in jobs:
        case.execute(f'CREATE TABLE public."{job}" (LIKE bytes INCLUDING ALL)')
    for _ in range(20):
        running = [
            case.start_speed("--until-end", "--instance-id", "one", "--no-archive", "--job", job, table=job)
            for job in jobs
        ]
        assert [speed.wait(30).code for speed in running] == [0] * len(jobs)


def test_two_processes_with_one_instance_id(case):
    """The later one takes over, and the earlier one ends and says why."""
    case.prepare(partitions=2)
    first = start_static(case)
    first.wait_for("is given 2 partitions")
    second = start_static(case)
    second.wait_for("is given 2 partitions")
    first.wait().fails("ANT-K010", "--instance-id")
    case.produce(events.draw(100))
    case.wait_until_read(second, case.topic)
    second.terminate()
    check_static(case)


# How a member learns that its group is gone, which may be after it has read on.
@pytest.mark.parametrize(
    ("options", "words", "count"),
    [(QUICK_GROUP, "is given 2 partitions", 2), (("-X", "group.protocol=consumer"), "goes on after", 1)],
    ids=["classic", "kip-848"],
)
def test_a_group_that_is_deleted_while_its_member_is_frozen(case, options, words, count):
    case.prepare(partitions=2)
    case.produce(events.draw(100))
    speed = case.program.start(*case.speed_arguments(*options))
    case.wait_until_read(speed)
    speed.process.send_signal(signal.SIGSTOP)
    wait_until(lambda: case.delete_group("antenna-speed"), "the group is empty and deleted")
    case.produce(events.draw(100, seed=2))
    speed.process.send_signal(signal.SIGCONT)
    speed.wait_for(words, count=count)
    case.wait_until_read(speed)
    speed.terminate()
    case.check_exact()


# Kafka properties that no broker accepts, however often it is asked, and words of the hint.
REFUSED_BY_THE_GROUP = {
    "a session that is too short": (["session.timeout.ms=1"], "group.min.session.timeout.ms"),
    "a session that is too long": (
        ["session.timeout.ms=3600000", "max.poll.interval.ms=3600000"],
        "group.max.session.timeout.ms",
    ),
    "an unknown assignor": (["group.protocol=consumer", "group.remote.assignor=none"], "group.remote.assignor"),
}


@pytest.mark.parametrize("name", REFUSED_BY_THE_GROUP)
def test_properties_that_the_group_refuses(case, name):
    properties, words = REFUSED_BY_THE_GROUP[name]
    case.prepare(partitions=1)
    case.produce(events.draw(10))
    options = [word for text in properties for word in ("-X", text)]
    result = case.program.run(*case.speed_arguments("--until-end", *options))
    assert result.code == 3, result.err
    assert words in result.err
