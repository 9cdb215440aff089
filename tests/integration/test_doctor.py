"""doctor names each thing that is broken and how to fix it, and is content with what works."""

import os
import resource
import socket
import subprocess
import time

import events
import psycopg
import pytest
from case import ANSWER_SECONDS
from confluent_kafka.admin import (
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    NewTopic,
    ResourcePatternType,
    ResourceType,
)
from findings import EXPECTED_WARNINGS, Findings, arguments, examine
from network import ADDRESS, Network
from proxy import Proxy
from scraper import Scraper
from secure_kafka import USER, SecureKafka
from stack import Kafka, free_port, running
from test_clock import Clock
from test_tls_kafka import login as login_to_kafka
from waiting import wait_until

pytestmark = pytest.mark.timeout(90)

PASSWORD = "the role's"


@pytest.mark.core
def test_everything_works(healthy):
    before = healthy.query("SELECT * FROM antenna.progress"), sorted(healthy.root.rglob("*"))
    findings = examine(healthy)
    assert findings.code == 0
    assert findings.report["healthy"]
    assert findings.of("failed") | findings.of("skipped") == set()
    assert findings.of("warning") == EXPECTED_WARNINGS
    counts = {name: findings.report[name] for name in ("ok", "warning", "failed", "skipped")}
    assert sum(counts.values()) == len(findings.report["checks"])
    findings.tells("kafka_messages", "ok", "events").tells("kafka_partitions", "ok", "3 partitions")
    assert before == (healthy.query("SELECT * FROM antenna.progress"), sorted(healthy.root.rglob("*")))


def test_lines(healthy):
    result = healthy.program.run("doctor", *healthy.login, "--kafka-server", healthy.kafka.address, "--topic", "none")
    lines = result.out.splitlines()
    topic = next(i for i, line in enumerate(lines) if " kafka_topic " in line)
    assert lines[topic].startswith('failed   kafka_topic             topic "none" does not exist')
    assert lines[topic + 1].startswith("         -> check --topic")
    assert any(line.startswith("skipped  storage_root") for line in lines)
    assert lines[-1].endswith("something would stop a job")
    assert (result.code, result.err) == (3, "")


def test_database_alone(healthy):
    findings = Findings(healthy.program.run("doctor", *healthy.login, "--json"))
    assert findings.code == 0
    assert findings.of("skipped") == {"kafka_broker", "storage_root", "storage_identity"}


# Kafka.


def test_no_broker(healthy):
    address = f"127.0.0.1:{free_port()}"
    findings = examine(healthy, server=address).fails_alone("kafka_broker", address)
    assert findings.of("skipped") == {name for name in findings if name.startswith("kafka_")} - {"kafka_broker"}


class SentAway(Kafka):
    """A broker whose listener answers, and advertises an address where nobody does."""

    def _properties(self, data):
        text = super()._properties(data)
        own = f"advertised.listeners=PLAINTEXT://127.0.0.1:{self.port}"
        assert own in text
        return text.replace(own, f"advertised.listeners=PLAINTEXT://127.0.0.1:{free_port()}")


def test_a_broker_that_advertises_another_address(healthy, tmp_path):
    broker = SentAway(tmp_path / "sent-away", tied=True)
    with running(broker):
        findings = examine(healthy, server=broker.address)
    findings.tells("kafka_broker", "ok").fails_alone("kafka_listeners", "broker 1", "Connection refused")
    assert "advertised.listeners" in findings["kafka_listeners"]["fix"]


def test_wrong_topic(healthy):
    examine(healthy, topic="nothing-here").fails_alone("kafka_topic", '"nothing-here" does not exist')


def test_more_workers_than_partitions(healthy):
    examine(healthy, "--workers", "5").warns_alone("kafka_partitions", "3 partitions for 5 workers", "2 of them")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"retention.ms": "7200000"}, "2.0 hours"),
        ({"retention.bytes": "1000000"}, "1000000 bytes"),
        ({"cleanup.policy": "compact,delete"}, "compacted"),
    ],
)
def test_retention(case, settings, words):
    case.provision()
    case.create_topic(1, settings)
    case.root.mkdir()
    examine(case).warns_alone("kafka_retention", words)


