"""The outbox of notices: who is told what, once, in whatever order things happen."""

import datetime
import json

import events
import pytest
from oracle import at
from waiting import early_in_an_hour, wait_until

pytestmark = pytest.mark.timeout(60)

USER = events.user(1)
HOUR = at(events.BEGIN)
NOTICES = "SELECT revision, final FROM antenna.notice WHERE threshold = 100 ORDER BY revision"


def judge_by(case, *thresholds, since="-infinity"):
    """Has these thresholds count from an hour on, as notify stores them."""
    values = ", ".join(f"({threshold}, '{since}')" for threshold in thresholds)
    case.execute(f"DELETE FROM antenna.notice_threshold; INSERT INTO antenna.notice_threshold VALUES {values}")


@pytest.fixture
def hour(case):
    """An hour long ago in which a user has used 100 bytes, in the archive."""
    case.prepare(1)
    case.execute(f"INSERT INTO user_metadata VALUES ('{USER}', 'Ada', 'ada@example.org', 50)")
    judge_by(case, 100)
    case.produce([events.encode()])
    case.speed()
    return case


def with_quota(quota, *options):
    """A run of batch by a quota that the user has by then."""

    def run(case):
        case.execute(f"UPDATE user_metadata SET quota = {quota}")
        case.batch(HOUR, "--quota-as-of", "now", *options)

    return run


def batch(case):
    case.batch(HOUR)


def live(case):
    """What notify writes while the hour runs."""
    case.execute(f"INSERT INTO antenna.notice VALUES ('{HOUR}', '{USER}', 100, 0, false, 100, 50)")


def late_event(case):
    case.produce([events.encode(size=1)])
    case.speed()


def empty_archive(case):
    """As what removes old hours does."""
    case.execute("DELETE FROM antenna.archive_file; UPDATE antenna.hour SET files = 0, rows = 0, bytes_total = 0")
    for path in (case.root / "data").rglob("*.parquet"):
        path.unlink()


def sql(text):
    return lambda case: case.execute(text)


OPEN = sql("UPDATE antenna.progress SET archived_until = '2022-01-01'")
SEALED = sql("UPDATE antenna.progress SET archived_until = now() AT TIME ZONE 'UTC'")
DELETED = sql("DELETE FROM user_metadata")
RENAMED = sql("UPDATE user_metadata SET name = 'Ada L.', email = 'ada@example.com'")
FEWER = sql("DELETE FROM antenna.notice_threshold")

PASSED, LIVE, CORRECTED, AGAIN = (0, True), (0, False), (1, True), (2, True)

# What happens to the hour, and the notices of its user: (revision, final).
ORDERS = {
    "over": ([batch], [PASSED]),
    "exactly the quota": ([with_quota(100)], []),
    "one byte over": ([with_quota(99)], [PASSED]),
    "under": ([with_quota(500)], []),
    "quota 0": ([with_quota(0)], [PASSED]),
    "no quota": ([with_quota("NULL")], []),
    "run twice": ([batch, batch], [PASSED]),
    "live, and final agrees": ([live, batch], [LIVE]),
    "live, and final differs": ([live, with_quota(500)], [LIVE, CORRECTED]),
    "corrected once": ([live, with_quota(500), with_quota(600)], [LIVE, CORRECTED]),
    "corrected, and over all the same": ([live, with_quota(500), batch], [LIVE, CORRECTED, AGAIN]),
    "over after late events": ([with_quota(100), late_event, with_quota(100)], [PASSED]),
    "quota taken away": ([batch, with_quota("NULL")], [PASSED, CORRECTED]),
    "quota changed later": ([batch, sql("UPDATE user_metadata SET quota = 500"), batch], [PASSED]),
    "user deleted": ([batch, DELETED, batch], [PASSED]),
    "user deleted, by the present users": (
        [batch, DELETED, lambda case: case.batch(HOUR, "--quota-as-of", "now")],
        [PASSED, CORRECTED],
    ),
    "user renamed": ([batch, RENAMED, batch], [PASSED]),
    "hour removed": ([batch, empty_archive, lambda case: case.batch(HOUR, "--allow-less")], [PASSED]),
    "not sealed": ([OPEN, batch, SEALED, batch], [LIVE]),
    "not sealed corrects nothing": ([OPEN, live, with_quota(500)], [LIVE]),
    "not sealed, then sealed": ([OPEN, live, with_quota(500), SEALED, with_quota(500)], [LIVE, CORRECTED]),
    "no threshold": ([FEWER, batch], []),
    "threshold taken away": ([live, FEWER, with_quota(500)], [LIVE, CORRECTED]),
    "threshold of later hours": ([lambda case: judge_by(case, 100, since="2022-02-20 10:00"), batch], []),
}


@pytest.mark.parametrize(("steps", "expected"), ORDERS.values(), ids=ORDERS)
def test_each_order_of_events(hour, steps, expected):
    for step in steps:
        step(hour)
    assert hour.query(NOTICES) == expected


