"""Apache Superset, one process on loopback with its metadata in SQLite."""

import contextlib
import hashlib
import os
import secrets
import subprocess
import urllib.error
import urllib.request

from stack.process import ServerError, open_private
from stack.server import CHECKOUT, Server, check_free

PROGRAMS = CHECKOUT / ".deps" / "superset" / "bin"
SERVING = CHECKOUT / "serving" / "superset"
PINS = CHECKOUT / "third_party" / "superset" / "requirements.txt"
THREADS = 8
USUAL_PORT = 8088


class Superset(Server):
    """An instance with the user `admin`, whose password is generated into a file that only its owner reads."""

    name = "superset"
    user = "admin"

    def __init__(self, home, port=None, tied=False):
        """As Server."""
        super().__init__(home, port, tied)
        self._folder = self.home / "superset"
        self.password_file = self._folder / "admin-password"

    @property
    def url(self):
        """The address for a browser."""
        return f"http://{self.address}"

    @property
    def password(self):
        """The password of `user`."""
        return self.password_file.read_text().strip()

    def _prepare(self):
        super()._prepare()
        if not PROGRAMS.exists():
            raise ServerError(f"{PROGRAMS} is missing: run tools/setup dashboard")
        self._folder.mkdir(mode=0o700, exist_ok=True)
        for path in (self._folder / "secret-key", self.password_file):
            if not path.exists():
                path.touch(mode=0o600)
                path.write_text(secrets.token_urlsafe(24) + "\n")
        stamp, pins = self._folder / "prepared", hashlib.sha256(PINS.read_bytes()).hexdigest()
        if not stamp.exists() or stamp.read_text() != pins:
            self._prepare_metadata()
            stamp.write_text(pins)

    def _new_port(self):
        with contextlib.suppress(OSError):
            check_free(USUAL_PORT)
            return USUAL_PORT
        return super()._new_port()

    def _prepare_metadata(self):
        with open(self.log, "ab", opener=open_private) as log:
            done = subprocess.run(
                [PROGRAMS / "python", SERVING / "prepare.py", self.password_file],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self._environment(),
                check=False,
            )
        if done.returncode:
            raise ServerError(f"could not prepare Superset's metadata:\n{self.log_tail()}")

    def _command(self):
        return [
            *(str(PROGRAMS / "gunicorn"), "--bind", self.address, "--workers", "1", "--threads", str(THREADS)),
            *("--timeout", "120", "--graceful-timeout", "5", "superset.app:create_app()"),
        ]

    def _process_options(self):
        return {"env": self._environment()}

    def _environment(self):
        # TZ: "now" of a time filter is UTC, as the dates of the tables are.
        return os.environ | {
            "SUPERSET_CONFIG_PATH": str(SERVING / "superset_config.py"),
            "ANTENNA_SUPERSET_HOME": str(self._folder),
            "FLASK_APP": "superset.app:create_app()",
            "TZ": "UTC",
            "PYTHONPATH": "",
        }

    def _is_ready(self):
        try:
            with urllib.request.urlopen(f"{self.url}/health", timeout=2) as answer:
                return answer.status == 200
        except (urllib.error.URLError, OSError):
            return False