def test_retention_for_ever(case):
    case.provision()
    case.create_topic(1, {"retention.ms": "-1"})
    examine(case).tells("kafka_retention", "ok", "for ever")


def test_members_of_the_group(healthy):
    examine(healthy).tells("kafka_group", "ok", '"antenna-speed"', "members now: 0")
    speed = healthy.start_speed("--job", "named")
    healthy.wait_until_read(speed, "named")
    examine(healthy, "--job", "named").tells("kafka_group", "ok", '"named"', "members now: 1")


class Strict(SecureKafka):
    """A broker that lets those who log in do only what they have a right to."""

    def _properties(self, data):
        return (
            f"{super()._properties(data)}"
            "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer\n"
            "super.users=User:ANONYMOUS\n"
        )


def test_rights_in_kafka(healthy, tmp_path, certificates, tokens, tickets):
    broker = Strict(tmp_path / "strict", certificates, tokens, tickets)
    with running(broker):
        admin = AdminClient({"bootstrap.servers": broker.address})
        admin.create_topics([NewTopic(healthy.topic, 1)])[healthy.topic].result(ANSWER_SECONDS)
        words = login_to_kafka(broker, certificates)

        def look(check):
            """What is found when the check is content: brokers hear of a right a moment after it was given."""

            def content():
                findings = examine(healthy, *words, server=broker.address_of("TRUSTED"))
                return findings if check is None or findings[check]["result"] == "ok" else None

            return wait_until(content, f"{check} is ok")

        look(None).fails_alone("kafka_topic", "authorization failed")
        allow(admin, ResourceType.TOPIC, healthy.topic)
        look("kafka_topic").fails_alone("kafka_group", "authorization failed")
        allow(admin, ResourceType.GROUP, "antenna-speed")
        findings = look("kafka_group").tells("kafka_encryption", "ok", "TLS")
        findings.tells("kafka_retention", "skipped", "authorization failed")
        assert findings.code == 0


def allow(admin, kind, name):
    """Gives the user who logs in the right to read."""
    names = (ResourcePatternType.LITERAL, f"User:{USER}", "*", AclOperation.READ, AclPermissionType.ALLOW)
    for future in admin.create_acls([AclBinding(kind, name, *names)]).values():
        future.result(ANSWER_SECONDS)


def test_invalid_messages(healthy):
    healthy.produce([b'{"id": 1}'])
    examine(healthy).warns_alone("kafka_messages", " 1 are invalid", "missing_field")


def test_a_topic_of_something_else(case):
    case.prepare()
    case.root.mkdir()
    case.produce([b"<xml/>"] * 20)
    examine(case).fails_alone("kafka_messages", "20 messages 20", "not_json")


def test_only_the_last_messages_are_read(case):
    case.prepare(1)
    case.root.mkdir()
    case.produce([b"nonsense"])
    case.produce(events.draw(400))
    examine(case).tells("kafka_messages", "ok", "the last 200 ")


def test_an_empty_topic(case):
    case.prepare()
    case.root.mkdir()
    findings = examine(case).tells("kafka_messages", "skipped", "empty").tells("kafka_clock", "skipped")
    assert findings.code == 0


def test_a_message_from_the_future(healthy):
    healthy.produce(events.draw(1), timestamp_ms=int(time.time() * 1000) + 60_000)
    examine(healthy).warns_alone("kafka_clock", "its sender", "s from now")


# PostgreSQL.


def test_no_server(healthy):
    login = (f"jdbc:postgresql://127.0.0.1:{free_port()}/x", *healthy.login[1:])
    findings = examine(healthy, login=login).fails_alone("postgres_connection", "Connection refused")
    assert findings["postgres_rights"]["result"] == "skipped"


def test_wrong_password(healthy):
    login = (*healthy.login[:2], "wrong")
    examine(healthy, login=login).fails_alone("postgres_connection", "password authentication failed")


