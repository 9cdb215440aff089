"""Users are judged by the quota in force when an hour began, however the table of users is edited."""

import events
import psycopg
import pytest
from documents import block_with
from findings import Findings
from oracle import at
from test_batch import write_users

pytestmark = pytest.mark.timeout(60)

USER = events.user(1)
HOUR = at(events.BEGIN)
OLD, NEW = ("old@x.org", 50), ("new@x.org", 500)
INSERT = f"INSERT INTO user_metadata VALUES ('{USER}', 'n', '{{}}', {{}})".format
CHANGE = f"UPDATE user_metadata SET email = '{NEW[0]}', quota = {NEW[1]} WHERE id = '{USER}'"
ROW = f"{USER}\tn\t{NEW[0]}\t{NEW[1]}\n"


def in_force(case, hour="now() AT TIME ZONE 'UTC'", user=USER):
    return case.query(
        f"SELECT email, quota FROM antenna.user_quota WHERE id = %s AND valid_from <= {hour} "
        f"AND (valid_until > {hour} OR valid_until IS NULL)",
        user,
    )


def copy(case, *before):
    """Loads the file again in one transaction."""
    with case.connect() as connection, connection.transaction():
        for statement in before:
            connection.execute(statement)
        with connection.cursor().copy("COPY user_metadata FROM STDIN") as stream:
            stream.write(ROW)


def replicate(case):
    """As an apply worker of logical replication does."""
    with case.connect() as connection:
        connection.execute("SET session_replication_role TO replica")
        connection.execute(CHANGE)


def by_operator(case):
    """A role that may edit the users, and has no right on the schema antenna."""
    role = f"editor_{case.database}"
    case.execute(f"CREATE ROLE {role}; GRANT ALL ON user_metadata TO {role}")
    with case.connect() as connection:
        connection.execute(f"SET ROLE {role}")
        connection.execute(CHANGE)
    case.execute(f"DROP OWNED BY {role}; DROP ROLE {role}")


EDITS = {
    "UPDATE": lambda case: case.execute(CHANGE),
    "twice in one transaction": lambda case: case.execute(f"UPDATE user_metadata SET quota = 1; {CHANGE}"),
    "DELETE and INSERT": lambda case: case.execute(f"DELETE FROM user_metadata; {INSERT(*NEW)}"),
    "DELETE, then INSERT": lambda case: [case.execute(sql) for sql in ("DELETE FROM user_metadata", INSERT(*NEW))],
    "TRUNCATE and COPY": lambda case: copy(case, "TRUNCATE user_metadata"),
    "TRUNCATE, then COPY": lambda case: [case.execute("TRUNCATE user_metadata"), copy(case)],
    "another id and back": lambda case: case.execute(
        f"UPDATE user_metadata SET id = 'x', email = 'x', quota = 3; UPDATE user_metadata SET id = '{USER}'; {CHANGE}"
    ),
    "ON CONFLICT": lambda case: case.execute(
        f"{INSERT(*NEW)} ON CONFLICT (id) DO UPDATE SET email = excluded.email, quota = excluded.quota"
    ),
    "provision --users": lambda case: case.provision("--users", write_users(case.folder / "users.csv", {USER: NEW})),
    "logical replication": replicate,
    "a role without rights on antenna": by_operator,
}


@pytest.fixture
def judged(case):
    """A user of 100 bytes in an hour long ago, over the quota of then."""
    case.prepare(1)
    case.execute(INSERT(*OLD))
    case.produce([events.encode()])
    case.speed()
    return case


