"""status --watch: a screen that is written in place, in every terminal, and gives it back as it was."""

import os
import re
import signal

import events
import pytest
from terminal import BEGIN, BEGIN_UPDATE, END_UPDATE, Terminal
from waiting import wait_until

pytestmark = pytest.mark.timeout(90)

INTERVAL = ("--watch", "--interval", "200ms")


@pytest.fixture
def watch(case):
    """Starts the watch in a terminal, with options and changes of terminal and environment."""
    case.prepare()
    case.produce([*events.draw(1000), b"nonsense"])
    case.speed()
    started = []

    def start(*options, login=case.login, **changes):
        started.append(Terminal(("status", *login, *INTERVAL, *options), **changes))
        return started[-1]

    yield start
    for terminal in started:
        terminal.close()


@pytest.mark.core
@pytest.mark.tsan
def test_shows_the_figures(case, watch):
    terminal = watch()
    lines = terminal.wait_for("rejected  not_json 1")
    assert lines[0].startswith("antenna status")
    assert "q ends it" in lines[0]
    assert lines[2].startswith("job antenna-speed, topic devices-")
    assert lines[3].split()[:8] == ["part", "totalled", "archived", "lag", "lag", "s", "msg/s", "commit"]
    assert [line.split()[0] for line in lines[4:7]] == ["0", "1", "2"]
    assert any(line.startswith("hours     0 open, 2 new") for line in lines)
    assert any(line.startswith("database") for line in lines)
    terminal.press("q")
    assert terminal.wait() == 0
    assert terminal.is_restored()


def test_shows_what_changes_and_how_fast(case, watch):
    terminal = watch()
    lines = terminal.wait_for("0 messages/s")
    before = sum(int(line.split()[1]) for line in lines[4:7])
    case.produce(events.draw(500, seed=2))
    case.speed()

    def shown():
        rows = [line.split() for line in terminal.lines[4:7]]
        return sum(int(row[1]) for row in rows) == before + 500

    wait_until(shown, "the new offsets")
    assert re.search(rb": [1-9][0-9]* messages/s", terminal.written), "their rate was shown"
    assert b"\x1b[2J" not in terminal.written, "the screen is written in place, not emptied"
    update = re.escape(BEGIN_UPDATE) + rb".*?" + re.escape(END_UPDATE)
    updates = terminal.written[: terminal.written.rindex(END_UPDATE) + len(END_UPDATE)]
    between = re.sub(update, b"", updates.partition(BEGIN)[2], flags=re.DOTALL)
    assert between == b"\x1b[?25l", "nobody sees half of an update"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it(watch, number):
    terminal = watch()
    terminal.wait_for("rejected")
    terminal.signal(number)
    assert terminal.wait() == 0
    assert terminal.is_restored()


def test_control_c_ends_it(watch):
    terminal = watch()
    terminal.wait_for("rejected")
    terminal.press("\x03")
    assert terminal.wait() == 0
    assert terminal.is_restored()


def test_follows_the_size_of_the_terminal(watch):
    terminal = watch(columns=200, lines=50)
    assert any("archived until" in line for line in terminal.wait_for("rejected"))
    terminal.resize(40, 10)
    wait_until(lambda: any(line.endswith(">") for line in terminal.lines), "lines that are cut off")
    lines = terminal.lines
    assert all(len(line) <= 40 for line in lines)
    assert "more partitions" in " ".join(lines), lines
    terminal.resize(100, 30)
    wait_until(lambda: not any("more partitions" in line for line in terminal.lines), "all partitions")
    terminal.wait_for("rejected")


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (20, 5)])
def test_the_smallest_terminal(watch, size):
    terminal = watch(columns=size[0], lines=size[1])
    wait_until(lambda: BEGIN in terminal.written and any(terminal.lines), "something on the screen")
    terminal.press("q")
    assert terminal.wait() == 0
    assert terminal.is_restored()


def test_more_partitions_than_lines(case, watch):
    case.execute(
        "INSERT INTO antenna.progress (job, topic, partition, totals_offset, archive_offset, owner) "
        "SELECT 'other', 'devices', number, 10, 5, 'host:1:1' FROM generate_series(0, 99) AS number"
    )
    terminal = watch()
    lines = terminal.wait_for("more partitions")
    assert lines[-1].startswith("rejected"), lines
    assert any(line.startswith("job other, topic devices") for line in lines)
    assert any(line.startswith("hours") for line in lines)


