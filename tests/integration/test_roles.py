"""The roles that the jobs log in as: what each needs is enough, and what it must not do fails."""

import events
import psycopg
import pytest
from psycopg import sql
from test_compaction import die_before_the_exchange
from test_upgrade import take_back

pytestmark = pytest.mark.timeout(60)

SPEED, BATCH, NOTIFY = "antenna_speed", "antenna_batch", "antenna_notify"
PASSWORDS = {SPEED: "one's \\ secret", BATCH: "another", NOTIFY: "a third"}
HOUR = "2022-02-20T09:00:00Z"


def drop(case):
    """Removes the roles with all their rights in the test's database."""
    for role in PASSWORDS:
        if case.value("SELECT count(*) FROM pg_roles WHERE rolname = %s", role):
            case.execute(sql.SQL("DROP OWNED BY {0}; DROP ROLE {0}").format(sql.Identifier(role)))


@pytest.fixture
def jobs(case):
    """A database with the roles, and a topic. PUBLIC may call no function, as in the database of a careful operator."""
    drop(case)
    case.execute("ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC")
    case.execute("REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC")
    files = {role: case.folder / f"{role}-password" for role in PASSWORDS}
    for role, path in files.items():
        path.write_text(f"{PASSWORDS[role]}\n")
    options = [
        word for role, path in files.items() for word in (f"--{role.removeprefix('antenna_')}-password-file", path)
    ]
    said = case.provision(*options).out
    assert all(f"role {role}: created" in said for role in PASSWORDS)
    case.create_topic(1)
    yield case
    drop(case)


def login(role):
    return {"user": role, "password": PASSWORDS[role]}


def speed(case, *options):
    result = case.program.run(*case.speed_arguments("--until-end", *options, **login(SPEED)))
    assert result.code == 0, result.err
    return result


def batch(case, hour, *options):
    result = case.program.run(*case.batch_arguments(hour, *options, **login(BATCH)))
    assert result.code == 0, result.err
    return result


@pytest.mark.core
def test_their_rights_suffice(jobs):
    jobs.produce([*events.draw(300), b"nonsense"])
    for _ in range(2):
        speed(jobs)
        batch(jobs, "-", "--pending")
        jobs.check_layers()
    jobs.produce(events.draw(10, seed=2))
    jobs.delete_records({0: 306})
    speed(jobs, "--accept-loss")
    assert "2 files became 1" in batch(jobs, HOUR, "--compact").out
    storage = ("--storage-path", jobs.root / "data")
    jobs.execute("UPDATE bytes SET value = value + 1")
    for command, options in {
        "rebuild": (*storage, "--from", HOUR, "--to", "2022-02-20T10:00:00Z", "--allow-less"),
        "status": (),
        "verify": (*storage, "--deep"),
        "forget": (events.user(1), *storage),
        "prune": (
            *(*storage, "--totals-older-than", "1h", "--archive-older-than", "1h"),
            *("--rejected-older-than", "1h", "--notices-older-than", "1h"),
        ),
    }.items():
        result = jobs.program.run(command, jobs.login[0], *login(BATCH).values(), *options)
        assert result.code in (0, 4), result.err
    options = ("--dry-run", "--operator", "operator@example.org")
    result = jobs.program.run("notify", jobs.login[0], *login(NOTIFY).values(), *options)
    assert result.code == 0, result.err


def test_speed_may_recover_what_compaction_left(jobs, proxy):
    jobs.produce(events.draw(300))
    speed(jobs, "--roll-rows", "20")
    die_before_the_exchange(jobs, proxy, **login(BATCH))
    assert jobs.value("SELECT count(*) FROM antenna.archive_file WHERE replaced_by IS NOT NULL")
    speed(jobs)
    assert not jobs.value("SELECT count(*) FROM antenna.archive_file WHERE replaced_by IS NOT NULL")
    jobs.check_exact()


