"""A message decoded by Python's own JSON, or why it is rejected: the rules and reasons of src/record/record.c.

It needs nothing of Spark: its functions are sent to the executors by value.
"""

import datetime
import json
import math
import re
import sys
from typing import NamedTuple

from antenna_spark.tables import FIELDS, TEXT_SIZE_MAX

HOUR_SECONDS = 3600

MESSAGE_SIZE_MAX = 1024 * 1024  # bytes
ARRIVAL_MIN = 1451606400  # 2016-01-01T00:00:00Z: Kafka has timestamps since 0.10.0, of that year
TIME, AMOUNT = ([field.kind for field in FIELDS].index(kind) for kind in ("time", "amount"))
TIME_MIN = 946684800  # 2000-01-01T00:00:00Z
TIME_END = 4102444800  # 2100-01-01T00:00:00Z
PROBABLY_MILLISECONDS = 100_000_000_000
BIGINT_MAX = 2**63 - 1
BIGINT_DIGITS_MAX = 20  # with the sign

# What an event carries at most by default: option.c says the same.
BYTES_MAX = 2**40

# What is accepted beside the strict shape: the words of --accept (docs/data.md).
ISO_TIMESTAMPS = "iso-timestamps"
NUMERIC_IDS = "numeric-ids"
ACCEPTABLE = (ISO_TIMESTAMPS, NUMERIC_IDS)

ISO_TIME = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.[0-9]+)?)?"
    r"(?:[Zz]|([+-])([0-9]{2})(?::([0-5][0-9])(?::([0-5][0-9]))?)?)?"
)
OFFSET_MAX = 18 * HOUR_SECONDS  # of java.time.ZoneOffset
EPOCH = datetime.datetime(1970, 1, 1)

# jansson's own limit (JSON_PARSER_MAX_DEPTH), and as much recursion as Python's reader needs to reach it.
DEPTH_MAX = 2048
RECURSION_LIMIT = 10_000


class Limits(NamedTuple):
    """What a record must keep."""

    max_future: int  # seconds that an event may lie ahead of its arrival
    max_bytes: int
    accept: frozenset = frozenset()  # of ACCEPTABLE

    @classmethod
    def of(cls, arguments):
        """The limits that the job's arguments set."""
        return cls(int(arguments.max_future), arguments.max_bytes, frozenset(arguments.accept))

    def options(self):
        """These limits as options, as antenna.progress has them."""
        accept = f"--accept {','.join(sorted(self.accept))} " if self.accept else ""
        return f"{accept}--max-bytes {self.max_bytes} --max-future {self.max_future}s"


class RejectedError(Exception):
    """A message is no valid event: reason code, words, and the byte where the trouble was found."""

    def __init__(self, reason, detail, position=0):
        """As antenna.rejected_message has them."""
        super().__init__(reason, detail, position)


def refuse_constant(name):
    """NaN and Infinity are no JSON."""
    raise RejectedError("not_json", f"{name} is no JSON")


def unique_names(pairs):
    """An object, whose names must differ."""
    names = dict(pairs)
    if len(names) < len(pairs):
        raise RejectedError("duplicate_field", "an object has a name twice")
    return names


def parse_integer(text):
    """An integer, which must fit BIGINT."""
    number = int(text) if len(text) <= BIGINT_DIGITS_MAX else None
    if number is None or not -BIGINT_MAX - 1 <= number <= BIGINT_MAX:
        raise RejectedError("out_of_range", "an integer is too large")
    return number


def parse_real(text):
    """A real number, which must be finite."""
    number = float(text)
    if math.isinf(number):
        raise RejectedError("out_of_range", "a real number is too large")
    return number


def check_text(text):
    """Escapes can write what no UTF-8 text of PostgreSQL holds."""
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise RejectedError("not_json", "a string has a NUL or half of a surrogate pair")


def check_values(document):
    """Looks at all strings and at the depth, level by level."""
    level, depth = [document], 0
    while level:
        depth += 1
        if depth > DEPTH_MAX:
            raise RejectedError("not_json", f"it is nested deeper than {DEPTH_MAX}")
        below = []
        for value in level:
            if isinstance(value, str):
                check_text(value)
            elif isinstance(value, list):
                below.extend(value)
            elif isinstance(value, dict):
                below.extend(value)
                below.extend(value.values())
        level = below


