"""What the Spark engine knows of its own, beside Spark: messages decoded as the program does, addresses, one schema."""

import collections
import itertools
import random
import re

import events
import pytest
import readers
from antenna_spark import postgres, record
from antenna_spark.tables import FIELDS
from oracle import at
from program import CHECKOUT
from test_poison import POISON

REASON = len(FIELDS)  # where the reason is in an answer, behind the event
LIMITS = record.Limits(3600, record.BYTES_MAX)
ACCEPTS = [frozenset(words) for count in range(3) for words in itertools.combinations(record.ACCEPTABLE, count)]
WORDS = {"ISO": {record.ISO_TIMESTAMPS}, "NUMBERS": {record.NUMERIC_IDS}, "0": set()}
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


def decode(value, arrival=ARRIVAL, accept=frozenset()):
    """The event, or the reason for rejecting it."""
    fields = record.decode_or_reason(value, arrival, LIMITS._replace(accept=accept))
    return fields[REASON] or fields[:REASON]


def accepted_shapes():
    """The table of the native decoder's test: timestamp, id and antenna_id as JSON, what accepts them, both texts."""
    text = (CHECKOUT / "tests" / "unit" / "test_record.c").read_text()
    table = text.partition("accepted_shapes[] = {\n")[2].partition("\n};")[0]
    string = r'"((?:[^"\\]|\\.)*)"'
    row = r",\s+".join([string, string, string, r"([\w |]+)", f"(?:NULL|{string})", f"(?:NULL|{string})"])
    shapes = re.findall(row, table)
    assert len(shapes) == table.count("{") > 20
    for *values, words, user, antenna in shapes:
        accept = frozenset().union(*(WORDS[word] for word in words.split(" | ")))
        yield [re.sub(r"\\(.)", r"\1", value) for value in values], accept, (user, antenna)


def name(part):
    """A part of a test's name, the same in each process: a set has no order of its own."""
    return "+".join(sorted(part)) if isinstance(part, frozenset) else " ".join(part)


@pytest.mark.parametrize("given", ACCEPTS, ids=lambda given: name(given) or "nothing")
@pytest.mark.parametrize(("values", "accept", "texts"), [*accepted_shapes()], ids=name)
def test_shapes_that_are_accepted_by_option(values, accept, texts, given):
    message = '{{"timestamp":{},"id":{},"antenna_id":{},"bytes":7,"app":"X"}}'.format(*values)
    found = record.decode_or_reason(message.encode(), ARRIVAL, record.Limits(3600, record.BIGINT_MAX, given))
    if accept and accept <= given:
        assert found[:5] == (events.BEGIN + 3600, *texts, 7, "X")
        assert set(found[5:]) == {None}
    else:
        assert found[REASON] == "wrong_type"
        assert ("--accept" in found[REASON + 1]) == bool(accept)


@pytest.mark.parametrize("value,reason", POISON.items())
def test_malformed_messages(value, reason):
    assert decode(value or b"") == reason


def mutate(dice):
    """A message with one edit or two."""
    time = events.BEGIN + dice.randrange(7200)
    text = f"{at(time):%Y-%m-%d{dice.choice('T ')}%H:%M:%S}{dice.choice(['', '.5', 'Z', '+00', '-01:30'])}"
    names = {"user_id": 17, "antenna_id": -4} if dice.random() < 0.2 else {}
    value = events.encode(
        dice.choice([time, time, text]), size=dice.randrange(10**6), more=[{"a": 1.5}, "b", None], **names
    )
    for _ in range(dice.choice([1, 1, 2])):
        begin = dice.randrange(len(value))
        end = min(len(value), begin + dice.choice([0, 0, 1, 1, 5, 20]))
        value = value[:begin] + dice.choice([b"", dice.choice(ALPHABET), value[begin:end] * 2]) + value[end:]
    return value


def nest(depth):
    """A message whose deepest value lies at this depth."""
    return events.encode()[:-1] + b', "more": ' + b"[" * (depth - 2) + b"1" + b"]" * (depth - 2) + b"}"


@pytest.mark.timeout(120)
@pytest.mark.parametrize("accept", [ACCEPTS[0], ACCEPTS[-1]], ids=["strict", "loose"])
def test_it_accepts_what_the_program_accepts(case, accept):
    dice = random.Random(1)
    case.prepare()
    case.produce([mutate(dice) for _ in range(5000)] + [nest(depth) for depth in (900, 2047, 2048, 2049, 5000)])
    case.speed(*(f"--accept={word}" for word in accept))
    messages = case.messages()
    found = {message[:2]: decode(message.value or b"", message.timestamp_ms // 1000, accept) for message in messages}
    events_found = collections.Counter(result for result in found.values() if isinstance(result, tuple))
    reasons = {place: result for place, result in found.items() if isinstance(result, str)}
    assert sum(readers.read_archive(case.root).values(), collections.Counter()) == events_found
    assert 500 < events_found.total() < 4500
    kept = case.query('SELECT partition, "offset", reason FROM antenna.rejected_message')
    differing = [row for row in kept if reasons[row[0], row[1]] != row[2]]
    # a message with two faults is rejected for either
    assert len(differing) < len(kept) / 20, differing


def test_it_knows_the_schema_s_version():
    migrations = (CHECKOUT / "src" / "postgres" / "sql" / "migrations").glob("*.sql")
    assert len([*migrations]) == postgres.SCHEMA_VERSION
