"""What must come of a topic's messages, computed anew in Python: of the program only its tables are used here."""

import collections
import dataclasses
import datetime
import json
import math

from antenna_spark.tables import FIELDS, TEXT_SIZE_MAX, TOTALS

WINDOW_SECONDS = 300  # the default
HOUR_SECONDS = 3600
INT64_MAX = 2**63 - 1
TIME_MIN = 946684800  # 2000-01-01
TIME_END = 4102444800  # 2100-01-01
ARRIVAL_MIN = 1451606400  # 2016-01-01
MILLISECONDS_FROM = 100_000_000_000
MESSAGE_SIZE_MAX = 1024 * 1024
BYTES_MAX = 2**40

Message = collections.namedtuple("Message", "partition offset timestamp_ms value")


class RejectedError(Exception):
    """A message is no event; the argument is the reason's code."""


def at(seconds):
    """The timestamp of PostgreSQL without time zone, UTC."""
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).replace(tzinfo=None)


def _refuse_constant(_):
    raise RejectedError("not_json")


def _unique(pairs):
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names):
        raise RejectedError("duplicate_field")
    return dict(pairs)


def _parse_integer(text):
    number = int(text)
    if not -(2**63) <= number <= INT64_MAX:
        raise RejectedError("out_of_range")
    return number


def _parse_float(text):
    number = float(text)
    if math.isinf(number):
        raise RejectedError("out_of_range")
    return number


def _texts(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, member in value.items():
            yield name
            yield from _texts(member)
    elif isinstance(value, list):
        for member in value:
            yield from _texts(member)


def _refuse_unstorable(loaded):
    """Escapes can write what no UTF-8 text of PostgreSQL holds; such a message counts as no JSON."""
    for text in _texts(loaded):
        if "\0" in text or any(0xD800 <= ord(character) < 0xE000 for character in text):
            raise RejectedError("not_json")


def _load(value):
    if not value:
        raise RejectedError("empty")
    if len(value) > MESSAGE_SIZE_MAX:
        raise RejectedError("too_large")
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError:
        raise RejectedError("invalid_utf8") from None
    try:
        loaded = json.loads(
            text,
            parse_constant=_refuse_constant,
            parse_int=_parse_integer,
            parse_float=_parse_float,
            object_pairs_hook=_unique,
        )
    except (ValueError, RecursionError):
        raise RejectedError("not_json") from None
    _refuse_unstorable(loaded)
    if not isinstance(loaded, dict):
        raise RejectedError("not_an_object")
    return loaded


def _take(loaded, field):
    if field.alias in loaded and field.name in loaded:
        raise RejectedError("duplicate_field")
    name = field.alias if field.alias in loaded else field.name
    value = loaded.get(name)
    if name not in loaded:
        reason = "missing_field"
    elif type(value) is not (int if field.kind in ("time", "amount") else str):
        reason = "wrong_type"
    elif isinstance(value, str) and not 1 <= len(value.encode()) <= TEXT_SIZE_MAX:
        reason = "out_of_range"
    else:
        return value
    if field.required:
        raise RejectedError(reason)
    return None


def _check(event, arrival, max_future, max_bytes):
    if not 0 <= event["bytes"] <= max_bytes:
        raise RejectedError("out_of_range")
    if event["timestamp"] < TIME_MIN:
        raise RejectedError("timestamp_too_old")
    if event["timestamp"] > MILLISECONDS_FROM:
        raise RejectedError("timestamp_in_milliseconds")
    is_known = ARRIVAL_MIN <= arrival < TIME_END
    if event["timestamp"] >= TIME_END or (is_known and event["timestamp"] > arrival + max_future):
        raise RejectedError("timestamp_in_future")


def decode(message, max_future=HOUR_SECONDS, max_bytes=BYTES_MAX):
    """The event of a message. Raises RejectedError."""
    loaded = _load(message.value)
    event = {field.name: _take(loaded, field) for field in FIELDS}
    _check(event, message.timestamp_ms // 1000, max_future, max_bytes)
    return event


@dataclasses.dataclass
class Expected:
    """What must be found in tables and files."""

    windows: collections.Counter  # (date, type, id) -> bytes
    hourly: collections.Counter  # the same by hours
    rows: collections.Counter  # the values of all fields -> how often
    rejected: dict  # (partition, offset) -> (reason, first bytes of the payload, its size)
    ends: dict  # partition -> offset behind its last message

    @property
    def events(self):
        return sum(self.rows.values())

    @property
    def hours(self):
        return sorted({date for date, _, _ in self.hourly})

    def rows_of(self, hour):
        """The archive's rows of one hour."""
        begin = int(hour.replace(tzinfo=datetime.UTC).timestamp())
        return collections.Counter({row: n for row, n in self.rows.items() if begin <= row[0] < begin + HOUR_SECONDS})

    def offenders(self, users, hour):
        """The hour's users over quota as (email, usage, quota, date), for users as {id: (email, quota)}."""
        found = []
        for (date, label, name), value in self.hourly.items():
            if date == hour and label == "user_bytes_total" and name in users and value > users[name][1]:
                found.append((users[name][0], value, users[name][1], date))
        return sorted(found)


STANDARD = tuple(total for total in TOTALS if total.standard)


def _id_of(event, total):
    texts = [event[name] for name in total.fields]
    return texts[0] if len(texts) == 1 else "/".join(t.replace("\\", "\\\\").replace("/", "\\/") for t in texts)


def expect(messages, max_future=HOUR_SECONDS, max_bytes=BYTES_MAX, window=WINDOW_SECONDS, totals=STANDARD):
    """Computes what must come of the messages, which are in the order in which they are counted when sums are full."""
    hours = collections.Counter()
    expected = Expected(collections.Counter(), collections.Counter(), collections.Counter(), {}, {})
    for message in messages:
        expected.ends[message.partition] = message.offset + 1
        try:
            event = decode(message, max_future, max_bytes)
            hour = event["timestamp"] // HOUR_SECONDS
            if hours[hour] + event["bytes"] > INT64_MAX:
                raise RejectedError("sum_out_of_range")
            hours[hour] += event["bytes"]
        except RejectedError as reason:
            value = message.value or b""
            expected.rejected[message.partition, message.offset] = (str(reason), value[:4096], len(value))
            continue
        time = event["timestamp"]
        for total in totals:
            key = total.label, _id_of(event, total)
            value = 1 if total.unit == "events" else event["bytes"]
            expected.windows[at(time - time % window), *key] += value
            expected.hourly[at(time - time % HOUR_SECONDS), *key] += value
        expected.rows[tuple(event.values())] += 1
    return expected
