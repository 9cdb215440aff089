"""The speed layer as a service: how fresh its rows are, where it begins, and how it stops."""

import datetime
import pathlib
import re
import signal
import statistics
import time

import confluent_kafka
import events
import pytest
from case import QUICK_GROUP
from confluent_kafka import ConsumerGroupState
from confluent_kafka.admin import AdminClient
from oracle import expect
from waiting import wait_until

pytestmark = pytest.mark.timeout(60)

SUMMARY = re.compile(
    r"read (?P<read>\d+) messages in [\d.]+ s: (?P<totalled>\d+) totalled with (?P<bytes>\d+) bytes, "
    r"(?P<rejected>\d+) rejected(?:, (?P<again>\d+) read again for the archive only)?"
    r"; archived (?P<archived>\d+) in (?P<files>\d+) files of [\d.]+ MB"
)


def summary(result):
    """The numbers of the line that ends a run."""
    match = SUMMARY.search(result.err)
    assert match, result.err
    return {name: int(value or 0) for name, value in match.groupdict().items()}


def test_rows_are_fresh(case):
    case.prepare(partitions=1)
    speed = case.start_speed()
    waited = []
    with case.connect() as connection:
        for count in range(1, 8):
            case.produce([events.encode(size=1)])
            begin = time.monotonic()
            wait_until(
                lambda count=count: connection.execute("SELECT max(value) FROM bytes").fetchone() == (count,),
                f"event {count} in the table",
            )
            waited.append(time.monotonic() - begin)
    speed.terminate()
    # The first waits for the group.
    assert statistics.median(waited[1:]) < 1, waited


@pytest.mark.core
def test_sigterm_writes_everything_and_says_what(case):
    case.prepare()
    case.produce([*events.draw(2000), b"nonsense", None])
    speed = case.start_speed("--commit-interval", "10m", "--roll-age", "1h")
    wait_until(lambda: case.value("SELECT count(*) FROM antenna.progress WHERE epoch > 0") == 3, "all are claimed")
    case.produce([events.encode()])
    result = speed.terminate()
    numbers = summary(result)
    assert numbers["read"] == numbers["totalled"] + numbers["rejected"]
    assert numbers["archived"] == numbers["totalled"]
    assert numbers["read"] == case.value("SELECT sum(totals_offset) FROM antenna.progress")
    assert numbers["bytes"] == case.value("SELECT sum(bytes_archived) FROM antenna.progress")
    assert numbers["files"] == case.value("SELECT count(*) FROM antenna.archive_file")
    case.check_nothing_left()
    case.speed()
    case.check_exact()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_other_signals_that_are_a_clean_stop(case, number):
    case.prepare()
    case.produce(events.draw(100))
    speed = case.start_speed("--roll-age", "1h")
    case.wait_until_read(speed)
    speed.process.send_signal(number)
    assert speed.wait().code == 0
    case.check_exact()


def test_a_terminal_that_closes_is_a_clean_stop(case):
    """The kernel and the shell each send SIGHUP."""
    case.prepare()
    speed = case.start_speed()
    with case.totals_held():
        case.produce(events.draw(10))
        wait_until(case.waits_for_a_lock, "a commit waits for the table")
        for _ in range(3):
            speed.process.send_signal(signal.SIGHUP)
            wait_until(lambda: not has_pending_signals(speed), "the signal is taken")
    assert speed.wait().code == 0
    case.check_exact()


def test_nohup_keeps_the_service(case):
    case.prepare()
    speed = case.program.start(*case.speed_arguments(*QUICK_GROUP), via=["nohup"])
    speed.wait_for("is given")
    speed.process.send_signal(signal.SIGHUP)
    case.produce(events.draw(10))
    case.wait_until_read(speed)
    speed.terminate()
    case.check_exact()


