"""What every benchmark needs: private servers, the program run with its use of resources, and the machine described."""

import contextlib
import os
import pathlib
import platform
import shutil
import subprocess
import sys
import tempfile

import psycopg
from rich import box
from rich.console import Console
from rich.table import Table
from stack import Kafka, Postgres, ServerError

CHECKOUT = pathlib.Path(__file__).resolve().parents[1]
PROGRAM = CHECKOUT / "build" / "antenna"
TICKS = os.sysconf("SC_CLK_TCK")
WIDTH_WITHOUT_TERMINAL = 120


def cpu_seconds(pid):
    """CPU time of a server: its own, that of the children it has waited for, and that of those alive (proc(5))."""
    ticks = 0
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has ended
        if pid in (int(stat.parent.name), int(fields[1])):
            ticks += sum(map(int, fields[11:15]))
    return ticks / TICKS


class Lab:
    """A Kafka and a PostgreSQL in a folder of their own, and `antenna` with the password at hand."""

    def __init__(self, home):
        """Describes servers in a folder, not yet started."""
        self.home = home
        self.kafka = Kafka(home, tied=True)
        self.postgres = Postgres(home, tied=True)
        self._environment = os.environ | {"ANTENNA_PASSWORD_FILE": str(self.postgres.password_file)}

    @property
    def login(self):
        """The arguments `jdbc-uri jdbc-user jdbc-password`."""
        return [self.postgres.jdbc_uri(), self.postgres.user, "-"]

    def start(self):
        """Starts the servers and provisions. Raises ServerError."""
        self.kafka.start()
        self.postgres.start()
        self.antenna("provision", *self.login)

    def stop(self):
        """Stops the servers."""
        self.kafka.stop()
        self.postgres.stop()

    def query(self, statement, *values):
        """The first row of a statement's result, or None when it has none."""
        with psycopg.connect(self.postgres.conninfo(), autocommit=True) as database:
            cursor = database.execute(statement, values)
            return cursor.fetchone() if cursor.description else None

    def antenna(self, *words):
        """Runs the program; returns its use of resources (struct rusage) and what it said. Raises ServerError."""
        path = self.home / "antenna.log"
        with open(path, "wb") as log:
            command = [PROGRAM, *map(str, words)]
            process = subprocess.Popen(command, env=self._environment, stdout=log, stderr=log)
            _, status, usage = os.wait4(process.pid, 0)
        if status:
            raise ServerError(f"antenna {words[0]} failed:\n{path.read_text()}")
        return usage, path.read_text()

    def describe(self, settings):
        """Prints the machine, the versions and the settings, without which the figures mean nothing."""
        versions = subprocess.run([PROGRAM, "--version"], capture_output=True, text=True, check=True).stdout.split("\n")
        cpu_info = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
        models = [line.partition(": ")[2] for line in cpu_info if line.startswith("model name")]
        server = self.query("SHOW server_version")[0]
        jar = next((CHECKOUT / ".deps" / "kafka" / "libs").glob("kafka_2.13-*.jar"))
        print(f"machine   {models[0] if models else platform.machine()}, {os.cpu_count()} CPUs, shared")
        print("          by the program and both servers")
        print(
            f"versions  {', '.join(filter(None, versions))}; PostgreSQL {server}; Kafka {jar.stem.rpartition('-')[2]}"
        )
        print(f"settings  {settings}; fsync {self.query('SHOW fsync')[0]}; else defaults")


def print_table(columns, rows):
    """Prints a table whose first column is text and whose others are figures; `rows` are lists of texts."""
    console = Console(highlight=False, width=None if sys.stdout.isatty() else WIDTH_WITHOUT_TERMINAL)
    table = Table(box=box.SIMPLE_HEAD)
    for index, column in enumerate(columns):
        table.add_column(column, justify="right" if index else "left")
    for row in rows:
        table.add_row(*row)
    console.print(table)


@contextlib.contextmanager
def opened():
    """A lab whose servers run, and are removed in the end."""
    home = pathlib.Path(tempfile.mkdtemp(prefix="antenna-bench-"))
    home.chmod(0o755)  # PostgreSQL's user passes through it
    lab = Lab(home)
    try:
        lab.start()
        yield lab
    finally:
        lab.stop()
        shutil.rmtree(home)
