"""`make bench-smoke`: what `speed --until-end` costs, on a private Kafka and PostgreSQL, archive included.

Two populations, because names decide the cost: twenty users fit any cache, a city's do not. Each is sent once and read
`--runs` times, each time by a new job into empty tables; each figure is the median of the runs. Only ratios of figures
from one machine mean something.
"""

import argparse
import dataclasses
import shutil
import statistics
import sys
import time

from lab import cpu_seconds, opened, print_table
from stack import ServerError

EVENTS_BEGIN = "2026-01-01T00:00:00Z"
EVENTS_END = "2026-01-01T00:{minutes:02}:00Z"


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


class Bench:
    """What is measured in a lab."""

    def __init__(self, lab, arguments):
        """Takes a lab whose servers run."""
        self._lab = lab
        self._arguments = arguments

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

    def _simulate(self, topic, users, antennas):
        arguments = self._arguments
        period = ["--from", EVENTS_BEGIN, "--to", EVENTS_END.format(minutes=arguments.minutes)]
        amount = ["--count", arguments.messages, "--rate", "max", "--partitions", arguments.partitions]
        population = ["--users", users, "--antennas", antennas]
        self._lab.antenna("simulate", self._lab.kafka.address, topic, *population, *period, *amount)

    def _speed(self, topic, job):
        lab = self._lab
        root = lab.home / "archive" / job
        uri, user, password = lab.login
        options = ["--until-end", "--job", job, "--workers", self._arguments.workers]
        for statement in ("TRUNCATE bytes", "VACUUM ANALYZE bytes", "CHECKPOINT"):
            lab.query(statement)
        postgres_cpu = cpu_seconds(lab.postgres.pid())
        begin = time.monotonic()
        usage, said = lab.antenna("speed", lab.kafka.address, topic, uri, "bytes", user, password, root, *options)
        wall = time.monotonic() - begin
        postgres_cpu = cpu_seconds(lab.postgres.pid()) - postgres_cpu
        archived = lab.query("SELECT sum(records_archived)::bigint FROM antenna.progress WHERE job = %s", job)[0]
        if archived != self._arguments.messages:
            raise ServerError(f"speed archived {archived} of {self._arguments.messages} messages and said:\n{said}")
        windows = lab.query("SELECT count(*) FROM bytes")[0]
        size = sum(path.stat().st_size for path in root.rglob("*.parquet"))
        shutil.rmtree(root)
        return Figures(wall, usage.ru_utime + usage.ru_stime, postgres_cpu, usage.ru_maxrss * 1024, size, windows)


def print_figures(results, messages):
    """One column for each population."""
    millions = messages / 1e6
    figures = {
        "messages/s, start and stop included": lambda run: f"{messages / run.wall:,.0f}",
        "CPU-s per million messages: speed": lambda run: f"{run.cpu / millions:.2f}",
        "CPU-s per million messages: PostgreSQL": lambda run: f"{run.postgres_cpu / millions:.2f}",
        "rows in bytes": lambda run: f"{run.windows:,}",
        "peak memory of speed, MB": lambda run: f"{run.memory / 1e6:,.0f}",
        "archive, bytes per message": lambda run: f"{run.archive / messages:.1f}",
    }
    columns = ["", *(f"{users:,} users, {antennas:,} antennas" for users, antennas in results)]
    print_table(columns, [[name, *map(figure, results.values())] for name, figure in figures.items()])


def main():
    """Runs the benchmark; returns the exit code."""
    arguments = parse_arguments()
    populations = [(arguments.users, arguments.antennas)] if arguments.users else [(20, 5), (100_000, 20_000)]
    try:
        with opened() as lab:
            bench = Bench(lab, arguments)
            results = {population: bench.measure(*population) for population in populations}
            lab.describe(
                f"{arguments.messages:,} messages over {arguments.minutes} min of event time, {arguments.partitions}"
                f" partitions, {arguments.workers} worker(s); median of {arguments.runs} runs"
            )
            print_figures(results, arguments.messages)
    except ServerError as error:
        print(f"bench-smoke: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
