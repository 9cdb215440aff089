"""What is said: as text, as JSON, to the journal and on a terminal."""

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import termios
import threading

import events
import pytest
from case import QUICK_GROUP
from program import BINARY, environment
from waiting import wait_until

pytestmark = pytest.mark.timeout(60)

TEXT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ (error|warning|info|debug) (\w+): .+")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


@pytest.mark.core
def test_text(case):
    case.prepare()
    case.produce(events.draw(100))
    lines = case.speed("--log-level", "debug").err.splitlines()
    assert lines
    assert all(TEXT.fullmatch(line) for line in lines), lines


@pytest.mark.core
def test_json_has_the_identity_of_each_event(case):
    case.prepare()
    case.produce(events.draw(100))
    err = case.speed("--log-format", "json", "--log-level", "debug", "--workers", "2").err
    lines = [json.loads(line) for line in err.splitlines()]
    assert len(lines) > 3
    for line in lines:
        assert TIME.fullmatch(line["time"]), line
        assert line["level"] in ("error", "warning", "info", "debug")
        assert line["command"] == "speed"
        assert line["message"]
    assert {line.get("job") for line in lines if "job" in line} == {"antenna-speed"}
    assert {line.get("topic") for line in lines if "topic" in line} == {case.topic}
    begun = [line for line in lines if "reads partition" in line["message"]]
    assert {(line["partition"], line["offset"]) for line in begun} >= {(0, 0), (1, 0), (2, 0)}
    assert {line["worker"] for line in begun} <= {1, 2}


def test_json_of_a_failure(case):
    result = case.program.run("status", *case.login, "--log-format", "json")
    lines = [json.loads(line) for line in result.err.splitlines()]
    assert result.code == 3
    assert {line["level"] for line in lines} == {"error"}
    assert "antenna provision" in lines[-1]["message"]


def test_levels(case):
    case.prepare()
    assert case.speed("--log-level", "warning").err == ""
    assert " info " in case.speed("--log-level", "info").err
    assert " debug " not in case.speed("--log-level", "info").err


@pytest.mark.parametrize("option", ["--log-format", "--log-level"])
def test_words_that_are_none(case, option):
    case.program.run("status", *case.login, option, "loud").fails("ANT-U003", option[2:], "loud", " or ")


def run_into(path, case, *options, stream=None):
    """Runs a command whose stderr is a file that the environment calls the journal."""
    with open(path, "wb") as file:
        status = os.fstat(file.fileno())
        changes = {"JOURNAL_STREAM": stream or f"{status.st_dev}:{status.st_ino}"}
        subprocess.run(
            [BINARY, *map(str, case.speed_arguments("--until-end", *QUICK_GROUP, *options))],
            stderr=file,
            env=environment(changes),
            check=True,
        )
    return path.read_text().splitlines()


def test_the_journal_gets_priorities_and_no_times(case):
    case.prepare()
    case.produce(events.draw(10))
    lines = run_into(case.folder / "journal", case, "--log-level", "debug")
    assert all(re.fullmatch(r"<[3467]>speed: .+", line) for line in lines), lines
    assert {line[1] for line in lines} == {"6", "7"}


def test_json_to_the_journal(case):
    case.prepare()
    for line in run_into(case.folder / "journal", case, "--log-format", "json"):
        assert json.loads(line.removeprefix("<6>"))["level"] == "info"


def test_a_stream_that_is_not_the_journal_gets_text(case):
    case.prepare()
    lines = run_into(case.folder / "file", case, stream="1:1")
    assert all(TEXT.fullmatch(line) for line in lines), lines


