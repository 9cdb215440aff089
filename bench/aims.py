"""What the figures are to be, and what they are, of whatever has been measured."""

import dataclasses

from measure_speed import above_start
from results import find, median, rows_of

MEBI = 2**20
LONG = 5_000_000  # messages: shorter runs are mostly start and stop


@dataclasses.dataclass(frozen=True)
class Aim:
    """One figure: `unit` goes behind it, and it is to be at most, or at least, the bound."""

    what: str
    found: float
    bound: float
    unit: str = ""
    at_least: bool = False

    @property
    def row(self):
        """The cells of a table."""
        reached = self.found >= self.bound if self.at_least else self.found <= self.bound
        bound = f"{'≥' if self.at_least else '≤'} {self.bound:g}{self.unit}"
        return [self.what, bound, f"{self.found:.4g}{self.unit}", "yes" if reached else "no"]


def speed(workload, system, figure):
    """The median of a figure of the speed layer."""
    return median(find("speed", workload=workload, system=system)["runs"], figure)


def ratio(workload, figure, system, other):
    """How many times the figure of one system is that of another."""
    return speed(workload, system, figure) / speed(workload, other, figure)


def rate(workload, system):
    """The share of the ceiling's messages a second, both above start. Raises LookupError when runs were too short."""
    rows = rows_of("speed")
    ours, ceiling = (
        above_start(rows, find("speed", workload=workload, system=name), "wall")
        for name in (system, "consume and drop")
    )
    if not ours or not ceiling:
        raise LookupError(workload)
    return ceiling / ours * 100


def cpu_aims():
    """CPU-seconds of the speed layer."""
    for workload, bound in (("small", 0.40), ("city", 0.55)):
        row = find("speed", workload=workload, system="antenna")
        cost = median(row["runs"], "cpu") / row["messages"] * 1e6
        yield Aim(f"{workload}: CPU-seconds a million messages", cost, bound)
    for workload in ("small", "city", "sparse", "mixed"):
        times = ratio(workload, "cpu", "Spark", "antenna")
        yield Aim(f"{workload}: Spark's CPU to antenna's", times, 40, at_least=True)


def rate_aims():
    """Messages a second of the speed layer."""
    for workload in ("small", "city"):
        for system, bound in (("antenna", 70), ("antenna, no archive", 90)):
            yield Aim(f"{workload}: rate of {system}, of the ceiling's", rate(workload, system), bound, " %", True)
    yield Aim("sparse: Spark's time to antenna's", ratio("sparse", "wall", "Spark", "antenna"), 5, at_least=True)


def memory_aims():
    """Peak memory of the speed layer."""
    yield Aim("city: peak memory", speed("city", "antenna", "memory") / MEBI, 160, " MiB")
    small = "antenna, small memory"
    yield Aim(f"city: peak memory of {small}", speed("city", small, "memory") / MEBI, 96, " MiB")
    yield Aim("city: Spark's memory to antenna's", ratio("city", "memory", "Spark", "antenna"), 20, at_least=True)


def archive_aims():
    """Size of the archive."""
    row = find("speed", workload="city", system="antenna")
    yield Aim("city: archive, bytes a message", median(row["runs"], "archive") / row["messages"], 9)
    yield Aim("city: Spark's archive to antenna's", ratio("city", "archive", "Spark", "antenna"), 1, at_least=True)


def copy_aims():
    """Cost of rows in PostgreSQL."""
    for row in rows_of("copy"):
        cost = median(row["runs"], "upsert") / median(row["runs"], "copy")
        yield Aim(f"{row['workload']}: PostgreSQL's CPU for a row, to a plain COPY's", cost, 4)


def time_aims():
    """From message to committed row, and from start to first row."""
    for messages, bound in ((10_000, 100), (100_000, 500)):
        row = find("latency", rate=messages, system="antenna")
        worst = max(run["p99"] for run in row["runs"])
        yield Aim(f"message to row at {messages:,} a second, 99th percentile", worst, bound, " ms")
    for what, bound in (("start to first committed row", 300), ("start after kill -9 to first commit", 1000)):
        row = find("start", what=f"{what}, antenna")
        yield Aim(what, median(row["runs"], "wall") * 1000, bound, " ms")


def batch_aims():
    """The batch layer."""
    for hours in (1, 24):
        cpu = {
            system: median(find("batch", hours=hours, system=system)["runs"], "cpu")
            for system in ("antenna", "Spark", "DuckDB alone")
        }
        name = f"batch of 10 million rows in {hours} hour(s)"
        yield Aim(f"{name}: Spark's CPU to antenna's", cpu["Spark"] / cpu["antenna"], 10, at_least=True)
        yield Aim(f"{name}: antenna's CPU to that of DuckDB alone", cpu["antenna"] / cpu["DuckDB alone"], 1.2)


def growth_aims():
    """How far apart the costs of a message are."""
    for what in ("messages", "partitions"):
        rows = [row for row in rows_of("growth") if row["what"] == what and row["messages"] >= LONG]
        if not rows:
            raise LookupError(what)
        costs = [median(row["runs"], "cpu") / row["messages"] for row in rows]
        spread = (max(costs) / min(costs) - 1) * 100
        yield Aim(f"CPU of a message, the dearest {what} to the cheapest", spread, 15, " % more")


def known(part):
    """The aims of a part, up to one whose figures are missing."""
    try:
        yield from part()
    except LookupError:
        return


def table():
    """Columns and cells, of the measures that have results."""
    parts = (cpu_aims, rate_aims, memory_aims, archive_aims, copy_aims, time_aims, batch_aims, growth_aims)
    return ["", "aim", "measured", "reached"], [aim.row for part in parts for aim in known(part)]
