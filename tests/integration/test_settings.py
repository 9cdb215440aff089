"""Settings of a role or database: a session sets all that a job relies on, and refuses what it may not reset."""

import events
import psycopg
import psycopg.conninfo
import psycopg.sql
import pytest
from program import CHECKOUT

pytestmark = pytest.mark.timeout(90)

SQL = CHECKOUT / "src" / "postgres" / "sql"
BEGIN_SESSION = (SQL / "begin_session.sql").read_text()
SELECT_BACKEND = (SQL / "select_backend.sql").read_text()
MILLISECOND = "1ms"
# Longer than the statements before it is reset take on a busy machine.
SHORT = "500ms"

# A setting, a hostile value, and what a session of ours has (None: the hostile value, which harms nothing).
SETTINGS = {
    "statement_timeout": (SHORT, "0"),
    "transaction_timeout": (SHORT, "0"),
    "lock_timeout": (MILLISECOND, "0"),
    "idle_session_timeout": (SHORT, "0"),  # it also runs between the login and the first statement
    "idle_in_transaction_session_timeout": (MILLISECOND, "0"),
    "tcp_keepalives_idle": ("7200", "10"),
    "tcp_keepalives_interval": ("75", "5"),
    "tcp_keepalives_count": ("9", "4"),
    "tcp_user_timeout": ("1", "0"),
    "client_connection_check_interval": ("0", "5s"),
    "default_transaction_isolation": ("serializable", "read committed"),
    "default_transaction_deferrable": ("on", "off"),
    "exit_on_error": ("on", "off"),
    "synchronous_commit": ("off", "local"),
    "TimeZone": ("Asia/Kathmandu", "UTC"),
    "DateStyle": ("German, DMY", "ISO, MDY"),
    "IntervalStyle": ("sql_standard", "postgres"),
    "client_encoding": ("LATIN1", "UTF8"),
    "bytea_output": ("escape", "hex"),
    "extra_float_digits": ("-15", "1"),
    "quote_all_identifiers": ("on", "off"),
    "standard_conforming_strings": ("off", "on"),
    "array_nulls": ("off", "on"),
    "transform_null_equals": ("on", "off"),
    "restrict_nonsystem_relation_kind": ("view", ""),
    "row_security": ("on", "off"),
    "client_min_messages": ("debug5", "warning"),
    "search_path": ("antenna, public, pg_catalog", "public"),
    "escape_string_warning": ("off", None),
    "backslash_quote": ("off", None),
    "check_function_bodies": ("off", None),
    "plan_cache_mode": ("force_generic_plan", None),
    "enable_seqscan": ("off", None),
    "enable_hashagg": ("off", None),
    "jit": ("on", "off"),
    "jit_above_cost": ("0", None),
    "work_mem": ("64kB", None),
    "xmloption": ("document", None),
    "application_name": ("somebody", None),
    "password_encryption": ("md5", None),
}
# Those that only a superuser may set, and nobody else may set back.
SUPERUSER_SETTINGS = {
    "session_replication_role": "replica",
    "zero_damaged_pages": "on",
    "ignore_checksum_failure": "on",
}


@pytest.fixture
def role(case):
    """A role of the test's own that may do what the jobs do, and how it logs in."""
    name = f"jobs_{case.database}"
    case.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'x'; GRANT ALL ON DATABASE {case.database} TO {name}")
    case.execute(f"GRANT ALL ON SCHEMA public TO {name}")
    yield name
    case.execute(f"DROP OWNED BY {name}; DROP ROLE {name}")


def known(case, names):
    """The settings that this version of PostgreSQL has."""
    rows = case.query("SELECT name FROM pg_settings WHERE name = ANY(%s)", list(names))
    return [name for (name,) in rows]


def make_hostile(case, role, name, value):
    case.execute(f"ALTER ROLE {role} IN DATABASE {case.database} SET {name} TO {psycopg.sql.quote(value)}")


def log_in(case, role):
    conninfo = psycopg.conninfo.make_conninfo(case.postgres.conninfo(case.database), user=role, password="x")
    return psycopg.connect(conninfo, autocommit=True)


