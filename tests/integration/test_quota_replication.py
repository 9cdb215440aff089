"""Logical replication of the users, with the history of their quotas and without it."""

import psycopg
import pytest
from stack import Postgres, running
from waiting import wait_until

pytestmark = [pytest.mark.timeout(90), pytest.mark.xdist_group("quota_replication")]

USER = "INSERT INTO user_metadata VALUES ('{}', 'n', '{}@x.org', {})".format
HISTORY = "SELECT id, valid_from::text, valid_until::text, quota, email FROM antenna.user_quota ORDER BY 1, 2"
IN_FORCE = "SELECT id, quota, email FROM antenna.user_quota WHERE valid_until IS NULL ORDER BY 1"

# Changes at the publisher, each a transaction.
EDITS = (
    USER("a", "a", 10),
    USER("b", "b", 20),
    "UPDATE user_metadata SET quota = 11 WHERE id = 'a'",
    "UPDATE user_metadata SET quota = 12 WHERE id = 'a'; UPDATE user_metadata SET email = 'c' WHERE id = 'a'",
    "UPDATE user_metadata SET id = 'd' WHERE id = 'b'",
    "DELETE FROM user_metadata WHERE id = 'd'",
    f"TRUNCATE user_metadata; {USER('a', 'e', 30)}; {USER('f', 'f', 40)}",
    f"DELETE FROM user_metadata; {USER('a', 'e', 50)}",
)


class LogicalPostgres(Postgres):
    """A server whose changes can be published."""

    def _command(self):
        return [*super()._command(), "-c", "wal_level=logical"]


@pytest.fixture(scope="module")
def server(home):
    folder = home / "logical"
    folder.mkdir(mode=0o755)
    server = LogicalPostgres(folder, tied=True, durable=False)
    with running(server):
        yield server


@pytest.fixture
def connect(server):
    """Connects to a database of the server, and ends all connections after the test."""
    connections = []

    def connect(database):
        connections.append(psycopg.connect(server.conninfo(database), autocommit=True))
        return connections[-1]

    yield connect
    for connection in connections:
        connection.close()


def provisioned(server, program, connect, database):
    connect("antenna").execute(f"CREATE DATABASE {database}")
    result = program.run("provision", server.jdbc_uri(database), server.user, server.password)
    assert result.code == 0, result.err
    return connect(database)


TABLES = {"the users alone": "user_metadata", "the users and their history": "user_metadata, antenna.user_quota"}


@pytest.mark.parametrize("name", TABLES)
def test_replicated_users(server, program, connect, name):
    kind = "history" if "antenna" in TABLES[name] else "users"
    publisher, subscriber = (provisioned(server, program, connect, f"{kind}_{side}") for side in ("pub", "sub"))
    publisher.execute(USER("z", "z", 1))
    publisher.execute(f"CREATE PUBLICATION users FOR TABLE {TABLES[name]}")
    publisher.execute("SELECT pg_create_logical_replication_slot(%s, 'pgoutput')", [kind])
    subscriber.execute(
        f"CREATE SUBSCRIPTION {kind} CONNECTION '{server.conninfo(f'{kind}_pub')}' PUBLICATION users "
        f"WITH (create_slot = false, slot_name = {kind})"
    )
    try:
        for edit in EDITS:
            publisher.execute(edit)
            for query in (HISTORY if kind == "history" else IN_FORCE, "SELECT * FROM user_metadata ORDER BY id"):
                wait_until(
                    lambda query=query: publisher.execute(query).fetchall() == subscriber.execute(query).fetchall(),
                    f"replicated: {edit}",
                )
    finally:
        subscriber.execute(f"DROP SUBSCRIPTION {kind}")
    subscriber.execute("UPDATE user_metadata SET quota = 7 WHERE id = 'a'")
    assert subscriber.execute(IN_FORCE).fetchall() == [("a", 7, "e@x.org")]
