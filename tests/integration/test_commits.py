"""Commits so large that PostgreSQL works while they are sent: what may happen to one that is under way."""

import signal
import time

import confluent_kafka
import events
import pytest
from scraper import Scraper
from test_encoder import Held
from waiting import wait_until

pytestmark = pytest.mark.timeout(120)

# Sums of several statements, each of which is sent when the one before it is answered.
USERS = 120_000
LARGE = ("--commit-interval", "2s", "--catch-up-interval", "2s")

ACT = """
    CREATE FUNCTION act() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {}; RETURN NULL; END $$;
    CREATE TRIGGER act AFTER INSERT ON bytes FOR EACH STATEMENT EXECUTE FUNCTION act()
"""
EXECUTES = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()"


def produce(case):
    case.produce([events.encode(events.BEGIN + i % 3600, user_id=events.user(i)) for i in range(USERS)])


def start_under_way(case, seconds):
    """A worker whose commit is executed, each statement for so long, while most of it is still to be sent."""
    case.prepare(partitions=1)
    case.execute(ACT.format(f"PERFORM pg_sleep({seconds})"))
    produce(case)
    speed = case.start_speed(*LARGE)
    wait_until(lambda: case.value(EXECUTES), "a commit is executed")
    return speed


# What refuses a statement in the middle, and words of the reason.
REFUSALS = {
    "an exception": (ACT.format("RAISE EXCEPTION 'no more'"), ("bytes", "no more")),
    "a constraint": (
        "ALTER TABLE bytes ADD CONSTRAINT few CHECK (id < '00000000-0000-0000-0000-00000009')",
        ("bytes", "few"),
    ),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_a_statement_is_refused(case, name):
    statement, words = REFUSALS[name]
    case.prepare(partitions=1)
    case.execute(statement)
    produce(case)
    case.start_speed(*LARGE).wait().fails("ANT-P023", *words)
    assert case.totals() == {}


def test_the_session_is_ended(case):
    speed = start_under_way(case, 1)
    case.end_sessions()
    case.execute("DROP TRIGGER act ON bytes")
    speed.wait_for("goes on after")
    case.wait_until_read(speed)
    speed.terminate()
    case.check_exact()


def test_a_worker_freezes(case):
    """Its locks do not keep the next owner of its partitions waiting for long."""
    first = start_under_way(case, 0.3)
    first.process.send_signal(signal.SIGSTOP)
    second = case.start_speed(*LARGE)
    case.wait_until_read(second, seconds=40)
    first.process.send_signal(signal.SIGCONT)
    first.wait_for("goes on after")
    first.terminate()
    second.terminate()
    case.check_exact()


def test_a_disk_hangs(case):
    """The encoder, which the full rows wait for, does not keep the transaction open."""
    held = Held(case)
    with case.totals_held():
        case.produce(events.draw(50, seed=2, seconds=1000))
        wait_until(case.waits_for_a_lock, "a commit waits for the table")
        case.produce(events.draw(300, seed=3, seconds=1000))
        time.sleep(1)  # until the rows are full
    idle = "SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction' AND datname = current_database()"
    wait_until(lambda: case.value("SELECT sum(totals_offset) FROM antenna.progress") > 150, "the commit ends")
    wait_until(lambda: case.value(idle) == 0, "no transaction is open", seconds=3)
    held.release()
    case.wait_until_read(held.speed)
    assert not held.speed.said("waits and will try again")
    held.speed.terminate()
    case.check_exact()


def test_commits_that_follow_each_other_at_once(case):
    """The rest of a worker's duties has its turn: among them what the group's lag is computed from."""
    case.prepare(partitions=1)
    case.execute(ACT.format("PERFORM pg_sleep(0.3)"))
    sums = [events.encode(events.BEGIN + i // 1000 * 300, user_id=events.user(i % 1000)) for i in range(400_000)]
    case.produce(sums)
    speed = case.start_speed("--no-archive", "--memory-limit", "128MB", "--listen", "0")
    scraper = Scraper(speed)
    group = confluent_kafka.Consumer({"bootstrap.servers": case.kafka.address, "group.id": "antenna-speed"})
    partition = confluent_kafka.TopicPartition(case.topic, 0)
    wait_until(lambda: group.committed([partition], timeout=10)[0].offset > 0, "the group's offset is told", seconds=60)
    assert scraper.value("antenna_partition_lag_messages", case.topic, "0") > 0
    group.close()
    speed.kill()
