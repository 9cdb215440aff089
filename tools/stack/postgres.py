"""PostgreSQL, with the programs that Debian installs or those of another folder."""

import os
import pathlib
import pwd
import secrets
import shutil
import signal
import subprocess

from stack.process import ServerError
from stack.server import Server

PROGRAMS = pathlib.Path("/usr/lib/postgresql")


def find_programs():
    """The folder with the newest installed server's programs. Raises ServerError when there is none."""
    folders = sorted(PROGRAMS.glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    if not folders:
        raise ServerError(f"no PostgreSQL server below {PROGRAMS}: run tools/setup test")
    return folders[-1].parent


def server_user():
    """The user that the server runs as: ourselves, or, when we are root, which it refuses, an unprivileged one."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise ServerError("running as root, and there is neither a user postgres nor nobody to run PostgreSQL as")


class Postgres(Server):
    """A server with the superuser and the database `antenna`; logins over TCP need the password."""

    name = "postgres"
    user = "antenna"
    database = "antenna"
    stop_signal = signal.SIGINT  # "fast": rolls open transactions back and ends

    def __init__(self, home, port=None, tied=False, durable=True, programs=None):
        """As Server; `durable=False` leaves out fsync: faster, and safe unless the machine itself crashes.
        `programs`: the folder of the server's programs, None for Debian's.
        """
        super().__init__(home, port, tied)
        self._programs = programs
        self._owner = server_user()
        self._folder = self.home / "postgres"
        self._durable = durable
        self._password_file = self.home / "password"

    @property
    def password(self):
        """The password of `user`."""
        return self._password_file.read_text().strip()

    @property
    def password_file(self):
        """The file that holds it."""
        return self._password_file

    @property
    def folder(self):
        """The folder of the data and of files that belong to the server."""
        return self._folder

    def give(self, path):
        """Makes a file the server's own, readable by nobody else."""
        path.chmod(0o600)
        if self._owner:
            os.chown(path, self._owner.pw_uid, self._owner.pw_gid)

    def jdbc_uri(self, database=None):
        """The address as JDBC writes it."""
        return f"jdbc:postgresql://{self.address}/{database or self.database}"

    def conninfo(self, database=None):
        """The address as libpq and psycopg take it, password included."""
        return (
            f"host=127.0.0.1 port={self.port} user={self.user} password={self.password} "
            f"dbname={database or self.database}"
        )

    def _prepare(self):
        super()._prepare()
        if self._folder.exists():
            return
        self._password_file.touch(mode=0o600)
        self._password_file.write_text(self._new_password() + "\n")
        temporary = self.home / "initdb-password"
        temporary.touch(mode=0o600)
        temporary.write_text(self._password_file.read_text())
        self._folder.mkdir(mode=0o700)
        if self._owner:
            os.chown(self._folder, self._owner.pw_uid, self._owner.pw_gid)
        self.give(temporary)
        self._initdb(temporary)
        temporary.unlink()

    def _new_password(self):
        return secrets.token_hex(12)

    def _initdb(self, password_file):
        done = subprocess.run(
            [
                (self._programs or find_programs()) / "initdb",
                *("-D", self._folder, "-U", self.user, "-E", "UTF8", "--locale=C.UTF-8"),
                *("-A", "scram-sha-256", f"--pwfile={password_file}", "--no-sync"),
            ],
            capture_output=True,
            text=True,
            check=False,
            **self._process_options(),
        )
        if done.returncode:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise ServerError(f"could not make a PostgreSQL cluster: {done.stderr.strip()}")

    def _command(self):
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "unix_socket_directories": "",
            "max_connections": 100,
            "shared_buffers": "256MB",
            "max_wal_size": "4GB",
            "fsync": "on" if self._durable else "off",
        }
        return [
            str((self._programs or find_programs()) / "postgres"),
            *("-D", str(self._folder)),
            *(word for name, value in settings.items() for word in ("-c", f"{name}={value}")),
        ]

    def _process_options(self):
        if not self._owner:
            return {}
        return {"user": self._owner.pw_uid, "group": self._owner.pw_gid, "extra_groups": [], "cwd": "/"}

    def _is_ready(self):
        return self._runs(self.database, "SELECT 1") or self._runs("postgres", f"CREATE DATABASE {self.database}")

    def _runs(self, database, statement):
        done = subprocess.run(
            [
                *(find_programs() / "psql", "-X", "-At", "-h", "127.0.0.1", "-p", str(self.port), "-U", self.user),
                *("-d", database, "-c", statement),
            ],
            env={**os.environ, "PGPASSWORD": self.password, "PGCONNECT_TIMEOUT": "2"},
            capture_output=True,
            check=False,
        )
        return done.returncode == 0
