"""Members of the group join, leave, die, and freeze until others have their partitions, and come back as zombies."""

import signal

import pytest
from case import QUICK_GROUP, QUICK_ROLLS
from faults import dice_of, rounds
from service import LIVE
from test_group import owners
from waiting import wait_until

pytestmark = pytest.mark.timeout(900)

PARTITIONS = 6
MEMBERS_MAX = 6

# Whoever does not poll for so long is out of the group.
IMPATIENT = ("-X", "max.poll.interval.ms=2000")
PROTOCOLS = {
    "cooperative": QUICK_GROUP,
    "eager": (*QUICK_GROUP, "-X", "partition.assignment.strategy=range,roundrobin"),
    "kip-848": ("-X", "group.protocol=consumer"),
}


class Storm:
    """The members, and what happens to one of them."""

    def __init__(self, case, dice, options):
        self._case = case
        self._dice = dice
        self._arguments = case.speed_arguments(*QUICK_ROLLS, *IMPATIENT, *options)
        self.awake, self.frozen = [], []

    def join(self):
        self.awake.append(self._case.program.start(*self._arguments))

    def leave(self):
        self._take(self.awake).terminate()

    def die(self):
        self._take(self.awake).kill()

    def freeze(self):
        member = self._take(self.awake)
        member.process.send_signal(signal.SIGSTOP)
        self.frozen.append(member)

    def thaw(self):
        member = self._take(self.frozen)
        member.process.send_signal(signal.SIGCONT)
        self.awake.append(member)

    def step(self):
        """Something that is possible, and then peace: all partitions are those of members that are awake."""
        possible = [self.join] if len(self.awake) + len(self.frozen) < MEMBERS_MAX else []
        possible += [self.leave, self.die, self.freeze] if len(self.awake) > 1 else []
        possible += [self.thaw, self.thaw] if self.frozen else []
        self._dice.choice(possible)()
        self.wait_for_peace()

    def wait_for_peace(self):
        def look():
            for member in self.awake:
                assert member.is_running(), member.err
            found = owners(self._case)
            return len(found) == PARTITIONS and set(found) == {member.process.pid for member in self.awake}

        wait_until(look, "the partitions are shared by those who are awake", seconds=60)

    def end(self):
        while self.frozen:
            self.thaw()
        self.wait_for_peace()

    def _take(self, members):
        return members.pop(self._dice.randrange(len(members)))


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(("seed", "count"), rounds(20, 1000, 20))
def test_storm(case, figures, seed, count, protocol):
    case.prepare(PARTITIONS)
    simulate = case.start_simulate(*LIVE)
    storm = Storm(case, dice_of("rebalance", protocol, seed), PROTOCOLS[protocol])
    for _ in range(3):
        storm.join()
    storm.wait_for_peace()
    for _ in range(count):
        storm.step()
    storm.end()
    simulate.terminate()
    case.wait_until_read(storm.awake[0])
    for member in storm.awake:
        member.terminate()
    figures.check("rebalances: members join, leave, die, freeze and come back", case, count + 3)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_zombie_worker_is_fenced(case, figures, protocol):
    """Frozen until another has its partitions; what it held is not counted twice."""
    case.prepare(PARTITIONS)
    simulate = case.start_simulate(*LIVE)
    storm = Storm(case, dice_of("zombie"), PROTOCOLS[protocol])
    storm.join()
    storm.wait_for_peace()
    storm.join()
    storm.wait_for_peace()
    storm.freeze()
    storm.wait_for_peace()
    storm.end()
    simulate.terminate()
    case.wait_until_read(storm.awake[0])
    for member in storm.awake:
        member.terminate()
    figures.check("rebalances: members join, leave, die, freeze and come back", case, 4)
