"""What the Spark engine knows of its own, beside Spark: messages decoded as the program does, addresses, one schema."""

import collections
import random

import events
import pytest
import readers
from antenna_spark import postgres, record
from program import CHECKOUT
from test_poison import POISON
from test_totals import MALFORMED

LIMITS = record.Limits(3600, record.BIGINT_MAX)
ARRIVAL = events.BEGIN + 86400
ALPHABET = [bytes([byte]) for byte in b'{}[]":,.\\ 0123456789eE+-tnufax\n\0\x7f\x80\xc3\xe2\xff'] + [
    *(
        b'"id":',
        b'"app":"x",',
        b"null",
        b"true",
        b"1e400",
        b"9" * 19,
        b"\\u0000",
        b"\\ud83d",
        b"\\u0041",
        b"\xf0\x9f\x93\xb6",
    )
]


def decode(value, arrival=ARRIVAL):
    """The event, or the reason for rejecting it."""
    fields = record.decode_or_reason(value, arrival, LIMITS)
    return fields[5] or fields[:5]


@pytest.mark.parametrize("value,reason", [*MALFORMED.items(), *POISON])
def test_malformed_messages(value, reason):
    assert decode(value or b"") == reason


def mutate(dice):
    """A message with one edit or two."""
    value = events.encode(events.BEGIN + dice.randrange(7200), size=dice.randrange(10**6), more=[{"a": 1.5}, "b", None])
    for _ in range(dice.choice([1, 1, 2])):
        begin = dice.randrange(len(value))
        end = min(len(value), begin + dice.choice([0, 0, 1, 1, 5, 20]))
        value = value[:begin] + dice.choice([b"", dice.choice(ALPHABET), value[begin:end] * 2]) + value[end:]
    return value


def nest(depth):
    """A message whose deepest value lies at this depth."""
    return events.encode()[:-1] + b', "more": ' + b"[" * (depth - 2) + b"1" + b"]" * (depth - 2) + b"}"


@pytest.mark.timeout(120)
def test_it_accepts_what_the_program_accepts(case):
    dice = random.Random(1)
    case.prepare()
    case.produce([mutate(dice) for _ in range(5000)] + [nest(depth) for depth in (900, 2047, 2048, 2049, 5000)])
    case.speed()
    messages = case.messages()
    found = {message[:2]: decode(message.value or b"", message.timestamp_ms // 1000) for message in messages}
    events_found = collections.Counter(result for result in found.values() if isinstance(result, tuple))
    reasons = {place: result for place, result in found.items() if isinstance(result, str)}
    assert sum(readers.read_archive(case.root).values(), collections.Counter()) == events_found
    assert 500 < events_found.total() < 4500
    kept = case.query('SELECT partition, "offset", reason FROM antenna.rejected_message')
    differing = [row for row in kept if reasons[row[0], row[1]] != row[2]]
    # a message with two faults is rejected for either
    assert len(differing) < len(kept) / 20, differing


@pytest.mark.parametrize(
    "uri,words",
    [
        ("jdbc:postgresql://db:5433/antenna", {"host": "db", "port": "5433", "dbname": "antenna"}),
        ("jdbc:postgresql:antenna", {"host": "localhost", "port": "5432", "dbname": "antenna"}),
        ("jdbc:postgresql://a,[::1]:5433/x%20y", {"host": "a,::1", "port": "5432,5433", "dbname": "x y"}),
        (
            "jdbc:postgresql://db/x?sslmode=require&connectTimeout=5",
            {"host": "db", "port": "5432", "dbname": "x", "sslmode": "require", "connect_timeout": "5"},
        ),
        (
            "jdbc:postgresql:///x?ssl=true",
            {"host": "localhost", "port": "5432", "dbname": "x", "sslmode": "verify-full"},
        ),
        ("postgresql://db:1/x", {"host": "db", "port": "1", "dbname": "x"}),
    ],
)
def test_addresses(uri, words):
    assert postgres.libpq_words(uri) == words


def test_it_knows_the_schema_s_version():
    migrations = (CHECKOUT / "src" / "postgres" / "sql" / "migrations").glob("*.sql")
    assert len([*migrations]) == postgres.SCHEMA_VERSION