def test_the_partition_that_is_furthest_behind_is_named(case, watch):
    case.execute(
        "INSERT INTO antenna.progress "
        "(job, topic, partition, owner, totals_offset, archive_offset, end_offset, totalled_until) "
        "SELECT 'other', 'devices', number, 'host:1:1', 10, 5, CASE number WHEN 93 THEN 17 ELSE 10 END, "
        "now() AT TIME ZONE 'UTC' - interval '1000 s' FROM generate_series(0, 99) AS number"
    )
    lines = watch().wait_for("of which 93 is furthest behind: 7 waiting, 10")
    assert any(re.search(r": (0 messages/s, )?7 waiting, 10", line) for line in lines), lines


def test_long_names_leave_room_for_the_figures(case, watch):
    case.execute(
        "INSERT INTO antenna.progress (job, topic, partition, owner, totals_offset, archive_offset, end_offset) "
        "VALUES (repeat('job-', 40), repeat('Ö', 100), 0, 'host:1:1', 10, 5, 1000010)"
    )
    lines = watch().wait_for("1000000 waiting, 0 s behind")
    long = next(line for line in lines if "1000000 waiting" in line)
    assert re.fullmatch(r"job job-job-.*…, topic Ö+…: (0 messages/s, )?1000000 waiting, 0 s behind", long), long
    # With a rate, which the first display does not have yet, the line is two columns too long for the whole name.
    whole, cut = f"job antenna-speed, topic {case.topic}: ", f"job antenna-speed, topic {case.topic[:12]}"
    assert any(line.startswith(whole) or (line.startswith(cut) and "messages/s" in line) for line in lines), lines
    result = case.program.run("status", *case.login)
    assert "job-" * 40 in result.out, "whoever reads it from a pipe gets all of it"


def test_keeps_the_last_figures_while_postgres_does_not_answer(case, watch, proxy):
    uri = f"jdbc:postgresql://127.0.0.1:{proxy.port}/{case.database}"
    terminal = watch(login=(uri, *case.login[1:]))
    terminal.wait_for("rejected  not_json 1")
    proxy.close()
    case.end_sessions()
    lines = terminal.wait_for("s old: ")
    assert lines[0].startswith("these figures are ")
    assert any("rejected  not_json 1" in line for line in lines)
    terminal.wait_for("these figures are 2 s old")
    terminal.press("q")
    assert terminal.wait() == 0
    assert terminal.is_restored()


@pytest.fixture
def frozen(case, watch):
    """A watch whose session in PostgreSQL does not move, and what has it go on."""
    terminal = watch()
    terminal.wait_for("rejected")
    pid = case.value(
        "SELECT pid FROM pg_stat_activity WHERE application_name = 'antenna' AND datname = %s", case.database
    )
    os.kill(pid, signal.SIGSTOP)
    yield terminal, lambda: os.kill(pid, signal.SIGCONT)
    os.kill(pid, signal.SIGCONT)


def test_ends_while_postgres_is_frozen(frozen):
    terminal, _ = frozen
    terminal.press("q")
    assert terminal.wait(10) == 0
    assert terminal.is_restored()


def test_shows_that_postgres_is_frozen(frozen):
    terminal, go_on = frozen
    lines = terminal.wait_for("s old: PostgreSQL does not answer")
    assert any("rejected  not_json 1" in line for line in lines)
    go_on()
    terminal.wait_for("antenna status")


def test_without_colours(watch):
    plain = watch(changes={"NO_COLOR": "1"})
    plain.wait_for("rejected")
    assert b"\x1b[1m" not in plain.written
    coloured = watch()
    coloured.wait_for("rejected")
    assert b"\x1b[1m" in coloured.written


def test_a_terminal_that_cannot(watch):
    for changes in ({"TERM": "dumb"}, {"TERM": ""}):
        terminal = watch(changes=changes)
        assert terminal.wait() == 3
        wait_until(lambda terminal=terminal: b"leave out --watch" in terminal.written, "the hint")
        assert BEGIN not in terminal.written


def test_no_terminal(case):
    case.provision()
    result = case.program.run("status", *case.login, "--watch")
    result.fails("ANT-S003", "standard output is not a terminal", "leave out --watch")
    case.program.run("status", *case.login, "--watch", "--json").fails("ANT-U006", "--watch", "--json")
    assert result.out == ""
