"""The commands of docs/spark.md for a single machine, as they stand there."""

import datetime

import events
import pytest
from documents import block_with
from engine import SUBMIT_SECONDS
from oracle import expect
from place import Place
from program import CHECKOUT
from waiting import wait_until

pytestmark = pytest.mark.timeout(900)

HOUR = datetime.datetime(2022, 2, 20, 10)
CHANGES = {"SPARK_LOCAL_IP": "127.0.0.1", "PYTHONPATH": ""}


def archived(case):
    """How many events are in files."""
    return case.value("SELECT coalesce(sum(records_archived), 0) FROM antenna.progress")


def test_commands_of_the_guide(case):
    case.prepare()
    case.produce(events.draw(300))
    expected = expect(case.messages())
    place = Place(case)
    text = place.own(block_with("engines/spark/batch.py", "sh", document="docs/spark.md"))
    settings, _, commands = text.partition("\n\n")
    submit = "$SPARK_HOME/bin/spark-submit"
    speed, batch = (f"{settings}\n{submit}{words}" for words in commands.split(submit)[1:])
    with place.session(CHECKOUT, CHANGES) as session:
        session.begin(speed)
        wait_until(lambda: archived(case) == expected.events, "all events are in files", SUBMIT_SECONDS)
    case.check_totals(expected)
    with place.session(CHECKOUT, CHANGES) as session:
        assert session.run(batch, SUBMIT_SECONDS) == 0, session.text
    case.check_batch(expected, HOUR)
