"""docs/from-spark.md followed literally: a Spark job that behaves as the original, moved to antenna."""

import collections
import datetime
import json
import pathlib
import shutil
import zoneinfo

import events
import pytest
from documents import blocks
from engine import JAVA_OPTIONS, Spark
from oracle import expect
from place import Place
from spark_tables import SPARK_TABLES
from waiting import wait_until

pytestmark = pytest.mark.timeout(900)

JOB = pathlib.Path(__file__).with_name("original_job.py")
ZONE = zoneinfo.ZoneInfo("Europe/Madrid")
CUT = datetime.datetime(2022, 2, 20, 10)
HOUR = 3600

# What the original makes NULLs of, or counts under NULL.
INVALID = [
    b"nonsense",
    json.dumps({"timestamp": events.BEGIN, "id": events.user(1), "antenna_id": events.antenna(1), "bytes": 5}).encode(),
    json.dumps({"timestamp": events.BEGIN, "app": "SKYPE", "bytes": 7}).encode(),
]


def to_utc(date):
    """A date that the original has written."""
    return date.replace(tzinfo=ZONE).astimezone(datetime.UTC).replace(tzinfo=None)


class Original:
    """The job in the time zone of Madrid, its tables and its archive."""

    def __init__(self, case, folder):
        zone = {
            f"spark.{who}.extraJavaOptions": f"{JAVA_OPTIONS} -Duser.timezone={ZONE}" for who in ("driver", "executor")
        }
        self._case = case
        self._spark = Spark(folder, settings=zone)
        self.root = folder / "archive-of-spark"
        case.execute(SPARK_TABLES)

    def _run(self, *arguments):
        result = self._spark.run(JOB, *arguments)
        assert result.code == 0, result.err

    def speed(self, start):
        """Reads the topic to its end, the totals from an offset on: a restart has forgotten what it was summing up."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("STARTING_OFFSETS", json.dumps({self._case.topic: {"0": start}}))
            self._run(*self._case.speed_arguments(root=self.root))

    def batch(self, hour):
        """Runs an hour of local time."""
        self._run(*self._case.batch_arguments(hour, path=self.root / "data"))

    def close(self):
        self._spark.close()


@pytest.fixture
def moved(case, tmp_path):
    """A case whose job is the original, with the first part of the topic read, and Kafka without the first of it."""
    original = Original(case, tmp_path / "original")
    case.create_topic(partitions=1)
    for user in range(20):
        case.execute(f"INSERT INTO user_metadata VALUES ('{events.user(user)}', 'n', '{user}@example.org', 10000)")
    case.produce([*sorted(events.draw(400, begin=events.BEGIN - HOUR)), *INVALID])  # 08 and 09
    original.speed(0)
    case.produce(sorted(events.draw(200, begin=events.BEGIN + 1800, seconds=1800, seed=2)))  # late in 09
    original.speed(403)
    for _ in range(2):
        original.batch("2022-02-20T10:00:00+01:00")
    yield case, original
    original.close()


def old_totals(case, table):
    """What the rows of the original mean: {(date, type, id): bytes}; equal rows are one."""
    found = collections.defaultdict(set)
    for date, kind, name, value in case.query(f"SELECT date, type, id, value FROM {table}"):
        if name is not None and value is not None:
            found[to_utc(date), kind, name].add(value)
    return {key: sum(values) for key, values in found.items()}


def is_archived(case):
    """Whether the topic is archived to its end, and nothing more is expected of its hours."""
    ends = dict(case.query("SELECT partition, archive_offset FROM antenna.progress"))
    return ends == case.ends() and not case.query("SELECT FROM antenna.hour_state WHERE state = 'open'")


def test_the_way_from_spark(moved):
    case, original = moved
    old, old_hourly = old_totals(case, "bytes"), old_totals(case, "bytes_hourly")
    assert any(
        len(case.query("SELECT FROM bytes WHERE date = %s AND id = 'SKYPE'", row[0])) > 1
        for row in case.query("SELECT date FROM bytes")
    )
    over_quota = {(row[0], to_utc(row[1])) for row in case.query("SELECT email, date FROM user_quota_limit")}
    assert over_quota
    read = expect(case.messages())
    case.delete_records({0: 500})  # by retention
    case.produce([*events.draw(100, seed=3, seconds=HOUR), *events.draw(300, seed=4, begin=events.BEGIN + HOUR)])
    kept = expect(case.messages())

    place = Place(case)
    # test_rebuild.py has the command of the last step.
    adopt, provision, speed, pending, old_hour, _ = blocks("docs/from-spark.md", "sh", "Move to antenna")
    rename, take_over = blocks("docs/from-spark.md", "sql", "Move to antenna")

    def run(block):
        text = place.own(block.text).replace("/srv/spark", str(original.root))
        with place.session() as session:
            assert session.run(text) == 0, session.text

    run(adopt)
    assert case.totals() == old
    case.execute(rename.text)
    run(provision)
    with place.session() as session:
        session.begin(place.own(speed.text))
        # Files come after --roll-age, a minute.
        wait_until(lambda: is_archived(case), "the topic is read, and its hours are sealed", 90)
    case.execute(take_over.text)
    late = {key: value for key, value in kept.windows.items() if key[0] >= CUT}
    early = {key: value for key, value in old.items() if key[0] < CUT}
    assert late and early
    assert case.totals() == late | early

    run(pending)
    before = {key: value for key, value in case.totals("bytes_hourly").items() if key[0] < CUT}
    assert before == old_hourly
    after = {key: value for key, value in case.totals("bytes_hourly").items() if key[0] >= CUT}
    assert after == {key: value for key, value in kept.hourly.items() if key[0] >= CUT}
    found = [tuple(row) for row in case.query("SELECT email, date FROM user_quota_limit WHERE date < %s", CUT)]
    assert len(found) == len(set(found)) and set(found) == over_quota

    # As a micro-batch leaves it that failed after it had written its files.
    (committed,) = {path.parent: path for path in (original.root / "data").rglob("hour=10/*.parquet")}.values()
    shutil.copy(committed, committed.with_name(f"part-of-failed-{committed.name}"))
    run(old_hour)
    hour = CUT - datetime.timedelta(hours=1)
    nine = {key: value for key, value in case.totals("bytes_hourly").items() if key[0] == hour}
    assert nine == {key: value for key, value in read.hourly.items() if key[0] == hour}
    assert case.totals() == late | early
