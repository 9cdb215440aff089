"""forget and each kind of hour, of file, of table and of message; and each moment at which it may be killed."""

import json

import events
import pyarrow as pa
import pytest
import readers
from case import QUICK_GROUP
from foreign import event_columns, folder_of, write
from proxy import COMMIT
from spark_tables import SPARK_TABLES
from test_forget import (
    EMAIL,
    FIRST,
    HOURS,
    NAME,
    NINE,
    SECOND,
    TEN,
    USER,
    add_user,
    arguments,
    check_sums,
    events_of,
    fill,
    forget,
)
from test_protocol import Victim, address, cut_after, cut_before, kill_after, kill_before
from traces import check_gone, in_files, in_tables, pseudonyms
from waiting import wait_until

pytestmark = pytest.mark.timeout(90)


@pytest.fixture
def filled(case):
    return fill(case)


def prune(case, *kinds):
    limits = [word for kind in kinds for word in (f"--{kind}-older-than", "30d")]
    result = case.program.run("prune", *case.login, "--storage-path", case.root / "data", *limits)
    assert result.code == 0, result.err


def come_late(case, *, batch=True):
    case.produce(events_of(USER, count=7, seed=50, seconds=3600))
    case.speed()
    if batch:
        case.batch_pending()


def write_foreign(case, user, **options):
    moments = [NINE.replace(minute=5)] * 3
    return write(case.root / "data", event_columns(moments, [user] * 3), folder_of(NINE), "part-0.parquet", **options)


def prune_and_come_late(case):
    prune(case, "totals", "archive")
    come_late(case)
    assert case.value("SELECT count(added_at) FROM antenna.archive_file") > 0


# Kinds of hours that are erased, and how the first comes by each.
WHOLE = {
    "compacted": lambda case: case.batch(FIRST, "--compact"),
    "dirty": lambda case: come_late(case, batch=False),
    "not batched": lambda case: case.execute(
        "UPDATE antenna.hour SET batch_at = NULL, batch_rows = NULL; DELETE FROM bytes_hourly"
    ),
    "held": lambda case: case.execute("UPDATE antenna.hour SET batch_at = NULL, batch_rows = NULL"),
    "pruned totals": lambda case: prune(case, "totals"),
    "pruned archive": lambda case: prune(case, "archive"),
    "pruned hourly totals": lambda case: prune(case, "hourly"),
    "pruned, and late events since": prune_and_come_late,
    "with a file of another program": lambda case: write_foreign(case, "another"),
}


@pytest.mark.core
@pytest.mark.parametrize("kind", WHOLE)
def test_kinds_of_hours(filled, kind):
    WHOLE[kind](filled)
    code = filled.program.run(*filled.verify_arguments("--deep")).code
    added = filled.query("SELECT hour, count(added_at) FROM antenna.archive_file GROUP BY 1 ORDER BY 1")
    states = filled.query("SELECT hour, state FROM antenna.hour_state ORDER BY 1")
    done, _ = forget(filled)
    assert set(done) == set(HOURS)
    check_gone(filled, USER, NAME, EMAIL)
    assert len(pseudonyms(filled)) == 1
    assert filled.program.run(*filled.verify_arguments("--deep")).code == code
    assert filled.query("SELECT hour, state FROM antenna.hour_state ORDER BY 1") == states
    assert filled.query("SELECT hour, count(added_at) FROM antenna.archive_file GROUP BY 1 ORDER BY 1") == added
    filled.batch_pending()
    assert filled.program.run(*filled.verify_arguments("--deep")).code == (
        0 if kind in ("dirty", "not batched") else code
    )
    assert USER not in str(pseudonyms(filled))


