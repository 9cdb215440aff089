"""The Spark engine's side of the fence (test_fence.py), beside Spark: its statements and its claims."""

import datetime

import events
import pytest
from antenna_spark.command import MistakeError, WorldError
from antenna_spark.postgres import EPOCH_UNIT, Counted, FencedError, Step
from antenna_spark.record import Limits
from antenna_spark.tables import TOTALS
from test_spark_session import KEY, connected

FIRSTS = {0: 0, 1: 0}
COUNTED = Counted(300, sorted((total for total in TOTALS if total.standard), key=lambda total: total.turn))
RULES = "--max-bytes 1"
NOW = datetime.datetime(2022, 2, 20, 10)


@pytest.fixture
def claimed(case):
    """A database with a claim of two partitions, which stand at the totals' offset 7 and the archive's 5."""
    case.provision()
    with connected(case) as database:
        database.begin_progress(KEY, list(FIRSTS.values()))
        database.note_topic(KEY, "id")
        case.execute("UPDATE antenna.progress SET totals_offset = 7, archive_offset = 5")
        yield case, database, database.claim(KEY, "owner", FIRSTS, COUNTED, RULES)


def step(claim, from_offset):
    return Step(claim.partition, claim.epoch, from_offset, 9, 1, 0, 1, NOW, 9)


STATEMENTS = {
    "advance_totals": lambda database, claims: database.advance_totals(KEY, [step(c, c.totals_offset) for c in claims]),
    "advance_archive": lambda database, claims: database.advance_archive(
        KEY, [step(c, c.archive_offset)._replace(next_offset=6) for c in claims]
    ),
    "note_idle": lambda database, claims: database.note_idle(KEY, claims, NOW),
    "check_owned": lambda database, claims: database.check_owned(KEY, claims),
}

# What becomes of the second partition meanwhile, and what the statement raises.
CHANGES = {
    "as known": ("SELECT", None),
    "another claim": (f"UPDATE antenna.progress SET epoch = epoch + {EPOCH_UNIT} WHERE partition = 1", FencedError),
    "restored, older": (
        "UPDATE antenna.progress SET totals_offset = 3, archive_offset = 2 WHERE partition = 1",
        WorldError,
    ),
    "restored, newer": (
        "UPDATE antenna.progress SET totals_offset = 8, archive_offset = 8 WHERE partition = 1",
        WorldError,
    ),
    "an older claim": (f"UPDATE antenna.progress SET epoch = epoch - {EPOCH_UNIT} WHERE partition = 1", WorldError),
    "another epoch of the same number": (
        "UPDATE antenna.progress SET epoch = epoch # 1 WHERE partition = 1",
        WorldError,
    ),
    "deleted": ("DELETE FROM antenna.progress WHERE partition = 1", WorldError),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("name", STATEMENTS)
def test_a_statement_moves_only_what_it_knows(claimed, name, change):
    case, database, claims = claimed
    sql, expected = CHANGES[change]
    case.execute(sql)
    before = case.query("SELECT partition, totals_offset, archive_offset FROM antenna.progress ORDER BY 1")
    if expected is None:
        return STATEMENTS[name](database, list(claims.values()))
    with pytest.raises(expected), database.transaction():
        STATEMENTS[name](database, list(claims.values()))
    assert case.query("SELECT partition, totals_offset, archive_offset FROM antenna.progress ORDER BY 1") == before


def test_bytes_of_a_step_may_exceed_bigint(claimed):
    """Those of each hour fit, and a micro-batch may have many hours."""
    case, database, claims = claimed
    large = step(claims[0], 7)._replace(bytes=2**64)
    database.advance_totals(KEY, [large])
    database.advance_archive(KEY, [large._replace(from_offset=5)])
    assert case.query("SELECT bytes_totalled, bytes_archived FROM antenna.progress WHERE partition = 0") == [
        (2**64,) * 2
    ]


@pytest.mark.parametrize("rows", ["TRUE", "partition = 1"])
@pytest.mark.parametrize("counted", [True, False])
def test_deleted_progress(claimed, counted, rows, capsys):
    case, database, _ = claimed
    if counted:
        case.execute("INSERT INTO bytes (date, id, value, type) VALUES ('2022-02-20', 'u', 1, 'user_bytes_total')")
    case.execute(f"DELETE FROM antenna.progress WHERE {rows}")
    if counted:
        with pytest.raises(MistakeError, match="would count its messages twice"):
            database.begin_progress(KEY, list(FIRSTS.values()))
            database.claim(KEY, "owner", FIRSTS, COUNTED, RULES)
        return
    database.begin_progress(KEY, list(FIRSTS.values()))
    claims = database.claim(KEY, "owner", FIRSTS, COUNTED, RULES)
    assert claims[1][1:3] == (0, 0)
    assert "nothing was counted, and it begins again" in capsys.readouterr().err
    assert database.claim(KEY, "owner", FIRSTS, COUNTED, RULES)[1].epoch != claims[1].epoch
    with pytest.raises(FencedError):
        database.check_owned(KEY, list(claims.values()))


@pytest.mark.parametrize("name", STATEMENTS)
def test_a_window_that_has_changed(claimed, name):
    case, database, claims = claimed
    case.provision("--window", "1m")
    with pytest.raises(MistakeError, match="has changed from 300 s to 60 s"), database.transaction():
        STATEMENTS[name](database, list(claims.values()))
    with pytest.raises(MistakeError, match="has changed from 300 s to 60 s"):
        database.claim(KEY, "owner", FIRSTS, COUNTED, RULES)
    assert database.claim(KEY, "owner", FIRSTS, database.counted(), RULES)[0].epoch > claims[0].epoch


@pytest.mark.parametrize("value", ["7", "0", "NULL"])
def test_a_window_that_is_damaged(case, value):
    case.provision()
    case.execute("ALTER TABLE antenna.data_set DROP CONSTRAINT data_set_window_seconds_check")
    case.execute(f"UPDATE antenna.data_set SET window_seconds = {value}")
    with pytest.raises(MistakeError, match="does not divide an hour"), connected(case):
        pass


def test_bytes_of_an_hour_are_those_of_its_windows(claimed):
    """How many events it has is not counted."""
    case, database, _ = claimed
    rows = [(NOW + datetime.timedelta(seconds=3540 + second), 1, "u", 2) for second in range(60)]
    hours = database.add_totals(rows, ["user_bytes_total"])
    assert hours == {NOW: 120}
    database.count_hours(hours)
    assert case.query("SELECT hour, added, events FROM antenna.hour_bytes") == [(NOW, 120, None)]


def test_other_rules(claimed):
    """A message between the two offsets would be judged twice, by different rules."""
    case, database, _ = claimed
    with pytest.raises(MistakeError, match="--max-bytes 1 instead of --max-bytes 2"):
        database.claim(KEY, "owner", FIRSTS, COUNTED, "--max-bytes 2")
    case.execute("UPDATE antenna.progress SET archive_offset = totals_offset")
    assert database.claim(KEY, "owner", FIRSTS, COUNTED, "--max-bytes 2")[0].epoch > 0


@pytest.mark.parametrize("accept", [(), ("iso-timestamps",), ("numeric-ids",), ("numeric-ids", "iso-timestamps")])
def test_both_engines_write_their_rules_alike(case, accept):
    case.prepare(1)
    case.produce([events.encode()])
    case.speed(*(["--accept", ",".join(accept)] if accept else []), "--max-future", "90s")
    stored = case.value("SELECT rules FROM antenna.progress")
    assert stored == Limits(90, 2**40, frozenset(accept)).options()
