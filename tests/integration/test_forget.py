"""forget erases a user everywhere, and all sums stay."""

import datetime
import json
import subprocess

import events
import psycopg
import pytest
from case import QUICK_ROLLS
from oracle import expect
from program import CHECKOUT
from test_interrupted import hour_lock, interrupt, is_waiting
from traces import check_gone, in_tables, pseudonyms, renamed, rows_as_documents, rows_of
from waiting import wait_until

pytestmark = pytest.mark.timeout(90)

NINE, TEN = datetime.datetime(2022, 2, 20, 9), datetime.datetime(2022, 2, 20, 10)
FIRST, SECOND = HOURS = ["2022-02-20T09:00:00Z", "2022-02-20T10:00:00Z"]
NAME, EMAIL = "Ada Lovelace", "ada@example.org"
USER = "ada-1815"

# Ids of all kinds, each with those of other users who must stay.
IDS = {
    "plain": (USER, ["ada-1816", "ada-181", "ada-18155", "Ada-1815", "xada-1815"]),
    "number": ("42", ["421", "142", "4"]),
    "quotes": ("o'brien \"the\" 'x'", ["o'brien", "obrien"]),
    "SQL": ("'; DROP TABLE bytes; --", ["'; DROP TABLE bytes; -- "]),
    "patterns": ("100%_\\*?[a]{1}", ["100%_\\", "100ab"]),
    "pair": ("a/b\\/c", ["a", "b\\/c", "a/b"]),
    "spaces": (" a  b ", ["a  b", " a b ", " a  b"]),
    "control characters": ("a\tb\nc\x01", ["a", "b"]),
    "unicode": ("日本é😀", ["日本e\u0301😀", "日本"]),
    "array": ('{a,"b",NULL}', ["a"]),
    "longest": ("x" * 256, ["x" * 255]),
    "option": ("--dry-run", ["--dry-ru"]),
}


def arguments(case, user=USER, *options, uri=None):
    storage = ("--storage-path", case.root / "data") if (case.root / "data").exists() else ()
    return ("forget", *storage, *options, "--", uri or case.login[0], *case.login[1:], user)


def forget(case, user=USER, *options, code=0):
    """Reports by hour, and the last line."""
    result = case.program.run(*arguments(case, user, "--json", *options))
    assert result.code == code, result.out + result.err
    *hours, last = map(json.loads, result.out.splitlines())
    assert last["complete"] == (code == 0)
    return {report["hour"]: report for report in hours}, last


