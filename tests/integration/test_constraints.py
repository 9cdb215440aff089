"""What operators put on tables: a refused row ends the job with 3, the table, the row and a hint; doctor finds it."""

import events
import pytest
from findings import Findings
from oracle import at
from test_batch import write_users

pytestmark = pytest.mark.timeout(60)

TIME = 1645351200  # 2022-02-20T10:00:00Z
T = "date TIMESTAMP NOT NULL, id TEXT NOT NULL, value BIGINT NOT NULL, type TEXT NOT NULL"
KEY = "PRIMARY KEY (date, type, id)"
FUNCTION = "CREATE FUNCTION act() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {} END $$; "
TRIGGER = "CREATE TRIGGER act {} ON {{table}} FOR EACH ROW EXECUTE FUNCTION act()"

# Name: DDL of {table}, what the doctor finds (None: nothing), words of the job's error.
CASES = {
    "no partition for the month": (
        f"CREATE TABLE {{table}} ({T}, {KEY}) PARTITION BY RANGE (date); CREATE TABLE march PARTITION OF {{table}} "
        "FOR VALUES FROM ('2022-03-01') TO ('2022-04-01')",
        "failed",
        ("ANT-P023", "no partition of relation", "2022-02-20 10:00:00"),
    ),
    "no partition for a label": (
        f"CREATE TABLE {{table}} ({T}, {KEY}) PARTITION BY LIST (type); CREATE TABLE apps PARTITION OF {{table}} "
        "FOR VALUES IN ('app_bytes_total')",
        None,
        ("ANT-P023", "no partition of relation", "_bytes_total"),
    ),
    "a column more that is NOT NULL": (
        f"CREATE TABLE {{table}} ({T}, region TEXT NOT NULL, {KEY})",
        "failed",
        (
            "ANT-P017",
            "region",
        ),
    ),
    "a check": (
        f"CREATE TABLE {{table}} ({T}, {KEY}, CHECK (value < 50))",
        "warning",
        ("ANT-P023", "violates check", "Failing row contains (2022-02-20 10:00:00"),
    ),
    "a foreign key": (
        f"CREATE TABLE n (id TEXT PRIMARY KEY); CREATE TABLE {{table}} ({T}, {KEY}, FOREIGN KEY (id) REFERENCES n)",
        "warning",
        ("ANT-P023", "violates foreign key", "(id)="),
    ),
    "another unique key": (
        f"CREATE TABLE {{table}} ({T}, {KEY}, UNIQUE (date))",
        "warning",
        ("ANT-P023", "violates unique", "(date)="),
    ),
    "an exclusion": (
        f"CREATE TABLE {{table}} ({T}, {KEY}, EXCLUDE USING btree (date WITH =))",
        "warning",
        ("ANT-P023", "violates exclusion", "(date)="),
    ),
    "a domain with a check": (
        f"CREATE DOMAIN code AS TEXT CHECK (VALUE <> ''); CREATE TABLE {{table}} ({T}, code code DEFAULT '', {KEY})",
        None,
        (
            "ANT-P023",
            "code",
        ),
    ),
    "a column more that is too short": (
        f"CREATE TABLE {{table}} ({T}, region VARCHAR(2) DEFAULT 'north', {KEY})",
        None,
        ("ANT-P023", "too long", "widen the column"),
    ),
    "a computed column of ours": (
        f"CREATE TABLE {{table}} ({T.replace('BIGINT', 'BIGINT GENERATED ALWAYS AS (1) STORED')}, {KEY})",
        "failed",
        (
            "ANT-P017",
            "value",
        ),
    ),
    "a collation that ignores case": (
        "CREATE COLLATION ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false); "
        f"CREATE TABLE {{table}} ({T.replace('id TEXT', 'id TEXT COLLATE ci')}, {KEY})",
        "failed",
        ("ANT-P021", "collation", "id"),
    ),
    "a trigger that raises": (
        FUNCTION.format("RAISE 'not today';")
        + f"CREATE TABLE {{table}} ({T}, {KEY}); "
        + TRIGGER.format("BEFORE INSERT"),
        "warning",
        ("ANT-P023", "not today", "trigger"),
    ),
    "UNLOGGED": (
        f"CREATE UNLOGGED TABLE {{table}} ({T}, {KEY})",
        "failed",
        (
            "ANT-P022",
            "UNLOGGED",
        ),
    ),
}


def prepare(case, table, ddl):
    case.execute(ddl.format(table=table))
    case.prepare(1)
    case.produce([events.encode(TIME, size=60), events.encode(TIME, size=70, app="skype")])


def examine(case, table, found):
    findings = Findings(case.program.run("doctor", *case.login, "--json"))
    findings.tells(f"table_{table}", found or "ok", *([f'"{table}"'] if found else []))


@pytest.mark.parametrize(("ddl", "found", "words"), CASES.values(), ids=CASES)
def test_speed(case, ddl, found, words):
    prepare(case, "bytes", ddl)
    examine(case, "bytes", found)
    result = case.program.run(*case.speed_arguments("--until-end"))
    code, *rest = words
    result.fails(code, "bytes", *rest)
    assert " hint: " in result.err
    assert case.value("SELECT count(*) FROM bytes") == 0


