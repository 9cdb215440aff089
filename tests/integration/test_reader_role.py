"""The role that dashboards log in as: what it may read, and that it can change nothing."""

import contextlib

import psycopg
import pytest
from psycopg import sql

pytestmark = pytest.mark.timeout(60)

ROLE = "antenna_reader"
PASSWORD = "it's a \\ secret"

READABLE = [
    *("bytes", "bytes_hourly", "user_metadata", "user_quota_limit"),
    *("antenna.hourly", "antenna.quota_now", "antenna.freshness", "antenna.offenders", "antenna.hour_state"),
    *("antenna.rejected_count", "antenna.silence", "antenna.silent_antennas", "antenna.notice", "antenna.hour"),
]


def drop(case, role=ROLE):
    """Removes a role with all its rights in the test's database."""
    if case.value("SELECT count(*) FROM pg_roles WHERE rolname = %s", role):
        case.execute(sql.SQL("DROP OWNED BY {0}; DROP ROLE {0}").format(sql.Identifier(role)))


@pytest.fixture
def reader(case):
    """The role is missing before the test and after it."""
    drop(case)
    yield case
    drop(case)


def provision(case, password=PASSWORD, user=None, uri=None):
    path = case.folder / "reader-password"
    path.write_text(f"{password}\n")
    login = (uri or case.login[0], *(user or case.login[1:]))
    return case.program.run("provision", *login, "--reader-password-file", path)


def connect(case, password=PASSWORD, database=None):
    return psycopg.connect(
        host="127.0.0.1",
        port=case.postgres.port,
        dbname=database or case.database,
        user=ROLE,
        password=password,
        autocommit=True,
    )


@pytest.mark.core
def test_reads_what_dashboards_show_and_changes_nothing(reader):
    result = provision(reader)
    assert result.code == 0, result.err
    assert "role antenna_reader: created" in result.out
    with connect(reader) as connection:
        for relation in READABLE:
            connection.execute(f"SELECT * FROM {relation}").fetchall()
        connection.execute("SET default_transaction_read_only TO off")
        for statement in (
            "INSERT INTO bytes VALUES (now(), 'x', 1, 'x')",
            "UPDATE user_metadata SET quota = 0",
            "DELETE FROM bytes_hourly",
            "TRUNCATE user_quota_limit",
            "DELETE FROM antenna.rejected_count",
            "CREATE TABLE own (id int)",
            "CREATE TABLE antenna.own (id int)",
            "SELECT * FROM antenna.rejected",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)


def test_only_reads_by_default(reader):
    provision(reader)
    with connect(reader) as connection, pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        connection.execute("CREATE TEMPORARY TABLE own (id int)")


def test_a_rerun_sets_the_password_and_keeps_the_role(reader):
    provision(reader)
    reader.execute(f"ALTER ROLE {ROLE} CONNECTION LIMIT 7")
    result = provision(reader, "another")
    assert "role antenna_reader: already there, password set" in result.out
    connect(reader, "another").close()
    with pytest.raises(psycopg.OperationalError, match="password"):
        connect(reader)
    assert reader.value("SELECT rolconnlimit FROM pg_roles WHERE rolname = %s", ROLE) == 7


def test_the_password_is_kept_as_a_verifier_and_shown_nowhere(reader):
    result = provision(reader)
    assert reader.value("SELECT rolpassword FROM pg_authid WHERE rolname = %s", ROLE).startswith("SCRAM-SHA-256$")
    assert PASSWORD not in result.out + result.err + reader.postgres.log.read_text(errors="replace")


def test_a_database_and_a_schema_whose_names_need_quotes(reader):
    name = f'{reader.database} "odd" $$; --'
    with psycopg.connect(reader.postgres.conninfo(), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    address = psycopg.conninfo.make_conninfo(host="127.0.0.1", port=reader.postgres.port, dbname=name)
    try:
        assert provision(reader, uri=address).code == 0
        with connect(reader, database=name) as connection:
            assert connection.execute("SELECT count(*) FROM bytes").fetchone() == (0,)
    finally:
        with psycopg.connect(reader.postgres.conninfo(), autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def test_tables_in_a_schema_of_their_own(reader):
    reader.execute('CREATE SCHEMA "Sales $$"')
    path = reader.folder / "reader-password"
    path.write_text(PASSWORD)
    result = reader.provision("--jdbc-table", "Sales $$.bytes", "--reader-password-file", path)
    assert result.code == 0, result.err
    with connect(reader) as connection:
        assert connection.execute('SELECT count(*) FROM "Sales $$".bytes').fetchone() == (0,)


@contextlib.contextmanager
def owner(case, options=""):
    """A role that owns the test's database."""
    name = f"owner_{case.database}"
    case.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'x' {options}")
    case.execute(f"ALTER DATABASE {case.database} OWNER TO {name}")
    try:
        yield name, "x"
    finally:
        case.execute(f"ALTER DATABASE {case.database} OWNER TO {case.postgres.user}")
        case.execute(f"DROP OWNED BY {ROLE}" if case.value("SELECT to_regrole(%s)", ROLE) else "SELECT 1")
        case.execute(f"DROP OWNED BY {name} CASCADE; DROP ROLE {name}")


def test_an_owner_who_may_create_roles(reader):
    with owner(reader, "CREATEROLE") as user:
        result = provision(reader, user=user)
        assert result.code == 0, result.err
        with connect(reader) as connection:
            connection.execute("SELECT * FROM antenna.quota_now")


def test_an_owner_who_may_not(reader):
    with owner(reader) as user:
        result = provision(reader, user=user)
        result.fails(
            "ANT-P015", "could not make the role antenna_reader", "permission denied to create role", "CREATEROLE"
        )
        assert reader.value("SELECT to_regclass('bytes')") is None


def test_an_empty_password_file(reader):
    provision(reader, "").fails("ANT-C004", "reader-password", "is empty")
