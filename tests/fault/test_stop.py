"""A stop while a server is away, as when a whole machine shuts down: no process waits for the server to come back."""
# ruff: noqa: F811  the fixture of test_notify is an argument here

import contextlib
import signal
import threading

import events
import pytest
from pauses import paused, stopped
from proxy import Proxy
from test_notify import by_mail, mail, start  # noqa: F401
from test_protocol import address
from waiting import PATIENCE, wait_until

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
    "verify": (lambda case: case.verify_arguments(), "antenna.data_set", 5, None),
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
    wait_until(lambda: not case.waits_for_a_lock(), "PostgreSQL ends what waited")
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


def test_provision_that_waits_for_a_way_to_keep_passwords(case, tmp_path):
    """Libpq would ask by itself, and wait without end."""
    case.prepare()
    password = tmp_path / "password"
    password.write_text("geheim-0815\n")
    answered = threading.Event()
    with contextlib.closing(Proxy(case.postgres.port)) as proxy:
        proxy.arm(b"password_encryption", None, 1, lambda link, data: answered.wait(60) and link.release(data))
        arguments = ("provision", address(case, proxy), *case.login[1:], "--reader-password-file", password)
        provision = case.program.start(*arguments)
        assert proxy.happened.wait(30 * PATIENCE)
        provision.process.send_signal(signal.SIGTERM)
        provision.wait(STOP_SECONDS).fails("ANT-P001", "sent nothing for 5 s")
        answered.set()


# A function of triggers that takes this long, in seconds.
SLOW_FUNCTION = """
CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS
$$BEGIN PERFORM pg_sleep({}); RETURN NEW; END$$
"""


def test_a_stop_from_inside_takes_its_time(case):
    """Nobody waits for it: a COMMIT that takes longer than the patience after a signal is waited for."""
    case.prepare()
    case.execute(SLOW_FUNCTION.format(8))
    case.execute(
        "CREATE CONSTRAINT TRIGGER slow AFTER UPDATE ON antenna.progress DEFERRABLE INITIALLY DEFERRED FOR EACH ROW "
        "WHEN (new.totals_offset > old.totals_offset) EXECUTE FUNCTION slow()"
    )
    case.produce(events.draw(100))
    ended = case.start_speed("--duration", "6s", "--commit-interval", "3s").wait(90)
    assert ended.code == 0, ended.err
    case.check_exact()


def wait_for_owners(case, count):
    """Waits until so many workers have partitions; returns the partition of each by the worker's number."""

    def look():
        owners = case.query("SELECT split_part(owner, ':', 3)::int, partition FROM antenna.progress WHERE epoch > 0")
        return dict(owners) if len(dict(owners)) == count else None

    return wait_until(look, f"{count} workers have partitions", 60)


def test_workers_that_wait_for_each_other(case):
    """PostgreSQL is slow, not silent: each statement is answered in time, and the last worker waits for all others."""
    case.prepare(partitions=3)
    case.execute(SLOW_FUNCTION.format(2.5))
    case.execute("CREATE TRIGGER slow AFTER INSERT ON bytes FOR EACH STATEMENT EXECUTE FUNCTION slow()")
    speed = case.start_speed("--workers", "3", "--commit-interval", "2s", "--catch-up-interval", "2s")
    wait_for_owners(case, 3)
    case.produce(events.draw(3000, users=1000))
    wait_until(case.waits_for_a_lock, "one waits for another", 60)
    speed.terminate(60)
    case.check_exact()


def test_the_failure_that_stops_a_job_is_its_result(case):
    """Not that of a worker which waits for PostgreSQL meanwhile: a service manager must not start it again."""
    case.prepare(partitions=2)
    case.execute(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN "
        "IF NEW.id = 'slow' THEN PERFORM pg_sleep(60); "
        "ELSIF NEW.id = 'refused' THEN RAISE EXCEPTION 'not this one' USING ERRCODE = '23514'; END IF; "
        "RETURN NEW; END$$; "
        "CREATE TRIGGER refuse BEFORE INSERT ON bytes FOR EACH ROW EXECUTE FUNCTION refuse()"
    )
    speed = case.start_speed("--workers", "2")
    partitions = wait_for_owners(case, 2)
    case.produce([events.encode(antenna_id="slow")], partition=partitions[1])
    wait_until(lambda: case.value("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"), "it is slow")
    case.produce([events.encode(antenna_id="refused")], partition=partitions[2])
    speed.wait_for("worker 2 fails and the job stops")
    speed.process.send_signal(signal.SIGTERM)
    ended = speed.wait(STOP_SECONDS)
    assert ended.code == 3, ended.err


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
