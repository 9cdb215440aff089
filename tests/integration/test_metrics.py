"""What --listen serves: metrics that say what is in the tables, and whether the job is alive and ready."""

import http.client
import pathlib
import re
import socket
import subprocess
import time

import events
import promtool
import pytest
from case import QUICK_ROLLS
from oracle import expect
from scraper import Scraper
from stack import free_port
from waiting import wait_until

pytestmark = pytest.mark.timeout(90)

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "metrics.md"
ROW = re.compile(r"^\| `(\w+)` \| (\w+) \| ([\w, ]*) \| ([\w, ]+) \| (.+) \|$", re.M)
REASONS = 13


def documented(command):
    """Type, labels and meaning of each metric that the page says this command serves, by name."""
    rows = {
        name: (kind, labels, help) for name, kind, labels, of, help in ROW.findall(PAGE.read_text()) if command in of
    }
    assert len(rows) > 10
    return rows


def split_labels(text):
    return {label for label in text.split(", ") if label}


def assert_as_documented(scraper, command):
    """Prometheus' own tool takes them; each has the type, labels and words of the page, and the page has no other."""
    promtool.check("check", "metrics", text=scraper.get("/metrics")[1])
    families = scraper.families()
    page = documented(command)
    names = {family.name + ("_total" if family.type == "counter" else ""): family for family in families.values()}
    assert names.keys() == page.keys()
    for name, (kind, labels, help_words) in page.items():
        assert names[name].type == kind, name
        assert names[name].documentation == help_words, name
        for sample in names[name].samples:
            assert sample.labels.keys() - {"le"} == split_labels(labels), name


def archived_messages(scraper):
    """How far the archive is, over all partitions."""
    return sum(value for key, value in scraper.samples().items() if key[0] == "antenna_partition_archive_offset")


@pytest.mark.core
@pytest.mark.tsan
def test_speed_tells_what_is_in_the_tables(case):
    case.prepare()
    case.produce([*events.draw(2000), b"nonsense", b"{}", None])
    speed = case.start_speed("--workers", "2", "--listen", "0", *QUICK_ROLLS)
    scraper = Scraper(speed)
    expected = expect(case.messages())
    wait_until(lambda: case.value("SELECT count(DISTINCT owner) FROM antenna.progress") == 2, "both workers' parts")
    wait_until(lambda: archived_messages(scraper) == 2003, "the archive")
    scraper.wait_until_ready()
    assert_as_documented(scraper, "speed")
    found = scraper.samples()
    topic = case.topic
    amount = sum(row[3] * count for row, count in expected.rows.items())
    assert found["antenna_messages_total", topic] == 2003
    assert found["antenna_messages_read_again_total", topic] == 0
    assert found["antenna_messages_totalled_total", topic] == expected.events
    assert found["antenna_bytes_total", topic] == found["antenna_bytes_archived_total", topic] == amount
    rejected = {key[2]: value for key, value in found.items() if key[0] == "antenna_messages_rejected_total"}
    assert len(rejected) == REASONS
    assert {reason: value for reason, value in rejected.items() if value} == {
        "not_json": 1,
        "missing_field": 1,
        "empty": 1,
    }
    for partition, totals, archive, end, epoch in case.query(
        "SELECT partition, totals_offset, archive_offset, end_offset, epoch FROM antenna.progress"
    ):
        labels = (topic, str(partition))
        assert found["antenna_partition_totals_offset", *labels] == totals
        assert found["antenna_partition_archive_offset", *labels] == archive
        assert found["antenna_partition_end_offset", *labels] == end
        assert found["antenna_partition_epoch", *labels] == epoch
        assert found["antenna_partition_lag_messages", *labels] == 0
        assert found["antenna_partition_lag_seconds", *labels] == 0
    files, size = case.query("SELECT count(*), sum(size)::bigint FROM antenna.archive_file")[0]
    assert found["antenna_archive_files_total",] == files
    assert found["antenna_archive_file_bytes_total",] == size
    assert found["antenna_rows_upserted_total",] >= case.value("SELECT count(*) FROM bytes")
    assert found["antenna_commit_duration_seconds_count",] >= 1
    assert found["antenna_roll_duration_seconds_count",] >= 1
    assert found["antenna_commit_duration_seconds_bucket", "+Inf"] == found["antenna_commit_duration_seconds_count",]
    assert abs(found["antenna_last_commit_timestamp_seconds",] - time.time()) < 60
    assert abs(found["process_start_time_seconds",] - time.time()) < 60
    # changes() must not take jitter for restarts
    assert {scraper.samples()["process_start_time_seconds",] for _ in range(5)} == {
        found["process_start_time_seconds",]
    }
    assert found["antenna_workers",] == 2
    assert found["antenna_postgres_connects_total",] == 2
    assert found["antenna_outages_total",] == found["antenna_fenced_total",] == 0
    assert 0 < found["antenna_storage_free_bytes",] <= found["antenna_storage_size_bytes",]
    assert found["process_resident_memory_bytes",] > 10e6
    speed.terminate()
    case.check_exact()


