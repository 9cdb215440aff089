"""Ids and names made to be obeyed by SQL, a shell, a file system, a terminal or a browser: they are data."""

import csv
import json
import os
import re
import unicodedata

import events
import pytest

pytestmark = pytest.mark.timeout(90)

HOUR = "2022-02-20T09:00:00Z"
NAMES = [
    "'; DROP TABLE bytes; --",
    '"; DELETE FROM bytes_hourly; --',
    '$$; $1 :"table" %s {} \\\'',
    "x', 1), ('2022-02-20', 'user_bytes_total', 'y",
    "../../../../etc/passwd",
    "/data/year=2022/hour=9/a.parquet",
    "year=1999/..",
    "-rf *; $(reboot) `id` | tee x",
    "a\nfake line error\r\n",
    "\x1b[2J\x1b]0;title\x07\x1b[31mred",
    "\x9b31m C1 \x7f\x08\x08",
    "\u202egnp.exe\u2066\u2028",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "{{ 7 * 7 }} ${7*7} <%= 7 %>",
    '=HYPERLINK(1);,\t"quoted",',
    "NULL",
    "\\N",
    " ",
    "é" * 128,
]
PRINTABLE = re.compile(r"[^\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]*")
FILE_NAME = re.compile(r"[A-Za-z0-9-]+\.parquet")


def hostile_events():
    """Each name as user, antenna and app."""
    return [
        events.encode(events.BEGIN + number, user_id=name, antenna_id=name, app=name, size=1000 + number)
        for number, name in enumerate(NAMES)
    ]


def assert_printable(*texts):
    for text in texts:
        found = PRINTABLE.match(text).end()
        assert found == len(text), f"{text[found]!r} ({unicodedata.name(text[found], 'control')}) is printed"


def users_file(case):
    path = case.folder / "users.csv"
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "name", "email", "quota"])
        writer.writerows([name, name, name, 1] for name in NAMES)
    return path


@pytest.mark.core
def test_through_both_layers(case):
    case.provision("--users", users_file(case))
    case.create_topic()
    case.produce(hostile_events())
    speed = case.speed("--log-level", "debug")
    batch = case.batch(HOUR, "--compact", "--log-level", "debug")
    expected = case.check_layers()
    assert {key[2] for key in expected.windows} == set(NAMES)
    assert {row[0] for row in case.query("SELECT email FROM user_quota_limit")} == set(NAMES)
    assert {row[0] for row in case.query("SELECT email FROM antenna.offenders")} == set(NAMES)
    assert {row[0] for row in case.query("SELECT id FROM antenna.hourly")} == set(NAMES)
    assert case.query('SELECT id, name, email FROM user_metadata ORDER BY id COLLATE "C"') == [
        (name, name, name) for name in sorted(NAMES)
    ]
    found = [path.name for path in case.root.rglob("*.parquet")]
    assert found
    assert all(map(FILE_NAME.fullmatch, found)), found
    assert_printable(speed.out, speed.err, batch.out, batch.err)


def test_what_verify_tells_of_them(case):
    case.prepare()
    case.produce(hostile_events())
    case.speed()
    case.batch(HOUR)
    case.execute("UPDATE bytes_hourly SET value = value + 1")
    folder = next((case.root / "data").rglob("*.parquet")).parent
    for name in (b"\x1b[2J\nfake.parquet", b"not-utf-8-\xff.parquet", "\u202e\x9b.parquet".encode()):
        with open(os.fsencode(folder) + b"/" + name, "wb"):
            pass
    report = case.verify("--deep", code=4)
    (hour,) = report["hours"]
    details = [difference["detail"] for difference in hour["differences"]]
    assert sum("is not listed" in detail for detail in details) == 3
    assert sum("user_bytes_total" in detail for detail in details) >= 1
    assert_printable(*details)
    result = case.program.run(*case.verify_arguments("--deep"))
    assert result.code == 4
    assert_printable(result.out, result.err)


def test_what_status_tells_of_them(case):
    case.prepare()
    case.produce([b""])
    case.speed()
    job, reason = NAMES[9], NAMES[10]
    with case.connect() as connection:
        connection.execute("UPDATE antenna.progress SET job = %s, topic = %s, owner = %s", (job, NAMES[8], NAMES[11]))
        connection.execute("UPDATE antenna.rejected_count SET reason = %s", (reason,))
    result = case.program.run("status", *case.login)
    assert result.code == 0, result.err
    assert "?[2J?]0;title??[31mred" in result.out
    assert_printable(result.out)
    result = case.program.run("status", *case.login, "--json")
    assert json.loads(result.out)["partitions"][0]["job"] == job
    assert_printable(result.out.replace("\x7f", ""))


def test_rejected_messages(case):
    case.prepare()
    case.produce([b"\x1b[2J nonsense", b'{"timestamp": "\x1b[31m"}', b"\xff\xfe\x00", b"<script>alert(1)</script>"])
    result = case.speed("--log-level", "debug")
    assert_printable(result.err)
    assert case.value("SELECT sum(messages) FROM antenna.rejected_count") == 4
    payloads = {row[0] for row in case.query("SELECT payload FROM antenna.rejected")}
    assert {"\x1b[2J nonsense", "<script>alert(1)</script>", "\\377\\376\\000"} <= payloads


TABLE, HOURLY, USERS, OFFENDERS = TABLES = [
    "by'tes\"; DROP TABLE x; --",
    "hourly $$ \x1b[31m",
    "meta\ndata",
    "<b>limit</b>",
]


def test_names_of_tables(case):
    options = ("--jdbc-table", "--bytes-hourly-table", "--user-metadata-table", "--user-quota-limit-table")
    said = case.provision(*(word for pair in zip(options, TABLES, strict=True) for word in pair))
    case.create_topic()
    case.produce(hostile_events())
    speed = case.program.run(*case.speed_arguments("--until-end", table=TABLE))
    batch = case.program.run(*case.batch_arguments(HOUR, hourly=HOURLY, users=USERS, offenders=OFFENDERS))
    assert (speed.code, batch.code) == (0, 0), speed.err + batch.err
    assert {row[0] for row in case.query("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")} == set(TABLES)
    assert case.value(f'SELECT count(*) FROM "{HOURLY}"') == 3 * len(NAMES)
    assert_printable(said.out, said.err, speed.err, batch.out, batch.err)