def load(message):
    """The JSON object of a message."""
    if not message:
        raise RejectedError("empty", "the message is empty")
    if len(message) > MESSAGE_SIZE_MAX:
        raise RejectedError("too_large", f"the message has more than {MESSAGE_SIZE_MAX} bytes")
    sys.setrecursionlimit(max(RECURSION_LIMIT, sys.getrecursionlimit()))
    try:
        text = message.decode("utf-8")
        document = json.loads(
            text,
            parse_constant=refuse_constant,
            parse_int=parse_integer,
            parse_float=parse_real,
            object_pairs_hook=unique_names,
        )
    except UnicodeDecodeError as error:
        raise RejectedError("invalid_utf8", error.reason, error.start) from None
    except json.JSONDecodeError as error:
        raise RejectedError("not_json", error.msg, len(text[: error.pos].encode())) from None
    except RecursionError:
        raise RejectedError("not_json", f"it is nested deeper than {DEPTH_MAX}") from None
    check_values(document)
    if not isinstance(document, dict):
        raise RejectedError("not_an_object", "the message is not a JSON object")
    return document


def take_integer(value, name):
    """An integer."""
    if type(value) is not int:  # a boolean is an int to isinstance()
        raise RejectedError("wrong_type", f"{name} is not an integer")
    return value


def take_text(value, name):
    """A string."""
    if not isinstance(value, str):
        raise RejectedError("wrong_type", f"{name} is not a string")
    size = len(value.encode())
    if not 1 <= size <= TEXT_SIZE_MAX:
        raise RejectedError("out_of_range", f"{name} has {size} bytes, not 1 to {TEXT_SIZE_MAX}")
    return value


def take_id(value, name, accept):
    """An id, which may be an integer where that is accepted."""
    if type(value) is not int:
        return take_text(value, name)
    if NUMERIC_IDS not in accept:
        raise RejectedError("wrong_type", f"{name} is not a string; --accept {NUMERIC_IDS} takes integers")
    return str(value)


def parse_time(text):
    """The seconds of an ISO-8601 time, which is UTC without an offset; None when it is none."""
    match = ISO_TIME.fullmatch(text)
    if not match:
        return None
    date, (sign, *offset) = match.groups()[:6], match.groups()[6:]
    try:
        time = datetime.datetime(*(int(part or 0) for part in date))
    except ValueError:
        return None
    hours, minutes, seconds = (int(part or 0) for part in offset)
    ahead = hours * HOUR_SECONDS + minutes * 60 + seconds
    if ahead > OFFSET_MAX:
        return None
    return (time - EPOCH) // datetime.timedelta(seconds=1) - (-ahead if sign == "-" else ahead)


def take_time(value, name, accept):
    """The event time in seconds."""
    time = parse_time(value) if isinstance(value, str) else None
    if time is None:
        return take_integer(value, name)
    if ISO_TIMESTAMPS not in accept:
        raise RejectedError("wrong_type", f"{name} is not an integer; --accept {ISO_TIMESTAMPS} takes ISO-8601 texts")
    return time


def take_field(document, field, accept):
    """The value of a field; None where one that is not required is absent or another program's."""
    if field.alias in document and field.name in document:
        raise RejectedError("duplicate_field", f"both {field.name} and {field.alias} are given")
    name = field.alias if field.alias in document else field.name
    if document.get(name) is None and not field.required:
        return None
    if name not in document:
        raise RejectedError("missing_field", f"{name} is missing")
    if field.kind == "time":
        return take_time(document[name], name, accept)
    if field.kind == "amount":
        return take_integer(document[name], name)
    try:
        return take_id(document[name], name, accept) if field.kind == "id" else take_text(document[name], name)
    except RejectedError:
        if field.required:
            raise
        return None


def check_limits(timestamp, size, arrival, limits):
    """Refuses what is out of range. `arrival`: seconds, negative when the message has none."""
    if not 0 <= size <= limits.max_bytes:
        raise RejectedError("out_of_range", f"bytes {size} is not from 0 to {limits.max_bytes}")
    if timestamp < TIME_MIN:
        raise RejectedError("timestamp_too_old", f"timestamp {timestamp} lies before the year 2000")
    if timestamp > PROBABLY_MILLISECONDS:
        raise RejectedError("timestamp_in_milliseconds", f"timestamp {timestamp} is probably in milliseconds")
    if timestamp >= TIME_END:
        raise RejectedError("timestamp_in_future", f"timestamp {timestamp} lies after the year 2099")
    if 0 <= arrival < timestamp - limits.max_future:
        ahead = timestamp - arrival
        raise RejectedError("timestamp_in_future", f"timestamp {timestamp} lies {ahead} seconds ahead of its arrival")


def decode(message, arrival, limits):
    """The values of a message's fields, in the order of the table. Raises RejectedError."""
    document = load(message)
    values = [take_field(document, field, limits.accept) for field in FIELDS]
    check_limits(values[TIME], values[AMOUNT], arrival, limits)
    return tuple(values)


def decode_or_reason(message, arrival, limits):
    """The event with three times None behind it, or None for each field with reason, detail and position."""
    try:
        return *decode(message, arrival, limits), None, None, None
    except RejectedError as rejected:
        reason, detail, position = rejected.args
        return *(None for _ in FIELDS), reason, detail, position
