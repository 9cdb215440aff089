"""Processes of one job on several hosts, whose cables to Kafka and PostgreSQL are cut while they run: all stays exact.

Each host has an archive of its own, as a disk of its own would be, or all share one.
"""

import collections
import os

import pytest
import readers
from case import QUICK_GROUP, QUICK_ROLLS
from cluster import SecondListenerKafka
from faults import dice_of
from hosts import SERVERS, NetworkPostgres, Site, address_of, why_impossible
from service import LIVE, backlog, wait_for_progress
from stack import free_port, running
from test_group import check_static, owners
from waiting import wait_until

pytestmark = pytest.mark.timeout(600)

PARTITIONS = 16
BACKLOG = 3000
CUTS = 4

# A client that is told nothing for so long gives a connection up, and tries again soon.
IMPATIENT = (
    *("-X", "socket.timeout.ms=2000", "-X", "socket.connection.setup.timeout.ms=2000"),
    *("-X", "reconnect.backoff.max.ms=1000"),
)
CLASSIC = (*QUICK_GROUP, *IMPATIENT)
PROTOCOLS = {"classic": CLASSIC, "kip-848": ("-X", "group.protocol=consumer", *IMPATIENT)}

# A member stays in the group for longer than any test takes.
STAY = ("-X", "session.timeout.ms=300000", *IMPATIENT)

CUT = {"pull": "plug", "switch_off": "switch_on", "silence": "unsilence"}
CABLES = [("kafka",), ("postgres",), ("kafka", "postgres")]


@pytest.fixture(scope="module")
def site():
    """The hosts. We are on the servers' host while the tests of this module run."""
    if reason := why_impossible():
        pytest.skip(reason)
    site = Site()
    with site.servers.entered():
        yield site
    site.close()


@pytest.fixture(scope="module")
def kafka(site, home):
    server = SecondListenerKafka(home / "hosts", f"{address_of('kafka', SERVERS)}:{free_port()}")
    with running(server):
        yield server


@pytest.fixture(scope="module")
def postgres(site, home):
    server = NetworkPostgres(home / "hosts", tied=True, durable=False)
    with running(server):
        yield server