def has_pending_signals(running):
    """Whether a signal waits for the process; a second one of its kind would be lost."""
    status = pathlib.Path(f"/proc/{running.process.pid}/status").read_text()
    return int(re.search(r"ShdPnd:\s*(\w+)", status).group(1), 16) != 0


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_second_signal_ends_at_once(case, number, code):
    case.prepare()
    speed = case.start_speed()
    with case.totals_held():
        case.produce(events.draw(10))
        wait_until(case.waits_for_a_lock, "a commit waits for the table")
        speed.process.send_signal(number)
        wait_until(lambda: not has_pending_signals(speed), "the first signal is taken")
        speed.process.send_signal(number)
        wait_until(lambda: not speed.is_running(), "its end", seconds=5)
    assert speed.process.returncode == code
    case.speed()
    case.check_exact()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_first_signal_after_the_duration_is_a_clean_stop(case, number):
    """The job asks itself for the stop; a service manager's signal then is no second one."""
    case.prepare()
    begin = time.monotonic()
    speed = case.start_speed("--duration", "3s")
    with case.totals_held():
        case.produce([events.encode()])
        wait_until(case.waits_for_a_lock, "a commit waits for the table")
        wait_until(lambda: time.monotonic() > begin + 5, "the duration has passed")
        speed.process.send_signal(number)
        wait_until(lambda: not has_pending_signals(speed), "the signal is taken")
    assert speed.wait().code == 0
    case.check_exact()


def test_the_first_signal_after_a_worker_failed_is_a_clean_stop(case):
    """And the reason is logged before the others have ended."""
    case.prepare(partitions=2)
    speed = case.start_speed("--workers", "2", "--roll-age", "1h")
    wait_until(lambda: case.value("SELECT count(*) FROM antenna.progress WHERE epoch > 0") == 2, "both have claimed")
    with case.totals_held():
        producer = confluent_kafka.Producer({"bootstrap.servers": case.kafka.address})
        for value in events.draw(10):
            producer.produce(case.topic, value, partition=0)
        assert producer.flush(10) == 0
        wait_until(case.waits_for_a_lock, "a commit waits for the table")
        case.execute("INSERT INTO antenna.schema_version (version) VALUES (99)")
        case.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
            "AND application_name = 'antenna' AND wait_event_type <> 'Lock'"
        )
        speed.wait_for("fails and the job stops: the schema antenna has version 99")
        speed.process.send_signal(signal.SIGTERM)
        wait_until(lambda: not has_pending_signals(speed), "the signal is taken")
        assert speed.is_running()
    assert speed.wait().code == 3
    case.execute("DELETE FROM antenna.schema_version WHERE version = 99")
    assert case.value("SELECT sum(totals_offset) FROM antenna.progress") == 10
    case.check_exact()


def test_the_group_is_left_and_its_offsets_say_where(case):
    case.prepare()
    case.produce(events.draw(300))
    job = f"job-{case.topic}"
    speed = case.start_speed("--job", job)
    case.wait_until_read(speed, job)
    speed.terminate()
    admin = AdminClient({"bootstrap.servers": case.kafka.address})
    group = admin.describe_consumer_groups([job])[job].result(20)
    assert group.state == ConsumerGroupState.EMPTY
    assert not group.members
    offsets = admin.list_consumer_group_offsets([group_request(job)])[job].result(20)
    assert {place.partition: place.offset for place in offsets.topic_partitions} == case.ends()


def group_request(job):
    """Asks for all offsets of a group."""
    from confluent_kafka import ConsumerGroupTopicPartitions  # noqa: PLC0415 - only here

    return ConsumerGroupTopicPartitions(job)


def test_a_second_run_has_nothing_to_do(case):
    case.prepare()
    case.produce(events.draw(500))
    assert summary(case.speed())["read"] == 500
    assert summary(case.speed("--start", "latest"))["read"] == 0
    case.check_exact()


def test_totals_that_were_not_archived_are_read_again(case):
    case.prepare(partitions=1)
    case.produce(events.draw(500))
    speed = case.start_speed("--roll-age", "1h")
    case.wait_until_read(speed)
    speed.kill()
    numbers = summary(case.speed())
    assert numbers["read"] == numbers["again"] == numbers["archived"] == 500
    assert numbers["totalled"] == 0
    case.check_exact()


