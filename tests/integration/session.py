"""A shell in a terminal, to which blocks of commands are given one after the other, as somebody would type them."""

import contextlib
import os
import re
import signal

from terminal import Terminal
from waiting import wait_until

# Runs each file whose name it reads, all in one shell. Behind what a block has written it writes between two separators
# how the block ended: 0, or the last exit code that was another.
LOOP = """
set -E
trap 'failed=$?' ERR
while read -r block; do
    failed=0
    . "$block" <"$(tty <&2)"
    printf '\\036%d\\036' "$failed" >&2
done <"$1"
"""
END = re.compile(rb"\x1e(\d+)\x1e")
BLOCK_SECONDS = 120


class Session:
    """What is printed by a block is kept by the terminal."""

    def __init__(self, folder, start, changes, columns, lines=45):
        """`folder`: for its own files; `start`: the one that the shell is in; `changes`: of the environment."""
        self._folder = folder
        self._count = 0
        fifo = folder / "blocks"
        os.mkfifo(fifo)
        loop = f"cd '{start}'\n{LOOP}"
        self.terminal = Terminal(["-c", loop, "bash", fifo], columns, lines, changes, program="bash")
        self._blocks = open(fifo, "w")  # noqa: SIM115  the shell reads from it until it is closed

    def begin(self, text):
        """Gives it a block."""
        self._count += 1
        block = self._folder / f"block-{self._count}"
        block.write_text(text)
        self._begin = len(self.terminal.written)
        self._blocks.write(f"{block}\n")
        self._blocks.flush()

    @property
    def written(self):
        """What the terminal got of the block."""
        return END.split(self.terminal.written[self._begin :])[0]

    def end(self, seconds=BLOCK_SECONDS):
        """Waits for the block's end; returns 0, or the exit code of a command that failed."""

        def look():
            assert self.terminal.process.poll() is None, f"the shell ended:\n{self.text}"
            return END.search(self.terminal.written, self._begin)

        return int(wait_until(look, "the end of the block", seconds)[1])

    @property
    def text(self):
        """`written` as text."""
        return self.written.decode(errors="replace").replace("\r", "")

    def run(self, text, seconds=BLOCK_SECONDS):
        """Runs a block to its end; returns as `end`."""
        self.begin(text)
        return self.end(seconds)

    def close(self):
        """Ends the shell."""
        self._blocks.close()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.terminal.process.pid, signal.SIGKILL)  # what it has left running in the background, too
        self.terminal.close()
