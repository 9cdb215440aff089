"""Provision: tables with keys, users, and tables that the old job left."""

import events
import pytest
from oracle import expect
from program import CHECKOUT
from spark_tables import SPARK_TABLES

pytestmark = pytest.mark.timeout(60)

HEADER = "id,name,email,quota\n"
USERS = CHECKOUT / "demo" / "users.csv"


def describe(case):
    """Columns and indexes of all tables."""
    columns = case.query(
        "SELECT table_schema, table_name, column_name, data_type, is_nullable, collation_name "
        "FROM information_schema.columns WHERE table_schema IN ('public', 'antenna') ORDER BY 1, 2, ordinal_position"
    )
    indexes = case.query("SELECT indexdef FROM pg_indexes WHERE schemaname IN ('public', 'antenna') ORDER BY 1")
    return columns, indexes


def users_of(case):
    return case.query("SELECT id, name, email, quota FROM user_metadata ORDER BY 1")


def write(case, text):
    path = case.folder / "users.csv"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.valgrind
@pytest.mark.core
def test_tables_and_keys(case):
    result = case.provision("--users", USERS)
    columns, indexes = describe(case)
    tables = {}
    for schema, table, column, kind, *_ in columns:
        if schema == "public":
            tables.setdefault(table, {})[column] = kind
    totals = {"date": "timestamp without time zone", "id": "text", "value": "bigint", "type": "text"}
    assert tables == {
        "bytes": totals,
        "bytes_hourly": totals,
        "user_metadata": {"id": "text", "name": "text", "email": "text", "quota": "bigint"},
        "user_quota_limit": {
            "email": "text",
            "usage": "bigint",
            "quota": "bigint",
            "date": "timestamp without time zone",
        },
    }
    definitions = "\n".join(row[0] for row in indexes)
    for part in (
        *("public.bytes USING btree (date, type, id)", "public.bytes_hourly USING btree (date, type, id)"),
        *("public.user_metadata USING btree (id)", "public.user_quota_limit USING btree (date)"),
    ):
        assert part in definitions
    assert "table bytes: created" in result.out
    assert "users: 20 inserted, 0 updated, 0 unchanged" in result.out
    quotas = [row[3] for row in users_of(case)]
    assert (min(quotas), max(quotas), len(quotas)) == (5000, 1000000, 20)


def test_again_without_effect(case):
    case.provision("--users", USERS)
    before = describe(case), users_of(case)
    result = case.provision("--users", USERS)
    assert (describe(case), users_of(case)) == before
    assert "table bytes: already there" in result.out
    assert "users: 0 inserted, 0 updated, 20 unchanged" in result.out


def test_changed_users(case):
    case.provision("--users", write(case, HEADER + "a,A,a@x.org,1\nb,B,b@x.org,2\nc,C,c@x.org,3\n"))
    result = case.provision("--users", write(case, HEADER + 'b,"B, the second",b@x.org,20\nc,C,c@x.org,3\nd,D,d@x,4\n'))
    assert "users: 1 inserted, 1 updated, 1 unchanged" in result.out
    assert users_of(case) == [
        ("a", "A", "a@x.org", 1),
        ("b", "B, the second", "b@x.org", 20),
        ("c", "C", "c@x.org", 3),
        ("d", "D", "d@x", 4),
    ]


def test_bad_lines_are_named_and_nothing_is_loaded(case):
    text = HEADER + "a,A,a@x.org,1\n,B,b@x.org,2\nc,C,c@x.org,many\n"
    result = case.program.run("provision", *case.login, "--users", write(case, text))
    result.fails("ANT-C006", "users.csv", "2 invalid lines", "line 3", "line 4", "nothing was loaded")
    assert case.value("SELECT to_regclass('bytes')") is None
    case.provision()
    case.program.run("provision", *case.login, "--users", write(case, text)).fails("ANT-C006", "line 3")
    assert users_of(case) == []


