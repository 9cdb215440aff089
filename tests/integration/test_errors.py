"""Mistakes of the operator's: each ends with its exit code and one message that helps."""

import time

import events
import pytest
from stack import free_port

pytestmark = pytest.mark.timeout(60)

HOUR = "2022-02-20T09:00:00Z"


@pytest.fixture
def prepared(case):
    return case.prepare()


def each_command(case, **changes):
    """Provision, speed and batch with other logins."""
    (case.root / "data").mkdir(parents=True, exist_ok=True)
    login = {"uri": case.login[0], "user": case.login[1], "password": case.login[2]} | changes
    yield ("provision", *login.values())
    yield case.speed_arguments(**login)
    yield case.batch_arguments(HOUR, **login)


@pytest.mark.core
def test_wrong_password(prepared):
    for arguments in each_command(prepared, password="geheim-und-falsch"):
        result = prepared.program.run(*arguments)
        result.fails("ANT-P004", "password authentication failed", "check jdbc-user")
        assert "geheim" not in result.err + result.out


def test_unknown_user(prepared):
    for arguments in each_command(prepared, user="nobody-we-know"):
        prepared.program.run(*arguments).fails("ANT-P004", "nobody-we-know", "check jdbc-user and jdbc-password")


def test_no_password(prepared):
    for arguments in each_command(prepared, password="-"):
        prepared.program.run(*arguments).fails("ANT-P004", "no password supplied", "jdbc-password")


def test_missing_database(prepared):
    for arguments in each_command(prepared, uri=prepared.postgres.jdbc_uri("nowhere")):
        prepared.program.run(*arguments).fails(
            "ANT-P006", 'database "nowhere" does not exist', "check the name of the database"
        )


def test_postgres_is_unreachable(prepared):
    address = f"127.0.0.1:{free_port()}"
    for arguments in each_command(prepared, uri=f"jdbc:postgresql://{address}/x"):
        begin = time.monotonic()
        result = prepared.program.run(*arguments)
        result.fails("ANT-P001", "Connection refused", "hint: ")
        assert time.monotonic() - begin < 15


def test_tables_are_missing(case):
    case.create_topic()
    (case.root / "data").mkdir(parents=True)
    for arguments in (case.speed_arguments(), case.batch_arguments(HOUR)):
        case.program.run(*arguments).fails("ANT-P016", "run antenna provision")


def test_a_table_of_another_name_is_missing(prepared):
    (prepared.root / "data").mkdir(parents=True)
    prepared.program.run(*prepared.speed_arguments(table="byte")).fails("ANT-P016", '"byte"', "run antenna provision")
    arguments = prepared.batch_arguments(HOUR, hourly="hourly")
    prepared.program.run(*arguments).fails("ANT-P016", '"hourly"', "run antenna provision")


# They keep PostgreSQL from altering the columns that they show.
DROP_VIEWS = "DROP VIEW antenna.hour_state, antenna.quota_now, antenna.offenders, antenna.antenna_seen CASCADE"


def test_wrong_column_type(prepared):
    (prepared.root / "data").mkdir(parents=True)
    prepared.execute(DROP_VIEWS)
    prepared.execute("ALTER TABLE bytes ALTER COLUMN value TYPE TEXT")
    prepared.execute("ALTER TABLE user_metadata ALTER COLUMN quota TYPE INTEGER")
    said = ('column "value" of table "bytes" has the type text instead of bigint', "alter the column")
    prepared.program.run(*prepared.speed_arguments()).fails("ANT-P017", *said)
    said = ('column "quota" of table "user_metadata" has the type integer instead of bigint', "alter the column")
    prepared.program.run(*prepared.batch_arguments(HOUR)).fails("ANT-P017", *said)
    prepared.program.run("provision", *prepared.login).fails("ANT-P017", "instead of bigint")


def test_missing_column(prepared):
    prepared.execute(DROP_VIEWS)
    prepared.execute("ALTER TABLE bytes DROP COLUMN value")
    prepared.program.run(*prepared.speed_arguments()).fails("ANT-P017", 'has no column "value"', "add the column")


def test_table_without_key(prepared):
    prepared.execute("ALTER TABLE bytes DROP CONSTRAINT bytes_pkey")
    prepared.program.run(*prepared.speed_arguments()).fails("ANT-P018", '"bytes"', "--adopt")


def test_right_is_missing(prepared):
    role = f"reader_{prepared.database}"
    prepared.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'x'; GRANT USAGE ON SCHEMA antenna TO {role}")
    prepared.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA antenna, public TO {role}")
    try:
        prepared.produce([events.encode()])
        result = prepared.program.run(*prepared.speed_arguments(user=role, password="x"))
        result.fails("ANT-P015", "permission denied", "grant the right")
    finally:
        prepared.execute(f"DROP OWNED BY {role}; DROP ROLE {role}")