class Fleet:
    """A process of the speed layer on each of some hosts."""

    def __init__(self, case, hosts, options, shared=False):
        self.case = case
        self.hosts = hosts
        self.running = []
        self.roots = [case.root if shared else case.folder / f"archive-{i}" for i in range(len(hosts))]
        # Each root but a shared one is a part of the archive, which a person decides.
        self._options = options if shared else (*options, "--adopt-archive")

    def start(self, number):
        """Starts the process of a host."""
        case = self.case
        address = f"{address_of('postgres', SERVERS)}:{case.postgres.port}"
        changes = {
            "server": case.kafka.second,
            "uri": f"jdbc:postgresql://{address}/{case.database}",
            "root": self.roots[number],
        }
        options = [option.format(number) for option in self._options]
        arguments = case.speed_arguments(*QUICK_ROLLS, *options, **changes)
        return case.program.start(*arguments, via=self.hosts[number].via)

    def start_all(self):
        """Starts all, and waits until each has its share."""
        self.running = [self.start(number) for number in range(len(self.hosts))]
        self.wait_for_peace()

    def wait_for_peace(self):
        """Until each has its share of the partitions, and messages are committed."""
        share = {process.process.pid: PARTITIONS // len(self.running) for process in self.running}

        def look():
            for process in self.running:
                assert process.is_running(), process.err
            return collections.Counter(owners(self.case)) == share

        wait_until(look, "the partitions are shared by all alike", seconds=90)
        wait_for_progress(self.case, self.running[0])

    def wait_for_effect(self, number, cables):
        """Until others have what a host that Kafka does not hear had, or messages wait that it does not commit."""
        pid = self.running[number].process.pid
        if "kafka" in cables and len(self.hosts) > 1:
            wait_until(lambda: pid not in owners(self.case), "others have its partitions", seconds=60)
        else:
            wait_until(lambda: backlog(self.case) > BACKLOG, "messages wait", seconds=60)

    def finish(self, job="antenna-speed"):
        """Stops all when everything is read, and brings their files together, as one would copy them."""
        case = self.case
        case.wait_until_read(self.running[0], job, seconds=120)
        for process in self.running:
            process.terminate()
        for root in set(self.roots) - {case.root}:
            assert not [*(root / ".staging").rglob("*")]
            gather(root, case.root)


def gather(root, into):
    """Gives an archive's files, of which there are some, a second name in another one; fails when a name is taken."""
    places = readers.list_files(root)
    assert places
    for place in places:
        target = into / "data" / place
        target.parent.mkdir(parents=True, exist_ok=True)
        os.link(root / "data" / place, target)


def run_with_cuts(fleet, dice, cuts):
    """Cuts cables of drawn hosts, one after the other, while messages go on, until all are read."""
    case = fleet.case
    case.prepare(PARTITIONS)
    simulate = case.start_simulate(*LIVE)
    fleet.start_all()
    for kind, cables in cuts:
        number = dice.randrange(len(fleet.hosts))
        host = fleet.hosts[number]
        for cable in cables:
            getattr(host, kind)(cable)
        fleet.wait_for_effect(number, cables)
        for cable in cables:
            getattr(host, CUT[kind])(cable)
        fleet.wait_for_peace()
    simulate.terminate()
    fleet.finish()


def draw_cuts(dice, count):
    """Kinds and cables."""
    return [(dice.choice(sorted(CUT)), dice.choice(CABLES)) for _ in range(count)]


@pytest.mark.share
def test_a_cut_host_is_replaced_and_comes_back(site, case, check_exact):
    """The others go on with its partitions; what it had read and not committed is counted by them, and once."""
    fleet = Fleet(case, site.hosts(2), CLASSIC)
    run_with_cuts(fleet, dice_of("share"), [("silence", ("kafka", "postgres"))])
    check_exact(case)


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("count", [1, 2, 4, 8])
def test_cuts(site, case, check_exact, count, protocol):
    dice = dice_of("cuts", count, protocol)
    fleet = Fleet(case, site.hosts(count), PROTOCOLS[protocol])
    run_with_cuts(fleet, dice, draw_cuts(dice, CUTS))
    check_exact(case)


@pytest.mark.parametrize("count", [2, 8])
def test_cuts_with_a_shared_archive(site, case, check_exact, count):
    dice = dice_of("shared", count)
    fleet = Fleet(case, site.hosts(count), CLASSIC, shared=True)
    run_with_cuts(fleet, dice, draw_cuts(dice, CUTS))
    check_exact(case)


def test_slow_cables(site, case, check_exact):
    """No more than a megabit a second, and what waits for it, between each host and both servers."""
    case.prepare(PARTITIONS)
    simulate = case.start_simulate(*LIVE)
    fleet = Fleet(case, site.hosts(4), QUICK_GROUP)
    fleet.start_all()
    cables = [(host, cable) for host in fleet.hosts for cable in ("kafka", "postgres")]
    for host, cable in cables:
        host.slow_down(cable)
    wait_for_progress(case, fleet.running[0], 5000)
    for host, cable in cables:
        host.speed_up(cable)
    fleet.wait_for_peace()
    simulate.terminate()
    fleet.finish()
    check_exact(case)


def claims(case):
    """Owner and epoch of each partition."""
    return {row[0]: row[1:] for row in case.query("SELECT partition, owner, epoch FROM antenna.progress")}


def of_host(claims, number):
    """Those of a host, told by its name."""
    return {partition: claim for partition, claim in claims.items() if claim[0].startswith(f"speed-{number}:")}


def test_static_member_returns_to_its_partitions(site, case):
    """Killed and started again on each host in turn: it has its partitions again, and no other one's moves."""
    case.prepare(PARTITIONS)
    simulate = case.start_simulate(*LIVE)
    job = ("--job", case.topic)  # a group of its own, where the members stay after their end
    fleet = Fleet(case, site.hosts(4), (*job, "--instance-id", "speed-{}", *STAY))
    fleet.start_all()
    for number in range(4):
        before = claims(case)
        fleet.running[number].kill()
        fleet.running[number] = fleet.start(number)
        fleet.wait_for_peace()
        after = claims(case)
        assert of_host(after, number).keys() == of_host(before, number).keys()
        assert all(after[partition] == before[partition] for partition in before.keys() - of_host(before, number))
    simulate.terminate()
    fleet.finish(case.topic)
    check_static(case)


def test_kip_848_gives_a_name_back_in_time(site, case):
    """A member that crashed keeps its name for a while: the process that comes back waits for it, and says so once."""
    case.prepare(PARTITIONS)
    simulate = case.start_simulate(*LIVE)
    job = ("--job", case.topic)
    fleet = Fleet(case, site.hosts(2), (*job, "--instance-id", "speed-{}", *PROTOCOLS["kip-848"]))
    fleet.start_all()
    fleet.running[0].kill()
    fleet.running[0] = fleet.start(0)
    fleet.running[0].wait_for("ANT-K011")
    fleet.wait_for_peace()
    assert fleet.running[0].err.count("still has a member") == 1
    simulate.terminate()
    fleet.finish(case.topic)
    check_static(case)