def test_of_a_quota_of_0_only_100_percent_means_something(hour):
    judge_by(hour, 50, 100, 200)
    with_quota(0)(hour)
    assert hour.query("SELECT threshold FROM antenna.notice") == [(100,)]


def test_each_threshold_is_notified(hour):
    judge_by(hour, 50, 100, 199, 200)
    batch(hour)
    rows = hour.query("SELECT threshold, hour, id, usage, quota, state FROM antenna.notice ORDER BY threshold")
    assert rows == [(threshold, HOUR, USER, 100, 50, "waiting") for threshold in (50, 100, 199)]


def test_a_run_that_fails_writes_no_notice(hour):
    hour.execute("ALTER TABLE antenna.hour ADD CHECK (batch_at IS NULL)")
    assert hour.program.run(*hour.batch_arguments(HOUR)).code != 0
    assert hour.query(NOTICES) == []
    assert hour.query("SELECT * FROM user_quota_limit") == []


# The running hour: usage, quota, and the thresholds of 80 and 100 that it passes.
USAGES = {
    "under": (80, 100, []),
    "more than 80": (81, 100, [80]),
    "all": (100, 100, [80]),
    "over": (101, 100, [80, 100]),
    "far over": (10**15, 1, [80, 100]),
    "quota 0": (1, 0, [100]),
    "nothing used": (0, 0, []),
    "no quota": (10**9, "NULL", []),
    "largest": (2**63 - 1, 2**63 - 1, [80]),
}


@pytest.fixture
def running_hour(case):
    """Users with each usage in the running hour, and one without metadata."""
    case.provision()
    now = early_in_an_hour(60)
    begin = at(now - now % 3600)
    values = [f"('{user}', '{user}', '{user.replace(' ', '.')}@example.org', {USAGES[user][1]})" for user in USAGES]
    case.execute(f"INSERT INTO user_metadata VALUES {', '.join(values)}")
    totals = [f"('{begin}', 'user_bytes_total', '{user}', {USAGES[user][0]})" for user in USAGES]
    totals.append(f"('{begin}', 'user_bytes_total', 'unknown', 1000000)")
    totals.append(f"('{begin - datetime.timedelta(hours=1)}', 'user_bytes_total', 'under', 1000000)")
    case.execute(f"INSERT INTO bytes (date, type, id, value) VALUES {', '.join(totals)}")
    return case


def notify(case, *options, code=0):
    result = case.program.run("notify", *case.login, *options)
    assert result.code == code, result.out + result.err
    return result


def test_a_dry_run_prints_and_changes_nothing(running_hour):
    said = notify(running_hour, "--dry-run").out
    expected = [(user, threshold) for user, usage in USAGES.items() for threshold in usage[2]]
    found = [line.removeprefix("To: ") for line in said.splitlines() if line.startswith("To: ")]
    assert sorted(found) == sorted(f"{user.replace(' ', '.')}@example.org" for user, _ in expected)
    assert said.endswith(f"would send {len(expected)} notices, skipped 0\n")
    assert said.count("Subject: More than 80 % of your hourly quota is used") == len(expected) - 3
    assert "\nDear far over,\n\nin the hour that began at 2" in said
    assert "you have used 1000000000000000 bytes" in said
    for table in ("notice", "notice_threshold"):
        assert running_hour.value(f"SELECT count(*) FROM antenna.{table}") == 0
    assert notify(running_hour, "--dry-run").out == said
    assert "would send 3 notices" in notify(running_hour, "--dry-run", "--thresholds", "100").out


def test_nothing_is_sent_without_a_transport(running_hour):
    notify(running_hour, code=2).fails("ANT-U004", "no transport is set", "--smtp-url", "--dry-run")
    notify(running_hour, "--dry-run", "--follow", code=2)
    assert running_hour.value("SELECT count(*) FROM antenna.notice") == 0


@pytest.mark.parametrize("thresholds", ["0", "-1", "1.5", "80%", "many", "80,0", "1000001", "99999999999999999999"])
def test_thresholds_that_are_none(case, thresholds):
    case.provision()
    notify(case, "--dry-run", f"--thresholds={thresholds}", code=2).fails("ANT-U003", "invalid value for thresholds")


def test_a_dry_run_waits_for_nobody(running_hour):
    """Not for a batch run of the running hour, which has the hour's lock and the last word."""
    key = "'antenna batch ' || date_trunc('hour', now() AT TIME ZONE 'UTC')"
    with running_hour.connect() as connection:
        connection.execute(f"SELECT pg_advisory_lock(hashtextextended({key}, 0))")
        assert "would send 0 notices" in notify(running_hour, "--dry-run").out
    wait_until(lambda: "would send 0 " not in notify(running_hour, "--dry-run").out, "the lock is free")


