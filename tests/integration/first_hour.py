"""Does what docs/first-hour.md says, command by command, and draws what a reader sees."""

import contextlib
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile

from documents import blocks
from picture import PROMPT, draw, screen_of
from program import CHECKOUT, environment
from rich.text import Text
from session import Session
from waiting import wait_until

DOCUMENT = "docs/first-hour.md"
PICTURES = CHECKOUT / "build" / "first-hour"
HOME_OF_READER = "/var/tmp/antenna-demo-$(id -un)"
HOME_IN_PICTURES = "/var/tmp/antenna-demo-ada"
HOST = socket.gethostname()
HOST_IN_PICTURES = "h1".ljust(len(HOST), "1")[: len(HOST)]  # as long, so that columns stay where they are
COLUMNS = 120
DEMO_SECONDS = 900
SEEN_SECONDS = 90

# What is seen below the block that a picture follows. Of a query sooner or later: a reader asks again until it is.
SEEN = {
    "start": r"(?s)([1-9][0-9,]*) totals compared one by one with the ledger: 0 differ.*runs until make demo-stop",
    "events": r'(\{"timestamp": [^\n]*\n){3}',
    "totals": r"(\| (FACEBOOK|FACETIME|SKYPE|TELEGRAM|WHATSAPP) +\| +[0-9]+\n.*){5}",
    "archive": r"(?s)year=\d+/month=\d+/day=\d+/hour=\d+/\S+\.parquet .*│ +\d+ │ +\d+ │ +\d+ │ +\d+ │",
    "batch": r"\d\d:00:00Z +[0-9]+ +[1-9][0-9]* +[1-9][0-9]* +0 +[0-9]+  (recomputed|provisional)",
    "quota": r"My Name \| +5000000 \| +1000 \| +5000[.0]* \| +[0-9]+ \| t",
    "notice": r"(?s)To: My Name <me@example.org>.*80 % of.*To: My Name <me@example.org>.*100 % of",
    "late": r"(?s)user_bytes_total \| +777\n",
    "rejected": r"(?s)(?=.*\| timestamp_in_milliseconds\n)(?=.*\| wrong_type\n)(?=.*\| not_json\n)",
    "kill": r"(?s) 1000000\n.* 0 with differences",
    "rebuild": r"(?s) rebuilt\n.* 0 with differences",
    "prune": r" 0 with differences",
    "doctor": r"failed 0, skipped 0: nothing found that would stop a job",
}
# Of a long output the picture shows what lies between these.
SHOWN = {"start": ("7. Every byte", "8. What")}


@contextlib.contextmanager
def own_demo():
    """The folder of a demo that is made there, and ended in any case."""
    parent = pathlib.Path(tempfile.mkdtemp(prefix="antenna-", dir="/var/tmp"))
    parent.chmod(0o755)
    home = parent / "demo"
    try:
        yield home
    finally:
        done = subprocess.run(
            [sys.executable, CHECKOUT / "demo" / "stop.py"],
            env=environment({"DEMO_HOME": str(home), "PYTHONPATH": "tools"}),
            cwd=CHECKOUT,
            check=False,
        )
        shutil.rmtree(parent)
        assert done.returncode == 0


class FirstHour:
    """A reader of the tutorial, with a demo of their own."""

    def __init__(self, folder, home, changes=None):
        """`folder`: for the session; `home`: the demo's, not there yet; `changes`: of the environment."""
        self._home = home
        settings = {"DEMO_HOME": str(home), "PAGER": "cat", "HOME": str(folder), "MAKEFLAGS": ""}
        self._session = Session(folder, CHECKOUT, settings | (changes or {}), COLUMNS)
        self._transcript = []

    def follow(self, show_dashboards=lambda: None):
        """Runs all blocks in their order, and looks at the dashboards before everything is stopped."""
        with contextlib.closing(self._session):
            for block in blocks(DOCUMENT):
                if "make demo-stop" in block.text:
                    show_dashboards()
                self._follow_block(block)

    def _follow_block(self, block):
        text = block.text.replace(HOME_OF_READER, str(self._home))
        name = block.picture and pathlib.Path(block.picture).stem
        written = self._watch(text) if name == "status" else self._ask(text, SEEN[name] if name else "")
        self._transcript += [*Text(f"$ {block.text}".rstrip(), PROMPT).split("\n"), *self._shown(name, written)]
        if name:
            draw(PICTURES / f"{name}.svg", self._transcript, COLUMNS)
            self._transcript = []

    def _ask(self, text, seen):
        """Runs a block, a query again and again until it shows what is to be seen; returns what it wrote."""

        def look():
            code = self._session.run(text, DEMO_SECONDS)
            return code == 0 and re.search(seen, self._session.text)

        if text.startswith("psql"):
            wait_until(look, f"{seen} below\n{text}", SEEN_SECONDS)
        else:
            assert look(), f"not {seen} below\n{text}{self._session.text}"
        return self._session.written

    def _watch(self, text):
        """Looks at the screen of a block that ends when q is pressed."""
        self._session.begin(text)
        self._session.terminal.wait_for(" messages/s")
        written = self._session.written
        self._session.terminal.press("q")
        assert self._session.end() == 0
        return written

    def _shown(self, name, written):
        """The lines of a picture, without the names of this machine."""
        for own, other in ((str(self._home), HOME_IN_PICTURES), (f" {HOST}:", f" {HOST_IN_PICTURES}:")):
            written = written.replace(own.encode(), other.encode())
        lines = screen_of(written, COLUMNS)
        if name not in SHOWN:
            return lines
        begin, end = (next(i for i, line in enumerate(lines) if line.plain.startswith(words)) for words in SHOWN[name])
        return [Text("…"), *lines[begin:end]]
