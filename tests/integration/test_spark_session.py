"""The Spark engine's session with PostgreSQL, and the settings and properties that it refuses, beside Spark."""

import argparse
import contextlib
import datetime
import re
import socket

import pytest
from antenna_spark import properties, refusals, settings
from antenna_spark.command import CommandError, MistakeError, WorldError
from antenna_spark.postgres import TABLES
from antenna_spark.postgres import connected as connect
from antenna_spark.tables import TOTALS
from program import CHECKOUT, EXIT_CODES
from refuser import Refuser
from test_login_refusals import ANSWERS

HOUR = datetime.datetime(2022, 2, 20, 9)
KEY = ("antenna-speed", "devices")
LABELS = ["user_bytes_total"]
STANDARD = [total for total in TOTALS if total.standard]
KINDS = {"UNAVAILABLE": WorldError, "CONFIGURATION": MistakeError}


def connected(case, tables=None):
    uri, user, password = case.login
    arguments = argparse.Namespace(jdbc_uri=uri, jdbc_user=user, jdbc_password=password)
    return connect(arguments, tables or {name: name for name in TABLES})


@pytest.fixture
def database(case):
    case.provision()
    with connected(case) as database:
        yield database


@pytest.mark.parametrize(
    "level,option,value",
    [
        (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
        (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 10),
        (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 5),
        (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 30_000),
    ],
)
def test_a_server_that_vanishes_is_noticed(database, level, option, value):
    with socket.socket(fileno=database._connection.fileno()) as connected:
        try:
            assert connected.getsockopt(level, option) == value
        finally:
            connected.detach()


def test_refusals_mean_what_they_mean_to_the_program():
    text = (CHECKOUT / "src" / "postgres" / "sqlstate.c").read_text()
    rows = re.findall(r'\{"(\w+)", (?:NULL|"(.*?)"), (SQLSTATE_LOGIN|MAX_PHASE), (ANT_\w+),', text)
    table = (CHECKOUT / "src" / "base" / "error_codes.def").read_text()
    kinds = dict(re.findall(r'^ERROR_CODE\(\s*(ANT_\w+), "[\w-]+", (\w+),', table, re.MULTILINE))
    assert len(rows) > 30
    ours = [
        (prefix, login, words or "", MistakeError if issubclass(kind, MistakeError) else kind)
        for prefix, login, words, kind, _ in refusals.KINDS
    ]
    assert ours == [
        (prefix, phase == "SQLSTATE_LOGIN", words, KINDS[kinds[code]]) for prefix, words, phase, code in rows
    ]


@pytest.mark.parametrize("who", ANSWERS)
def test_refused_logins(postgres, who):
    answer, code = ANSWERS[who]
    with contextlib.closing(Refuser(postgres.port)) as refuser:
        refuser.answer = answer
        uri = f"jdbc:postgresql://127.0.0.1:{refuser.port}/x"
        login = argparse.Namespace(jdbc_uri=uri, jdbc_user="antenna", jdbc_password="secret")
        with pytest.raises(CommandError, match=re.escape(answer[1])) as refused, connect(login, {}):
            pass
    assert refused.value.exit_code == EXIT_CODES[code]


@pytest.mark.parametrize("sqlstate", ["08006", "53100", "57P01", "40P01", "55P03", "57014", "58030", "25006"])
def test_refusals_that_pass(database, sqlstate):
    with pytest.raises(WorldError), refusals.translated(database._connection):
        database._connection.execute(f"DO $$ BEGIN RAISE EXCEPTION 'Meldung' USING ERRCODE = '{sqlstate}'; END $$")


@pytest.mark.parametrize("sqlstate", ["28000", "42P01", "42501", "22021", "22003"])
def test_refusals_that_do_not_pass(database, sqlstate):
    with pytest.raises(MistakeError), refusals.translated(database._connection):
        database._connection.execute(f"DO $$ BEGIN RAISE EXCEPTION 'Meldung' USING ERRCODE = '{sqlstate}'; END $$")


@pytest.mark.parametrize(
    "end",
    [
        "SELECT pg_terminate_backend(pg_backend_pid())",
        "SET idle_in_transaction_session_timeout TO 1; BEGIN; SELECT 1",
    ],
)
def test_a_session_that_the_server_ends(database, end):
    with pytest.raises(WorldError):
        with refusals.translated(database._connection):
            database._connection.execute(end)
        while True:
            database.check_writing()


def test_a_standby_before_its_promotion(case):
    case.provision()
    case.execute(f"ALTER DATABASE {case.database} SET default_transaction_read_only TO on")
    with pytest.raises(WorldError, match="only read"), connected(case):
        pass


@pytest.mark.parametrize("as_of_now,exceeded", [(False, 0), (True, 1)])
def test_a_quota_that_was_changed_after_the_hour(database, case, as_of_now, exceeded):
    case.execute("INSERT INTO user_metadata (id, name, email, quota) VALUES ('u', 'n', 'e', 1000)")
    case.execute("UPDATE antenna.user_quota SET valid_from = '-infinity'")
    case.execute("UPDATE user_metadata SET quota = 10")
    database.replace_totals(HOUR, [(HOUR, 1, "u", 100)], LABELS)
    assert database.replace_exceeded(HOUR, as_of_now) == (exceeded, 0)


# Bytes that an hour has (of each kind of totals), whether a user is over quota, rows and bytes that a run has read, and
# whether it would replace them by less.
LESS = {
    "nothing by nothing": (0, False, 0, 0, False),
    "nothing by something": (0, False, 1, 100, False),
    "the same": (100, True, 1, 100, False),
    "more": (100, True, 2, 200, False),
    "less": (100, True, 1, 99, True),
    "something by nothing": (100, False, 0, 0, True),
    "users over quota by nothing": (0, True, 0, 0, True),
}


@pytest.mark.parametrize("name", LESS)
def test_an_hour_is_not_replaced_by_less(database, case, name):
    before, exceeded, rows, size, refused = LESS[name]
    labels = ["antenna_bytes_total", "app_bytes_total", "user_bytes_total"]
    if before:
        database.replace_totals(HOUR, [(HOUR, label, "x", before) for label in (1, 2, 3)], labels)
        database.check_hour(HOUR, 3, STANDARD, 1, before)
    if exceeded:
        case.execute(f"INSERT INTO user_quota_limit (email, usage, quota, date) VALUES ('e', 2, 1, '{HOUR}')")
    with pytest.raises(MistakeError, match="2022-02-20T09") if refused else contextlib.nullcontext():
        database.refuse_less(HOUR, rows, size, database.count_rows(HOUR))


def test_rows_that_a_trigger_changes(database, case):
    change = "BEGIN NEW.value := NEW.value - 1; RETURN NEW; END"
    case.execute(f"CREATE FUNCTION change_row() RETURNS trigger LANGUAGE plpgsql AS '{change}'")
    case.execute("CREATE TRIGGER changing BEFORE INSERT ON bytes_hourly FOR EACH ROW EXECUTE FUNCTION change_row()")
    database.replace_totals(HOUR, [(HOUR, 1, "x", 300)], LABELS)
    with pytest.raises(MistakeError, match="wrote 0 of 1 rows"):
        database.check_hour(HOUR, 1, STANDARD, 1, 100)


FILE = ("year=2022/month=2/day=20/hour=9/x.parquet", HOUR, 1, 100, HOUR, HOUR, 1000, "{}")
WRITES = {
    "bytes": lambda database: database.add_totals([(HOUR, 1, "u", 100)], LABELS),
    "bytes_hourly": lambda database: database.replace_totals(HOUR, [(HOUR, 1, "u", 100)], LABELS),
    "antenna.rejected_count": lambda database: database.count_rejected(KEY, HOUR, {"not_json": 1}),
    "antenna.rejected_message": lambda database: database.keep_rejected(KEY, [(0, 0, "not_json", "", 0, b"", 0)]),
    "antenna.hour": lambda database: database.list_files(KEY, [FILE]),
    "antenna.archive_file": lambda database: database.list_files(KEY, [FILE]),
}


@pytest.mark.parametrize("table", WRITES)
def test_rows_that_a_trigger_drops(database, case, table):
    case.execute("CREATE FUNCTION drop_row() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'")
    case.execute(f"CREATE TRIGGER dropping BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION drop_row()")
    with pytest.raises(CommandError, match="wrote 0 of 1 rows"):
        WRITES[table](database)


@pytest.mark.parametrize("table", ["bytes", "bytes_hourly"])
def test_rows_that_a_rule_drops(database, case, table):
    case.execute(f"CREATE RULE dropping AS ON INSERT TO {table} DO INSTEAD NOTHING")
    with pytest.raises(CommandError):
        WRITES[table](database)


@pytest.mark.parametrize(
    "name,value",
    [
        ("isolation.level", "read_uncommitted"),
        ("auto.offset.reset", "earliest"),
        ("auto.offset.reset", "latest"),
        ("enable.auto.commit", "true"),
        ("allow.auto.create.topics", "true"),
        ("check.crcs", "false"),
        ("bootstrap.servers", "other:9092"),
        ("key.deserializer", "x"),
        ("value.deserializer", "x"),
        ("interceptor.classes", "x"),
        ("group.protocol", "consumer"),
        ("group.instance.id", "x"),
    ],
)
def test_kafka_properties_that_change_what_is_read(name, value):
    for spelling in (name, name.title()):
        with pytest.raises(MistakeError, match=re.escape(f"Kafka property {name}={value} is refused")):
            properties.checked({spelling: value})


def test_other_kafka_properties():
    given = {"security.protocol": "SASL_SSL", "group.id": "ours", "isolation.level": "read_committed"}
    assert properties.checked(given | {"auto.offset.reset": "none"}) == given | {
        "check.crcs": "true",
        "allow.auto.create.topics": "false",
    }


@pytest.mark.parametrize(
    "name,value", [("spark.api.mode", "connect"), ("parquet.crypto.factory.class", "org.example.Factory")]
)
def test_settings_that_the_engine_cannot_change(name, value):
    with pytest.raises(MistakeError, match=re.escape(f'"{name}" cannot be "{value}"')):
        settings.check_refused({name: value})
    settings.check_refused({name: ""})
