"""Totals and archive are two sides: either may be ahead of the other when a worker dies, and both end exact."""

import errno

import events
import pytest
from faults import PRELOAD, Fault, Injection
from oracle import expect
from scraper import Scraper
from waiting import wait_until

pytestmark = pytest.mark.timeout(90)

# Which side is written at once, and how the other is kept waiting.
AHEAD = {
    "totals": ["--roll-age", "1h", "--commit-interval", "1ms"],
    "archive": ["--roll-age", "1h", "--roll-rows", "100", "--commit-interval", "5m"],
}


def offsets(case):
    """How far both sides are, all partitions together: totals, archive."""
    sums = "coalesce(sum(totals_offset), 0), coalesce(sum(archive_offset), 0)"
    return case.query(f"SELECT {sums} FROM antenna.progress")[0]


def kill_with(case, ahead, *options):
    """Kills a worker when the side has at least 900 messages that the other has not."""
    before = offsets(case)[ahead == "totals"]
    speed = case.start_speed(*AHEAD[ahead], *options)

    def look():
        assert speed.is_running(), speed.err
        return offsets(case)[ahead == "archive"] >= before + 900

    wait_until(look, f"the {ahead} are ahead")
    assert offsets(case)[ahead == "totals"] == before
    speed.kill()


@pytest.mark.core
@pytest.mark.parametrize("second", AHEAD)
@pytest.mark.parametrize("first", AHEAD)
def test_a_worker_dies_with_one_side_ahead(case, first, second):
    case.prepare()
    case.produce([*events.draw(1000), b"nonsense", None])
    kill_with(case, first)
    case.speed()
    case.check_exact()
    case.produce([*events.draw(1000, seed=2), b"{"])
    kill_with(case, second)
    case.speed()
    case.check_exact()
    case.check_nothing_left()


@pytest.mark.parametrize("then", AHEAD)
def test_the_side_that_is_behind_overtakes(case, then):
    case.prepare(partitions=1)
    case.produce(events.draw(1000))
    kill_with(case, "archive" if then == "totals" else "totals")
    case.produce(events.draw(1000, seed=2))
    speed = case.start_speed(*AHEAD[then])
    wait_until(lambda: offsets(case)[then == "archive"] >= 1900, f"the {then} are ahead")
    speed.kill()
    case.speed()
    case.check_exact()


def test_an_hour_is_sealed_when_both_sides_have_it(case):
    case.prepare(partitions=1)
    case.produce(events.draw(1000))
    kill_with(case, "archive")
    assert case.query("SELECT until FROM antenna.sealed") == [(None,)]
    assert {state for (state,) in case.query("SELECT state FROM antenna.hour_state")} == {"open"}
    differences = [one for hour in case.verify()["hours"] for one in hour["differences"]]
    assert {one["cause"] for one in differences} == {"not_totalled_yet", "not_batched"}
    assert case.batch_pending() == {}
    case.speed()
    case.batch_pending()
    case.check_layers()


def test_a_loss_of_the_totals_alone(case):
    """Archived, killed before the commit, and then deleted."""
    case.prepare(partitions=1)
    case.produce(events.draw(1000))
    kill_with(case, "archive")
    expected = expect(case.messages())
    case.delete_records({0: 30})
    case.program.run(*case.speed_arguments()).fails(
        "ANT-K015", "0 for the totals", "for the archive", "30 messages are gone"
    )
    case.speed("--accept-loss")
    case.check_archive(expected)
    case.check_totals(expect(case.messages()))
    assert case.query("SELECT missing_in, first_offset, next_offset FROM antenna.loss") == [("totals", 0, 30)]