def test_table_that_disappears_ends_the_service(prepared):
    prepared.produce([events.encode()])
    speed = prepared.start_speed()
    prepared.wait_until_read(speed)
    prepared.execute("DROP TABLE bytes CASCADE")
    prepared.produce([events.encode()])
    speed.wait().fails("ANT-P016", "bytes", "run antenna provision")


def test_broker_is_unreachable(prepared):
    address = f"127.0.0.1:{free_port()}"
    commands = [prepared.speed_arguments(server=address), ("simulate", address, "devices")]
    begin = time.monotonic()
    for running in [prepared.program.start(*command) for command in commands]:
        running.wait().fails("ANT-K001", address, "check that the broker runs")
    assert time.monotonic() - begin < 15


def test_missing_topic(prepared):
    result = prepared.program.run(*prepared.speed_arguments(topic="nothing-here"))
    result.fails("ANT-K012", 'topic "nothing-here" does not exist', "check its name")


@pytest.mark.parametrize("name", ["two words", "straße", "..", "x" * 250, "x" * 600])
def test_topic_with_a_name_that_kafka_does_not_allow(prepared, name):
    for arguments in (prepared.speed_arguments(topic=name), ("simulate", prepared.kafka.address, name)):
        result = prepared.program.run(*arguments)
        result.fails("ANT-K012", f'topic "{name[:200]}', "no topic of this name", "at most 249")


def test_topic_that_is_made_anew_under_the_service(prepared):
    prepared.produce(events.draw(100))
    speed = prepared.start_speed("-X", "topic.metadata.refresh.interval.ms=200")
    prepared.wait_until_read(speed)
    prepared.delete_topic()
    speed.wait_for("waits and will try again")
    prepared.create_topic()
    speed.wait().fails("ANT-K014", "--job")


def test_root_below_a_file(prepared):
    (prepared.folder / "file").write_text("in the way")
    for root in (prepared.folder / "file", prepared.folder / "file" / "below"):
        result = prepared.program.run(*prepared.speed_arguments(root=root))
        result.fails("ANT-A002", "could not make the folder", str(prepared.folder / "file"), "check the path")


@pytest.mark.parametrize(
    ("property_", "words"),
    [
        ("no.such.property=1", 'No such configuration property: "no.such.property"'),
        ("session.timeout.ms=soon", "session.timeout.ms"),
        ("nonsense", "a text without ="),
    ],
)
def test_wrong_kafka_property(prepared, property_, words):
    prepared.program.run(*prepared.speed_arguments("-X", property_)).fails("ANT-U009", words)
    prepared.program.run("simulate", prepared.kafka.address, "t", "-X", property_).fails("ANT-U009", words)


NOWHERE = "127.0.0.1:1"


@pytest.mark.parametrize(
    ("property_", "words"),
    [
        ("auto.offset.reset=earliest", "messages that Kafka no longer holds"),
        ("isolation.level=read_uncommitted", "aborted transactions"),
        ("metadata.broker.list=elsewhere:9092", "--kafka-server"),
        ("topic.metadata.refresh.interval.ms=-1", "another value than -1"),
    ],
)
@pytest.mark.parametrize("source", ["argument", "environment", "file"])
def test_kafka_property_that_changes_what_is_counted(program, tmp_path, source, property_, words):
    file = tmp_path / "antenna.ini"
    file.write_text(f"kafka-property = {property_}\n")
    options = {"argument": ("-X", property_), "file": ("--config", file)}.get(source, ())
    environment = {"ANTENNA_KAFKA_PROPERTY": property_} if source == "environment" else {}
    arguments = ("speed", NOWHERE, "t", f"jdbc:postgresql://{NOWHERE}/x", "bytes", "u", "p", tmp_path / "archive")
    result = program.run(*arguments, *options, environment=environment)
    result.fails("ANT-K005", f"Kafka property {property_.partition('=')[0]} is refused", words)
    assert not (tmp_path / "archive").exists()


@pytest.mark.parametrize("start", ["soon", "2022-02-20", "2022-02-20T10:00:00", "42"])
def test_wrong_start(prepared, start):
    prepared.program.run(*prepared.speed_arguments("--start", start)).fails("ANT-U003", start, "earliest")


def test_newer_schema(prepared):
    prepared.execute("INSERT INTO antenna.schema_version (version) VALUES (99)")
    (prepared.root / "data").mkdir(parents=True)
    for arguments in (prepared.speed_arguments(), prepared.batch_arguments(HOUR), ("provision", *prepared.login)):
        prepared.program.run(*arguments).fails("ANT-D001", "99")
