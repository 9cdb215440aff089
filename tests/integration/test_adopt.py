"""provision --adopt: whatever shape the old tables have, no byte is lost, doubled or moved without a word."""

import collections
import datetime

import pytest
from findings import Findings
from spark_tables import SPARK_TABLES
from test_provision import describe

pytestmark = pytest.mark.timeout(60)

COLUMNS = "date TIMESTAMP, id TEXT, value BIGINT, type TEXT"
PLAIN = f"CREATE TABLE bytes ({COLUMNS})"

# Rows that repeat others within a partition, rows that have no double, and places that are the same in every partition.
ROWS = """
    INSERT INTO bytes (date, id, value, type) VALUES
        ('2022-02-20 10:00', 'SKYPE', 100, 'app_bytes_total'), ('2022-02-20 10:00', 'SKYPE', 100, 'app_bytes_total'),
        ('2022-03-01 10:00', 'SKYPE', 7000, 'app_bytes_total'), ('2022-03-01 10:05', 'SKYPE', 8000, 'app_bytes_total'),
        ('2022-03-01 10:05', 'u', 1, 'user_bytes_total'), ('2022-03-01 10:05', 'u', 1, 'user_bytes_total'),
        ('2022-03-01 10:05', 'u', 2, 'user_bytes_total'), ('2022-03-01 10:05', 'a', 5, 'antenna_bytes_total')
"""
MERGED = [
    ("2022-02-20 10:00", "SKYPE", 100),
    ("2022-03-01 10:00", "SKYPE", 7000),
    ("2022-03-01 10:05", "SKYPE", 8000),
    ("2022-03-01 10:05", "a", 5),
    ("2022-03-01 10:05", "u", 3),
]
MONTHS = """
    CREATE TABLE bytes_02 PARTITION OF bytes FOR VALUES FROM ('2022-02-01') TO ('2022-03-01');
    CREATE TABLE bytes_03 PARTITION OF bytes FOR VALUES FROM ('2022-03-01') TO ('2022-04-01');
    CREATE TABLE bytes_more PARTITION OF bytes DEFAULT
"""
HASHES = "CREATE TABLE bytes_{0} PARTITION OF bytes FOR VALUES WITH (MODULUS 3, REMAINDER {0});"

ADOPTED = {
    "plain": PLAIN,
    "unlogged": PLAIN.replace("TABLE", "UNLOGGED TABLE"),
    "another collation": PLAIN.replace("id TEXT", 'id TEXT COLLATE "POSIX"'),
    "a column more": f"CREATE TABLE bytes ({COLUMNS}, region TEXT DEFAULT 'x')",
    "a computed column more": f"CREATE TABLE bytes ({COLUMNS}, double BIGINT GENERATED ALWAYS AS (value * 2) STORED)",
    "partitions by range": f"{PLAIN} PARTITION BY RANGE (date); {MONTHS}",
    "partitions by hash of a text": f"{PLAIN} PARTITION BY HASH (id); " + "".join(map(HASHES.format, range(3))),
    "partitions by list": f"""{PLAIN} PARTITION BY LIST (type);
        CREATE TABLE bytes_apps PARTITION OF bytes FOR VALUES IN ('app_bytes_total');
        CREATE TABLE bytes_more PARTITION OF bytes DEFAULT""",
    "partitions of partitions": f"""{PLAIN} PARTITION BY RANGE (date);
        CREATE TABLE bytes_old PARTITION OF bytes FOR VALUES FROM (MINVALUE) TO ('2022-03-01');
        CREATE TABLE bytes_new PARTITION OF bytes DEFAULT PARTITION BY LIST (type);
        CREATE TABLE bytes_apps PARTITION OF bytes_new FOR VALUES IN ('app_bytes_total');
        CREATE TABLE bytes_more PARTITION OF bytes_new DEFAULT""",
    "a child of another table": f"CREATE TABLE parent ({COLUMNS}); CREATE TABLE bytes () INHERITS (parent)",
    "an index": f"{PLAIN}; CREATE INDEX ON bytes (date)",
    "an expression's index": f"{PLAIN}; CREATE INDEX ON bytes (lower(id))",
}

