"""Messages that could stop a consumer: each is counted and kept with its reason, and those behind it are read."""

import os

import events
import pytest

FLOOD = int(os.environ.get("FLOOD", "100000"))

# The largest message that is sent, and what lets it pass.
LARGE = 10 * 1024 * 1024
LARGE_TOPIC = {"max.message.bytes": str(2 * LARGE)}
LARGE_PRODUCER = {"message.max.bytes": 2 * LARGE}

PLAIN = b'{"timestamp": 1645347600, "id": "u", "antenna_id": "a", "bytes": 1, "app": "x"}'

POISON = {
    b"": "empty",
    None: "empty",
    b" ": "not_json",
    b"not json": "not_json",
    b'{"timestamp": 1645347600, "id": "u"': "not_json",
    b"[]": "not_an_object",
    b"null": "not_an_object",
    b"17": "not_an_object",
    b"{}": "missing_field",
    b'\xef\xbb\xbf{"timestamp": 1645347600, "id": "u", "antenna_id": "a", "bytes": 1, "app": "x"}': "not_json",
    b'{"timestamp": 1645347600, "id": "\xff", "antenna_id": "a", "bytes": 1, "app": "x"}': "invalid_utf8",
    b'{"timestamp": 1645347600, "id": "\\u0000", "antenna_id": "a", "bytes": 1, "app": "x"}': "not_json",
    b'{"timestamp": 1645347600, "id": "\\ud83d", "antenna_id": "a", "bytes": 1, "app": "x"}': "not_json",
    b'{"timestamp": 1645347600, "id": "u", "antenna_id": "a", "bytes": NaN, "app": "x"}': "not_json",
    b'{"timestamp": 1645347600, "id": "u", "antenna_id": "a", "bytes": 1, "app": "\n"}': "not_json",
    b'{"timestamp": 1, "timestmap": 1, "id": "u", "antenna_id": "a", "bytes": 1, "app": "x"}': "duplicate_field",
    events.encode("1645347600"): "wrong_type",
    events.encode(1645347600.5): "wrong_type",
    events.encode(True): "wrong_type",
    events.encode(user_id=17): "wrong_type",
    events.encode(app=None): "wrong_type",
    events.encode(size="1"): "wrong_type",
    events.encode(app=""): "out_of_range",
    events.encode(app="x" * 257): "out_of_range",
    events.encode(size=-1): "out_of_range",
    events.encode(size=2**63): "out_of_range",
    events.encode(size=2**40 + 1): "out_of_range",
    events.encode(946684799): "timestamp_too_old",  # the last second of 1999
    events.encode(0): "timestamp_too_old",
    events.encode(1645347600000): "timestamp_in_milliseconds",
    events.encode(4070908800): "timestamp_in_future",
    events.encode(app="x" * 10000): "out_of_range",
    b'{"more": ' + b"[" * 100_000: "not_json",
    b"[" * 100_000 + b"]" * 100_000: "not_json",
    PLAIN[:-1] + b', "more": ' + b'{"a":' * 100_000 + b"1" + b"}" * 100_001: "not_json",
    PLAIN.replace(b": 1,", b": 1e400,"): "out_of_range",
    PLAIN.replace(b": 1,", b": " + b"9" * 400 + b","): "out_of_range",
    PLAIN.replace(b": 1,", b": -" + b"9" * 400 + b","): "out_of_range",
    PLAIN.replace(b": 1,", b": 1e1,"): "wrong_type",
    PLAIN.replace(b'"u"', b'"\0"'): "not_json",
    PLAIN + b"\0": "not_json",
    b"\0": "not_json",
    PLAIN.replace(b'"u"', b'"\xc0\x80"'): "invalid_utf8",
    PLAIN.replace(b'"u"', b'"\xed\xa0\x80"'): "invalid_utf8",
    PLAIN.replace(b'"u"', b'"\xf5\x80\x80\x80"'): "invalid_utf8",
    PLAIN.replace(b'"x"', b'"x", "app": "x"'): "duplicate_field",
    PLAIN + PLAIN: "not_json",
    b" " * (1024 * 1024 + 1): "too_large",
    PLAIN[:-1] + b" " * LARGE + b"}": "too_large",
    events.encode(-1): "timestamp_too_old",
    events.encode(-(2**63)): "timestamp_too_old",
    events.encode(4102444800): "timestamp_in_future",  # the first second of 2100
    events.encode(1691134200000): "timestamp_in_milliseconds",  # the year 55560
    events.encode(2**63 - 1): "timestamp_in_milliseconds",
}

# What any topic takes.
SMALL = [value for value in POISON if len(value or b"") < 1_000_000]


@pytest.mark.valgrind
@pytest.mark.core
@pytest.mark.timeout(120)
def test_each_kind_of_poison(case):
    case.provision()
    case.create_topic(partitions=1, config=LARGE_TOPIC)
    case.produce([value for poison in POISON for value in (poison, PLAIN)], properties=LARGE_PRODUCER)
    case.speed()
    expected = case.check_exact()
    assert expected.events == len(POISON)
    reasons = [row[0] for row in case.query('SELECT reason FROM antenna.rejected ORDER BY "offset"')]
    assert reasons == list(POISON.values())
    assert case.value("SELECT count(*) FROM antenna.rejected WHERE detail = ''") == 0


@pytest.mark.timeout(60)
def test_a_message_cut_at_every_byte(case):
    case.prepare()
    message = events.encode()
    case.produce([message[:size] for size in range(len(message) + 1)])
    case.speed()
    expected = case.check_exact()
    assert expected.events == 1
    assert len(expected.rejected) == len(message)


@pytest.mark.timeout(60 + FLOOD // 2000)
def test_a_flood_of_nothing_but_bad_messages(case):
    case.prepare()
    speed = case.start_speed()
    case.simulate("--rate", "max", "--count", str(FLOOD), "--malformed", "1", seconds=30 + FLOOD // 10_000)
    case.produce([events.encode()])
    case.wait_until_read(speed, seconds=30 + FLOOD // 2000)
    speed.terminate()
    assert set(case.totals().values()) == {100}
    assert case.value("SELECT sum(messages) FROM antenna.rejected_count") == FLOOD
    # of a flood the first of each reason and minute are kept
    assert 0 < case.value("SELECT count(*) FROM antenna.rejected") < 10_000
