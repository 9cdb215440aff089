"""A stop while a server is away, as when a whole machine shuts down: no process waits for the server to come back."""

import contextlib
import signal

import events
import pytest
from pauses import paused, stopped
from waiting import wait_until

pytestmark = pytest.mark.timeout(180)

# Service managers kill after 10 s (Docker), 30 s (Kubernetes) or 90 s (systemd).
STOP_SECONDS = 15

# The members of the group: librdkafka itself waits for the session time-out, 45 s unless changed.
GROUPS = {
    "classic": (),
    "static": ("--instance-id", "one"),
    "kip-848": ("-X", "group.protocol=consumer"),
}


@pytest.mark.parametrize("noticed", [True, False])
@pytest.mark.parametrize("away", [stopped, paused])
@pytest.mark.parametrize("group", GROUPS)
def test_speed_without_kafka(case, group, away, noticed):
    case.prepare()
    speed = case.program.start(*case.speed_arguments(*GROUPS[group]))
    case.produce(events.draw(1000))
    case.wait_until_read(speed)
    with away(case.kafka):
        if noticed:
            speed.wait_for("reaches no Kafka broker", seconds=60)
        speed.terminate(STOP_SECONDS)
    case.check_exact()


# So that a backlog is read slowly, and committed at once.
SLOW = ("-X", "queued.max.messages.kbytes=256", "-X", "fetch.message.max.bytes=16384")
AT_ONCE = ("--commit-interval", "1ms", "--catch-up-interval", "1ms")


@pytest.mark.parametrize("kafka_is_frozen", [False, True])
def test_speed_in_a_backlog(case, kafka_is_frozen):
    """Messages that are fetched and not read yet are dropped."""
    case.prepare()
    case.simulate("--count", "200000", "--rate", "max")
    speed = case.program.start(*case.speed_arguments(*SLOW, *AT_ONCE))
    wait_until(lambda: case.value("SELECT count(*) FROM antenna.progress WHERE totals_offset > 0"), "it reads")
    with paused(case.kafka) if kafka_is_frozen else contextlib.nullcontext():
        speed.terminate(STOP_SECONDS)
    assert case.value("SELECT sum(totals_offset) FROM antenna.progress") < 200_000
    case.speed()
    case.check_exact()


@pytest.mark.parametrize("noticed", [True, False])
def test_speed_without_postgres(case, noticed):
    """What it could not write is read again by the next."""
    case.prepare()
    speed = case.start_speed()
    case.produce(events.draw(1000))
    case.wait_until_read(speed)
    with stopped(case.postgres):
        case.produce(events.draw(1000, seed=2))
        if noticed:
            speed.wait_for("waits and will try again", seconds=60)
        speed.process.send_signal(signal.SIGTERM)
        speed.wait(STOP_SECONDS).fails("ANT-P001", "stopped without writing what was read last")
    case.speed()
    case.check_exact()


@pytest.mark.parametrize("noticed", [True, False])
@pytest.mark.parametrize("away", [stopped, paused])
def test_simulate_without_kafka(case, away, noticed):
    """Messages that Kafka did not acknowledge are an error."""
    case.prepare()
    simulate = case.start_simulate("--rate", "1000")
    wait_until(case.ends, "messages come")
    with away(case.kafka):
        if noticed:
            simulate.wait_for("Kafka acknowledges nothing", seconds=60)
        simulate.process.send_signal(signal.SIGTERM)
        simulate.wait(STOP_SECONDS).fails("ANT-K017", "has not acknowledged")


def test_batch_without_postgres(case):
    case.prepare()
    (case.root / "data").mkdir(parents=True)
    batch = case.program.start(*case.batch_arguments("-", "--follow", "--interval", "200ms"))
    batch.wait_for("runs hours as they are sealed")
    with stopped(case.postgres):
        batch.terminate(STOP_SECONDS)