def events_of(user, count=40, seed=3, seconds=7200):
    """Spread over the hours."""
    return [
        events.encode(events.BEGIN + (seed + number * seconds // count) % seconds, user_id=user, size=1000 + number)
        for number in range(count)
    ]


def add_user(case, user=USER, name=NAME, email=EMAIL, quota=5):
    with case.connect() as connection:
        connection.execute("INSERT INTO user_metadata VALUES (%s, %s, %s, %s)", (user, name, email, quota))
        connection.execute("UPDATE antenna.user_quota SET valid_from = '-infinity' WHERE id = %s", (user,))


def fill(case, user=USER, others=()):
    """Two hours in both layers, each in several files; the user is in every table that may name one."""
    case.prepare()
    add_user(case, user)
    case.execute("INSERT INTO antenna.notice_threshold VALUES (100, '2000-01-01')")
    case.produce(events.draw(600))
    case.produce(events_of(user))
    for other in others:
        case.produce(events_of(other, count=4))
    case.produce([json.dumps({"id": user, "bytes": "x"}).encode(), b"not " + user.encode() + b" json", b"nonsense"])
    case.speed(*QUICK_ROLLS)
    case.batch_pending()
    assert in_tables(case, user) >= {"public.bytes", "public.bytes_hourly", "public.user_metadata", "antenna.notice"}
    return case


@pytest.fixture
def filled(case):
    return fill(case)


def contents(case):
    tables = ("bytes", "bytes_hourly", "user_metadata", "user_quota_limit", "antenna.user_quota", "antenna.notice")
    tables += ("antenna.rejected_message", "antenna.archive_file", "antenna.hour", "antenna.forgetting")
    return {table: sorted(map(str, rows_as_documents(case, table))) for table in tables}


def check_sums(case, user=USER, table="bytes_hourly"):
    """All totals are those of the topic's messages, under one pseudonym; verify is clean. Returns the pseudonym."""
    (pseudonym,) = pseudonyms(case)
    expected = expect(case.messages())
    assert case.totals() == renamed(expected.windows, user, pseudonym)
    assert case.totals(table) == renamed(expected.hourly, user, pseudonym)
    assert rows_of(case.root)[pseudonym] == sum(count for row, count in expected.rows.items() if row[1] == user)
    case.verify("--deep")
    case.check_nothing_left()
    return pseudonym


@pytest.mark.parametrize("kind", IDS)
def test_all_traces_are_erased(case, kind):
    user, others = IDS[kind]
    fill(case, user, others)
    before = contents(case)
    would, last = forget(case, user, "--dry-run")
    assert contents(case) == before
    assert not last["changed"]
    counts = rows_of(case.root)
    done, changed = forget(case, user)
    assert done == would
    assert {**last, "changed": True} == changed
    assert list(done) == HOURS
    assert sum(report["rows"] for report in done.values()) == changed["rows"] == 40
    assert (changed["users"], changed["users_over_quota"], changed["notices"]) == (1, 2, 2)
    assert changed["rejected_messages"] >= 2
    check_gone(case, NAME, EMAIL)
    for table in (
        "bytes",
        "bytes_hourly",
        "user_metadata",
        "antenna.user_quota",
        "antenna.notice",
        "antenna.forgetting",
    ):
        assert case.value(f"SELECT count(*) FROM {table} WHERE id = %s", user) == 0
    pseudonym = check_sums(case, user)
    assert rows_of(case.root) == {pseudonym if name == user else name: count for name, count in counts.items()}
    kept = case.query("SELECT id FROM bytes WHERE type = 'user_bytes_total'")
    assert (user,) not in kept
    assert {(other,) for other in others} <= set(kept)
    assert case.value("SELECT count(*) FROM antenna.rejected_message") == 3
    assert case.value("SELECT count(*) FROM antenna.rejected_message WHERE payload = 'nonsense'") == 1
    assert case.query("SELECT * FROM antenna.forgetting") == []
    again = case.program.run(*arguments(case, user))
    assert again.code == 0, again.err
    assert "nothing of the user was found" in again.err


@pytest.mark.core
def test_no_file_or_output_names_the_user(filled):
    """Neither decoded nor as bytes, nor in what was printed."""
    result = filled.program.run(*arguments(filled))
    assert result.code == 0, result.err
    check_gone(filled, USER, NAME, EMAIL)
    for output in (result.out, result.err):
        assert USER not in output
        assert "forgotten-" not in output
    assert check_sums(filled).startswith("forgotten-")


def test_table(filled):
    result = filled.program.run(*arguments(filled))
    lines = result.out.splitlines()
    assert [line.split()[0] for line in lines[:3]] == ["hour", *HOURS]
    assert lines[3] == "changed or removed:"
    assert {tuple(line.rsplit(maxsplit=1)) for line in lines[4:-1]} >= {
        ("  users", "1"),
        ("  rows of the archive", "40"),
    }
    assert lines[-1] == "complete"
    assert "would be changed" in filled.program.run(*arguments(filled, USER, "--dry-run")).out


def test_usage(filled):
    login = filled.login
    filled.program.run("forget", *login).fails("ANT-U004", "user")
    filled.program.run("forget", *login, "").fails("ANT-U003", "user")
    filled.program.run("forget", *login, "\udcff").fails("ANT-U003", "not UTF-8")
    filled.program.run("forget", *login, USER).fails("ANT-U004")
    assert in_tables(filled, USER)


def test_an_archive_that_cannot_be_written(filled):
    """Nothing is erased from the tables either."""
    before = contents(filled)
    if subprocess.run(["mount", "--bind", filled.root, filled.root], capture_output=True, check=False).returncode:
        pytest.skip("nothing can be mounted here")
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", filled.root], check=True)
        filled.program.run(*arguments(filled)).fails("ANT-A002", "Read-only file system", str(filled.root))
        forget(filled, USER, "--dry-run")
    finally:
        subprocess.run(["umount", filled.root], check=True)
    assert contents(filled) == before
    forget(filled)
    check_gone(filled, USER, NAME, EMAIL)


def test_files_that_lie_elsewhere(filled):
    """A link would be replaced, and the rows would stay in the file that it points to."""
    moved = filled.move_elsewhere(filled.root / "data")
    refused = filled.program.run(*arguments(filled))
    assert refused.code == 3, refused.err
    assert "ANT-A026" in refused.err
    assert "put the file itself" in refused.err
    for link, path in moved.items():
        path.rename(link)
    forget(filled)
    check_gone(filled, USER)


def test_reruns_of_hours_say_the_same(filled):
    """Offenders and notices come again under the pseudonym."""
    forget(filled)
    before = contents(filled)
    limits = filled.query("SELECT * FROM user_quota_limit ORDER BY 1, 4")
    filled.batch(FIRST, "--to", SECOND)
    assert filled.query("SELECT * FROM user_quota_limit ORDER BY 1, 4") == limits
    assert contents(filled)["antenna.notice"] == before["antenna.notice"]
    (pseudonym,) = pseudonyms(filled)
    assert {row[0] for row in limits} >= {pseudonym}
    check_sums(filled)


def test_later_events_count_under_the_id_again(filled):
    forget(filled)
    first = pseudonyms(filled)
    filled.produce(events_of(USER, count=5, seed=11))
    filled.speed()
    filled.batch_pending()
    assert "public.bytes" in in_tables(filled, USER)
    filled.verify("--deep")
    _, last = forget(filled)
    assert last["rows"] == 5
    assert last["users"] == 0
    assert len(pseudonyms(filled) - first) == 1
    assert first < pseudonyms(filled)
    check_gone(filled, USER, EMAIL)
    filled.verify("--deep")


# What is on its way between the layers.


@pytest.mark.parametrize("size", [1000, 0])
def test_hours_with_events_on_their_way_wait(filled, size):
    """Also those of no bytes, which no sum shows."""
    filled.produce(
        [events.encode(events.BEGIN + 20 + second, user_id=USER, size=size) for second in range(0, 3600, 600)]
    )
    speed = filled.start_speed("--roll-age", "1h", "--commit-interval", "10ms")
    filled.wait_until_read(speed)
    done, last = forget(filled, code=6)
    assert {hour: report["waits"] for hour, report in done.items()} == {FIRST: True, SECOND: False}
    assert (last["hours"], last["hours_waiting"]) == (1, 1)
    kept = filled.query("SELECT pseudonym, names, emails FROM antenna.forgetting")
    assert kept[0][1:] == ([NAME], [EMAIL])
    (pseudonym,) = pseudonyms(filled)
    assert pseudonym == kept[0][0]
    assert filled.verify(code=4 if size else 0)["hours"]
    speed.terminate()
    filled.batch_pending()
    done, _ = forget(filled)
    assert list(done) == [FIRST]
    check_gone(filled, USER, NAME, EMAIL)
    assert check_sums(filled) == pseudonym


def test_hours_with_events_of_others_on_their_way(filled):
    """Which wait, too: nobody can tell whose they are; an hour that has nothing of the user does not."""
    filled.produce(
        [events.encode(events.BEGIN + 60, user_id="other"), events.encode(events.BEGIN + 7300, user_id="other")]
    )
    speed = filled.start_speed("--roll-age", "1h", "--commit-interval", "10ms")
    filled.wait_until_read(speed)
    done, _ = forget(filled, code=6)
    assert {hour: report["waits"] for hour, report in done.items()} == {FIRST: True, SECOND: False}
    speed.terminate()
    forget(filled)
    check_gone(filled, USER, NAME, EMAIL)


def test_an_hour_whose_first_file_is_listed_meanwhile(case):
    """No row of the hour could be locked before."""
    case.prepare()
    case.produce(events_of(USER, seconds=3600))
    speed = case.start_speed("--roll-age", "1h", "--commit-interval", "10ms")
    case.wait_until_read(speed)
    with case.connect() as connection, connection.transaction():
        connection.execute("SELECT FROM bytes WHERE id = %s FOR UPDATE", (USER,))
        running = case.program.start(*arguments(case))
        wait_until(lambda: is_waiting(case), "it waits for the totals")
        speed.terminate()
        assert case.value("SELECT count(*) FROM antenna.archive_file")
    result = running.wait()
    assert result.code == 0, result.err
    check_gone(case, USER)
    assert len(pseudonyms(case)) == 1


def test_an_open_hour_that_is_whole(case):
    """Nothing is on its way when the speed layer has stopped cleanly."""
    case.prepare()
    case.produce(events_of(USER, seconds=1800))
    case.speed()
    case.execute("UPDATE antenna.progress SET archived_until = '2022-02-20 09:30'")
    assert case.value("SELECT state FROM antenna.hour_state") == "open"
    forget(case)
    check_gone(case, USER)
    case.batch(FIRST)
    case.verify("--deep")


def test_beside_the_jobs(filled):
    speed = filled.start_speed(*QUICK_ROLLS)
    speed.wait_for("is given")
    batch = filled.program.start(*filled.batch_arguments("-", "--follow", "--interval", "100ms", "--compact"))
    for seed in range(30, 34):
        running = filled.program.start(*arguments(filled))
        while running.is_running():
            filled.produce(events.draw(40, seed=seed))
        assert running.wait().code in (0, 5, 6), running.err
    filled.wait_until_read(speed)
    speed.terminate()
    batch.terminate()
    filled.batch_pending()
    forget(filled)
    check_gone(filled, USER, NAME, EMAIL)
    check_sums(filled)


def test_several_at_once(filled):
    runs = [filled.program.start(*arguments(filled)) for _ in range(3)]
    results = [run.wait() for run in runs]
    assert {result.code for result in results} <= {0, 5}, results
    forget(filled)
    check_gone(filled, USER, NAME, EMAIL)
    check_sums(filled)


def test_stopped_before_all_is_done(filled):
    result = interrupt(filled, arguments(filled), hour_lock(FIRST))
    assert result.code == 6, result.err
    assert result.out.splitlines()[-1] == "incomplete: run it again"
    assert "stopped before 1 of the hours" in result.err
    (pseudonym,) = pseudonyms(filled)
    forget(filled)
    check_gone(filled, USER, NAME, EMAIL)
    assert check_sums(filled) == pseudonym


# Of the statement, as no total is keyed by a pair with a user yet.
@pytest.mark.parametrize("statement", ["rename_totals", "count_traces"])
def test_totals_of_pairs(case, statement):
    case.prepare()
    sql = (CHECKOUT / f"src/postgres/sql/{statement}.sql").read_text()
    rows = {
        "first": [r"u\/\\/x", r"u\/\\/x/y", r"u/\/\\", "u"],
        "second": [r"x/u\/\\", r"x/y/u\/\\", r"u\/\\/x", r"\/u\/\\"],
    }
    with case.connect() as connection, psycopg.RawCursor(connection) as cursor:
        for label, ids in rows.items():
            for number, one in enumerate(ids):
                cursor.execute("INSERT INTO bytes VALUES ('2022-02-20 09:00', $1, $2, $3)", (one, number, label))
        cursor.execute("INSERT INTO bytes VALUES ('2022-02-20 09:00', $1, 7, 'first')", (r"p/x",))
        kinds = (list(rows), [1, 2], "u/\\")
        if statement == "count_traces":
            for name in ("user_metadata", "bytes", "bytes_hourly"):
                sql = sql.replace(f':"{name}"', name)
            assert cursor.execute(sql, (kinds[2], kinds[0], kinds[1])).fetchone() == (3,)
            return
        sql = sql.replace(':"table"', "bytes")
        assert cursor.execute(sql, (None, None, *kinds, "p")).fetchone() == (3, 3)
        assert set(cursor.execute("SELECT type, id, value FROM bytes").fetchall()) == {
            ("first", "p/x", 7),
            ("first", "p/x/y", 1),
            ("first", r"u/\/\\", 2),
            ("first", "u", 3),
            ("second", "x/p", 0),
            ("second", r"x/y/u\/\\", 1),
            ("second", r"u\/\\/x", 2),
            ("second", r"\/u\/\\", 3),
        }
