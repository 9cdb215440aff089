"""The SQL of the operators' guide does what the guide says."""

import datetime
import pathlib
import re
import textwrap

import events
import pytest
from oracle import expect
from spark_tables import SPARK_TABLES

pytestmark = pytest.mark.timeout(60)

GUIDE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "operators.md"
HOUR = "2022-02-20T09:00:00Z"
CUT = datetime.datetime(2022, 2, 20, 10)


def block_with(words):
    """The block of SQL that contains these words."""
    blocks = re.findall(r"^ *```sql\n(.*?)^ *```", GUIDE.read_text(), re.DOTALL | re.MULTILINE)
    found = [textwrap.dedent(block) for block in blocks if words in block]
    assert len(found) == 1, f'{len(found)} blocks with "{words}"'
    return found[0]


def test_what_to_watch(case):
    case.prepare()
    case.produce([*events.draw(300), b"nonsense"])
    case.speed()
    case.batch(HOUR)
    case.produce(events.draw(300, seed=2))
    case.speed()
    found = []
    with case.connect() as connection:
        cursor = connection.execute(block_with("FROM antenna.loss"))
        for _ in cursor.results():
            found.append(cursor.fetchall())
    progress, rejected, hours, losses = found
    assert len(progress) == 3
    assert [row[:2] for row in rejected] == [("not_json", 1)]
    assert dict(hours) == {CUT - datetime.timedelta(hours=1): "dirty", CUT: "new"}
    assert losses == []


def test_a_retired_job(case):
    case.prepare()
    case.produce(events.draw(300))
    case.speed("--job", "retired")
    case.execute("UPDATE antenna.progress SET archived_until = '2022-01-01'")
    assert case.batch_pending() == {}
    case.execute(block_with("'infinity'"))
    assert len(case.batch_pending()) == 2


def test_coming_from_spark(case):
    case.execute(SPARK_TABLES)
    case.create_topic()
    before, after = CUT - datetime.timedelta(minutes=5), CUT
    case.execute(
        f"INSERT INTO bytes (date, id, value, type) VALUES ('{before}', 'SKYPE', 5, 'app_bytes_total'),"
        f" ('{before}', 'SKYPE', 7, 'app_bytes_total'), ('{after}', 'SKYPE', 9, 'app_bytes_total')"
    )
    case.execute("ALTER TABLE bytes RENAME TO bytes_spark")
    case.provision("--adopt")
    case.produce(events.draw(300))
    case.speed()
    case.execute(block_with("FROM bytes_spark"))
    expected = expect(case.messages())
    late = {key: value for key, value in expected.windows.items() if key[0] >= CUT}
    assert case.totals() == late | {(before, "app_bytes_total", "SKYPE"): 7}
