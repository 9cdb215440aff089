"""What both servers have in common: a process with a home folder, a port, a log and a readiness check."""

import contextlib
import os
import pathlib
import signal
import socket
import subprocess
import time

CHECKOUT = pathlib.Path(__file__).resolve().parents[2]
START_SECONDS = 60
STOP_SECONDS = 30
POLL_SECONDS = 0.05
LOG_TAIL_LINES = 15


# Has the kernel kill the process when its parent ends, however that happens (setpriv(1), prctl(2)).
DIE_WITH_PARENT = ["setpriv", "--pdeathsig", "KILL"]


class ServerError(Exception):
    """A server could not be started or stopped; the message says why."""


def free_port():
    """A TCP port of 127.0.0.1 that nobody uses right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start_time(pid):
    """When the process began, in clock ticks since boot, or None when there is none (proc(5), field 22 of stat).

    A process is told from a later one of the same number by it.
    """
    try:
        text = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    return None if fields[0] == "Z" else int(fields[19])


class Server:
    """One server process.

    Subclasses set `name` and give `_prepare()`, which makes the home folder ready, `_command()`, and `_is_ready()`.
    """

    name = "server"
    stop_signal = signal.SIGTERM

    def __init__(self, home, port=None, tied=False):
        """Describes a server that is or may be started.

        `home`: the folder for data, log and pid; `port`: None for the one it had before or else a free one; `tied`: the
        server does not outlive this process.
        """
        self.home = pathlib.Path(home)
        self._tied = tied
        self.log = self.home / f"{self.name}.log"
        self._pid_file = self.home / f"{self.name}.pid"
        self.port = port or self._former_port() or free_port()

    @property
    def address(self):
        """`host:port` for clients."""
        return f"127.0.0.1:{self.port}"

    def start(self):
        """Starts the server and waits until it answers; does nothing when it runs. Raises ServerError."""
        if self.is_running():
            return
        self.home.mkdir(parents=True, exist_ok=True)
        self._prepare()
        (self.home / f"{self.name}.port").write_text(f"{self.port}\n")
        with open(self.log, "ab") as log:
            process = subprocess.Popen(
                [*(DIE_WITH_PARENT if self._tied else []), *self._command()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **self._process_options(),
            )
        self._process = process
        self._pid_file.write_text(f"{process.pid} {start_time(process.pid)}\n")
        self._wait(self._is_ready, START_SECONDS, "did not answer")

    def stop(self):
        """Stops the server cleanly and waits for its end; does nothing when it does not run."""
        self._end(self.stop_signal)

    def kill(self):
        """Ends the server at once, as a crash would."""
        self._end(signal.SIGKILL)

    def restart(self):
        """Stops and starts it on the same port with the same data."""
        self.stop()
        self.start()

    def is_running(self):
        """Whether the process that was started last is there."""
        return self._pid() is not None

    def _former_port(self):
        with contextlib.suppress(OSError, ValueError):
            return int((self.home / f"{self.name}.port").read_text())
        return None

    def _pid(self):
        try:
            pid, began = self._pid_file.read_text().split()
        except (OSError, ValueError):
            return None
        return int(pid) if str(start_time(int(pid))) == began else None

    def _end(self, number):
        pid = self._pid()
        if pid is None:
            return
        os.kill(pid, number)
        self._wait(lambda: self._reap() or not self.is_running(), STOP_SECONDS, "did not end", alive=False)
        self._pid_file.unlink(missing_ok=True)

    def _reap(self):
        process = getattr(self, "_process", None)
        return process is not None and process.poll() is not None

    def _wait(self, condition, seconds, what, alive=True):
        deadline = time.monotonic() + seconds
        while not condition():
            if alive and (self._reap() or not self.is_running()):
                raise ServerError(f"{self.name} ended while it started:\n{self._log_tail()}")
            if time.monotonic() > deadline:
                raise ServerError(f"{self.name} {what} within {seconds} s:\n{self._log_tail()}")
            time.sleep(POLL_SECONDS)

    def _log_tail(self):
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return "\n".join([f"the end of {self.log}:", *lines[-LOG_TAIL_LINES:]])

    def _process_options(self):
        return {}
