"""Upgrades of the schema: a database of an older version is refused by the jobs, migrated by provision, and goes on."""

import pathlib
import re

import events
import psycopg
import pytest
from program import CHECKOUT
from proxy import COMMIT
from test_protocol import Victim, address, kill_after, kill_before
from test_provision import describe
from waiting import wait_until

pytestmark = pytest.mark.timeout(60)

VERSION_1 = pathlib.Path(__file__).with_name("schema_1.sql")
HOUR = "2022-02-20T09:00:00Z"
MIGRATIONS = sorted((CHECKOUT / "src/postgres/sql/migrations").glob("*.sql"))
LATEST = len(MIGRATIONS)

TABLES = [
    *("bytes", "bytes_hourly", "user_metadata", "user_quota_limit"),
    *("antenna.progress", "antenna.archive_file", "antenna.hour"),
    *("antenna.rejected_message", "antenna.rejected_count", "antenna.loss"),
]

# Version 1 came with this table and without it.
TOPIC_TABLE = 'CREATE TABLE antenna.topic (job TEXT COLLATE "C" NOT NULL, topic TEXT COLLATE "C" NOT NULL, '
TOPIC_TABLE += "id TEXT NOT NULL, PRIMARY KEY (job, topic))"


# Columns that tables of version 1 got later.
LATER = re.findall(r"ADD COLUMN (\w+)", "".join(path.read_text() for path in MIGRATIONS))


def columns(connection, table):
    """The columns of version 1 that are not computed, in SQL."""
    rows = connection.execute(
        "SELECT format('%%I', attname) FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 "
        "AND attgenerated = '' AND attname <> ALL(%s) ORDER BY attnum",
        (table, LATER),
    )
    return ", ".join(row[0] for row in rows)


def take_back(case, with_topic=False):
    """Makes the database as version 1 had it, with the rows that it has."""
    tables = [*TABLES, "antenna.topic"] if with_topic else TABLES
    with case.connect() as connection, connection.transaction():
        rows = {}
        for table in tables:
            names = "job, topic, id" if table == "antenna.topic" else columns(connection, table)
            with connection.cursor().copy(f"COPY {table} ({names}) TO STDOUT") as copy:
                rows[table, names] = b"".join(copy)
        connection.execute("DROP SCHEMA antenna CASCADE")
        connection.execute("DROP TABLE bytes, bytes_hourly, user_metadata, user_quota_limit")
        connection.execute(VERSION_1.read_text())
        if with_topic:
            connection.execute(TOPIC_TABLE)
        for (table, names), data in rows.items():
            with connection.cursor().copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                copy.write(data)


def versions(case):
    return [row[0] for row in case.query("SELECT version FROM antenna.schema_version ORDER BY 1")]


@pytest.mark.core
@pytest.mark.parametrize("with_topic", [False, True], ids=["without topic", "with topic"])
def test_a_database_of_version_1_goes_on(used, with_topic):
    new = describe(used)
    take_back(used, with_topic)
    assert versions(used) == [1]
    for arguments in (
        *(used.speed_arguments(), used.batch_arguments(HOUR), used.verify_arguments()),
        ("status", *used.login),
    ):
        used.program.run(*arguments).fails("ANT-D001", f"version 1 instead of {LATEST}", "antenna provision")
    used.program.run("provision", *used.login, "--window", "1m").fails("ANT-D010", "totals of 5m are counted already")
    assert f"schema antenna: version {LATEST}, migrated from version 1" in used.provision().out
    assert used.value("SELECT window_seconds FROM antenna.data_set") == 300
    assert versions(used) == [*range(1, LATEST + 1)]
    assert describe(used) == new
    used.produce([*events.draw(300, seed=2), b"more nonsense"])
    used.speed()
    used.batch_pending()
    used.check_layers()
    assert used.provision().out.endswith(f"schema antenna: version {LATEST}\n")


def held_up(case, connection):
    """A provision that waits in the middle of its migration for what the connection does."""
    connection.execute(TOPIC_TABLE)
    running = case.program.start("provision", *case.login)
    wait_until(case.waits_for_a_lock, "the migration waits")
    return running


def test_a_migration_that_is_killed_leaves_the_old_version(used):
    new = describe(used)
    take_back(used)
    old = describe(used)
    with psycopg.connect(used.postgres.conninfo(used.database)) as connection:
        held_up(used, connection).kill()
        connection.rollback()
    wait_until(lambda: not used.waits_for_a_lock(), "its session ends")
    assert (versions(used), describe(used)) == ([1], old)
    used.provision()
    assert (versions(used), describe(used)) == ([*range(1, LATEST + 1)], new)
    used.check_layers()


def test_a_migration_that_fails_leaves_the_old_version(used):
    take_back(used)
    with psycopg.connect(used.postgres.conninfo(used.database)) as connection:
        running = held_up(used, connection)
        connection.commit()
    running.wait().fails("ANT-P029")
    assert versions(used) == [1]
    used.provision()
    assert versions(used) == [*range(1, LATEST + 1)]
    used.check_layers()


@pytest.mark.parametrize(
    ("kill", "found"), [(kill_before, [1]), (kill_after, [*range(1, LATEST + 1)])], ids=["before", "after"]
)
def test_killed_at_its_commit(used, proxy, kill, found):
    take_back(used)
    victim = Victim()
    proxy.arm(COMMIT, None, 1, lambda *arguments: kill(victim, *arguments))
    running = used.program.start("provision", address(used, proxy), *used.login[1:])
    victim.set(running)
    wait_until(lambda: not running.is_running(), "its end")
    assert versions(used) == found
    used.provision()
    assert versions(used) == [*range(1, LATEST + 1)]
    used.check_layers()


def test_several_at_once(used):
    take_back(used)
    runs = [used.program.start("provision", *used.login) for _ in range(4)]
    said = [run.wait() for run in runs]
    assert [result.code for result in said] == [0] * 4, said
    assert sum("migrated from version 1" in result.out for result in said) == 1
    assert versions(used) == [*range(1, LATEST + 1)]
    used.check_layers()


def test_a_worker_that_a_migration_has_overtaken(case):
    """One that was forgotten, or frozen, while the others were stopped: with its next connection it ends."""
    case.prepare()
    speed = case.start_speed()
    wait_until(lambda: case.value("SELECT min(epoch) FROM antenna.progress"), "it has its partitions")
    case.execute("INSERT INTO antenna.schema_version (version) VALUES (99)")
    case.end_sessions()
    speed.wait().fails("ANT-D001", f"the schema antenna has version 99 instead of {LATEST}")