def test_users_file_of_another_encoding(case):
    path = write(case, HEADER + "a,A,a@x.org,1\n")
    path.write_bytes(path.read_bytes() + "b,Bäcker,b@x.org,2\n".encode("latin-1"))
    result = case.program.run("provision", *case.login, "--users", path)
    result.fails("ANT-C006", "users.csv", "line 3", "not encoded in UTF-8", "nothing was loaded")


def test_users_file_that_is_missing(case):
    result = case.program.run("provision", *case.login, "--users", case.folder / "nowhere.csv")
    result.fails("ANT-C005", "could not open", "nowhere.csv")


def test_two_at_the_same_time(case):
    runs = [case.program.start("provision", *case.login, "--users", USERS) for _ in range(4)]
    for run in runs:
        assert run.wait().code == 0, run.err
    assert len(users_of(case)) == 20


def test_old_tables_are_refused_without_adopt(case):
    case.execute(SPARK_TABLES)
    before = describe(case)
    case.program.run("provision", *case.login).fails("ANT-P018", "--adopt", "backup")
    assert describe(case) == before


def fill_old_tables(case):
    case.execute(SPARK_TABLES)
    case.execute("""
        INSERT INTO bytes VALUES
            ('2022-02-20 09:00', 'u', 5, 'user_bytes_total'), ('2022-02-20 09:00', 'u', 5, 'user_bytes_total'),
            ('2022-02-20 09:00', 'x', 3, 'app_bytes_total'), ('2022-02-20 09:00', 'x', 7, 'app_bytes_total'),
            ('2022-02-20 09:05', 'u', 1, 'user_bytes_total');
        INSERT INTO user_metadata VALUES ('u', 'U', 'u@x.org', 10), ('u', 'U', 'u@x.org', 10);
        INSERT INTO user_quota_limit VALUES
            ('u@x.org', 11, 10, '2022-02-20 09:00'), ('u@x.org', 11, 10, '2022-02-20 09:00');
    """)


def test_old_tables_are_adopted(case):
    fill_old_tables(case)
    result = case.provision("--adopt")
    assert "table bytes: adopted, key added, 2 doubled rows merged" in result.out
    assert "of 1 keys the rows differed" in result.out
    assert sorted(row[3] for row in case.query("SELECT date, type, id, value FROM bytes")) == [1, 5, 10]
    assert users_of(case) == [("u", "U", "u@x.org", 10)]
    assert case.value("SELECT count(*) FROM user_quota_limit") == 1
    before = describe(case)
    assert "already there" in case.provision().out
    assert describe(case) == before


def test_an_adopted_table_serves_both_layers(case):
    case.execute(SPARK_TABLES)
    case.provision("--adopt")
    case.create_topic()
    case.produce(events.draw(200, seconds=3600))
    case.speed()
    expected = case.check_exact()
    case.batch(expected.hours[0])
    case.check_batch(expect(case.messages()), expected.hours[0])


def test_adopting_users_that_differ(case):
    case.execute(SPARK_TABLES)
    case.execute("INSERT INTO user_metadata VALUES ('u', 'U', 'u@x.org', 10), ('u', 'U', 'u@x.org', 11)")
    before = describe(case)
    result = case.program.run("provision", *case.login, "--adopt")
    result.fails("ANT-D017", "user_metadata", "1 users", "keep one row of each id")
    assert describe(case) == before


def test_a_user_called_antenna_has_its_tables_in_public(case):
    """The user's name is that of our schema, which the default search path would look into first."""
    assert case.postgres.user == "antenna"
    case.provision()
    case.provision()
    assert case.value("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == 4


def test_tables_in_places_that_are_not_there(case):
    case.program.run("provision", *case.login, "--jdbc-table", "other.bytes").fails(
        *("ANT-P016", 'schema "other" does not exist', "create the schema")
    )
    case.program.run("provision", *case.login, "--jdbc-table", "other.public.bytes").fails(
        *("ANT-P019", '"other.public.bytes"', "check the table's name: a name, or schema.name")
    )