def test_lag_is_told_while_a_commit_waits(case):
    case.prepare(partitions=1)
    speed = case.start_speed("--listen", "0")
    scraper = Scraper(speed)
    case.produce(events.draw(10))
    case.wait_until_read(speed)
    with case.totals_held():
        case.produce(events.draw(100, seed=2))
        scraper.wait_until_not_ready("worker 1 waits for PostgreSQL to answer a commit")
        assert scraper.get("/healthz") == (200, "ok\n")
        assert scraper.value("antenna_ready") == 0
        assert scraper.value("antenna_partition_lag_messages", case.topic, "0") > 0
        assert scraper.value("antenna_partition_lag_seconds", case.topic, "0") > 1e6
    scraper.wait_until_ready()
    speed.terminate()
    case.check_exact()


@pytest.mark.core
def test_not_ready_while_postgres_is_away(case, proxy):
    case.prepare()
    case.produce(events.draw(100))
    uri = case.login[0].replace(str(case.postgres.port), str(proxy.port))
    speed = case.start_speed("--listen", "0", *QUICK_ROLLS, uri=uri)
    scraper = Scraper(speed)
    scraper.wait_until_ready()
    wait_until(lambda: archived_messages(scraper) == 100, "the archive")
    offsets = [scraper.value("antenna_partition_totals_offset", case.topic, str(partition)) for partition in range(3)]
    proxy.lead_to(free_port())
    case.end_sessions()
    scraper.wait_until_not_ready("worker 1 waits: ")
    assert scraper.get("/healthz") == (200, "ok\n")
    found = scraper.samples()
    assert found["antenna_ready",] == 0
    assert found["antenna_outages_total",] == 1
    assert [found["antenna_partition_totals_offset", case.topic, str(partition)] for partition in range(3)] == offsets
    assert case.postgres.password not in scraper.get("/metrics")[1] + scraper.get("/readyz")[1]
    proxy.lead_to(case.postgres.port)
    scraper.wait_until_ready()
    assert scraper.value("antenna_postgres_connects_total") >= 2
    speed.terminate()
    case.check_exact()


@pytest.mark.parametrize("protocol", ["classic", "consumer"])
def test_more_workers_than_partitions_are_ready(case, protocol):
    case.prepare(partitions=1)
    options = ("--workers", "3", "--listen", "0", "-X", f"group.protocol={protocol}")
    speed = case.program.start(*case.speed_arguments(*options))
    scraper = Scraper(speed)

    def read():
        return [key for key in scraper.samples() if key[0] == "antenna_partition_epoch"]

    wait_until(read, "the partition has its worker")
    scraper.wait_until_ready()
    assert read() == [("antenna_partition_epoch", case.topic, "0")]
    speed.terminate()


