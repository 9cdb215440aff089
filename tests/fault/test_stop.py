"""A stop while a server is away, as when a whole machine shuts down: no process waits for the server to come back."""
# ruff: noqa: F811  the fixture of test_notify is an argument here

import contextlib
import signal

import events
import pytest
from pauses import paused, stopped
from test_notify import by_mail, mail, start  # noqa: F401
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


def test_speed_with_a_frozen_postgres(case):
    """The answer of its commit is waited for a few seconds; PostgreSQL executes it, if at all, when it goes on."""
    case.prepare()
    speed = case.start_speed()
    case.produce(events.draw(1000))
    case.wait_until_read(speed)
    with case.totals_held():
        case.produce(events.draw(1000, seed=2))
        wait_until(case.waits_for_a_lock, "a commit waits")
        with paused(case.postgres):
            speed.process.send_signal(signal.SIGTERM)
            speed.wait(STOP_SECONDS).fails("ANT-P001", "sent nothing for 5 s", "stopped without writing what was read")
    case.speed()
    case.check_exact()


def archive_of(case):
    return ("--storage-path", case.root / "data")


HOUR = "2022-02-20T09:00:00Z"  # of events.BEGIN

FOLLOW = ("--follow", "--interval", "200ms")

# Arguments of commands that wait for the answer to a statement, the table that holds it up, and their exit codes.
# Services end with 0, as nobody was promised what they had begun; they are held up after they have logged these words.
WAITING = {
    "batch": (lambda case: case.batch_arguments(HOUR), "bytes_hourly", 5, None),
    "batch --follow": (lambda case: case.batch_arguments("-", *FOLLOW), "antenna.hour", 0, "runs hours"),
    "provision": (lambda case: ("provision", *case.login), "antenna.data_set", 5, None),
    "verify": (lambda case: ("verify", *case.login, *archive_of(case)), "antenna.data_set", 5, None),
    "rebuild": (
        lambda case: ("rebuild", *case.login, *archive_of(case), "--from", HOUR, "--to", HOUR),
        "antenna.data_set",
        5,
        None,
    ),
    "prune": (
        lambda case: ("prune", *case.login, *archive_of(case), "--totals-older-than", "1d"),
        "antenna.data_set",
        5,
        None,
    ),
    "forget": (lambda case: ("forget", *case.login, "u", *archive_of(case)), "antenna.data_set", 5, None),
    "status": (lambda case: ("status", *case.login), "antenna.progress", 5, None),
    "doctor": (lambda case: ("doctor", *case.login), "antenna.data_set", 5, None),
}


def check_stop(case, waiting, frozen):
    wait_until(case.waits_for_a_lock, "it waits")
    with paused(case.postgres) if frozen else contextlib.nullcontext():
        waiting.process.send_signal(signal.SIGTERM)
        ended = waiting.wait(STOP_SECONDS)
    assert "sent nothing for 5 s" in ended.out + ended.err
    return ended.code


@pytest.mark.parametrize("frozen", [True, False])
@pytest.mark.parametrize("command", WAITING)
def test_a_command_that_waits_for_postgres(case, command, frozen):
    """For a lock, or as PostgreSQL is frozen meanwhile: both look alike."""
    arguments, table, code, ready = WAITING[command]
    case.prepare()
    case.produce(events.draw(1000))
    case.speed()
    waiting = case.program.start(*arguments(case)).wait_for(ready) if ready else None
    with case.held(table):
        waiting = waiting or case.program.start(*arguments(case))
        assert check_stop(case, waiting, frozen) == code
    case.check_exact()


@pytest.mark.parametrize("frozen", [True, False])
def test_notify_that_waits_for_postgres(case, mail, frozen):
    case.prepare()
    service = start(case, *by_mail(mail)).wait_for("sends notices")
    with case.held("bytes"):
        assert check_stop(case, service, frozen) == 0


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
