"""A backfill: the events of many hours come in no order, and memory alone bounds how many gather for a file."""

import re

import events
import pytest
from oracle import expect

pytestmark = pytest.mark.timeout(90)

HOURS = 80
PER_HOUR = 550


def test_each_file_has_hundreds_of_messages(case):
    case.prepare(partitions=2)
    case.produce(events.draw(HOURS * PER_HOUR, seconds=HOURS * 3600))
    result = case.speed()
    expected = expect(case.messages())
    assert len(expected.hours) == HOURS
    case.check_totals(expected)
    case.check_archive(expected)
    files, rows = case.query("SELECT count(*), sum(rows)::int / count(*) FROM antenna.archive_file")[0]
    assert (files, rows) == (HOURS, PER_HOUR)
    seconds = float(re.search(r"messages in ([\d.]+) s", result.err)[1])
    # Far below the rate of a quiet machine; it was 200 when an hour more than 64 made a roll.
    assert HOURS * PER_HOUR / seconds > 5000
