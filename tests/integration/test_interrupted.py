"""A command that is stopped before all is done says so: in its table, its JSON and its exit code."""

import json
import signal

import events
import pytest
from waiting import wait_until

pytestmark = pytest.mark.timeout(120)

HOURS = [f"2022-02-20T{hour:02}:00:00Z" for hour in range(9, 13)]


def hour_lock(hour):
    return f"SELECT pg_advisory_xact_lock(hashtextextended('antenna batch {hour[:10]} {hour[11:19]}', 0))"


def is_waiting(case):
    return case.value(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'antenna' "
        "AND wait_event_type = 'Lock'"
    )


def interrupt(case, arguments, statement):
    """Starts a command, stops it while it waits for a lock, and lets it go on."""
    with case.blocked(statement):
        running = case.program.start(*arguments)
        wait_until(lambda: is_waiting(case), "the command waits")
        running.process.send_signal(signal.SIGTERM)
    return running.wait()


@pytest.fixture
def archived(case):
    case.prepare(partitions=1)
    case.produce(events.draw(400, seconds=4 * 3600))
    case.speed()
    return case


def batch_range(case, *options):
    return case.batch_arguments(HOURS[0], "--to", HOURS[3], *options)


def batch_pending(case, *options):
    return case.batch_arguments("-", "--pending", *options)


def verify(case, *options):
    return case.verify_arguments(*options)


# Which command, during which of four hours the stop comes, and how many are left then.
MOMENTS = [
    pytest.param(command, number, 3 - number, id=f"{command.__name__} in hour {number + 1}")
    for command in (batch_range, batch_pending, verify)
    for number in (0, 2, 3)
]


@pytest.mark.parametrize(("command", "number", "left"), MOMENTS)
def test_hours_that_are_left_are_a_result_of_their_own(archived, command, number, left):
    if command is verify:
        archived.batch_pending()
    result = interrupt(archived, command(archived), hour_lock(HOURS[number]))
    assert result.code == (6 if left else 0), result.out + result.err
    assert (f"incomplete: {left} hours are left" in result.out) == (left > 0)
    result = interrupt(archived, batch_range(archived, "--json"), hour_lock(HOURS[number]))
    last = json.loads(result.out.splitlines()[-1])
    assert last.get("complete", True) == (left == 0)
    if left:
        assert (last["hours_left"], last["left_from"]) == (left, HOURS[number + 1])
    archived.batch(HOURS[0], "--to", HOURS[3])
    result = interrupt(archived, verify(archived, "--json"), hour_lock(HOURS[number]))
    report = json.loads(result.out)
    assert (report["equal"], report["complete"], report["hours_left"]) == (left == 0, left == 0, left)


def test_a_difference_that_was_found_counts_more_than_what_is_left(archived):
    archived.batch_pending()
    archived.execute(f"UPDATE bytes_hourly SET value = value + 1 WHERE date = '{HOURS[0][:19]}'")
    result = interrupt(archived, verify(archived, "--json"), hour_lock(HOURS[1]))
    assert (result.code, json.loads(result.out)["complete"]) == (4, False)


def test_a_service_that_is_stopped_is_done(archived):
    result = interrupt(archived, archived.batch_arguments("-", "--follow"), hour_lock(HOURS[1]))
    assert (result.code, "incomplete" in result.out) == (0, False)


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_an_examination_that_is_stopped_is_not_healthy(archived, options):
    doctor = ("doctor", *archived.login, "--storage-root", archived.root, *options)
    result = interrupt(archived, doctor, "LOCK TABLE antenna.schema_version")
    assert result.code == 6, result.out + result.err
    if options:
        report = json.loads(result.out)
        assert (report["healthy"], report["complete"], report["left"]) == (
            False,
            False,
            ["storage", "listen", "notify", "host"],
        )
    else:
        assert "incomplete: stopped before all was checked" in result.out