NOT_ALLOWED = {
    SPEED: [
        "DELETE FROM bytes",
        "TRUNCATE bytes",
        "DROP TABLE bytes",
        "ALTER TABLE bytes ADD COLUMN own INT",
        "SELECT * FROM bytes_hourly",
        "UPDATE bytes_hourly SET value = 0",
        "SELECT * FROM user_metadata",
        "INSERT INTO user_quota_limit VALUES ('x', 1, 1, now())",
        "UPDATE antenna.hour SET batch_at = now()",
        "UPDATE antenna.archive_file SET rows = 0",
        "DELETE FROM antenna.progress",
        "DELETE FROM antenna.loss",
        "UPDATE antenna.schema_version SET version = 9",
    ],
    BATCH: [
        "TRUNCATE bytes",
        "UPDATE antenna.hour_bytes SET added = 0",
        "TRUNCATE bytes_hourly",
        "DROP TABLE user_quota_limit",
        "UPDATE user_metadata SET quota = 0",
        "UPDATE antenna.progress SET totals_offset = 0",
        "UPDATE antenna.hour SET rows = 0",
        "DELETE FROM antenna.hour",
        "UPDATE antenna.archive_file SET rows = 0",
        "UPDATE antenna.rejected_message SET reason = 'x'",
        "UPDATE antenna.put_aside SET reason = 'x'",
        "DELETE FROM antenna.put_aside",
        "UPDATE user_quota_limit SET usage = 0",
        "UPDATE antenna.user_quota SET email = 'x'",
        "UPDATE antenna.forgetting SET pseudonym = 'x'",
        "DELETE FROM antenna.rejected_count",
        "INSERT INTO antenna.schema_version VALUES (9)",
        "UPDATE antenna.notice SET state = 'sent'",
        "INSERT INTO antenna.notice_threshold VALUES (1, now())",
        "UPDATE antenna.notice_threshold SET threshold = 1",
    ],
    NOTIFY: [
        "SELECT * FROM bytes",
        "SELECT * FROM bytes_hourly",
        "SELECT * FROM user_quota_limit",
        "UPDATE user_metadata SET quota = 0",
        "SELECT * FROM antenna.progress",
        "UPDATE antenna.hour SET batch_at = now()",
        "DELETE FROM antenna.notice",
        "UPDATE antenna.notice_threshold SET threshold = 1",
        "UPDATE antenna.data_set SET archive_marked_at = now()",
    ],
}
FOR_ALL = [
    "CREATE TABLE own (id int)",
    "CREATE TABLE antenna.own (id int)",
    "CREATE SCHEMA own",
    "CREATE ROLE own",
    "COPY bytes TO '/tmp/own'",
    "SELECT pg_read_file('PG_VERSION')",
    "SELECT rolpassword FROM pg_authid",
]


@pytest.mark.parametrize("role", NOT_ALLOWED)
def test_what_they_must_not_do_fails(jobs, role):
    conninfo = f"host=127.0.0.1 port={jobs.postgres.port} dbname={jobs.database} user={role}"
    with psycopg.connect(conninfo, password=PASSWORDS[role], autocommit=True) as connection:
        for statement in NOT_ALLOWED[role] + FOR_ALL:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)


def test_what_every_role_may_create_is_warned_of(jobs):
    """As in the schema public before PostgreSQL 15."""
    words = "may create tables in the schema public"
    jobs.execute("GRANT CREATE ON SCHEMA public TO PUBLIC")
    said = jobs.provision().err
    assert all(f"the role {role} {words}" in said for role in PASSWORDS), said
    jobs.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    assert words not in jobs.provision().err


def may(case, role, table):
    """What the role may do with a table."""
    kinds = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE")
    return {kind for kind in kinds if case.value("SELECT has_table_privilege(%s, %s, %s)", role, table, kind)}


def test_an_upgrade_gives_them_their_rights_on_what_is_new(jobs):
    jobs.produce(events.draw(300))
    speed(jobs)
    take_back(jobs)
    jobs.execute(f"GRANT USAGE ON SCHEMA antenna, public TO {SPEED}")
    jobs.provision()
    assert may(jobs, SPEED, "antenna.topic") == {"SELECT", "INSERT", "UPDATE"}
    assert may(jobs, BATCH, "antenna.topic") == set()
    jobs.produce(events.draw(300, seed=2))
    speed(jobs)
    jobs.check_exact()


def test_a_role_without_rights_in_the_database_gets_none(jobs):
    take_back(jobs)
    jobs.provision()
    for role in PASSWORDS:
        assert not jobs.value("SELECT has_schema_privilege(%s, 'antenna', 'USAGE')", role)


def test_a_job_with_the_role_of_the_other_is_refused(jobs):
    jobs.produce(events.draw(10))
    arguments = jobs.speed_arguments("--until-end", **login(BATCH))
    jobs.program.run(*arguments).fails("ANT-P015", "permission denied", "or grant the right")
    speed(jobs)
    arguments = jobs.batch_arguments(HOUR, **login(SPEED))
    jobs.program.run(*arguments).fails("ANT-P015", "permission denied", "or grant the right")
    result = jobs.program.run("provision", jobs.login[0], *login(SPEED).values())
    result.fails("ANT-P015", "must be owner", "or grant the right")
