"""`make bench-smoke`: what `speed --until-end` costs, on a private Kafka and PostgreSQL, archive included.

Two populations, because names decide the cost: twenty users fit any cache, a city's do not. Each is sent once and read
`--runs` times, each time by a new job into empty tables; each figure is the median of the runs. Only ratios of figures
from one machine mean something.
"""

import argparse
import dataclasses
import os
import pathlib
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import psycopg
from rich import box
from rich.console import Console
from rich.table import Table
from stack import Kafka, Postgres, ServerError

CHECKOUT = pathlib.Path(__file__).resolve().parents[1]
PROGRAM = CHECKOUT / "build" / "antenna"
EVENTS_BEGIN = "2026-01-01T00:00:00Z"
EVENTS_END = "2026-01-01T00:{minutes:02}:00Z"
TICKS = os.sysconf("SC_CLK_TCK")
WIDTH_WITHOUT_TERMINAL = 120


@dataclasses.dataclass
class Figures:
    """One run: seconds of wall clock and CPU, bytes of memory and of the archive, rows written to PostgreSQL."""

    wall: float
    cpu: float
    postgres_cpu: float
    memory: int
    archive: int
    windows: int


def parse_arguments():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--messages", type=int, default=2_000_000, help="messages of each population (2000000)")
    parser.add_argument(
        "--minutes", type=int, default=10, choices=range(1, 60), metavar="1..59", help="event time (10)"
    )
    parser.add_argument("--users", type=int, help="only one population, with so many users")
    parser.add_argument("--antennas", type=int, default=5, help="and so many antennas (5)")
    parser.add_argument("--workers", type=int, default=1, help="of speed (1)")
    parser.add_argument("--partitions", type=int, default=4, help="of the topic (4)")
    parser.add_argument("--runs", type=int, default=3, help="of each population (3)")
    return parser.parse_args()


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


