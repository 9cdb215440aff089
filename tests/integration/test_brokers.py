"""Brokers that are older than the one of the other tests, or far away."""

import contextlib

import events
import pytest
from broker_proxy import FrontedKafka
from case import Case
from findings import examine
from stack import running
from waiting import wait_until

pytestmark = [pytest.mark.timeout(120), pytest.mark.xdist_group("brokers")]

# Partitions, half a round trip, and how long the first row may take: one round trip for each partition takes longer.
MANY, ONE_WAY_SECONDS, FIRST_ROW_SECONDS = 1000, 0.01, 3

ZERO_ID = "AAAAAAAAAAAAAAAAAAAAAA"
OTHER_ID = "c2Uta3gtdzJ4LXctcy1tLw"


@pytest.fixture(scope="module")
def fronted(tmp_path_factory):
    server = FrontedKafka(tmp_path_factory.mktemp("fronted"))
    with running(server), contextlib.closing(server.front):
        yield server


@pytest.fixture
def fronted_case(fronted, postgres, program, tmp_path):
    fronted.front.delay, fronted.front.has_topic_ids = 0, True
    with contextlib.closing(Case(fronted, postgres, program, tmp_path)) as case:
        yield case


def read_all(case):
    """Runs the speed layer to the end, by the proxy."""
    return case.program.run(*case.speed_arguments("--until-end", server=case.kafka.front.address))


def stored_id(case):
    return case.value("SELECT id FROM antenna.topic")


# What is stored, whether the brokers have topic ids, and what is stored after a run; None: the run is refused.
TOPIC_IDS = [
    ("nothing", False, ""),
    ("nothing", True, "real"),
    ("", False, ""),
    ("", True, "real"),
    (ZERO_ID, False, ""),
    (ZERO_ID, True, "real"),
    ("real", False, "real"),
    ("real", True, "real"),
    (OTHER_ID, False, OTHER_ID),
    (OTHER_ID, True, None),
]


def test_brokers_with_and_without_topic_ids(fronted_case):
    case = fronted_case
    case.prepare()
    assert read_all(case).code == 0
    real = stored_id(case)
    assert real not in ("", ZERO_ID)
    for before, has_ids, after in TOPIC_IDS:
        case.kafka.front.has_topic_ids = has_ids
        if before == "nothing":
            case.execute("DELETE FROM antenna.topic")
        else:
            case.execute(f"UPDATE antenna.topic SET id = '{real if before == 'real' else before}'")
        case.produce(events.draw(20))
        result = read_all(case)
        where = f"{before}, {has_ids}: {result.err}"
        if after is None:
            result.fails("ANT-K014")
        else:
            assert result.code == 0, where
            assert stored_id(case) == (real if after == "real" else after), where
            case.check_exact()


def test_broker_that_gets_topic_ids_under_the_service(fronted_case):
    case = fronted_case
    case.prepare()
    case.produce(events.draw(20))
    front = case.kafka.front
    front.has_topic_ids = False
    findings = examine(case, server=front.address)
    findings.tells("kafka_topic", "warning", "has no id", "deleted and created again")
    speed = case.start_speed(server=front.address)
    case.wait_until_read(speed)
    assert stored_id(case) == ""
    front.has_topic_ids = True
    front.disconnect()
    wait_until(lambda: stored_id(case) not in ("", ZERO_ID), "the topic's id is stored")
    speed.terminate()
    case.check_exact()


def is_read(case):
    return case.value("SELECT coalesce(sum(records_totalled), 0) FROM antenna.progress") > 0


def test_many_partitions_of_a_broker_that_is_far_away(fronted_case):
    """Questions about offsets cost a round trip each, and not one for each partition: else these take 40 s and more."""
    case = fronted_case
    case.prepare(partitions=MANY)
    case.produce(events.draw(MANY))
    front = case.kafka.front
    front.delay = ONE_WAY_SECONDS
    for start in ("2020-01-01T00:00:00Z", "earliest"):
        case.execute("DELETE FROM antenna.progress; DELETE FROM antenna.topic; DELETE FROM bytes")
        speed = case.start_speed("--start", start, "--no-archive", "--job", f"from-{start[:4]}", server=front.address)
        wait_until(lambda: is_read(case), "the first row is there", FIRST_ROW_SECONDS)
        speed.terminate()
        assert case.value("SELECT count(*) FROM antenna.progress") == MANY