def offenders(case, *options):
    case.batch(HOUR, *options)
    return case.query("SELECT email, quota FROM user_quota_limit WHERE date = %s", HOUR)


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_a_change_leaves_the_past(case, edit):
    case.provision()
    case.execute(INSERT(*OLD))
    edit(case)
    assert in_force(case, "'2022-02-20'") == [OLD]
    case.execute("SELECT pg_sleep(0.001)")
    assert in_force(case) == [NEW]
    example = block_with("FROM antenna.user_quota", document="docs/data.md")
    assert [(email, quota) for _, email, quota in case.query(example)] == [OLD]
    gaps = case.value(
        "SELECT count(*) FROM (SELECT valid_from <> lag(valid_until) OVER (PARTITION BY id ORDER BY valid_from) AS gap "
        "FROM antenna.user_quota) AS entry WHERE gap"
    )
    assert gaps == 0
    assert case.value("SELECT count(*) FROM antenna.user_quota WHERE valid_until IS NULL") == 1
    case.provision()
    assert in_force(case, "'2022-02-20'") == [OLD]


def test_reruns_judge_as_before(judged):
    assert offenders(judged) == [OLD]
    judged.execute(CHANGE)
    assert offenders(judged) == [OLD]
    assert offenders(judged, "--quota-as-of", "now") == []
    judged.execute("DELETE FROM user_metadata")
    assert offenders(judged) == [OLD]
    judged.execute(INSERT("again@x.org", 1))
    assert offenders(judged, "--quota-as-of", "now") == [("again@x.org", 1)]


def test_user_was_deleted_for_some_time(case):
    case.provision()
    case.execute(INSERT(*OLD))
    case.execute("DELETE FROM user_metadata")
    assert in_force(case) == []
    case.execute("UPDATE antenna.user_quota SET valid_until = valid_until - INTERVAL '2 hours'")
    case.execute(INSERT(*NEW))
    assert in_force(case, "now() AT TIME ZONE 'UTC' - INTERVAL '1 hour'") == []
    assert in_force(case, "now() AT TIME ZONE 'UTC' + INTERVAL '1 second'") == [NEW]


def test_ids_that_are_exchanged(case):
    case.provision()
    case.execute("ALTER TABLE user_metadata DROP CONSTRAINT user_metadata_pkey")
    case.execute("ALTER TABLE user_metadata ADD PRIMARY KEY (id) DEFERRABLE INITIALLY DEFERRED")
    case.execute("INSERT INTO user_metadata VALUES ('a', 'n', 'a@x.org', 1), ('b', 'n', 'b@x.org', 1)")
    case.execute("UPDATE user_metadata SET id = CASE id WHEN 'a' THEN 'b' ELSE 'a' END")
    later = "now() AT TIME ZONE 'UTC' + INTERVAL '1 second'"
    assert in_force(case, later, "a") == [("b@x.org", 1)]
    assert in_force(case, later, "b") == [("a@x.org", 1)]


def test_users_that_a_database_has_already(case):
    case.execute("CREATE TABLE user_metadata (id TEXT PRIMARY KEY, name TEXT, email TEXT, quota BIGINT)")
    case.execute(INSERT(*OLD))
    case.provision("--users", write_users(case.folder / "users.csv", {USER: NEW}))
    assert in_force(case, "'2022-02-20'") == [OLD]
    assert in_force(case, "now() AT TIME ZONE 'UTC' + INTERVAL '1 second'") == [NEW]


UNNOTED = {
    "triggers disabled": f"ALTER TABLE user_metadata DISABLE TRIGGER ALL; {CHANGE}",
    "another table of that name": "ALTER TABLE user_metadata RENAME TO before; "
    "CREATE TABLE public.user_metadata (LIKE before INCLUDING ALL)",
}


@pytest.mark.parametrize("sql", UNNOTED.values(), ids=UNNOTED)
def test_changes_that_were_not_noted(judged, sql):
    judged.execute(sql)
    result = judged.program.run(*judged.batch_arguments(HOUR))
    result.fails("ANT-D015", '1 users of table "user_metadata"', "antenna provision")
    Findings(judged.program.run("doctor", *judged.login, "--json")).tells("quota_history", "failed", "user_metadata")
    judged.provision()
    assert offenders(judged) == [OLD]