REFUSED = {
    "a view": (
        f"CREATE TABLE old ({COLUMNS}); CREATE VIEW bytes AS SELECT * FROM old",
        "ANT-P019",
        "no table but a: view",
    ),
    "a materialized view": (
        f"CREATE TABLE old ({COLUMNS}); CREATE MATERIALIZED VIEW bytes AS SELECT * FROM old",
        "ANT-P019",
        "materialized view",
    ),
    "a foreign table": (
        f"CREATE FOREIGN DATA WRAPPER none; CREATE SERVER other FOREIGN DATA WRAPPER none; "
        f"CREATE FOREIGN TABLE bytes ({COLUMNS}) SERVER other",
        "ANT-P019",
        "foreign table",
    ),
    "a foreign partition": (
        f"CREATE FOREIGN DATA WRAPPER none; CREATE SERVER other FOREIGN DATA WRAPPER none; "
        f"{PLAIN} PARTITION BY RANGE (date); CREATE FOREIGN TABLE bytes_02 PARTITION OF bytes DEFAULT SERVER other",
        "ANT-P019",
        "partition on another server: bytes_02",
    ),
    "children": (
        f"{PLAIN}; CREATE TABLE bytes_02 () INHERITS (bytes)",
        "ANT-P019",
        "children",
        "bytes_02",
        "NO INHERIT",
    ),
    "partitions by another column": (
        f"CREATE TABLE bytes ({COLUMNS}, region TEXT) PARTITION BY LIST (region)",
        "ANT-P019",
        "partitioned by what is not in its key: region",
    ),
    "partitions by an expression": (
        f"{PLAIN} PARTITION BY RANGE (date_trunc('day', date))",
        "ANT-P019",
        "an expression",
    ),
    "a dashboard's view": (
        f"{PLAIN}; CREATE VIEW dashboard AS SELECT date, id, value FROM bytes",
        "ANT-P025",
        'column "id"',
        "dashboard",
        "drop these views",
    ),
    "the exercise's column": (
        PLAIN.replace("date", '"timestamp"'),
        "ANT-P017",
        'no column "date"',
        'ALTER TABLE "bytes" RENAME COLUMN "timestamp" TO date',
    ),
    "a trigger that keeps rows": (
        f"""{PLAIN}; CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
        CREATE TRIGGER keep BEFORE DELETE ON bytes FOR EACH ROW EXECUTE FUNCTION keep()""",
        "ANT-D017",
        "not all of its doubled rows could be merged",
    ),
    "a rule that keeps rows": (
        f"{PLAIN}; CREATE RULE keep AS ON DELETE TO bytes DO INSTEAD NOTHING",
        "ANT-P020",
        "rule",
    ),
}


def rows_of(case, table="bytes"):
    rows = case.query(f"SELECT to_char(date, 'YYYY-MM-DD HH24:MI'), id, value FROM {table}")
    return sorted(row for row in rows)


@pytest.mark.parametrize("tables", ADOPTED.values(), ids=ADOPTED)
def test_old_table(case, tables):
    case.execute(tables)
    case.execute(ROWS)
    result = case.provision("--adopt")
    assert "table bytes: adopted, key added, 3 doubled rows merged" in result.out
    assert "of 1 keys the rows differed, and their sum was kept: each row is a part" in result.out
    assert "2 rows with 101 bytes were repetitions" in result.out
    assert rows_of(case) == MERGED
    assert "already there" in case.provision().out


@pytest.mark.parametrize(
    ("tables", "code", "words"), [(row[0], row[1], row[2:]) for row in REFUSED.values()], ids=REFUSED
)
def test_refused_table(case, tables, code, words):
    case.execute(tables)
    if "TABLE bytes (date TIMESTAMP" in tables and "FOREIGN" not in tables and "PARTITION" not in tables:
        case.execute(ROWS)
    before = describe(case), case.query("SELECT count(*) FROM pg_class")
    case.program.run("provision", *case.login, "--adopt").fails(code, '"bytes"', *words)
    assert (describe(case), case.query("SELECT count(*) FROM pg_class")) == before


def test_key_that_includes_columns(case):
    case.execute(
        "CREATE TABLE bytes (date TIMESTAMP, id TEXT, value BIGINT NOT NULL, type TEXT, "
        "PRIMARY KEY (date, type, id) INCLUDE (value))"
    )
    assert "table bytes: already there" in case.provision().out
    assert "table bytes: already there" in case.provision("--adopt").out


