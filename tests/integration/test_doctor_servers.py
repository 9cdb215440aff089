"""doctor finds servers that are the wrong ones, or not all there."""

import contextlib
import pathlib
import tempfile

import psycopg
import pytest
from case import ANSWER_SECONDS, Case
from cluster import Cluster
from confluent_kafka.admin import AdminClient, NewTopic
from findings import Findings, arguments, examine
from stack import running
from standby import Standby
from waiting import wait_until

pytestmark = pytest.mark.timeout(180)


# PostgreSQL.


def test_a_standby(healthy, home):
    folder = pathlib.Path(tempfile.mkdtemp(dir=home))
    folder.chmod(0o755)
    with running(standby := Standby(folder / "standby", healthy.postgres)):
        login = (standby.jdbc_uri(healthy.database), *healthy.login[1:])
        findings = examine(healthy, login=login).fails_alone("postgres_writing", "is a standby")
    assert "the address of the primary" in findings["postgres_writing"]["fix"]


def test_an_older_schema(healthy):
    healthy.execute("UPDATE antenna.schema_version SET version = version - 1")
    findings = examine(healthy).fails_alone("postgres_schema", "version")
    assert "antenna provision" in findings["postgres_schema"]["fix"]


@contextlib.contextmanager
def limited(case, kind, name, count):
    """So many connections are allowed to a role or a database."""
    case.execute(f"ALTER {kind} {name} CONNECTION LIMIT {count}")
    yield
    case.execute(f"ALTER {kind} {name} CONNECTION LIMIT -1")


@pytest.fixture
def worker(healthy):
    """The login of a role that is no superuser, for which limits hold."""
    name = f"worker_{healthy.database}"
    healthy.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'secret'")
    healthy.execute(f"GRANT {healthy.postgres.user} TO {name}")
    yield name
    healthy.execute(f"DROP ROLE {name}")


@pytest.mark.parametrize("kind", ["ROLE", "DATABASE"])
def test_limits_of_connections(healthy, worker, kind):
    login = (healthy.login[0], worker, "secret")
    with limited(healthy, kind, worker if kind == "ROLE" else healthy.database, 2):
        findings = examine(healthy, "--workers", "2", login=login)
        findings.tells("postgres_connections", "warning", "1 connections are left for 2 workers")
    assert "the limit of the role or database" in findings["postgres_connections"]["fix"]


def test_connections_of_others_count(healthy):
    """Also where the role may not know what they are."""
    stranger = f"stranger_{healthy.database}"
    healthy.execute(f"CREATE ROLE {stranger} LOGIN PASSWORD 'secret'")
    try:
        with healthy.connect(), limited(healthy, "DATABASE", healthy.database, 3):
            findings = examine(healthy, "--workers", "2", login=(healthy.login[0], stranger, "secret"))
        findings.tells("postgres_connections", "warning", "1 connections are left for 2 workers")
    finally:
        healthy.execute(f"DROP ROLE {stranger}")


def test_no_connection_is_left(healthy, worker):
    """To an ordinary user; what is reserved for superusers stays."""
    login = (healthy.login[0], worker, "secret")
    conninfo = f"host=127.0.0.1 port={healthy.postgres.port} user={worker} password=secret dbname={healthy.database}"
    with contextlib.ExitStack() as stack:

        def fill():
            """Each session that ended a moment ago leaves its place to one more."""
            try:
                while True:
                    stack.callback(psycopg.connect(conninfo).close)
            except psycopg.OperationalError as error:
                return "connection slots" in str(error)

        wait_until(fill, "all connections are taken")
        findings = examine(healthy, login=login).fails_alone("postgres_connection", "connection slots are reserved")
        assert "raise max_connections" in findings["postgres_connection"]["fix"]


# Kafka.


@pytest.fixture
def scattered(home, postgres, program, tmp_path):
    """A case whose topic has each of three partitions on one broker alone, of a cluster of three."""
    cluster = Cluster(pathlib.Path(tempfile.mkdtemp(dir=home)))
    with running(cluster):
        case = Case(cluster, postgres, program, tmp_path)
        case.provision()
        case.root.mkdir()
        admin = AdminClient({"bootstrap.servers": cluster.address})
        topic = NewTopic(case.topic, 3, replica_assignment=[[1], [2], [3]])
        admin.create_topics([topic])[case.topic].result(ANSWER_SECONDS)
        yield case
        case.close()


def test_partitions_without_a_leader(scattered):
    away, there = scattered.kafka.brokers[:2]
    away.kill()

    def look():
        findings = Findings(scattered.program.run(*arguments(scattered, server=there.address)))
        return findings if findings["kafka_partitions"]["result"] == "failed" else None

    findings = wait_until(look, "the cluster knows that a broker is away", 60)
    findings.fails_alone("kafka_partitions", "1 of 3 partitions have no leader")
    assert "start the brokers" in findings["kafka_partitions"]["fix"]
    assert findings["kafka_messages"]["found"] == "not all partitions can be read"