def test_a_taken_over_partition_is_counted(case):
    case.prepare(partitions=1)
    case.produce(events.draw(100))
    speed = case.start_speed("--listen", "0")
    scraper = Scraper(speed)
    case.wait_until_read(speed)
    case.execute("UPDATE antenna.progress SET epoch = epoch + 1")
    case.produce(events.draw(100, seed=2))
    wait_until(lambda: scraper.value("antenna_fenced_total") == 1, "it is fenced")
    case.wait_until_read(speed)
    scraper.wait_until_ready()
    assert scraper.value("antenna_outages_total") == 0
    speed.terminate()
    case.check_exact()


def test_batch_tells_what_it_has_run(case):
    case.prepare()
    case.produce(events.draw(500))
    case.speed()
    arguments = ("-", "--follow", "--interval", "100ms", "--listen", "0")
    (case.root / "lost").mkdir()
    lost = next((case.root / "data").rglob("*.parquet"))
    lost.rename(case.root / "lost" / lost.name)
    batch = case.program.start(*case.batch_arguments(*arguments))
    scraper = Scraper(batch)
    hours = case.value("SELECT count(*) FROM antenna.hour")
    wait_until(
        lambda: (
            scraper.value("antenna_batch_runs_total", "done") == hours - 1
            and scraper.value("antenna_batch_runs_total", "failed") == 1
        ),
        "all hours are tried",
    )
    scraper.wait_until_ready()
    assert_as_documented(scraper, "batch")
    found = scraper.samples()
    rows, amount = case.query(
        "SELECT sum(batch_rows)::bigint, sum(batch_bytes)::bigint FROM antenna.hour WHERE batch_at IS NOT NULL"
    )[0]
    assert found["antenna_batch_rows_total",] == rows
    assert found["antenna_batch_bytes_total",] == amount
    assert found["antenna_batch_run_duration_seconds_count",] == hours
    assert abs(found["antenna_batch_last_look_timestamp_seconds",] - time.time()) < 60
    wait_until(lambda: scraper.value("antenna_batch_pending_runs") == 1, "one hour is pending")
    assert scraper.get("/healthz") == (200, "ok\n")
    batch.terminate()


def test_batch_is_not_ready_while_postgres_is_away(case, proxy):
    case.prepare()
    (case.root / "data").mkdir(parents=True)
    uri = case.login[0].replace(str(case.postgres.port), str(proxy.port))
    arguments = case.batch_arguments("-", "--follow", "--interval", "100ms", "--listen", "0", uri=uri)
    batch = case.program.start(*arguments)
    scraper = Scraper(batch)
    scraper.wait_until_ready()
    proxy.lead_to(free_port())
    case.end_sessions()
    scraper.wait_until_not_ready("could not connect")
    assert scraper.value("antenna_outages_total") == 1
    proxy.lead_to(case.postgres.port)
    scraper.wait_until_ready()
    assert scraper.value("antenna_postgres_connects_total") == 2
    batch.terminate()


@pytest.fixture
def serving(case):
    """A speed layer that serves, and its pages."""
    case.prepare()
    speed = case.start_speed("--listen", "0")
    yield speed, Scraper(speed)
    speed.terminate()


def test_requests_that_are_none(serving):
    _, scraper = serving
    assert scraper.get("/")[0] == 404
    assert "/metrics" in scraper.get("/../etc/passwd")[1]
    status, headers, _ = scraper.request("POST", "/metrics")
    assert (status, headers["Allow"]) == (405, "GET, HEAD")
    assert scraper.request("DELETE", "/readyz")[0] == 405
    status, headers, text = scraper.request("HEAD", "/metrics")
    assert (status, text) == (200, "")
    assert headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert scraper.get("/healthz?verbose")[0] == 200


def test_a_port_alone_is_loopback_s(serving):
    _, scraper = serving
    port = f":{scraper.url.port:04X} "
    listening = [
        line.split()[1]
        for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()
        if f"{port}00000000:0000 0A" in line
    ]
    assert listening == [f"0100007F:{scraper.url.port:04X}"]
    assert not [line for line in pathlib.Path("/proc/net/tcp6").read_text().splitlines() if f"{port}0000" in line]


