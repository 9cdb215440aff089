"""A publication of the operator's, such as Debezium's, stops no job: every table of ours has a replica identity."""

import events
import pytest
from findings import Findings

pytestmark = pytest.mark.timeout(90)

PARTITIONED = """
    CREATE TABLE user_quota_limit (email TEXT, usage BIGINT, quota BIGINT, date TIMESTAMP) PARTITION BY RANGE (date);
    CREATE TABLE limits PARTITION OF user_quota_limit DEFAULT;
    CREATE INDEX ON user_quota_limit (date)
"""
UNIQUE = """
    CREATE TABLE bytes (date TIMESTAMP, id TEXT, value BIGINT, type TEXT);
    CREATE UNIQUE INDEX ON bytes (date, type, id)
"""
TABLES = {"ours": "SELECT", "partitions": PARTITIONED, "a unique index for a key": UNIQUE}


def examine(case):
    return Findings(case.program.run("doctor", *case.login, "--json"))


@pytest.mark.parametrize("tables", TABLES.values(), ids=TABLES)
def test_all_tables_are_published(case, tables):
    case.execute("CREATE PUBLICATION everything FOR ALL TABLES")
    case.execute(tables)
    case.prepare(1)
    case.execute(f"INSERT INTO user_metadata VALUES ('{events.user(1)}', 'n', 'n@x.org', 1)")
    for _ in range(2):
        case.produce([events.encode(), b"nonsense"])
        case.speed("--roll-rows", "1")
        case.batch_pending()
    case.batch("-", "--pending", "--compact")
    assert case.value("SELECT usage FROM user_quota_limit") == 200
    examine(case).tells("postgres_publication", "ok")
    # Operators delete rows of the bookkeeping, too.
    for (name,) in case.query("SELECT tablename FROM pg_tables WHERE schemaname = 'antenna'"):
        case.execute(f"DELETE FROM antenna.{name}")


@pytest.mark.parametrize("table", ["public.bytes", "antenna.progress", "public.limits"])
def test_doctor_finds_what_a_publication_refuses(case, table):
    case.execute(PARTITIONED)
    case.provision()
    case.execute(f"ALTER TABLE {table} REPLICA IDENTITY NOTHING")
    examine(case).tells("postgres_publication", "ok")
    case.execute("CREATE PUBLICATION everything FOR ALL TABLES WITH (publish = 'insert')")
    examine(case).tells("postgres_publication", "ok")
    case.execute("CREATE PUBLICATION changes FOR ALL TABLES")
    found = examine(case).tells("postgres_publication", "failed", table.removeprefix("public."), "publication changes")
    assert "REPLICA IDENTITY" in found["postgres_publication"]["fix"]
