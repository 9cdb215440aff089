"""The network between the program and its servers is slow, is cut, or swallows everything without a word."""

import contextlib
import pathlib
import re

import pytest
from case import Case
from cluster import SecondListenerKafka
from faults import dice_of, rounds
from scraper import Scraper
from service import backlog, running_service, wait_for_progress
from stack import free_port, running
from test_kafka import recreate_topic, start_on_a_topic
from waiting import wait_until
from wire import HOST, Wire

pytestmark = pytest.mark.timeout(600)

# A client that is told nothing for so long gives a connection up.
IMPATIENT = ("-X", "socket.timeout.ms=2000", "-X", "socket.connection.setup.timeout.ms=2000")

BACKLOG = 3000

# tcp(7): a connection's timer in /proc/net/tcp, of which 2 is keepalive, and when it runs out, in 1/100 s
SOCKET = re.compile(
    r"^ *\d+: 0100007F:(?P<own>[0-9A-F]{4}) 0100007F:(?P<peer>[0-9A-F]{4}) 01 \S+ (?P<timer>\d\d):(?P<left>[0-9A-F]+)",
    re.MULTILINE,
)
NOTICED_SECONDS = 15


@pytest.fixture(scope="module")
def wired_kafka(home):
    """A broker behind a wire."""
    wire = Wire(free_port())
    server = SecondListenerKafka(home / "wired", f"{HOST}:{wire.target}", f"{HOST}:{wire.port}")
    try:
        with running(server):
            yield server, wire
    finally:
        wire.close()


@pytest.fixture
def wires(wired_kafka, postgres, program, tmp_path):
    """A case whose service comes to both servers through a wire each: the case, its wires, the service's addresses."""
    server, kafka_wire = wired_kafka
    postgres_wire = Wire(postgres.port)
    case = Case(server, postgres, program, tmp_path)
    addresses = {
        "server": f"127.0.0.1:{kafka_wire.port}",
        "uri": f"jdbc:postgresql://127.0.0.1:{postgres_wire.port}/{case.database}",
    }
    yield case, {"Kafka": kafka_wire, "PostgreSQL": postgres_wire}, addresses
    postgres_wire.close()
    case.close()


def slow_down(wire, case, speed):
    wire.delay = 0.1
    wait_for_progress(case, speed, 10)
    wire.delay = 0


def cut(wire, case, speed):
    wire.cut()


def half_open(wire, case, speed):
    """What is sent vanishes, and nobody is told for a while."""
    wire.freeze()
    wait_until(lambda: backlog(case) > BACKLOG, "messages wait")
    wire.cut()


KINDS = [slow_down, cut, half_open]


@pytest.mark.parametrize(("seed", "count"), rounds(5, 500, 20))
def test_faults_in_a_row(wires, figures, seed, count):
    case, both, addresses = wires
    dice = dice_of("network", seed)
    with running_service(case, *IMPATIENT, **addresses) as speed:
        for _ in range(count):
            dice.choice(KINDS)(both[dice.choice(sorted(both))], case, speed)
            wait_for_progress(case, speed, dice.randrange(1, 1000))
    figures.check("network: delays, cuts, half-open connections", case, count)


@pytest.mark.parametrize("server", ["Kafka", "PostgreSQL"])
@pytest.mark.parametrize("kind", KINDS)
def test_each_fault(wires, figures, server, kind):
    case, both, addresses = wires
    with running_service(case, *IMPATIENT, **addresses) as speed:
        kind(both[server], case, speed)
        wait_for_progress(case, speed)
    figures.check("network: delays, cuts, half-open connections", case, 1)


@contextlib.contextmanager
def led_nowhere(wire):
    """Whoever connects is cut off at once."""
    server, wire.target = wire.target, free_port()
    wire.cut()
    try:
        yield
    finally:
        wire.target = server


def test_flapping_kafka_does_not_flood_the_log(wires):
    """It is said some times a minute, and counted."""
    case, both, addresses = wires
    times = 8
    with running_service(case, "--listen", "0", "-X", "reconnect.backoff.max.ms=100", **addresses) as speed:
        scraper = Scraper(speed)
        for _ in range(times):
            with led_nowhere(both["Kafka"]):
                scraper.wait_until_not_ready("reaches no Kafka broker")
            scraper.wait_until_ready()
        assert scraper.value("antenna_kafka_disconnects_total") >= times
    assert speed.err.count("reaches no Kafka broker") < times


def seconds_to_probe(end, port):
    """When connections whose own end, or peer, is this port are probed next."""
    found = SOCKET.finditer(pathlib.Path("/proc/net/tcp").read_text())
    return [int(one["left"], 16) / 100 for one in found if int(one[end], 16) == port and one["timer"] == "02"]


def test_a_server_that_vanishes_is_noticed(wires):
    """While its answer is awaited, too: probes are sent soon, and not after the two hours of Linux."""
    case, both, addresses = wires
    with running_service(case, **addresses):
        seconds = wait_until(lambda: seconds_to_probe("peer", both["PostgreSQL"].port), "a keepalive timer")
    assert max(seconds) <= NOTICED_SECONDS


def test_a_client_that_vanishes_is_noticed(wires):
    """By PostgreSQL, which lets go of what it had locked: else the next batch run would wait for two hours."""
    case, _, addresses = wires
    with running_service(case, **addresses):
        wait_until(
            lambda: min(seconds_to_probe("own", case.postgres.port), default=7200) <= NOTICED_SECONDS,
            "a keepalive timer of the server",
        )


def test_topic_is_recreated_during_a_network_cut(wires):
    """It has more messages than were read of the one before: by its offsets nothing is amiss."""
    case, both, addresses = wires
    speed = start_on_a_topic(case, "-X", "session.timeout.ms=300000", **addresses)
    both["Kafka"].freeze()
    recreate_topic(case, 5000)
    both["Kafka"].cut()
    speed.wait().fails("ANT-K014", "--job")
    assert case.value("SELECT bool_and(archive_offset = totals_offset) FROM antenna.progress")