def test_start_latest(case):
    case.prepare(partitions=1)
    case.produce(events.draw(100, seed=1))
    speed = case.start_speed("--start", "latest")
    wait_until(lambda: case.value("SELECT count(*) FROM antenna.progress"), "the job has begun")
    case.produce(events.draw(50, seed=2))
    case.wait_until_read(speed)
    speed.terminate()
    expected = expect(case.messages()[100:])
    assert expected.events == 50
    case.check_exact(expected)


def test_a_partition_that_is_added_later_is_read_from_its_beginning(case):
    case.prepare(partitions=1)
    case.produce(events.draw(100, seed=1))
    speed = case.start_speed("--start", "latest", "-X", "topic.metadata.refresh.interval.ms=100")
    wait_until(lambda: case.value("SELECT count(*) FROM antenna.progress"), "the job has begun")
    case.add_partitions(3)
    case.produce(events.draw(60, seed=2))
    case.wait_until_read(speed)
    speed.terminate()
    late = [message for message in case.messages() if message.partition > 0 or message.offset >= 100]
    assert {message.partition for message in late} == {0, 1, 2}
    case.check_exact(expect(late))


def test_start_at_a_time_of_arrival(case):
    noon = datetime.datetime(2022, 2, 20, 12, tzinfo=datetime.UTC)
    case.prepare(partitions=1)
    case.produce(events.draw(10, seed=1), int(noon.timestamp() * 1000) - 1)
    case.produce(events.draw(20, seed=2), int(noon.timestamp() * 1000))
    case.speed("--start", "2022-02-20T13:00:00+01:00")
    case.check_exact(expect(case.messages()[10:]))


def test_start_at_a_time_that_nothing_has_reached(case):
    case.prepare(partitions=1)
    case.produce(events.draw(10, seed=1), 1645347600000)
    case.speed("--start", "2022-02-20T13:00:00Z")
    assert case.totals() == {}


def test_duration(case):
    case.prepare()
    case.produce(events.draw(100))
    begin = time.monotonic()
    result = case.program.run(*case.speed_arguments(*QUICK_GROUP, "--duration", "2s", "--roll-age", "1h"))
    assert result.code == 0
    assert 2 <= time.monotonic() - begin < 15
    case.check_exact()


def test_totals_appear_before_files(case):
    case.prepare()
    speed = case.start_speed("--roll-age", "1h")
    case.produce(events.draw(100))
    case.wait_until_read(speed)
    assert case.totals()
    assert case.value("SELECT count(*) FROM antenna.archive_file") == 0
    speed.terminate()
    case.check_exact()


def test_another_table_and_schema(case):
    case.execute("CREATE SCHEMA telco")
    case.provision("--jdbc-table", "telco.Five Minutes")
    case.create_topic()
    case.produce(events.draw(100))
    result = case.program.run(*case.speed_arguments("--until-end", *QUICK_GROUP, table="telco.Five Minutes"))
    assert result.code == 0, result.err
    rows = case.query('SELECT date, type, id, value FROM telco."Five Minutes"')
    assert {tuple(row[:3]): row[3] for row in rows} == dict(expect(case.messages()).windows)


def test_totals_without_archive(case):
    case.prepare()
    case.produce([*events.draw(2000), b"nonsense"])
    case.speed("--no-archive")
    expected = expect(case.messages())
    case.check_totals(expected)
    case.check_rejected(expected)
    assert not [*case.root.rglob("*.parquet")]
    rows = case.query("SELECT totals_offset, archive_offset, records_archived FROM antenna.progress")
    assert all(totals == archive and archived == 0 for totals, archive, archived in rows)
    assert case.value("SELECT until IS NOT NULL FROM antenna.sealed")


def test_profile_shows_cpu_time_of_each_stage(case):
    case.prepare()
    case.produce(events.draw(20_000))
    printed = case.speed("--profile").out.splitlines()
    figures = {line.split()[0]: float(line.split()[1]) for line in printed[1:]}
    total = figures.pop("all")
    assert list(figures) == ["fetch", "take", "decode", "intern", "sum", "commit", "encode", "other"]
    assert all(figure > 0 for figure in figures.values())
    assert sum(figures.values()) == pytest.approx(total, abs=0.05 * (len(figures) + 1))