def test_a_session_sets_what_it_relies_on(case, role):
    names = known(case, SETTINGS)
    for name in set(names) - {"search_path"}:
        make_hostile(case, role, name, SETTINGS[name][0])
    case.execute(f"ALTER ROLE {role} IN DATABASE {case.database} SET search_path TO {SETTINGS['search_path'][0]}")
    case.execute("CREATE SCHEMA antenna")
    case.execute(f"GRANT USAGE ON SCHEMA antenna TO {role}")
    with log_in(case, role) as session:
        session.execute(BEGIN_SESSION)
        found = {name: session.execute(f"SHOW {name}").fetchone()[0] for name in names}
    hostile = {name for name in names if SETTINGS[name][1] is not None and found[name] != SETTINGS[name][1]}
    assert not hostile, {name: found[name] for name in hostile}


@pytest.mark.parametrize("name", ["statement_timeout", "transaction_timeout"])
def test_the_first_statement_outlives_a_time_out_and_leaves_it(case, role, name):
    """It looks for a pooler, in whose pool nothing may stay; it may take longer than the time-out."""
    for known_name in known(case, [name]):
        make_hostile(case, role, known_name, "200ms")
        with log_in(case, role) as session:
            session.execute(f"{SELECT_BACKEND}; SELECT pg_sleep(0.4)")
            assert session.execute(f"SHOW {known_name}").fetchone()[0] == "200ms"


def test_a_stricter_commit_stays(case, role):
    make_hostile(case, role, "synchronous_commit", "remote_apply")
    with log_in(case, role) as session:
        session.execute(BEGIN_SESSION)
        assert session.execute("SHOW synchronous_commit").fetchone()[0] == "remote_apply"


def each_command(case, uri, user, password="x"):
    login = {"uri": uri, "user": user, "password": password}
    yield ("provision", *login.values())
    yield case.speed_arguments("--until-end", **login)
    yield case.batch_arguments("-", "--pending", **login)
    yield ("verify", *login.values(), "--storage-path", case.root / "data")
    yield ("notify", *login.values(), "--dry-run")
    yield ("status", *login.values())
    yield ("doctor", *login.values(), "--kafka-server", case.kafka.address, "--topic", case.topic)


# Together, so that it is quick. Kathmandu's quarter of an hour would show in every window and hour.
def test_every_command_is_exact_with_hostile_settings(case, role):
    for name in set(known(case, SETTINGS)) - {"search_path"}:
        make_hostile(case, role, name, SETTINGS[name][0])
    case.create_topic()
    case.produce(events.draw(500))
    for arguments in each_command(case, case.login[0], role):
        result = case.program.run(*arguments)
        assert result.code == 0, f"{arguments[0]}: {result.out}{result.err}"
    case.check_exact()


@pytest.mark.parametrize("name", SUPERUSER_SETTINGS)
def test_what_may_not_be_reset_is_refused(case, role, name):
    make_hostile(case, role, name, SUPERUSER_SETTINGS[name])
    case.program.run("status", case.login[0], role, "x").fails("ANT-P015", name)


def test_a_role_that_becomes_another(case, role):
    owner = f"owner_{case.database}"
    case.execute(f"CREATE ROLE {owner}; GRANT {owner} TO {role}; GRANT ALL ON DATABASE {case.database} TO {owner}")
    case.execute(f"GRANT ALL ON SCHEMA public TO {owner}; ALTER ROLE {role} SET role TO {owner}")
    try:
        case.create_topic()
        case.produce(events.draw(300))
        for arguments in each_command(case, case.login[0], role):
            result = case.program.run(*arguments)
            assert result.code == 0, f"{arguments[0]}: {result.out}{result.err}"
        case.check_exact()
    finally:
        case.execute(f"ALTER ROLE {role} RESET role; DROP OWNED BY {owner}; DROP ROLE {owner}")


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1", "WIN1252", "EUC_JP"])
def test_a_database_of_another_encoding_is_refused(case, encoding):
    database = f"{case.database}_other"
    case.create_topic()
    (case.root / "data").mkdir(parents=True)
    case.execute(f"CREATE DATABASE {database} ENCODING '{encoding}' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'")
    try:
        login = {"uri": case.postgres.jdbc_uri(database), "user": case.login[1], "password": case.login[2]}
        commands = {arguments[0]: arguments for arguments in each_command(case, **login)}
        commands["batch --follow"] = case.batch_arguments("-", "--follow", **login)
        started = {name: case.program.start(*arguments) for name, arguments in commands.items()}
        doctor = started.pop("doctor").wait()
        assert (doctor.code, f"encoded as {encoding}" in doctor.out) == (3, True), doctor.out
        for running in started.values():
            running.wait().fails(
                "ANT-P012", f'the database "{database}" is encoded as {encoding} instead of UTF8', "hint: "
            )
    finally:
        case.execute(f"DROP DATABASE {database} WITH (FORCE)")
