"""A Debian that has booted: its systemd runs as the first process of a container, on whose network one chooses."""

import pathlib
import signal
import subprocess

from waiting import wait_until

# What the container's systemd needs of a manager on this machine, where there may be none.
ALONE = ("--register=no", "--keep-unit")


class Machine:
    """Use it as a context manager; it has booted when it is entered."""

    def __init__(self, debian, log, *options):
        """`options` are systemd-nspawn's."""
        self._debian = debian
        self._log = log
        self._options = options
        self._process = None

    def __enter__(self):
        with open(self._log, "wb") as log:
            self._process = subprocess.Popen(
                [
                    *("setpriv", "--pdeathsig", "TERM", "systemd-nspawn", "--quiet", *ALONE, "--console=pipe"),
                    *("--resolv-conf=off", *self._options, "--boot", "-D", self._debian.folder),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        wait_until(self._has_booted, f"the machine has booted, see {self._log}", seconds=60)
        return self

    def __exit__(self, *_):
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(60)

    def run(self, *words, check=True):
        """Runs a command in there; returns what it prints."""
        command = ["nsenter", "--target", str(self._first_process()), "--all", *map(str, words)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0 or not check, f"{words}: {done.stdout}{done.stderr}"
        return done.stdout.strip()

    def show(self, unit, name):
        """A property of a unit."""
        return self.run("systemctl", "show", "--value", f"--property={name}", unit)

    def journal(self, unit):
        """What a unit has said."""
        return self.run("journalctl", "--no-pager", "--output=cat", "--unit", unit, check=False)

    def _first_process(self):
        children = pathlib.Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split()
        return int(children[-1])

    def _has_booted(self):
        assert self._process.poll() is None, pathlib.Path(self._log).read_text(errors="replace")
        try:
            state = self.run("systemctl", "is-system-running", check=False)
        except IndexError:
            return False
        return state in ("running", "degraded")