class Terminal:
    """A terminal that a command has as its stderr; `text` is what it has been sent so far."""

    def __init__(self, arguments, columns=80, name="xterm"):
        self._main, side = pty.openpty()
        fcntl.ioctl(self._main, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self.text = ""
        self.process = subprocess.Popen(
            [BINARY, *map(str, arguments)], stdin=subprocess.DEVNULL, stderr=side, env=environment({"TERM": name})
        )
        os.close(side)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        # The read fails when the last who has the terminal's other side has closed it.
        while True:
            try:
                self.text += os.read(self._main, 65536).decode(errors="replace")
            except OSError:
                return

    def close(self):
        """Ends the command if it runs; waits for the rest of what it says."""
        if self._main is None:
            return
        self.process.kill()
        self.process.wait()
        self._reader.join()
        os.close(self._main)
        self._main = None


@pytest.fixture
def terminal(case):
    opened = []

    def open_terminal(*options, **changes):
        opened.append(Terminal(case.speed_arguments(*QUICK_GROUP, *options), **changes))
        return opened[-1]

    yield open_terminal
    for terminal in opened:
        terminal.close()


def test_a_terminal_sees_the_way_to_the_end(case, terminal):
    case.prepare()
    case.produce(events.draw(1000))
    with case.totals_held():
        seen = terminal("--until-end")
        words = re.compile(r"\r\x1b\[K\[=* *\] \d+ read, \d+/s, lag [1-9]\d*, \d+ s left")
        wait_until(lambda: words.search(seen.text), "a bar with rate, lag and the time left")
    assert seen.process.wait(30) == 0
    case.check_exact()


def test_a_terminal_sees_rate_and_lag_of_a_service(case, terminal):
    case.prepare()
    case.produce(events.draw(1000))
    seen = terminal()
    wait_until(lambda: re.search(r"\r\x1b\[K1000 read, \d+/s, 0 rejected, lag 0", seen.text), "words of progress")
    seen.process.terminate()
    assert seen.process.wait(30) == 0
    seen.close()
    assert re.search(r"\r\x1b\[K[^\r]+ info speed: read 1000 messages [^\r]+\r\n$", seen.text), "the last line is whole"


def test_progress_fits_into_a_narrow_terminal(case, terminal):
    """A line that went on in the next would leave itself behind."""
    case.prepare()
    case.produce(events.draw(1000))
    seen = terminal(columns=20)
    wait_until(lambda: "\r\x1b[K1000 read, " in seen.text, "words of progress")
    seen.process.terminate()
    assert seen.process.wait(30) == 0
    seen.close()
    shown = re.findall(r"\r\x1b\[K(\d+ read[^\r\n]*)", seen.text)
    assert shown
    assert all(len(words) < 20 for words in shown), shown


def test_a_dumb_terminal_sees_lines(case, terminal):
    case.prepare()
    case.produce(events.draw(100))
    seen = terminal("--duration", "3s", name="dumb")
    assert seen.process.wait(30) == 0
    seen.close()
    assert "\x1b" not in seen.text
    assert all(TEXT.fullmatch(line) for line in seen.text.splitlines()), seen.text


def test_a_pipe_sees_no_bar(case):
    case.prepare()
    case.produce(events.draw(100))
    result = case.program.run(*case.speed_arguments(*QUICK_GROUP, "--duration", "3s"))
    assert result.code == 0
    assert "\r" not in result.err
    assert "\x1b" not in result.err
    assert all(TEXT.fullmatch(line) for line in result.err.splitlines())


def test_the_last_line_of_a_failure_names_the_job(program, tmp_path):
    """The texts come from the configuration file, which is freed before that line."""
    file = tmp_path / "antenna.ini"
    file.write_text("job = of-the-file\ntopic = its-topic\n")
    arguments = (
        "speed",
        "--kafka-server",
        "127.0.0.1:1",
        "--jdbc-uri",
        "postgresql://127.0.0.1:1/x",
        "--jdbc-user",
        "u",
    )
    options = ("--jdbc-password=p", "--storage-root", tmp_path / "archive", "--config", file, "--log-format", "json")
    lines = program.run(*arguments, *options).err.splitlines()
    assert [(line["job"], line["topic"]) for line in map(json.loads, lines)][-1] == ("of-the-file", "its-topic")