# Of messages 0 to 29, which one side alone had, the other has none for ever; late events wait for the side.
@pytest.mark.parametrize("lost", AHEAD)
@pytest.mark.parametrize("late", AHEAD)
def test_verify_after_a_loss_of_one_side(case, lost, late):
    case.prepare(partitions=1)
    case.produce(events.draw(1000))
    kill_with(case, "archive" if lost == "totals" else "totals")
    case.delete_records({0: 30})
    case.speed("--accept-loss")

    def causes():
        return {
            one["cause"]
            for hour in case.verify(code=4)["hours"]
            for one in hour["differences"]
            if one["cause"] not in ("dirty", "not_batched", "held")
        }

    assert causes() == {"speed_rows_edited"}
    case.produce(events.draw(1000, seed=2))
    kill_with(case, late)
    assert causes() <= {"not_archived_yet" if late == "totals" else "not_totalled_yet", "speed_rows_edited"}
    if lost == late:
        return
    # more waits than was lost: nothing says that it was edited
    assert causes() == {"not_archived_yet" if late == "totals" else "not_totalled_yet"}


def test_the_topic_is_made_anew_when_all_is_archived_and_nothing_totalled(case):
    case.prepare(partitions=1)
    case.produce(events.draw(1000))
    expected = expect(case.messages())
    case.speed()
    case.execute("UPDATE antenna.progress SET totals_offset = 0; TRUNCATE bytes, antenna.hour_bytes")
    speed = case.start_speed("--commit-interval", "5m", "--listen", "0")
    scraper = Scraper(speed)
    wait_until(lambda: scraper.value("antenna_messages_total", case.topic) == 1000, "all is read")
    assert offsets(case) == (0, 1000)
    case.delete_topic()
    case.create_topic(partitions=1)
    speed.wait().fails("ANT-K014")
    case.check_archive(expected)
    case.check_totals(expected)


@pytest.mark.parametrize("call", ["open", "write", "fsync"])
def test_totals_do_not_wait_for_a_disk_that_fails(case, call):
    """A roll whose rows fill their memory before the next commit is due; from the first byte, any, or the last."""
    if not PRELOAD.exists():
        pytest.skip("a build with sanitizers lets no call fail")
    case.prepare(partitions=1)
    case.produce(events.draw(1000))
    fault = Injection(case.folder / "fault", Fault(call, errno.ENOSPC, times=1_000_000, path="*.parquet"))
    speed = case.program.start(*case.speed_arguments(*AHEAD["archive"]), environment=fault.environment)
    wait_until(lambda: offsets(case)[0] >= 100, "totals", 20)
    assert offsets(case)[1] == 0
    speed.kill()
    case.speed()
    case.check_exact()


# Options that decide which messages are accepted, before and after a crash, and a message that they judge differently.
OTHER_RULES = {
    "--accept left out": (["--accept", "numeric-ids"], [], {"user_id": 17}),
    "--accept given": ([], ["--accept", "numeric-ids"], {"user_id": 17}),
    "--max-bytes lowered": ([], ["--max-bytes", "50"], {"size": 100}),
    "--max-bytes raised": (["--max-bytes", "50"], [], {"size": 100}),
    "--max-future shortened": ([], ["--max-future", "1m"], {"timestamp": events.BEGIN + 1800}),
}


@pytest.mark.parametrize("ahead", AHEAD)
@pytest.mark.parametrize("change", OTHER_RULES)
def test_both_sides_accept_by_the_same_rules(case, change, ahead):
    """What one side has taken, or rejected, is not judged by other options for the other side."""
    before, after, event = OTHER_RULES[change]
    case.prepare(partitions=1)
    arrival = events.BEGIN * 1000
    case.produce([events.encode(size=10), events.encode(**event)] * 1000, timestamp_ms=arrival)
    kill_with(case, ahead, *before)
    refused = case.program.run(*case.speed_arguments("--until-end", *after))
    refused.fails("ANT-D018", "--max-bytes", "with the options of before")
    case.speed(*before)
    case.batch_pending()
    case.verify("--deep")
    case.produce([events.encode(size=10), events.encode(**event)], timestamp_ms=arrival)
    case.speed(*after)
    case.batch_pending()
    case.verify("--deep")


def test_rules_of_an_older_version_are_not_known(case):
    """It noted none: what it has left is read with the options that are given."""
    case.prepare(partitions=1)
    case.produce(events.draw(1000))
    kill_with(case, "totals")
    case.execute("UPDATE antenna.progress SET rules = NULL")
    case.speed("--max-bytes", "1000000000000")
    case.check_exact()