MERGES = {  # of (5, 5), (3, 7): bytes, bytes_hourly
    (): ([5, 10], [5, 7]),
    ("--merge", "sum"): ([10, 10], [10, 10]),
    ("--merge", "max"): ([5, 7], [5, 7]),
}


@pytest.mark.parametrize(("options", "kept"), MERGES.items(), ids=lambda value: " ".join(map(str, value)))
def test_merge(case, options, kept):
    case.execute(SPARK_TABLES)
    for table in ("bytes", "bytes_hourly"):
        case.execute(f"""INSERT INTO {table} VALUES
            ('2022-02-20 09:00', 'u', 5, 'user_bytes_total'), ('2022-02-20 09:00', 'u', 5, 'user_bytes_total'),
            ('2022-02-20 09:00', 'x', 3, 'app_bytes_total'), ('2022-02-20 09:00', 'x', 7, 'app_bytes_total')""")
    case.provision("--adopt", *options)
    assert tuple([row[2] for row in rows_of(case, table)] for table in ("bytes", "bytes_hourly")) == kept


INVALID = {  # column: {value: reason}
    "date": {"NULL": "null_date", "'2099-01-01'": "time_in_future", "'1970-01-01'": "time_too_old"},
    "id": {"NULL": "null_id", "''": "empty_id", "repeat('x', 257)": "long_id"},
    "value": {"NULL": "null_value", "-1": "negative_value"},
    "type": {"NULL": "null_type"},
}
VALID = {"date": "'2022-02-20 09:00'", "id": "'u'", "value": "7", "type": "'user_bytes_total'"}


def invalid_rows():
    for column, values in INVALID.items():
        for value, reason in values.items():
            yield VALID | {column: value}, reason


def fill_with_invalid_rows(case):
    """Returns how often each reason is there."""
    reasons = collections.Counter()
    case.execute(SPARK_TABLES)
    for row, reason in invalid_rows():
        for table in ("bytes", "bytes_hourly"):
            case.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join(row.values())})")
            reasons[table, reason] += 1
    for table in ("bytes", "bytes_hourly"):
        case.execute(f"INSERT INTO {table} ({', '.join(VALID)}) VALUES ({', '.join(VALID.values())})")
    case.execute("INSERT INTO user_metadata VALUES (NULL, 'n', 'n@x.org', 1), ('', 'e', 'e@x.org', 1)")
    case.execute("INSERT INTO user_quota_limit VALUES ('n@x.org', 2, 1, NULL)")
    reasons["user_metadata", "null_id"] = reasons["user_metadata", "empty_id"] = 1
    reasons["user_quota_limit", "null_date"] = 1
    return reasons


def test_invalid_rows_are_put_aside(case):
    reasons = fill_with_invalid_rows(case)
    result = case.provision("--adopt")
    found = case.query("SELECT table_name, reason, count(*) FROM antenna.put_aside GROUP BY 1, 2")
    assert {row[:2]: row[2] for row in found} == reasons
    assert "9 rows were put aside into antenna.put_aside: 1 empty_id (7 bytes), 1 long_id" in result.out
    assert rows_of(case) == rows_of(case, "bytes_hourly") == [("2022-02-20 09:00", "u", 7)]
    name = "SELECT content ->> 'name' FROM antenna.put_aside WHERE reason = 'empty_id' AND table_name = 'user_metadata'"
    assert case.value(name) == "e"


def test_invalid_rows_stop_if_they_are_to(case):
    fill_with_invalid_rows(case)
    before = describe(case)
    result = case.program.run("provision", *case.login, "--adopt", "--invalid-rows", "stop")
    result.fails("ANT-D017", '"bytes"', "9 of its rows are invalid", "1 null_value", "--invalid-rows")
    assert describe(case) == before
    assert case.value("SELECT count(*) FROM bytes") == 10


# Local date: UTC, in Madrid.
MADRID = {
    "2022-02-20 10:00": "2022-02-20 09:00",
    "2022-07-20 10:00": "2022-07-20 08:00",
    "2022-03-27 01:00": "2022-03-27 00:00",
    "2022-03-27 03:00": "2022-03-27 01:00",
    "2022-10-30 01:00": "2022-10-29 23:00",
    "2022-10-30 02:00": "2022-10-30 01:00",
    "2022-10-30 03:00": "2022-10-30 02:00",
}