# Kinds of hours that stay as they are, with the reason, while the other is erased.
REFUSED = {
    "a file of another program": (lambda case: write_foreign(case, USER), "has 3 rows of the user and is not listed"),
    "as bytes": (
        lambda case: write(
            case.root / "data",
            event_columns([NINE]) | {"id": pa.array([USER.encode()], pa.binary())},
            folder_of(NINE, padded=True),
        ),
        "has 1 rows of the user and is not listed",
    ),
    "a damaged file": (lambda case: write_foreign(case, "another").write_bytes(b"PAR1"), "part-0.parquet"),
    "a file without ids": (
        lambda case: write(case.root / "data", {"name": pa.array(["x"])}, folder_of(NINE)),
        "part-0000.snappy.parquet",
    ),
    "no Parquet": (
        lambda case: (case.root / "data" / folder_of(NINE) / "copy.csv").write_text(USER),
        "1 entries that are no Parquet files",
    ),
    "a missing file": (
        lambda case: next(case.root.glob(f"data/{folder_of(NINE)}/*.parquet")).unlink(),
        "is missing",
    ),
    "a damaged file of ours": (
        lambda case: next(case.root.glob(f"data/{folder_of(NINE)}/*.parquet")).write_bytes(b"PAR1"),
        "could not erase the user in the hour",
    ),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_hours_that_are_refused(filled, kind):
    spoil, words = REFUSED[kind]
    spoil(filled)
    before = in_files(filled.root, USER)
    hour = (
        "SELECT type, id, value FROM {} WHERE date >= '2022-02-20 09:00' AND date < '2022-02-20 10:00' ORDER BY 1, 2, 3"
    )
    totals = [filled.query(hour.format(table)) for table in ("bytes", "bytes_hourly")]
    for _ in range(2):
        result = filled.program.run(*arguments(filled))
        assert result.code == 3
        assert all(part in result.err for part in (words, f"in the hour {FIRST}", "erase the user in 1 of 2 hours"))
        assert "incomplete: run it again" in result.out
    assert in_files(filled.root, USER) == {path for path in before if "hour=9" in str(path) or "hour=09" in str(path)}
    assert [filled.query(hour.format(table)) for table in ("bytes", "bytes_hourly")] == totals
    assert {key[0] for key in filled.totals("bytes_hourly") if key[2] == USER} == {NINE}
    assert filled.query("SELECT count(*) FROM user_metadata") == [(0,)]
    assert filled.query("SELECT id FROM antenna.forgetting") == [(USER,)]


def test_an_hour_that_was_repaired(filled):
    path = write_foreign(filled, USER)
    forget(filled, code=3)
    (pseudonym,) = pseudonyms(filled)
    path.unlink()
    done, _ = forget(filled)
    assert list(done) == [FIRST]
    check_gone(filled, USER, NAME, EMAIL)
    assert check_sums(filled) == pseudonym


def test_a_file_of_no_hour(filled):
    before = in_files(filled.root, USER)
    path = write(filled.root / "data", event_columns([NINE], [USER]), "old")
    filled.program.run(*arguments(filled)).fails("ANT-H009", "has 1 rows of the user and is not listed")
    assert in_files(filled.root, USER) == before | {path}
    assert "public.user_metadata" in in_tables(filled, USER)


def test_events_on_their_way_to_an_hour_without_totals(filled):
    """Nothing shows whose they are until they are archived."""
    user = "eve-1999"
    filled.produce([events.encode(events.BEGIN + 60, user_id=user)])
    speed = filled.start_speed("--roll-age", "1h", "--commit-interval", "10ms")
    filled.wait_until_read(speed)
    prune(filled, "totals")
    for option in ("--dry-run", "--json"):
        done, _ = forget(filled, user, option, code=6)
        assert {hour: report["waits"] for hour, report in done.items()} == {FIRST: True}
    speed.terminate()
    filled.batch_pending()
    assert in_tables(filled, user)
    done, _ = forget(filled, user)
    assert list(done) == [FIRST]
    check_gone(filled, user)


# Tables.


def test_users_who_share_an_address(case):
    """It stays where it is the other's, and goes where it is this one's."""
    case.prepare()
    for user in (USER, "other"):
        add_user(case, user, name=user)
    case.produce(events_of(USER, seconds=3600) + events_of("other", count=9))
    case.speed()
    case.batch_pending()
    assert case.query("SELECT date, email FROM user_quota_limit ORDER BY 1") == [
        (NINE, EMAIL),
        (NINE, EMAIL),
        (TEN, EMAIL),
    ]
    _, last = forget(case)
    (pseudonym,) = pseudonyms(case)
    assert last["users_over_quota"] == 1
    assert set(case.query("SELECT date, email FROM user_quota_limit")) == {
        (NINE, pseudonym),
        (NINE, EMAIL),
        (TEN, EMAIL),
    }
    check_gone(case, USER)
    case.batch(FIRST, "--to", SECOND)
    assert case.value("SELECT count(*) FROM user_quota_limit WHERE email = %s", EMAIL) == 2


def test_earlier_addresses(filled):
    """And names, of before they were changed, as far as they are known."""
    filled.execute("UPDATE user_metadata SET email = 'lovelace@example.org', name = 'Countess'")
    filled.execute("UPDATE antenna.user_quota SET valid_from = valid_from - INTERVAL '1 day', noted_at = '-infinity'")
    filled.execute("UPDATE user_metadata SET email = 'third@example.org'")
    filled.batch(FIRST, "--to", SECOND)
    forget(filled)
    check_gone(filled, USER, EMAIL, "lovelace@example.org", "third@example.org", "Countess")
    check_sums(filled)


def test_a_user_who_comes_back(filled):
    """As by a file of users that still has the user."""
    write_foreign(filled, USER)
    forget(filled, code=3)
    filled.execute(f"INSERT INTO user_metadata VALUES ('{USER}', 'Ada', 'new@example.org', 5)")
    next(filled.root.rglob("part-0.parquet")).unlink()
    _, last = forget(filled)
    assert last["users"] == 1
    check_gone(filled, USER, EMAIL, "new@example.org")
    check_sums(filled)


def test_a_user_who_comes_back_meanwhile(filled):
    """The user is removed again, with the new name and address."""
    with filled.totals_held():
        running = filled.program.start(*arguments(filled))
        wait_until(filled.waits_for_a_lock, "it waits for the totals of the first hour")
        filled.execute(f"INSERT INTO user_metadata VALUES ('{USER}', 'Countess', 'new@example.org', 5)")
    assert running.wait().code == 0
    check_gone(filled, USER, NAME, EMAIL, "Countess", "new@example.org")
    check_sums(filled)


def test_notices(filled):
    """Of all states; nobody is told any more."""
    filled.execute("DELETE FROM antenna.notice")
    states = ("waiting", "sent", "skipped", "dead")
    for number, state in enumerate(states):
        filled.execute(
            "INSERT INTO antenna.notice (hour, id, threshold, revision, final, usage, quota, state, reason) VALUES "
            f"('{NINE}', '{USER}', {number + 1}, 0, true, 1, 1, '{state}', 'refused for <{EMAIL}>')"
        )
    _, last = forget(filled)
    assert last["notices"] == 4
    (pseudonym,) = pseudonyms(filled)
    found = filled.query("SELECT id, state, reason FROM antenna.notice ORDER BY threshold")
    gone = (pseudonym, "skipped", "the user was forgotten")
    assert found == [gone, (pseudonym, "sent", None), gone, gone]
    check_gone(filled, USER, EMAIL)


def test_notices_of_an_antenna_with_the_id_of_the_user(filled):
    """They are of the antenna, and stay."""
    filled.execute("DELETE FROM antenna.notice")
    filled.execute(
        "INSERT INTO antenna.notice (hour, id, threshold, revision, final, usage, state) VALUES "
        f"('{NINE}', '{USER}', 0, 0, true, 1, 'waiting')"
    )
    _, last = forget(filled)
    assert last["notices"] == 0
    assert filled.query("SELECT id, state FROM antenna.notice") == [(USER, "waiting")]


def test_rows_that_were_put_aside(case):
    case.execute(SPARK_TABLES)
    case.execute(
        f"INSERT INTO user_metadata VALUES ('', '{NAME}', '{EMAIL}', 1), (NULL, 'x', 'x@example.org', 1), "
        f"('{USER}', '{NAME}', '{EMAIL}', 5)"
    )
    case.execute(
        f"INSERT INTO bytes (date, id, value, type) VALUES (NULL, '{USER}', 1, 'user_bytes_total'), "
        f"(NULL, '{USER}', 1, 'app_bytes_total'), (NULL, 'other', 1, 'user_bytes_total'), (NULL, '{USER}', 1, NULL), "
        f"('2021-01-05 07:00', '{USER}', 9, 'user_bytes_total')"
    )
    case.execute(f"INSERT INTO user_quota_limit VALUES ('{EMAIL}', 7, 5, NULL)")
    case.provision("--adopt")
    case.create_topic()
    case.speed()
    _, last = forget(case)
    assert last["put_aside"] == 4
    (pseudonym,) = pseudonyms(case)
    assert in_tables(case, USER) == {"antenna.put_aside"}  # an app of that name
    assert case.query("SELECT content ->> 'type' FROM antenna.put_aside WHERE content ->> 'id' = %s", USER) == [
        ("app_bytes_total",)
    ]
    assert in_tables(case, EMAIL) == in_tables(case, NAME) == set()
    assert case.totals() == {(NINE.replace(year=2021, month=1, day=5, hour=7), "user_bytes_total", pseudonym): 9}


# Rows that were put aside, and which columns the pseudonym replaces when the user 42, called Bob, of 42@x,
# is forgotten.
PUT_ASIDE = [
    ({"id": "42", "type": "user_bytes_total", "value": 42, "date": None}, {"id": None}),
    (
        {"id": "42", "type": "user_bytes_total", "value": None, "date": None, "source": "42@x"},
        {"id": None, "source": None},
    ),
    ({"id": "other", "type": "user_bytes_total", "value": 42, "date": None}, {}),
    ({"id": "Bob", "type": "user_bytes_total", "value": 1, "date": None}, {}),
    ({"id": "42", "type": "antenna_bytes_total", "value": 1, "date": None}, {}),
    ({"id": "", "name": "42", "email": "Bob", "quota": 42}, {}),
    ({"id": None, "name": "Bob", "email": "42@x", "quota": 42}, {"name": None, "email": None}),
    ({"email": "42@x", "usage": 42, "quota": 1, "date": None}, {"email": None}),
]


def test_only_what_names_the_user_is_put_under_the_pseudonym(case):
    case.prepare()
    add_user(case, "42", name="Bob", email="42@x")
    for content, _ in PUT_ASIDE:
        case.execute(
            f"INSERT INTO antenna.put_aside (table_name, reason, content) VALUES ('t', 'r', '{json.dumps(content)}')"
        )
    _, last = forget(case, "42")
    assert last["put_aside"] == sum(bool(changed) for _, changed in PUT_ASIDE)
    found = [row for (row,) in case.query("SELECT content FROM antenna.put_aside ORDER BY number")]
    (pseudonym,) = {row["id"] for row in found if str(row.get("id")).startswith("forgotten-")}
    assert found == [content | dict.fromkeys(changed, pseudonym) for content, changed in PUT_ASIDE]


# Messages that are no events: which are erased.
MESSAGES = {
    b'{"id": "ada-1815", "bytes": "many"}': True,
    b'{"ID": "ada-1815"}': True,
    b'{"id": "\\u0061da-1815"}': True,
    b"ada-1815": True,
    b"\xff ada-1815": True,
    b'{"id": "ada-1815" "bytes"': True,
    b'{"name": "Ada Lovelace"}': True,
    b'{"mail": "<ada@example.org>"}': True,
    b'{"mail": "ada\\u0040example.org"}': True,
    b'{"id": "' + b"x" * 4080 + b'", "ada-1815': True,
    b'{"app": "' + b"x" * 4082 + b"ada-1815": False,
    b'{"id": "ada-18150"}': False,
    b'{"id": "Ada-1815"}': False,
    b'{"id": "\\u0041da-1815"}': False,
    b'{"id": "' + b"x" * 5000: False,
}


def test_rejected_messages(case):
    case.prepare(partitions=1)
    add_user(case)
    long = b'{"id": "' + b"x" * 4096 + b'" ada-1815'  # of which the detail tells
    case.produce([*MESSAGES, long])
    case.speed()
    before = case.query('SELECT "offset", reason, payload_size FROM antenna.rejected_message ORDER BY 1')
    details = [row[0] for row in case.query('SELECT detail FROM antenna.rejected_message ORDER BY "offset"')]
    _, last = forget(case)
    assert case.query('SELECT "offset", reason, payload_size FROM antenna.rejected_message ORDER BY 1') == before
    found = [row[0] for row in case.query('SELECT payload FROM antenna.rejected_message ORDER BY "offset"')]
    erased = [*MESSAGES.values(), USER in details[-1]]
    assert [payload == b"" for payload in found] == erased, details
    assert last["rejected_messages"] == sum(erased)
    assert in_tables(case, USER) == {"antenna.rejected_message"}  # ada-18150
    assert in_tables(case, NAME) == in_tables(case, EMAIL) == set()


def test_a_job_with_a_table_of_its_own(filled):
    filled.execute("CREATE TABLE public.own (LIKE bytes INCLUDING ALL)")
    speed = filled.speed_arguments("--until-end", *QUICK_GROUP, "--no-archive", "--job", "own", table="own")
    assert filled.program.run(*speed).code == 0
    assert "public.own" in in_tables(filled, USER)
    forget(filled)
    check_gone(filled, USER, NAME, EMAIL)
    check_sums(filled)
    assert filled.totals("own") == filled.totals()


def test_without_an_archive(case):
    case.prepare()
    add_user(case)
    case.produce(events_of(USER))
    case.speed("--no-archive")
    _, last = forget(case)
    assert last["totals"] > 2
    assert in_tables(case, USER) == in_tables(case, EMAIL) == set()
    assert len(pseudonyms(case)) == 1


def test_numeric_ids(case):
    case.prepare()
    case.produce([events.encode(user_id=1815), events.encode(user_id="1815"), events.encode(user_id=18150)])
    case.speed("--accept", "numeric-ids")
    _, last = forget(case, "1815")
    assert last["rows"] == 2
    assert {key[2] for key in case.totals() if key[1] == "user_bytes_total"} == {*pseudonyms(case), "18150"}
    case.batch_pending()
    case.verify("--deep")


# What keeps the rows of a table, by what drops or undoes the statement.
TRIGGER = (
    "CREATE FUNCTION keep() RETURNS TRIGGER LANGUAGE plpgsql AS 'BEGIN RETURN {0}; END'; "
    "CREATE TRIGGER keep BEFORE {1} ON {2} FOR EACH ROW EXECUTE FUNCTION keep()",
    "DROP TRIGGER keep ON {2}",
)
RULE = ("CREATE RULE keep AS ON {1} TO {2} DO INSTEAD NOTHING", "DROP RULE keep ON {2}")
KEPT = [
    ("user_metadata", "DELETE", "NULL", TRIGGER),
    ("user_quota_limit", "UPDATE", "NULL", TRIGGER),
    ("user_quota_limit", "UPDATE", "OLD", TRIGGER),
    ("antenna.user_quota", "DELETE", "NULL", TRIGGER),
    ("antenna.user_quota", "DELETE", None, RULE),
    ("antenna.notice", "DELETE", "NULL", TRIGGER),
    ("antenna.put_aside", "UPDATE", "NULL", TRIGGER),
    ("antenna.put_aside", "UPDATE", "OLD", TRIGGER),
    ("antenna.rejected_message", "UPDATE", "NULL", TRIGGER),
]


@pytest.mark.parametrize(("table", "act", "value", "keeper"), KEPT)
def test_rows_that_are_kept(filled, table, act, value, keeper):
    """Whatever keeps a row is no success."""
    put_aside = "INSERT INTO antenna.put_aside (table_name, reason, content) VALUES ('bytes', 'no_date', %s)"
    with filled.connect() as connection:
        connection.execute(put_aside, [json.dumps({"id": USER, "type": "user_bytes_total"})])
    begin, end = (text.format(value, act, table) for text in keeper)
    filled.execute(begin)
    result = filled.program.run(*arguments(filled))
    assert result.code == 3, result.out + result.err
    assert table in result.err
    assert filled.query("SELECT id FROM antenna.forgetting") == [(USER,)]
    words = f'user "{USER}" is not erased completely since '
    shown = filled.program.run("status", *filled.login).out
    assert words in shown
    assert "run antenna forget with this id again" in shown
    assert json.loads(filled.program.run("status", *filled.login, "--json").out)["erasure"]["user"] == USER
    assert words in filled.program.run("doctor", *filled.login).out
    filled.execute(end)
    forget(filled)
    check_gone(filled, USER, NAME, EMAIL)
    assert "erasure" not in filled.program.run("status", *filled.login).out
    assert json.loads(filled.program.run("status", *filled.login, "--json").out)["erasure"] is None


# Crashes: which COMMIT, of the beginning, of each hour and of the end.


@pytest.mark.parametrize("number", [1, pytest.param(2, marks=pytest.mark.core), 3, 4])
@pytest.mark.parametrize("action", [kill_before, kill_after, cut_before, cut_after])
def test_around_each_commit(filled, proxy, number, action):
    """The next run goes on with the same pseudonym; files go after the rows of the list, whoever comes next."""
    victim = Victim()
    proxy.arm(COMMIT, None, number, lambda *arguments: action(victim, *arguments))
    running = filled.program.start(*arguments(filled, uri=address(filled, proxy)))
    victim.set(running)
    wait_until(lambda: not running.is_running(), "its end")
    assert proxy.happened.is_set()
    assert running.process.returncode != 0
    wait_until(
        lambda: not filled.value("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"), "its session ends"
    )
    noted = filled.query("SELECT pseudonym FROM antenna.forgetting")
    filled.produce(events.draw(40, seed=60, users=5))
    filled.speed()
    filled.batch_pending()
    filled.verify("--deep")
    result = filled.program.run(*arguments(filled, USER, "--json"))
    assert result.code == 0, result.err
    assert json.loads(result.out.splitlines()[-1])["complete"]
    check_gone(filled, USER, NAME, EMAIL)
    filled.check_nothing_left()
    pseudonym = check_sums(filled)
    assert not noted or noted == [(pseudonym,)]
    assert readers.list_files(filled.root)