class Bench:
    """The servers, and what is measured on them."""

    def __init__(self, home, arguments):
        """Describes servers in a folder, not yet started."""
        self.kafka = Kafka(home, tied=True)
        self.postgres = Postgres(home, tied=True)
        self._arguments = arguments
        self._environment = os.environ | {"ANTENNA_PASSWORD_FILE": str(self.postgres.password_file)}

    def start(self):
        """Starts the servers and provisions. Raises ServerError."""
        self.kafka.start()
        self.postgres.start()
        self._antenna("provision", self.postgres.jdbc_uri(), self.postgres.user, "-")

    def stop(self):
        """Stops the servers."""
        self.kafka.stop()
        self.postgres.stop()

    def measure(self, users, antennas):
        """Sends the messages of a population, has them read, and returns the median of each figure."""
        topic = f"devices-{users}-{antennas}"
        name = f"{users:,} users, {antennas:,} antennas"
        print(f"{name}: sending {self._arguments.messages:,} messages", file=sys.stderr)
        self._simulate(topic, users, antennas)
        runs = []
        for number in range(1, self._arguments.runs + 1):
            print(f"{name}: run {number} of {self._arguments.runs}", file=sys.stderr)
            runs.append(self._speed(topic, f"{topic}-{number}"))
        return Figures(*map(statistics.median, zip(*map(dataclasses.astuple, runs), strict=True)))

    def query(self, statement, *values):
        """The first row of a statement's result, or None when it has none."""
        with psycopg.connect(self.postgres.conninfo(), autocommit=True) as database:
            cursor = database.execute(statement, values)
            return cursor.fetchone() if cursor.description else None

    def _antenna(self, *words):
        command = [PROGRAM, *map(str, words)]
        done = subprocess.run(command, env=self._environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise ServerError(f"antenna {words[0]} failed:\n{done.stderr}")

    def _simulate(self, topic, users, antennas):
        arguments = self._arguments
        period = ["--from", EVENTS_BEGIN, "--to", EVENTS_END.format(minutes=arguments.minutes)]
        amount = ["--count", arguments.messages, "--rate", "max", "--partitions", arguments.partitions]
        population = ["--users", users, "--antennas", antennas]
        self._antenna("simulate", self.kafka.address, topic, *population, *period, *amount)

    def _speed(self, topic, job):
        root = self.postgres.home / "archive" / job
        login = [self.postgres.jdbc_uri(), "bytes", self.postgres.user, "-"]
        options = ["--until-end", "--job", job, "--workers", self._arguments.workers]
        for statement in ("TRUNCATE bytes", "VACUUM ANALYZE bytes", "CHECKPOINT"):
            self.query(statement)
        postgres_cpu = cpu_seconds(self.postgres.pid())
        begin = time.monotonic()
        usage, said = self._run("speed", self.kafka.address, topic, *login, root, *options)
        wall = time.monotonic() - begin
        postgres_cpu = cpu_seconds(self.postgres.pid()) - postgres_cpu
        archived = self.query("SELECT sum(records_archived)::bigint FROM antenna.progress WHERE job = %s", job)[0]
        if archived != self._arguments.messages:
            raise ServerError(f"speed archived {archived} of {self._arguments.messages} messages and said:\n{said}")
        windows = self.query("SELECT count(*) FROM bytes")[0]
        size = sum(path.stat().st_size for path in root.rglob("*.parquet"))
        shutil.rmtree(root)
        return Figures(wall, usage.ru_utime + usage.ru_stime, postgres_cpu, usage.ru_maxrss * 1024, size, windows)

    def _run(self, *words):
        path = self.postgres.home / "speed.log"
        with open(path, "wb") as log:
            command = [PROGRAM, *map(str, words)]
            process = subprocess.Popen(command, env=self._environment, stdout=log, stderr=log)
            _, _, usage = os.wait4(process.pid, 0)
        return usage, path.read_text()


def describe(bench, arguments):
    """The machine, the versions and the settings, without which the figures mean nothing."""
    versions = subprocess.run([PROGRAM, "--version"], capture_output=True, text=True, check=True).stdout.split("\n")
    models = [line for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    server = bench.query("SHOW server_version")[0]
    durable = bench.query("SHOW fsync")[0]
    jar = next((CHECKOUT / ".deps" / "kafka" / "libs").glob("kafka_2.13-*.jar"))
    print(f"machine   {models[0].partition(': ')[2] if models else platform.machine()}, {os.cpu_count()} CPUs, shared")
    print("          by the program and both servers")
    print(f"versions  {', '.join(filter(None, versions))}; PostgreSQL {server}; Kafka {jar.stem.rpartition('-')[2]}")
    print(
        f"settings  {arguments.messages:,} messages over {arguments.minutes} min of event time,"
        f" {arguments.partitions} partitions, {arguments.workers} worker(s); fsync {durable}; else defaults;"
        f" median of {arguments.runs} runs"
    )


def print_figures(results, messages):
    """One column for each population."""
    console = Console(highlight=False, width=None if sys.stdout.isatty() else WIDTH_WITHOUT_TERMINAL)
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("")
    for users, antennas in results:
        table.add_column(f"{users:,} users, {antennas:,} antennas", justify="right")
    millions = messages / 1e6
    rows = {
        "messages/s, start and stop included": lambda run: f"{messages / run.wall:,.0f}",
        "CPU-s per million messages: speed": lambda run: f"{run.cpu / millions:.2f}",
        "CPU-s per million messages: PostgreSQL": lambda run: f"{run.postgres_cpu / millions:.2f}",
        "rows in bytes": lambda run: f"{run.windows:,}",
        "peak memory of speed, MB": lambda run: f"{run.memory / 1e6:,.0f}",
        "archive, bytes per message": lambda run: f"{run.archive / messages:.1f}",
    }
    for name, figure in rows.items():
        table.add_row(name, *(figure(run) for run in results.values()))
    console.print(table)


def main():
    """Runs the benchmark; returns the exit code."""
    arguments = parse_arguments()
    populations = [(arguments.users, arguments.antennas)] if arguments.users else [(20, 5), (100_000, 20_000)]
    home = pathlib.Path(tempfile.mkdtemp(prefix="antenna-bench-"))
    home.chmod(0o755)  # PostgreSQL's user passes through it
    bench = Bench(home, arguments)
    try:
        bench.start()
        results = {population: bench.measure(*population) for population in populations}
        describe(bench, arguments)
        print_figures(results, arguments.messages)
        return 0
    except ServerError as error:
        print(f"bench-smoke: {error}", file=sys.stderr)
        return 1
    finally:
        bench.stop()
        shutil.rmtree(home)


if __name__ == "__main__":
    sys.exit(main())
