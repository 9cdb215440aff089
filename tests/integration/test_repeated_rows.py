"""verify --deep reports rows that are equal to others in all columns: of which antenna, and how many; no difference."""

import collections
import json

import events
import pytest
from antenna_spark.tables import FIELDS
from oracle import at, expect
from test_fields import forget
from test_verify import HOURS

pytestmark = pytest.mark.timeout(60)

NAMES = [field.name for field in FIELDS]


def repeated(report):
    """{hour: {antenna: (rows, bytes)}} of a report, with an entry for each hour that was looked at."""
    found = {}
    for hour in report["hours"]:
        if hour["repeated_rows"] is not None:
            order = [(-one["rows"], one["antenna"]) for one in hour["repeated_rows"]]
            assert order == sorted(order)
            found[hour["hour"]] = {one["antenna"]: (one["rows"], one["bytes"]) for one in hour["repeated_rows"]}
    return found


def expected(rows):
    """The same from the rows that were sent, a Counter."""
    found = {hour: collections.defaultdict(lambda: (0, 0)) for hour in HOURS}
    for row, count in rows.items():
        event = dict(zip(NAMES, row, strict=True))
        before = found[f"{at(event['timestamp'] // 3600 * 3600).isoformat()}Z"]
        surplus, amount = before[event["antenna_id"]]
        if count > 1:
            before[event["antenna_id"]] = (surplus + count - 1, amount + (count - 1) * event["bytes"])
    return {hour: {antenna: sums for antenna, sums in some.items() if sums[0]} for hour, some in found.items()}


@pytest.fixture
def repeating(case):
    """Two hours, of which one antenna repeats itself much and others sometimes, over several files."""
    case.prepare()
    messages = events.draw(600, antennas=9)
    much = [events.encode(events.BEGIN + 5, antenna_id="repeats", size=7)] * 50
    case.produce([*messages, *messages[::4], *messages[::100], *much])
    case.speed("--roll-rows", "100")
    case.batch_pending()
    return case


@pytest.mark.core
def test_repeated_rows_are_counted(repeating):
    rows = expect(repeating.messages()).rows
    wanted = expected(rows)
    assert len(wanted[HOURS[0]]) > 6
    assert wanted[HOURS[0]]["repeats"] == (49, 343)
    assert repeated(repeating.verify("--deep")) == wanted
    repeating.batch("-", "--pending")
    repeating.batch(HOURS[0], "--compact")
    assert repeated(repeating.verify("--deep")) == wanted, "also once they are in one file"
    assert repeated(repeating.verify()) == {}, "nobody has looked"


def test_text_output_shows_the_largest_repeats(repeating):
    result = repeating.program.run(*repeating.verify_arguments("--deep"))
    assert result.code == 0
    lines = result.out.splitlines()
    first = lines.index(next(line for line in lines if "repeated_rows" in line))
    assert lines[first - 1].endswith("="), "they are no difference"
    assert lines[first] == '    repeated_rows: 49 rows with 343 bytes of antenna "repeats"'
    wanted = expected(expect(repeating.messages()).rows)
    rows, amount = (sum(one[i] for some in wanted.values() for one in some.values()) for i in (0, 1))
    more = len(wanted[HOURS[0]]) - 5
    assert lines[first + 5].startswith(f"    repeated_rows: and {more} more antennas, ")
    assert (
        f"repeated: {rows} rows with {amount} bytes are equal to others in all columns; they count, as they were sent"
        in lines
    )
    assert "repeated" not in repeating.program.run(*repeating.verify_arguments()).out


# What differs in one column repeats nothing.
OTHERS = {
    "timestamp": {"timestamp": events.BEGIN + 1},
    "id": {"user_id": events.user(2)},
    "antenna_id": {"antenna_id": events.antenna(2)},
    "bytes": {"size": 101},
    "app": {"app": "skype"},
    "cell": {"cell": "c"},
}


@pytest.mark.parametrize("name", NAMES)
def test_each_column_counts(case, name):
    case.prepare()
    case.produce([events.encode(), events.encode(**OTHERS[name])])
    case.speed()
    case.batch_pending()
    assert repeated(case.verify("--deep")) == {HOURS[0]: {}}
    assert "repeat" not in case.program.run(*case.verify_arguments("--deep")).out


def test_hostile_names(case):
    name = 'A"\x1b[2J\u202e\n'
    case.prepare()
    case.produce([events.encode(antenna_id=name)] * 3)
    case.speed()
    case.batch_pending()
    assert repeated(case.verify("--deep")) == {HOURS[0]: {name: (2, 200)}}
    line = next(
        line for line in case.program.run(*case.verify_arguments("--deep")).out.split("\n") if "antenna" in line
    )
    assert "2 rows with 200 bytes of antenna" in line
    assert line.isprintable()


def test_files_without_a_column(case):
    """A row of a file from before a field equals one whose event lacks it."""
    case.prepare(partitions=1)
    for cell in ("c", None):
        case.produce([events.encode(antenna_id=f"{number}", **({"cell": cell} if cell else {})) for number in range(3)])
        case.speed()
    first = case.value("SELECT path FROM antenna.archive_file ORDER BY created_at LIMIT 1")
    case.batch_pending()
    assert repeated(case.verify("--deep")) == {HOURS[0]: {}}
    forget(case, first)
    assert repeated(case.verify("--deep")) == {HOURS[0]: {f"{number}": (1, 100) for number in range(3)}}


def test_a_damaged_file_leaves_it_open(repeating):
    path = (
        repeating.root
        / "data"
        / repeating.value("SELECT path FROM antenna.archive_file WHERE hour = '2022-02-20 09:00' LIMIT 1")
    )
    path.write_bytes(path.read_bytes()[:-1])
    assert HOURS[0] not in repeated(repeating.verify("--deep", code=4))


@pytest.mark.timeout(180)
def test_an_hour_that_memory_does_not_hold(case):
    """A group for each of so many different rows takes more than the limit: DuckDB spills them."""
    case.prepare(partitions=1)
    end = ("--from", HOURS[0], "--to", "2022-02-20T09:59:59Z")
    case.simulate(
        "--users", "100000", "--antennas", "5000", *end, "--count", "1500000", "--rate", "max", "--duplicate", "0.01"
    )
    case.speed()
    case.batch_pending()
    report = json.loads(
        case.program.run(*case.verify_arguments("--deep", "--json", "--memory-limit", "120MiB"), seconds=150).out
    )
    (found,) = repeated(report).values()
    assert 14_000 < sum(rows for rows, _ in found.values()) < 16_500