def test_ipv6(case):
    case.prepare()
    speed = case.start_speed("--listen", "[::1]:0")
    scraper = Scraper(speed)
    assert scraper.url.hostname == "::1"
    scraper.wait_until_ready()
    speed.terminate()


def test_addresses_that_cannot_be_had(serving, case):
    _, scraper = serving
    taken = case.program.run(*case.speed_arguments("--listen", f"127.0.0.1:{scraper.url.port}"))
    taken.fails("ANT-S001", "could not listen on", "in use", "another address")
    # No server is asked before.
    nowhere = {"server": "127.0.0.1:1", "uri": "jdbc:postgresql://127.0.0.1:1/x"}
    case.program.run(*case.speed_arguments("--listen", f"127.0.0.1:{scraper.url.port}", **nowhere)).fails(
        "ANT-S001", "in use"
    )
    for text in ("9187x", "host", "::1:9187", ":", "127.0.0.1:65536"):
        result = case.program.run(*case.speed_arguments("--listen", text, **nowhere))
        result.fails("ANT-U003", "invalid value for listen", "give HOST:PORT")
    case.program.run(*case.speed_arguments("--listen", "nowhere.invalid:0", **nowhere)).fails(
        "ANT-S001", "nowhere.invalid"
    )
    (case.root / "data").mkdir(parents=True, exist_ok=True)
    batch = case.batch_arguments("-", "--follow", "--listen", f"127.0.0.1:{scraper.url.port}", uri=nowhere["uri"])
    case.program.run(*batch).fails("ANT-S001", "in use")


# The hosts of a name, and the addresses at which a job listens; 203.0.113.1 is no address of this machine.
@pytest.mark.parametrize(
    "listen,addresses",
    [
        (":0", ["127.0.0.1", "::1"]),
        ("[::]:0", ["127.0.0.1", "::1"]),
        ("0.0.0.0:0", ["127.0.0.1"]),
        ("both:0", ["127.0.0.1", "::1"]),
        ("twice:0", ["127.0.0.1"]),
        ("some:0", ["127.0.0.2", "127.0.0.3"]),
    ],
)
def test_each_address_of_a_name(case, listen, addresses):
    if subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode:
        pytest.skip("nothing can be mounted here")
    hosts = case.folder / "hosts"
    hosts.write_text(
        "127.0.0.1 localhost both twice\n127.0.0.1 twice\n::1 both\n203.0.113.1 some\n127.0.0.2 some\n127.0.0.3 some\n"
    )
    case.prepare()
    via = ("unshare", "--mount", "sh", "-ec", 'mount --bind "$0" /etc/hosts && exec "$@"', hosts)
    speed = case.program.start(*case.speed_arguments("--listen", listen), via=via)
    port = Scraper(speed).url.port
    for address in ("127.0.0.1", "127.0.0.2", "127.0.0.3", "::1"):
        connection = http.client.HTTPConnection(address, port, timeout=30)
        if address in addresses or (listen.startswith((":0", "[", "0.")) and "." in address):
            connection.request("GET", "/healthz")
            assert connection.getresponse().status in (200, 503)
        else:
            with pytest.raises(ConnectionRefusedError):
                connection.connect()
        connection.close()
    speed.terminate()


def test_without_it_nothing_listens(case):
    case.prepare()
    case.produce(events.draw(100))
    assert "serves" not in case.speed().err


def test_a_session_is_not_kept_by_slow_clients(serving):
    """Clients that never ask do not keep others from asking."""
    _, scraper = serving
    idle = [socket.create_connection((scraper.url.hostname, scraper.url.port)) for _ in range(16)]
    try:
        begin = time.monotonic()
        wait_until(lambda: answers(scraper), "an answer beside clients that say nothing", seconds=60)
        assert time.monotonic() - begin < 30
    finally:
        for client in idle:
            client.close()


def answers(scraper):
    try:
        return scraper.get("/healthz")[0] == 200
    except OSError:
        return False