def test_a_clock_that_goes_back_does_not_open_an_hour_again(running_hour):
    """Batch has run after the hour's end, by a clock that was ahead."""
    running_hour.execute(
        "INSERT INTO antenna.hour (hour, files, rows, bytes_total, changed_at, batch_at, batch_rows, batch_bytes) "
        "SELECT date_trunc('hour', now() AT TIME ZONE 'UTC'), 1, 1, 1, now(), now() + INTERVAL '1 hour', 1, 1"
    )
    assert "would send 0 notices" in notify(running_hour, "--dry-run").out


def test_a_silence_is_no_notice_to_a_user(hour):
    """Also one that begins with the hour, of an antenna that has the name of a user."""
    row = f"'{HOUR}', '{USER}', 0, 0, true, 5"
    hour.execute(f"INSERT INTO antenna.notice (hour, id, threshold, revision, final, usage) VALUES ({row})")
    with_quota(1000)(hour)
    assert hour.query("SELECT id, kind, revision FROM antenna.notice") == [(USER, "silence", 0)]


OLD, DAYS_AGO, NEW = "2022-02-20 09:00", "(now() - INTERVAL '31 days')", "now()"


def write(case, *rows):
    """Rows of the outbox: (hour, id, threshold, revision, state)."""
    for hour, *values in rows:
        begin = f"date_trunc('hour', {hour} AT TIME ZONE 'UTC')" if "now()" in hour else f"'{hour}'"
        case.execute(
            "INSERT INTO antenna.notice (hour, id, threshold, revision, state, final, usage) "
            f"VALUES ({begin}, {', '.join(repr(value) for value in values)}, true, 1)"
        )


def prune(case, *options):
    limit = ("--notices-older-than", "30d")
    result = case.program.run("prune", *case.login, *limit, "--json", *options)
    assert result.code == 0, result.err
    return json.loads(result.out)["notices"]


# What is in the outbox, and whether it goes: (hour, id, threshold, revision, state, whether).
OUTBOX = {
    "each final state": [
        (OLD, "a", 100, 0, "sent", True),
        (OLD, "b", 80, 0, "skipped", True),
        (OLD, "c", 80, 0, "dead", True),
    ],
    "waiting": [(OLD, "a", 100, 0, "waiting", False), (OLD, "a", 80, 0, "sent", True)],
    "a correction that waits": [(OLD, "a", 100, 0, "sent", False), (OLD, "a", 100, 1, "waiting", False)],
    "by age": [(DAYS_AGO, "a", 100, 0, "sent", True), (NEW, "a", 100, 0, "sent", False)],
    "a silence that is over": [(OLD, "A", 0, 0, "sent", True), (OLD, "A", 0, 1, "sent", True)],
    "a silence that goes on": [(OLD, "A", 0, 0, "sent", False), (OLD, "B", 0, 0, "dead", False)],
    "a silence before another": [(OLD, "A", 0, 0, "sent", True), (DAYS_AGO, "A", 0, 0, "sent", False)],
    "a user with an antenna's name": [(OLD, "A", 0, 0, "sent", False), (DAYS_AGO, "A", 100, 0, "sent", True)],
}


@pytest.mark.parametrize("rows", OUTBOX.values(), ids=OUTBOX)
def test_old_notices_are_removed(case, rows):
    case.provision()
    write(case, *(row[:5] for row in rows))
    going = sum(row[5] for row in rows)
    assert prune(case, "--dry-run") == going
    assert case.value("SELECT count(*) FROM antenna.notice") == len(rows)
    assert prune(case) == going
    kept = case.query("SELECT id, threshold, revision, state FROM antenna.notice ORDER BY 1, 2, 3")
    assert kept == sorted(row[1:5] for row in rows if not row[5])
    assert prune(case) == 0


@pytest.mark.parametrize("meanwhile", [lambda case: None, late_event, with_quota(1000)], ids=["again", "late", "less"])
def test_removed_notices_are_not_sent_again(hour, meanwhile):
    batch(hour)
    assert hour.query(NOTICES) == [PASSED]
    hour.execute("UPDATE antenna.notice SET state = 'sent'")
    assert prune(hour, "--dry-run") == 1
    assert hour.value("SELECT max(since) = '-infinity' FROM antenna.notice_threshold")
    assert prune(hour) == 1
    meanwhile(hour)
    batch(hour)
    assert hour.query(NOTICES) == []
    assert hour.value("SELECT max(since) > now() AT TIME ZONE 'UTC' - INTERVAL '31 days' FROM antenna.notice_threshold")


def test_batch_removes_old_notices_as_a_service(hour):
    batch(hour)
    hour.execute("UPDATE antenna.notice SET state = 'sent'")
    running = hour.program.start(*hour.batch_arguments("-", "--follow", "--notices-older-than", "30d"))
    running.wait_for("and 1 notices")
    running.terminate()
    assert hour.query(NOTICES) == []