BATCH_CASES = ["no partition for the month", "a check", "a collation that ignores case", "a trigger that raises"]


def test_a_foreign_key_of_another_table_that_deletes(case):
    """A batch run would delete invoices; the speed layer deletes nothing."""
    prepare(case, "bytes_hourly", f"CREATE TABLE {{table}} ({T}, {KEY})")
    for table in ("bytes", "bytes_hourly"):
        case.execute(
            f"CREATE TABLE public.invoice_{table} (d TIMESTAMP, t TEXT, i TEXT, CONSTRAINT billed "
            f"FOREIGN KEY (d, t, i) REFERENCES {table} (date, type, id) ON DELETE CASCADE)"
        )
    findings = Findings(case.program.run("doctor", *case.login, "--json"))
    findings.tells("table_bytes", "warning", "billed of table invoice_bytes")
    findings.tells("table_bytes_hourly", "failed", "billed of table invoice_bytes_hourly")
    case.speed()
    case.program.run(*case.batch_arguments(at(TIME))).fails("ANT-P019", "billed of table invoice_bytes_hourly")


@pytest.mark.parametrize("table", ["bytes", "bytes_hourly"])
def test_a_foreign_key_of_another_table_that_keeps_rows(case, table):
    """Nothing is wrong until a row is replaced: the doctor warns, and a batch run that is repeated fails."""
    prepare(case, table, f"CREATE TABLE {{table}} ({T}, {KEY})")
    case.execute(
        "CREATE TABLE public.invoice (d TIMESTAMP, t TEXT, i TEXT, "
        f"CONSTRAINT billed FOREIGN KEY (d, t, i) REFERENCES {table} (date, type, id))"
    )
    findings = Findings(case.program.run("doctor", *case.login, "--json"))
    findings.tells(f"table_{table}", "warning", "billed of table invoice")
    case.speed()
    case.batch(at(TIME))
    case.execute(f"INSERT INTO public.invoice SELECT date, type, id FROM {table}")
    result = case.program.run(*case.batch_arguments(at(TIME)))
    assert result.code == (3 if table == "bytes_hourly" else 0), result.err
    assert case.value("SELECT count(*) FROM public.invoice") == 4


@pytest.mark.parametrize("name", BATCH_CASES)
def test_batch(case, name):
    ddl, found, words = CASES[name]
    prepare(case, "bytes_hourly", ddl)
    case.speed()
    examine(case, "bytes_hourly", found)
    result = case.program.run(*case.batch_arguments(at(TIME)))
    assert result.code == 3, result.err
    for word in words:
        assert word in result.err
    assert case.value("SELECT count(*) FROM antenna.hour WHERE batch_at IS NOT NULL") == 0


USERS = "CREATE TABLE user_metadata (id TEXT PRIMARY KEY, name TEXT, email TEXT, quota BIGINT"
LOADED = {
    "by hash": f"{USERS}) PARTITION BY HASH (id);"
    " CREATE TABLE u0 PARTITION OF user_metadata FOR VALUES WITH (MODULUS 2,"
    " REMAINDER 0); CREATE TABLE u1 PARTITION OF user_metadata FOR VALUES WITH (MODULUS 2, REMAINDER 1)",
    "by range": f"{USERS}) PARTITION BY RANGE (id); CREATE TABLE u0 PARTITION OF user_metadata DEFAULT",
    "with columns more": f"{USERS}, since TIMESTAMPTZ NOT NULL DEFAULT now(), UNIQUE (email))",
}


@pytest.mark.parametrize("ddl", LOADED.values(), ids=LOADED)
def test_users_are_loaded(case, ddl):
    case.execute(ddl)
    path = write_users(case.folder / "users.csv", {"a": ("a@x.org", 1), "b": ("b@x.org", 2), "c": ("c@x.org", 3)})
    assert "users: 3 inserted, 0 updated, 0 unchanged" in case.provision("--users", path).out
    write_users(path, {"a": ("a@x.org", 9), "b": ("b@x.org", 2), "d": ("d@x.org", 4)})
    assert "users: 1 inserted, 1 updated, 1 unchanged" in case.provision("--users", path).out
    assert dict(case.query("SELECT id, quota FROM user_metadata")) == {"a": 9, "b": 2, "c": 3, "d": 4}


REFUSED_USERS = {
    "a unique e-mail": (f"{USERS}, UNIQUE (email))", "(email)=(a@x.org)"),
    "a NOT NULL column": (f"{USERS}, since DATE NOT NULL)", "since"),
    "a check": (f"{USERS}, CHECK (quota < 2))", "check"),
}


@pytest.mark.parametrize(("ddl", "words"), REFUSED_USERS.values(), ids=REFUSED_USERS)
def test_users_are_refused(case, ddl, words):
    case.execute(ddl)
    path = write_users(case.folder / "users.csv", {"a": ("a@x.org", 1), "b": ("a@x.org", 2)})
    case.program.run("provision", *case.login, "--users", path).fails("ANT-P023", '"user_metadata"', words)