def test_clock_of_postgres(healthy):
    clock = Clock(healthy.folder)
    clock.set("+90s")
    findings = examine(healthy, environment=clock.environment)
    findings.warns_alone("postgres_clock", "behind this machine's")
    clock.set("-90s")
    findings = examine(healthy, environment=clock.environment)
    findings.tells("postgres_clock", "warning", "ahead of").tells("kafka_clock", "warning", "s from now")


def test_time_zone(healthy):
    healthy.execute(f"ALTER DATABASE {healthy.database} SET timezone TO 'Europe/Berlin'")
    examine(healthy).warns_alone("postgres_time_zone", "Europe/Berlin", "hold UTC")


def test_sessions_that_only_read(healthy):
    healthy.execute(f"ALTER DATABASE {healthy.database} SET default_transaction_read_only TO on")
    examine(healthy).fails_alone("postgres_writing", "only read")
    dashboards = Findings(healthy.program.run("doctor", *healthy.login, "--json"))
    dashboards.tells("postgres_writing", "warning", "fit for dashboards")


def test_encoding(healthy):
    name = f"{healthy.database}_latin"
    with psycopg.connect(healthy.postgres.conninfo(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
        try:
            login = (healthy.postgres.jdbc_uri(name), *healthy.login[1:])
            examine(healthy, login=login).tells("postgres_encoding", "failed", "LATIN1")
        finally:
            connection.execute(f"DROP DATABASE {name}")


def test_no_schema(case):
    case.create_topic(1)
    findings = examine(case)
    findings.tells("postgres_schema", "failed", "does not exist").tells("table_bytes", "failed", '"bytes"')
    assert findings["postgres_schema"]["fix"] == "run antenna provision"


def test_newer_schema(healthy):
    healthy.execute("INSERT INTO antenna.schema_version (version) VALUES (99)")
    examine(healthy).fails_alone("postgres_schema", "version 99")


DROP_VIEWS = "DROP VIEW antenna.hour_state, antenna.quota_now, antenna.offenders, antenna.antenna_seen CASCADE"


@pytest.mark.parametrize(
    ("statement", "check", "words"),
    [
        ("ALTER TABLE bytes DROP CONSTRAINT bytes_pkey", "table_bytes", "has no key"),
        ("ALTER TABLE bytes_hourly ALTER date TYPE TIMESTAMPTZ", "table_bytes_hourly", "timestamp with time zone"),
        ("ALTER TABLE user_metadata DROP COLUMN quota", "table_user_metadata", '"quota"'),
        ("DROP TABLE user_quota_limit", "table_user_quota_limit", "does not exist"),
    ],
)
def test_tables(healthy, statement, check, words):
    healthy.execute(f"{DROP_VIEWS}; {statement}")
    examine(healthy).fails_alone(check, words)


def test_plain_text_is_fine_on_one_machine(healthy):
    findings = examine(healthy)
    findings.tells("postgres_encryption", "ok", "plain text").tells("kafka_encryption", "ok", "plain text")


class Distant(Kafka):
    """A broker that wants to be reached by the address of a network."""

    def _properties(self, data):
        own = f"advertised.listeners=PLAINTEXT://127.0.0.1:{self.port}"
        return super()._properties(data).replace(own, f"advertised.listeners=PLAINTEXT://{ADDRESS}:{self.port}")


def test_plain_text_over_a_network(healthy, tmp_path):
    broker = Distant(tmp_path / "distant", tied=True)
    with Network() as network, running(broker):
        databases = Proxy(healthy.postgres.port, network.listen())
        brokers = Proxy(broker.port, network.listen(broker.port))
        login = (f"jdbc:postgresql://{ADDRESS}:{databases.port}/{healthy.database}", *healthy.login[1:])
        command = arguments(healthy, login=login, server=f"{ADDRESS}:{broker.port}")
        findings = Findings(network.call(healthy.program.run, *command))
        databases.close()
        brokers.close()
    findings.tells("kafka_encryption", "warning", "plain text over a network", "plaintext")
    findings.tells("postgres_encryption", "warning", "plain text over a network")
    assert "sslmode=verify-full" in findings["postgres_encryption"]["fix"]


# The rights of the user.

ROLES = {"antenna_speed": "speed", "antenna_batch": "batch", "antenna_reader": "reader", "antenna_notify": "notify"}
# A right as REVOKE has it, and as the doctor shows it.
NAME = "CASE table_schema WHEN 'public' THEN '' ELSE table_schema || '.' END || table_name"
RIGHTS = f"""
SELECT privilege_type || ' ON ' || {NAME}, privilege_type || ' on ' || {NAME}
FROM information_schema.role_table_grants
WHERE grantee = %(role)s
UNION ALL
SELECT privilege_type || ' (' || quote_ident(column_name) || ') ON ' || {NAME}, privilege_type || ' on ' || {NAME}
FROM information_schema.role_column_grants AS one
WHERE grantee = %(role)s AND NOT EXISTS (
    SELECT FROM information_schema.role_table_grants AS whole
    WHERE (whole.grantee, whole.table_schema, whole.table_name, whole.privilege_type)
        = (one.grantee, one.table_schema, one.table_name, one.privilege_type)
)
"""


def drop_roles(case):
    for role in ROLES:
        if case.value("SELECT count(*) FROM pg_roles WHERE rolname = %s", role):
            case.execute(f"DROP OWNED BY {role}; DROP ROLE {role}")


@pytest.fixture
def roles(healthy):
    """The roles that provision makes."""
    drop_roles(healthy)
    password = healthy.folder / "password"
    password.write_text(f"{PASSWORD}\n")
    healthy.provision(*(word for name in ROLES.values() for word in (f"--{name}-password-file", password)))
    yield healthy
    drop_roles(healthy)


def rights(case, role, *options):
    """What is found of a role's rights, with Kafka left out."""
    result = case.program.run("doctor", case.login[0], role, PASSWORD, "--json", *options)
    return Findings(result)


@pytest.mark.parametrize(
    ("role", "words"), zip(ROLES, ("run speed", "run batch", "dashboards", "run notify"), strict=True)
)
def test_each_right_is_needed(roles, role, words):
    """Whatever provision grants, the doctor misses when it is gone, and nothing else."""
    rights(roles, role).tells("postgres_rights", "ok", words)
    with roles.connect() as connection:
        granted = connection.execute(RIGHTS, {"role": role}).fetchall()
        assert len(granted) > 5
        for right, name in granted:
            connection.execute(f"REVOKE {right} FROM {role}")
            rights(roles, role).tells("postgres_rights", "failed", "may run no job", name)
            connection.execute(f"GRANT {right} TO {role}")
    rights(roles, role).tells("postgres_rights", "ok", words)


def test_the_schema_itself(roles):
    roles.execute("REVOKE USAGE ON SCHEMA antenna FROM antenna_speed")
    findings = rights(roles, "antenna_speed")
    assert findings.code == 3
    assert findings.of("failed") & {"postgres_schema", "postgres_rights"}


def test_the_batch_role_for_speed(roles):
    login = (roles.login[0], "antenna_batch", PASSWORD)
    findings = examine(roles, login=login).fails_alone("postgres_rights", "may run batch", "to run speed it lacks")
    assert "GRANT antenna_speed" in findings["postgres_rights"]["fix"]


def test_the_reader_needs_no_more(roles):
    findings = rights(roles, "antenna_reader")
    assert findings.code == 0
    findings.tells("postgres_schema", "skipped", "may not read the version")


# The disk.


@pytest.fixture
def disk(healthy):
    """Makes the root a file system of a size and a number of inodes, with folders of its own."""
    mounted = []

    def mount(*options, at=healthy.root):
        command = ["mount", "-t", "tmpfs", *(("-o", ",".join(options)) if options else ()), "tmpfs", at]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip("a tmpfs cannot be mounted here")
        mounted.append(at)
        return at

    yield mount
    for path in reversed(mounted):
        subprocess.run(["umount", "--lazy", path], check=True)


def test_no_root(healthy):
    healthy.root = healthy.folder / "missing" / "below"
    examine(healthy).warns_alone("storage_root", "does not exist")
    assert not healthy.root.parent.exists()


def test_another_doctor_of_the_same_process_id_has_died(healthy):
    """In containers each has the same."""
    die = 'touch "$0/.staging/.doctor-$$"; exec "$@"'
    running = healthy.program.start(*arguments(healthy), via=("sh", "-c", die, healthy.root))
    assert Findings(running.wait()).of("failed") == set()


def test_root_is_a_file(healthy):
    healthy.root = healthy.folder / "file"
    healthy.root.touch()
    examine(healthy).fails_alone("storage_root", "is not a folder")


def test_root_that_cannot_be_written(healthy, disk):
    disk("ro")
    findings = examine(healthy).fails_alone("storage_root", "Read-only file system")
    assert findings["storage_root"]["fix"] == "mount the file system for writing"


def test_staging_on_another_file_system(healthy, disk):
    disk(at=healthy.root / ".staging")
    examine(healthy).warns_alone("storage_staging", "different file systems")


def test_the_same_file_system_mounted_twice(healthy, disk):
    other = healthy.folder / "other"
    other.mkdir()
    if subprocess.run(["mount", "--bind", other, healthy.root / "data"], capture_output=True, check=False).returncode:
        pytest.skip("nothing can be mounted here")
    try:
        examine(healthy).warns_alone("storage_staging", "different file systems")
    finally:
        subprocess.run(["umount", "--lazy", healthy.root / "data"], check=True)


LEVELS = ["year=2022", "year=2022/month=2", "year=2022/month=2/day=20", "year=2022/month=2/day=20/hour=9"]


@pytest.mark.parametrize("level", LEVELS)
def test_a_level_on_another_file_system(healthy, disk, level):
    place = healthy.root / "data" / level
    place.mkdir(parents=True)
    disk(at=place)
    examine(healthy).warns_alone("storage_levels", level, "file system")


@pytest.mark.parametrize("level", LEVELS)
def test_a_level_that_takes_no_file(healthy, level):
    place = healthy.root / "data" / level
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(healthy.folder / "not mounted")
    examine(healthy).fails_alone("storage_levels", level)


def test_a_writer_s_folder_of_another_user(healthy):
    folder = healthy.root / ".staging" / "0123456789abcdef"
    folder.mkdir(mode=0o700)
    os.chown(folder, 12345, 12345)
    without_override = ("setpriv", "--bounding-set=-dac_override,-dac_read_search")
    findings = Findings(healthy.program.start(*arguments(healthy), via=without_override).wait())
    findings.tells("storage_writers", "warning", folder.name, "another user")


def test_full_disk(healthy, disk):
    root = disk("size=6m")
    (root / "filler").write_bytes(bytes(3 << 20))
    examine(healthy).fails_alone("storage_space", "bytes are free")


def test_little_space(healthy, disk):
    disk("size=100m")
    examine(healthy).warns_alone("storage_space", "0.10 of 0.10 GB")


def test_inodes(healthy, disk):
    root = disk("size=4g", "nr_inodes=1000")
    for i in range(960):
        (root / f"filler-{i}").touch()
    examine(healthy).warns_alone("storage_inodes", "of 1000 files")
    for i in range(30):
        (root / f"more-{i}").touch()
    examine(healthy).fails_alone("storage_inodes", "of 1000 files")


# The machine.


def test_open_files(healthy):
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (100, before[1]))
    try:
        started = healthy.program.start(*arguments(healthy, "--workers", "3"))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    findings = Findings(started.wait()).fails_alone("open_files", "100 are allowed")
    assert "ulimit -n" in findings["open_files"]["fix"]


def test_more_memory_than_there_is(healthy):
    examine(healthy, "--memory-limit", "1000GiB").fails_alone("memory", "1024000 MiB", "the kernel ends speed first")


def test_memory_that_is_there(healthy):
    examine(healthy, "--memory-limit", "200MiB").tells("memory", "ok", "--memory-limit is 200 of the")


@pytest.fixture
def examine_in_group(healthy):
    """Examines in a control group with a limit, whose files, of both versions, lie where the kernel has its own."""
    if subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode:
        pytest.skip("nothing can be mounted here")
    groups = healthy.folder / "groups"
    (groups / "memory").mkdir(parents=True)

    def examine_below(limit, *options):
        for name in ("memory.max", "memory/memory.limit_in_bytes"):
            (groups / name).write_text(f"{limit << 20}\n")
        via = ("unshare", "--mount", "sh", "-ec", 'mount --bind "$0" /sys/fs/cgroup && exec "$@"', groups)
        return Findings(healthy.program.start(*arguments(healthy, *options), via=via).wait())

    return examine_below


def test_a_control_group_that_has_less_than_the_limit(examine_in_group):
    limit = ("--memory-limit", "200MiB")
    examine_in_group(150, *limit).fails_alone("memory", "--memory-limit is 200 MiB", "control group has 150 MiB")
    examine_in_group(210, *limit).warns_alone("memory", "control group has only 210 MiB")
    examine_in_group(300, *limit).tells("memory", "ok", "200 of the 300 MiB of this control group")


def test_a_control_group_without_a_limit_of_ours(examine_in_group):
    findings = examine_in_group(400).warns_alone("memory", "control group has 400 MiB", "speed may take 498 MiB")
    assert "--memory-limit" in findings["memory"]["fix"]
    examine_in_group(900, "--workers", "2").tells("memory", "warning", "speed may take 948 MiB")
    examine_in_group(500).tells("memory", "ok", "control group has 500 MiB", "at most about 498 MiB")


BROKEN_DUCKDB = "int duckdb_open_ext(void) { return 1; } /* DuckDBError */"


def test_a_library_that_does_not_work(healthy):
    library = healthy.folder / "broken.so"
    command = ["cc", "-shared", "-x", "c", "-o", library, "-"]
    subprocess.run(command, input=BROKEN_DUCKDB, text=True, check=True)
    findings = examine(healthy, environment={"LD_PRELOAD": str(library)})
    findings.fails_alone("libraries", "DuckDB", "does not work", "could not open DuckDB")


def test_a_command_line_that_is_wrong(healthy):
    findings = examine(healthy, "-X", "no.such.property=1")
    findings.fails_alone("kafka_broker", "No such configuration property")
    assert os.path.exists(healthy.root)


# What the jobs listen on, and what batch reads: looked at when they are given.


def test_where_jobs_listen(healthy):
    examine(healthy, "--listen", "0").tells("listen", "ok", "is free")
    examine(healthy, "--listen", "127.0.0.1:99999").fails_alone("listen", "invalid value for listen")
    examine(healthy, "--listen", "nowhere.invalid:0").fails_alone("listen", "nowhere.invalid")
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = examine(healthy, "--listen", f"127.0.0.1:{other.getsockname()[1]}")
        taken.fails_alone("listen", "Address already in use")
    speed = healthy.start_speed("--listen", "0")
    port = Scraper(speed).url.port
    examine(healthy, "--listen", f"127.0.0.1:{port}").tells("listen", "ok", "antenna speed runs and serves at")
    assert "listen" not in examine(healthy)
    speed.terminate()


def test_the_path_of_batch(healthy):
    data = healthy.root / "data"
    examine(healthy, "--storage-path", data).tells("storage_path", "ok", "can be read")
    examine(healthy, "--storage-path", f"{healthy.root}/./data/").tells("storage_path", "ok")
    examine(healthy, "--storage-path", healthy.root).fails_alone(
        "storage_path", "is a storage-root and no storage-path"
    )
    examine(healthy, "--storage-path", "/nowhere/data").fails_alone("storage_path", "could not open the storage-path")
    other = healthy.folder / "other" / "data"
    other.mkdir(parents=True)
    examine(healthy, "--storage-path", other).fails_alone("storage_path", "where speed writes")
    assert "storage_path" not in examine(healthy)
    healthy.root = healthy.folder / "missing"
    examine(healthy, "--storage-path", healthy.root / "data").tells("storage_path", "warning", "does not exist")
