"""The views of the schema antenna, and that docs/data.md has all columns of its views and tables, and of the others."""

import datetime
import pathlib
import re
import time
from concurrent.futures import ThreadPoolExecutor

import events
import pytest
from oracle import at, expect
from test_batch import write_users
from waiting import early_in_an_hour, wait_until

pytestmark = pytest.mark.timeout(60)

DATA_PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "data.md"
FIRST_HOUR = datetime.datetime(2022, 2, 20, 9)


@pytest.fixture
def archived(case):
    """Two hours in the archive, of which the first is batched."""
    case.prepare()
    case.produce(events.draw(2000))
    case.speed()
    case.batch(FIRST_HOUR)
    return case


def names_in(cells):
    return {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}


def test_columns_are_documented(case):
    case.provision()
    page = DATA_PAGE.read_text()
    sections = re.findall(r"^### `antenna\.(\w+)`\n(.*?)(?=^##)", page, re.MULTILINE | re.DOTALL)
    documented = {
        ("antenna", name): names_in(re.findall(r"^\| (`.*?`) \|", text, re.MULTILINE)) for name, text in sections
    }
    tables = page.partition("## Tables")[2].partition("\n## ")[0]
    documented |= {
        ("public", name): names_in([columns])
        for name, columns in re.findall(r"^\| `(\w+)` \| (.*?) \|", tables, re.MULTILINE)
    }
    found = {}
    columns = "SELECT table_schema, table_name, column_name FROM information_schema.columns"
    for schema, name, column in case.query(f"{columns} WHERE table_schema IN ('antenna', 'public')"):
        found.setdefault((schema, name), set()).add(column)
    assert documented == found


def hourly(case):
    rows = case.query("SELECT date, type, id, value, layer FROM antenna.hourly")
    assert len({row[:3] for row in rows}) == len(rows), "an hour comes from both layers"
    return {row[:3]: row[3] for row in rows}, {row[0]: row[4] for row in rows}


def test_hourly_takes_each_hour_from_one_layer(archived):
    totals, layers = hourly(archived)
    assert totals == dict(expect(archived.messages()).hourly)
    assert layers == {FIRST_HOUR: "batch", FIRST_HOUR.replace(hour=10): "speed"}


def test_hourly_leaves_a_dirty_hour_to_the_speed_layer(archived):
    archived.produce(events.draw(100, seed=2, seconds=3600))
    archived.speed()
    totals, layers = hourly(archived)
    assert totals == dict(expect(archived.messages()).hourly)
    assert set(layers.values()) == {"speed"}
    archived.batch_pending()
    totals, layers = hourly(archived)
    assert totals == dict(expect(archived.messages()).hourly)
    assert set(layers.values()) == {"batch"}


def test_hourly_knows_hours_that_are_not_archived_yet(case):
    case.prepare()
    case.produce(events.draw(500))
    speed = case.start_speed("--roll-age", "1h")
    case.wait_until_read(speed)
    totals, layers = hourly(case)
    assert totals == dict(expect(case.messages()).hourly)
    assert set(layers.values()) == {"speed"}
    speed.kill()


def test_hourly_keeps_what_was_batched_before_the_archive_began(case):
    case.provision()
    case.execute("INSERT INTO bytes VALUES ('2021-01-01 05:05', 'SKYPE', 5, 'app_bytes_total')")
    case.execute("INSERT INTO bytes_hourly VALUES ('2021-01-01 05:00', 'SKYPE', 7, 'app_bytes_total')")
    assert case.query("SELECT value, layer FROM antenna.hourly") == [(7, "batch")]


def test_quota_now(case):
    now = early_in_an_hour()
    hour = now - now % 3600
    quotas = {events.user(1): ("over@example.org", 900), events.user(2): ("under@example.org", 10**15)}
    case.provision("--users", write_users(case.folder / "users.csv", quotas))
    case.create_topic()
    case.produce([events.encode(hour, user_id=events.user(number), size=1000) for number in (1, 2, 3)])
    case.produce([events.encode(hour - 1, user_id=events.user(1), size=10**6)])
    case.speed()
    rows = case.query(
        "SELECT email, usage, quota, share, projected >= usage, exceeded, crosses_at, date FROM antenna.quota_now"
        " ORDER BY usage / quota::numeric DESC"
    )
    assert [row[:6] for row in rows] == [
        ("over@example.org", 1000, 900, pytest.approx(1000 / 900), True, True),
        ("under@example.org", 1000, 10**15, pytest.approx(1e-12), True, False),
    ]
    assert at(hour) < rows[0][6] <= at(int(time.time()) + 1)
    assert rows[1][6] is None
    assert {row[7] for row in rows} == {at(hour)}


