"""What every benchmark needs: private servers, the program run with its use of resources, and the machine described."""

import contextlib
import dataclasses
import functools
import json
import os
import pathlib
import platform
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import duckdb
import psycopg
from rich import box
from rich.console import Console
from rich.table import Table
from stack import Kafka, Postgres, ServerError

CHECKOUT = pathlib.Path(__file__).resolve().parents[1]
PROGRAM = CHECKOUT / "build" / "antenna"
METER = CHECKOUT / "bench" / "meter.py"
TICKS = os.sysconf("SC_CLK_TCK")
WIDTH_WITHOUT_TERMINAL = 140
# What is measured beside antenna: the folder of its pins, and the package.
OTHERS = {
    "Spark": ("spark", "pyspark"),
    "Flink": ("peers", "apache-flink-libraries"),
    "polars": ("peers", "polars"),
}
FAILURE_TAIL = 4000  # characters


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


def machine_seconds():
    """CPU time that the machine has spent, for the host's other guests included (proc_stat(5))."""
    user, nice, system, _idle, _waiting, interrupts, soft, steal = map(
        int, pathlib.Path("/proc/stat").read_text().split()[1:9]
    )
    return (user + nice + system + interrupts + soft + steal) / TICKS


@functools.cache
def commit():
    """The commit of this checkout, with -dirty when files differ from it; what is no clone says so.

    It is looked at once, before the results are written into the checkout.
    """
    words = ["git", "-C", CHECKOUT, "describe", "--always", "--dirty", "--exclude=*"]
    found = subprocess.run(words, capture_output=True, text=True, check=False).stdout.strip()
    return f"commit {found}" if found else "no clone"


def pinned_version(part, package):
    """The version of a Python package that third_party pins for a part."""
    pinned = (CHECKOUT / "third_party" / part / "requirements.txt").read_text()
    return re.search(rf"^{package}==(\S+)", pinned, re.M)[1]


@dataclasses.dataclass(frozen=True)
class Usage:
    """What a program used: seconds of wall clock and CPU, bytes of memory at its peak; and what it said.

    `load`: the load average when it ended; `others`: CPUs that others than it and the servers took meanwhile, or None.
    """

    wall: float
    cpu: float
    memory: int
    said: str
    load: float
    others: float | None = None

    @property
    def figures(self):
        """All but what it said, for the results."""
        return {name: value for name, value in dataclasses.asdict(self).items() if name != "said"}


class Run:
    """A program that runs with its use of resources counted."""

    def __init__(self, home, name, words, environment):
        """Starts it; its log and figures are kept by the name."""
        self._what = " ".join([name, *map(str, words[1:2])])
        self._log, self._result = home / f"{name}.log", home / f"{name}.json"
        with open(self._log, "wb") as output:
            # Isolated and without site-packages: see meter.py. A session of its own: what it starts is ended with it.
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", METER, self._result, *map(str, words)],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def finish(self):
        """Waits for its end; returns its Usage. Raises ServerError when it fails."""
        status = self._process.wait()
        said = self._log.read_text(errors="replace")
        if status:
            raise ServerError(f"{self._what} failed:\n{said[-FAILURE_TAIL:]}")
        return Usage(**json.loads(self._result.read_text()), said=said, load=os.getloadavg()[0])

    def end(self):
        """Ends it at once, if it still runs."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


class Lab:
    """A Kafka and a PostgreSQL in a folder of their own, and programs run with the password at hand."""

    def __init__(self, home):
        """Describes servers in a folder, not yet started."""
        self.home = home
        self.kafka = Kafka(home, tied=True)
        self.postgres = Postgres(home, tied=True)
        self.environment = {"ANTENNA_PASSWORD_FILE": str(self.postgres.password_file)}

    @property
    def login(self):
        """The arguments `jdbc-uri jdbc-user jdbc-password`."""
        return [self.postgres.jdbc_uri(), self.postgres.user, "-"]

    def start(self):
        """Starts the servers and provisions. Raises ServerError."""
        self.kafka.start()
        self.postgres.start()
        self.provision()

    def stop(self):
        """Stops the servers."""
        self.kafka.stop()
        self.postgres.stop()

    def provision(self):
        """Makes the tables, again if they are there: each run is a data set of its own. Raises ServerError."""
        self.query("DROP SCHEMA IF EXISTS antenna CASCADE")
        self.query("DROP TABLE IF EXISTS bytes, bytes_hourly, user_metadata, user_quota_limit")
        self.antenna("provision", *self.login)

    def connect(self):
        """A connection to the database, each statement a transaction."""
        return psycopg.connect(self.postgres.conninfo(), autocommit=True)

    def query(self, statement, *values):
        """The first row of a statement's result, or None when it has none."""
        with self.connect() as database:
            cursor = database.execute(statement, values)
            return cursor.fetchone() if cursor.description else None

    def run_together(self, *commands, environment=None):
        """Runs programs at the same time to their ends; returns their Usages. Raises ServerError when one fails."""
        environment = os.environ | self.environment | (environment or {})
        runs, before, begin = [], self._seconds_of_others(), time.monotonic()
        try:
            for number, words in enumerate(commands):
                runs.append(Run(self.home, f"{pathlib.Path(words[0]).name}-{number}", words, environment))
            usages = [run.finish() for run in runs]
            others = self._seconds_of_others() - before - sum(usage.cpu for usage in usages)
            others = max(0, others / (time.monotonic() - begin))
            return [dataclasses.replace(usage, others=others) for usage in usages]
        finally:
            for run in runs:
                run.end()

    def _seconds_of_others(self):
        """CPU time of the machine but for the servers."""
        return machine_seconds() - cpu_seconds(self.kafka.pid()) - cpu_seconds(self.postgres.pid())

    def run(self, *command, environment=None):
        """Runs a program to its end; returns its Usage. Raises ServerError when it fails."""
        return self.run_together(command, environment=environment)[0]

    def antenna(self, *words):
        """Runs `antenna` to its end; returns its Usage. Raises ServerError when it fails."""
        return self.run(PROGRAM, *words)

    def environment_facts(self):
        """The machine, the versions and the servers' settings, without which figures mean nothing."""
        versions = subprocess.run([PROGRAM, "--version"], capture_output=True, text=True, check=True).stdout.split("\n")
        versions[0] += f" ({commit()})"
        cpu_info = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
        models = [line.partition(": ")[2] for line in cpu_info if line.startswith("model name")]
        jar = next((CHECKOUT / ".deps" / "kafka" / "libs").glob("kafka_2.13-*.jar"))
        pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        others = [f"{name} {pinned_version(*pin)}" for name, pin in OTHERS.items()]
        servers = [f"PostgreSQL {self.query('SHOW server_version')[0]}", f"Kafka {jar.stem.rpartition('-')[2]}"]
        others.append(f"DuckDB's Python module {duckdb.__version__}")
        return {
            "machine": f"{models[0] if models else platform.machine()}, {os.cpu_count()} CPUs,"
            f" {pages / 2**30:.0f} GiB, shared by the program and both servers",
            "versions": ", ".join([*filter(None, versions), *servers, *others]),
            "settings": f"fsync {self.query('SHOW fsync')[0]}; else the defaults of both servers",
        }


def print_table(columns, rows):
    """Prints a table whose first column is text and whose others are figures; `rows` are lists of texts."""
    console = Console(highlight=False, width=None if sys.stdout.isatty() else WIDTH_WITHOUT_TERMINAL)
    table = Table(box=box.SIMPLE_HEAD)
    for index, column in enumerate(columns):
        table.add_column(column, justify="right" if index else "left", no_wrap=not index)
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
