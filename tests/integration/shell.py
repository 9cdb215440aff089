"""An interactive shell in a terminal of its own, to which keys are sent."""

import contextlib
import os
import pty
import subprocess

from program import DIE_WITH_PARENT
from waiting import wait_until

ENVIRONMENT = {"PATH": os.environ["PATH"], "TERM": "xterm", "LC_ALL": "C.UTF-8", "HISTFILE": ""}


class Shell:
    """Whatever the shell prints is kept in `screen`."""

    def __init__(self, command, folder, environment=None):
        self._master, slave = pty.openpty()
        os.set_blocking(self._master, False)
        self.screen = b""
        self._process = subprocess.Popen(
            [*DIE_WITH_PARENT, *command],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=folder,
            env=ENVIRONMENT | {"HOME": str(folder)} | (environment or {}),
            start_new_session=True,
        )
        os.close(slave)

    def _read(self):
        with contextlib.suppress(BlockingIOError, OSError):
            while data := os.read(self._master, 65536):
                self.screen += data

    def press(self, keys):
        """Sends keys."""
        os.write(self._master, keys.encode())

    def wait_for(self, path, end):
        """Waits until a file ends with these words, and returns what it holds."""

        def look():
            self._read()
            assert self._process.poll() is None, self.screen.decode(errors="replace")
            return path.exists() and path.read_text().endswith(end)

        wait_until(look, f"the shell writes {path.name}: {self.screen.decode(errors='replace')}", 20)
        return path.read_text().removesuffix(end)

    def close(self):
        """Ends the shell."""
        self._process.kill()
        self._process.wait()
        os.close(self._master)