def test_local_dates_become_utc(case):
    case.execute(SPARK_TABLES)
    for local in MADRID:
        case.execute(f"INSERT INTO bytes VALUES ('{local}', 'u', 5, 'user_bytes_total')")
        case.execute(f"INSERT INTO bytes_hourly VALUES ('{local}', 'u', 5, 'user_bytes_total')")
        case.execute(f"INSERT INTO user_quota_limit VALUES ('u@x.org', 5, 1, '{local}')")
    result = case.provision("--adopt", "--time-zone", "Europe/Madrid")
    expected = sorted((utc, "u", 5) for utc in MADRID.values())
    assert rows_of(case) == rows_of(case, "bytes_hourly") == expected
    dates = [
        row[0] for row in case.query("SELECT to_char(date, 'YYYY-MM-DD HH24:MI') FROM user_quota_limit ORDER BY 1")
    ]
    assert dates == sorted(MADRID.values())
    assert "the dates of 7 rows became UTC" in result.out


def test_hour_that_the_clocks_show_twice_loses_no_byte(case):
    """A row of each pass has the same local date: neither equal rows nor the smaller one are repetitions."""
    case.execute(SPARK_TABLES)
    for table in ("bytes", "bytes_hourly"):
        for value in (5, 5, 7):
            case.execute(f"INSERT INTO {table} VALUES ('2022-10-30 02:00', 'u', {value}, 'user_bytes_total')")
    result = case.provision("--adopt", "--time-zone", "Europe/Madrid")
    assert rows_of(case) == rows_of(case, "bytes_hourly") == [("2022-10-30 01:00", "u", 17)]
    assert "1 keys lie in an hour that the clocks showed twice" in result.out


REFUSED_ZONES = {
    "no zone": ("Nowhere/City", "no time zone"),
    "an offset, which POSIX reads the other way": ("+01", "no time zone"),
    "a zone whose hours begin within ours": ("Asia/Kolkata", "begin no hour of UTC"),
}


@pytest.mark.parametrize(("zone", "words"), REFUSED_ZONES.values(), ids=REFUSED_ZONES)
def test_refused_zone(case, zone, words):
    case.execute(SPARK_TABLES)
    case.execute("INSERT INTO bytes_hourly VALUES ('2022-10-30 02:00', 'u', 5, 'user_bytes_total')")
    case.program.run("provision", *case.login, "--adopt", "--time-zone", zone).fails("ANT-D017", words)
    assert case.value("SELECT date FROM bytes_hourly") == datetime.datetime(2022, 10, 30, 2)


@pytest.mark.parametrize("options", [("--merge", "sum"), ("--time-zone", "UTC")], ids=" ".join)
def test_options_that_need_adopt(case, options):
    case.program.run("provision", *case.login, *options).fails("ANT-U006", "does nothing without --adopt")


def test_name_in_other_letters(case):
    """PostgreSQL folds names in statements, such as the Spark job's, and none that is quoted."""
    case.provision()
    case.create_topic(1)
    case.execute("ALTER TABLE bytes_hourly RENAME TO bytesbyhour; ALTER TABLE bytes RENAME TO fiveminutes")
    (case.root / "data").mkdir(parents=True)
    for command in (
        ("provision", *case.login, "--bytes-hourly-table", "bytesByHour"),
        ("provision", *case.login, "--jdbc-table", "Public.fiveMinutes"),
        case.batch_arguments("2022-02-20T10:00:00Z", hourly="bytesByHour"),
        case.verify_arguments("--jdbc-table", "fiveminutes", "--bytes-hourly-table", "BYTESBYHOUR"),
        case.speed_arguments("--until-end", table="FiveMinutes"),
    ):
        case.program.run(*command).fails("ANT-P016", "does not exist, and", "does", "give its name as")
    result = case.program.run("doctor", *case.login, "--jdbc-table", "fiveMinutes", "--json")
    Findings(result).tells("table_bytes", "failed", "fiveminutes does")
    assert case.value("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == 4