def test_freshness(case):
    case.prepare(partitions=1)
    case.produce(events.draw(100))
    case.speed()
    job, lag, seconds, archive_lag = case.query(
        "SELECT job, lag_messages, lag_seconds, archive_lag_messages FROM antenna.freshness"
    )[0]
    assert (job, lag, seconds, archive_lag) == ("antenna-speed", 0, 0, 0)
    late = "totalled_until = now() AT TIME ZONE 'UTC' - INTERVAL '90 s'"
    case.execute(f"UPDATE antenna.progress SET end_offset = end_offset + 7, {late}")
    lag, seconds = case.query("SELECT lag_messages, lag_seconds FROM antenna.freshness")[0]
    assert lag == 7
    assert 90 <= seconds < 120


def test_silent_antennas(case):
    """The speed layer vouches for the time until now while it runs, and no longer once it is stopped."""
    now = int(time.time())
    case.prepare(partitions=1)
    case.produce([events.encode(now - 7200, antenna_id="silent"), events.encode(now, antenna_id="awake")])
    running = case.start_speed()
    listed = "SELECT antenna FROM antenna.silent_antennas"
    wait_until(lambda: case.query(listed) == [("silent",)], "it is silent")
    running.terminate()
    case.execute("UPDATE antenna.data_set SET silent_after_seconds = 1")
    wait_until(lambda: case.value("SELECT reason FROM antenna.silence"), "it is behind")
    assert case.query(listed) == []


def test_offenders(case):
    case.provision()
    case.execute(
        "INSERT INTO user_quota_limit VALUES ('a@example.org', 15, 10, '2022-02-20 09:00'),"
        " ('a@example.org', 30, 10, '2022-02-20 10:00'), ('a@example.org', 11, 10, '2022-02-20 11:00'),"
        " ('b@example.org', 2, 1, '2022-02-20 09:00')"
    )
    rows = case.query(
        "SELECT email, hours, excess, worst_hour, worst_usage, worst_quota, last_hour FROM antenna.offenders"
    )
    assert sorted(rows) == [
        ("a@example.org", 3, 26, FIRST_HOUR.replace(hour=10), 30, 10, FIRST_HOUR.replace(hour=11)),
        ("b@example.org", 1, 1, FIRST_HOUR, 2, 1, FIRST_HOUR),
    ]


def test_rejected_payloads_are_readable(case):
    case.prepare(partitions=1)
    case.produce(["größer".encode(), b"\xff\xfe not text", b"a\0b", b"x" * 5000, None])
    case.speed()
    rows = case.query('SELECT payload, payload_size, reason FROM antenna.rejected ORDER BY "offset"')
    assert rows == [
        ("größer", 8, "not_json"),
        ("\\377\\376 not text", 11, "invalid_utf8"),
        ("a\\000b", 3, "not_json"),
        ("x" * 4096, 5000, "not_json"),
        ("", 0, "empty"),
    ]


def test_provision_again_keeps_views_and_rights(case):
    case.provision()
    role = f"viewer_{case.database}"
    case.execute(f"CREATE ROLE {role}; GRANT SELECT ON antenna.hourly TO {role}")
    case.provision()
    assert case.value("SELECT has_table_privilege(%s, 'antenna.hourly', 'SELECT')", role)
    case.execute(f"DROP OWNED BY {role}; DROP ROLE {role}")


def test_provision_again_while_dashboards_ask(case):
    """A query runs, provision waits for its end, and another query waits behind it: none ends by a deadlock."""
    query = "SELECT count(*) FROM antenna.hourly"
    waiting = "SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted"
    case.provision()
    with case.connect() as first, case.connect() as second, ThreadPoolExecutor() as pool:
        with first.transaction():
            first.execute(query)
            provision = case.program.start("provision", *case.login)
            wait_until(lambda: case.value(waiting) == 1, "provision waits")
            answer = pool.submit(second.execute, query)
            wait_until(lambda: case.value(waiting) == 2, "the second query waits")
        result = provision.wait()
        assert result.code == 0, result.err
        assert answer.result().fetchall() == [(0,)]