def test_another_table_of_users(judged):
    """The history goes on after the table has another name; a second table of users is refused."""
    judged.execute("CREATE TABLE public.people (LIKE user_metadata INCLUDING ALL)")
    options = ("--user-metadata-table", "people")
    batch = judged.batch_arguments(HOUR, users="people")
    for arguments in (batch, ("provision", *judged.login, *options)):
        judged.program.run(*arguments).fails("ANT-D003", '"people"')
    judged.execute("DROP TABLE people; ALTER TABLE user_metadata RENAME TO people")
    judged.provision(*options)
    judged.execute(CHANGE.replace("user_metadata", "people"))
    assert judged.program.run(*batch).code == 0
    assert judged.query("SELECT email FROM user_quota_limit") == [(OLD[0],)]
    assert in_force(judged, "now() AT TIME ZONE 'UTC' + INTERVAL '1 second'") == [NEW]


# Rows that are written and are not there.

DROP = "CREATE FUNCTION act() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {} END $$; "
ROW_TRIGGER = "CREATE TRIGGER thief {{}} ON {{{{table}}}} FOR EACH ROW EXECUTE FUNCTION act()".format
LOSSES = {
    "a trigger before": DROP.format("RETURN NULL;") + ROW_TRIGGER().format("BEFORE INSERT"),
    "a trigger before some": DROP.format("RETURN CASE WHEN NEW IS DISTINCT FROM NULL AND random() < 0 THEN NEW END;")
    + ROW_TRIGGER().format("BEFORE INSERT"),
    "a trigger after": DROP.format("EXECUTE format('DELETE FROM %s', TG_RELID::regclass); RETURN NULL;")
    + ROW_TRIGGER().format("AFTER INSERT"),
    "a rule": "CREATE RULE thief AS ON INSERT TO {table} DO INSTEAD NOTHING",
}


@pytest.mark.parametrize("table", ["bytes_hourly", "user_quota_limit"])
@pytest.mark.parametrize("sql", LOSSES.values(), ids=LOSSES)
def test_rows_that_batch_loses(judged, sql, table):
    judged.execute(sql.format(table=table))
    result = judged.program.run(*judged.batch_arguments(HOUR))
    result.fails("ANT-P020" if "RULE" in sql else "ANT-P024", f'table "{table}"', "thief")
    assert judged.value("SELECT count(*) FROM antenna.hour WHERE batch_at IS NOT NULL") == 0


def test_totals_that_a_trigger_changes(judged):
    sql = DROP.format("NEW.value = NEW.value / 2; RETURN NEW;") + ROW_TRIGGER().format("BEFORE INSERT")
    judged.execute(sql.format(table="bytes_hourly"))
    judged.program.run(*judged.batch_arguments(HOUR)).fails("ANT-P024", '"bytes_hourly"', "trigger thief")


def test_users_that_a_trigger_drops(case):
    case.provision()
    case.execute(LOSSES["a trigger before"].format(table="user_metadata"))
    path = write_users(case.folder / "users.csv", {"a": OLD, "b": NEW})
    case.program.run("provision", *case.login, "--users", path).fails(
        "ANT-P024", 'table "user_metadata" has 0 of the 2 rows', "trigger thief"
    )


@pytest.mark.parametrize("table", ["user_metadata", "bytes_hourly", "user_quota_limit"])
def test_rows_that_a_role_cannot_see(judged, table):
    """The owner sees them, the job does not."""
    role = f"job_{judged.database}"
    judged.execute(
        f"CREATE ROLE {role} LOGIN PASSWORD 'p'; GRANT ALL ON ALL TABLES IN SCHEMA public, antenna TO {role}; "
        f"GRANT USAGE ON SCHEMA antenna TO {role}; ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"
    )
    try:
        result = judged.program.run(*judged.batch_arguments(HOUR, user=role, password="p"))
        result.fails("ANT-P020", f'table "{table}" has row-level security', role, "BYPASSRLS")
        findings = Findings(judged.program.run("doctor", judged.login[0], role, "p", "--json"))
        findings.tells(f"table_{table}", "failed", "row-level security")
        assert psycopg.connect(judged.postgres.conninfo(judged.database)).execute(f"TABLE {table}") is not None
    finally:
        judged.execute(f"DROP OWNED BY {role}; DROP ROLE {role}")
