"""A terminal that the program writes to: a pty, whose screen pyte keeps."""

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import threading

import pyte
from program import BINARY, DIE_WITH_PARENT, environment
from waiting import wait_until

# What takes a terminal's other screen, and gives it back with the cursor.
BEGIN = b"\x1b[?1049h"
END = b"\x1b[?25h\x1b[?1049l"

# An update of the screen, of which a terminal shows nothing before its end.
BEGIN_UPDATE = b"\x1b[?2026h"
END_UPDATE = b"\x1b[?2026l"

CHUNK = 1 << 16


class Terminal:
    """A command of the program, or another program, in a terminal of this size."""

    def __init__(self, arguments, columns=80, lines=24, changes=None, program=BINARY):
        self._master, own = pty.openpty()
        self._screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self._screen)
        self._lock = threading.Lock()
        self.written = b""
        self._shown = 0  # bytes of it
        self.settings_before = termios.tcgetattr(own)
        self._set_size(columns, lines)
        self.process = subprocess.Popen(
            ["setsid", "--ctty", *DIE_WITH_PARENT, program, *map(str, arguments)],
            stdin=own,
            stdout=own,
            stderr=own,
            env=environment({"TERM": "xterm"} | (changes or {})),
        )
        self._own = own  # kept open, so that the settings can be looked at when the program has ended
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        while select.select([self._master], [], [])[0]:
            try:
                data = os.read(self._master, CHUNK)
            except OSError:
                return
            with self._lock:
                self.written += data
                self._show()

    def _show(self):
        begin = self.written.rfind(BEGIN_UPDATE)
        end = len(self.written) if self.written.rfind(END_UPDATE) >= begin else begin
        if end > self._shown:
            self._stream.feed(self.written[self._shown : end])
            self._shown = end

    def _set_size(self, columns, lines):
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def resize(self, columns, lines):
        """Makes it another size, which the kernel tells the program."""
        with self._lock:
            self._screen.resize(lines, columns)
        self._set_size(columns, lines)

    @property
    def lines(self):
        """What the screen shows, without blanks at the right."""
        with self._lock:
            return [line.rstrip() for line in self._screen.display]

    def wait_for(self, words, seconds=30):
        """Waits until the screen shows these words, and returns its lines."""
        seen = []

        def shown():
            seen[:] = self.lines
            return any(words in line for line in seen)

        wait_until(shown, f'"{words}"', seconds)
        return seen

    def press(self, keys):
        """Presses keys."""
        os.write(self._master, keys.encode())

    def signal(self, number):
        """Sends a signal."""
        self.process.send_signal(number)

    def wait(self, seconds=30):
        """Waits for the end; returns the exit code."""
        return self.process.wait(seconds)

    def is_restored(self):
        """Whether the terminal is as it was."""
        wait_until(lambda: self.written.endswith(END), "the end of the screen", 5)
        return termios.tcgetattr(self._own) == self.settings_before

    def close(self):
        """Ends what still runs."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
        os.close(self._own)
        self._reader.join(5)
        os.close(self._master)
