"""A process that is found again by its pid file, whoever started it."""

import contextlib
import os
import pathlib
import signal
import subprocess
import time

# So many times as long as on a quiet machine everything may take.
PATIENCE = int(os.environ.get("PATIENCE", "1"))
START_SECONDS = 60 * PATIENCE
STOP_SECONDS = 30 * PATIENCE
POLL_SECONDS = 0.05
LOG_TAIL_LINES = 15

# Has the kernel kill the process when its parent ends, however that happens (setpriv(1), prctl(2)).
DIE_WITH_PARENT = ["setpriv", "--pdeathsig", "KILL"]


def open_private(path, flags):
    """An opener for open(): what it creates is read by its owner only, as a log may hold a password."""
    return os.open(path, flags, 0o600)


class ServerError(Exception):
    """A process could not be started or stopped; the message says why."""


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


class Process:
    """One process with a home folder that holds its log and its pid.

    Subclasses set `name` and give `_command()`; `_prepare()` makes the home folder ready, `_is_ready()` tells when it
    has started, `_process_options()` are more arguments of Popen.
    """

    name = "process"
    stop_signal = signal.SIGTERM

    def __init__(self, home, tied=False):
        """Describes a process that is or may be started; `tied`: it does not outlive this process."""
        self.home = pathlib.Path(home)
        self.log = self.home / f"{self.name}.log"
        self._tied = tied
        self._pid_file = self.home / f"{self.name}.pid"
        self._child = None

    def start(self):
        """Starts it and waits until it is ready; does nothing when it runs. Raises ServerError."""
        if not self.is_running():
            self.launch()
            self.await_start()

    def launch(self):
        """Starts it without waiting. A tied process also ends with the thread that calls this (prctl(2))."""
        self.home.mkdir(parents=True, exist_ok=True)
        self._prepare()
        with open(self.log, "ab", opener=open_private) as log:
            self._child = subprocess.Popen(
                [*(DIE_WITH_PARENT if self._tied else []), *self._command()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **self._process_options(),
            )
        self._pid_file.write_text(f"{self._child.pid} {start_time(self._child.pid)}\n")

    def await_start(self):
        """Waits until it is ready. Raises ServerError."""
        self._wait(self._is_ready, START_SECONDS, "did not answer")

    def stop(self):
        """Stops it cleanly and waits for its end; does nothing when it does not run."""
        self._end(self.stop_signal)

    def kill(self):
        """Ends it at once, as a crash would."""
        self._end(signal.SIGKILL)

    def restart(self):
        """Stops and starts it with the same data."""
        self.stop()
        self.start()

    def is_running(self):
        """Whether the process that was started last is there."""
        return self.pid() is not None

    def pid(self):
        """Its process id, or None when it does not run."""
        try:
            pid, began = self._pid_file.read_text().split()
        except (OSError, ValueError):
            return None
        return int(pid) if str(start_time(int(pid))) == began else None

    def log_tail(self):
        """The last lines of its log."""
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return "\n".join([f"the end of {self.log}:", *lines[-LOG_TAIL_LINES:]])

    def _prepare(self):
        pass

    def _command(self):
        raise NotImplementedError

    def _is_ready(self):
        return True

    def _process_options(self):
        return {}

    def _signal(self, pid, number):
        os.kill(pid, number)

    def _end(self, number):
        pid = self.pid()
        if pid is None:
            return
        with contextlib.suppress(ProcessLookupError):
            self._signal(pid, number)
        self._wait(lambda: self._has_ended(pid), STOP_SECONDS, "did not end", alive=False)
        self._pid_file.unlink(missing_ok=True)

    def _has_ended(self, pid):
        """A child has when it can be reaped: before, it looks like a zombie while its threads still hold its port."""
        if self._child is not None and self._child.pid == pid:
            return self._reap()
        return not self.is_running()

    def _reap(self):
        return self._child is not None and self._child.poll() is not None

    def _wait(self, condition, seconds, what, alive=True):
        deadline = time.monotonic() + seconds
        while not condition():
            if alive and (self._reap() or not self.is_running()):
                raise ServerError(f"{self.name} ended while it started:\n{self.log_tail()}")
            if time.monotonic() > deadline:
                raise ServerError(f"{self.name} {what} within {seconds} s:\n{self.log_tail()}")
            time.sleep(POLL_SECONDS)


class Service(Process):
    """Any program, run until it is stopped."""

    def __init__(self, home, name, command, environment=None, tied=False):
        """`command`: its words; `environment`: what is added to ours; `tied`: as Process."""
        self.name = name
        super().__init__(home, tied)
        self.command = [str(word) for word in command]
        self._environment = environment or {}

    def _command(self):
        return self.command

    def _process_options(self):
        return {"env": os.environ | self._environment}


class Job(Service):
    """A program that ends by itself; stopping it stops what it has started, too, but for other sessions."""

    def wait(self):
        """Waits for its end; returns the exit code."""
        return self._child.wait()

    def _signal(self, pid, number):
        os.killpg(pid, number)
