"""The targets of the figures, and whether the measured figures reach them."""

import dataclasses

from measure_speed import above_start
from results import find, median, rows_of

MEBI = 2**20
LONG = 5_000_000  # messages: shorter runs are mostly start and stop


@dataclasses.dataclass(frozen=True)
class Target:
    """One figure: `unit` goes behind it, and it must be at most, or at least, the bound."""

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


def cpu_targets():
    """CPU-seconds of the speed layer."""
    for workload, bound in (("small", 0.40), ("city", 0.55)):
        row = find("speed", workload=workload, system="antenna")
        cost = median(row["runs"], "cpu") / row["messages"] * 1e6
        yield Target(f"{workload}: CPU-seconds a million messages", cost, bound)
    yield Target(
        "city: antenna's CPU to that of consume and drop", ratio("city", "cpu", "antenna", "consume and drop"), 1.8
    )
    for workload in ("small", "city", "sparse", "mixed"):
        times = ratio(workload, "cpu", "Spark", "antenna")
        yield Target(f"{workload}: Spark's CPU to antenna's", times, 50, at_least=True)


def rate_targets():
    """Messages a second of the speed layer."""
    for workload, system, bound in (
        ("small", "antenna", 85),
        ("small", "antenna, no archive", 90),
        ("city", "antenna", 60),
        ("city", "antenna, no archive", 90),
    ):
        yield Target(f"{workload}: rate of {system}, of the ceiling's", rate(workload, system), bound, " %", True)
    yield Target("sparse: Spark's time to antenna's", ratio("sparse", "wall", "Spark", "antenna"), 5, at_least=True)


def memory_targets():
    """Peak memory of the speed layer."""
    yield Target("city: peak memory", speed("city", "antenna", "memory") / MEBI, 170, " MiB")
    small = "antenna, small memory"
    yield Target(f"city: peak memory of {small}", speed("city", small, "memory") / MEBI, 96, " MiB")
    yield Target("city: Spark's memory to antenna's", ratio("city", "memory", "Spark", "antenna"), 20, at_least=True)


def archive_targets():
    """Size of the archive."""
    row = find("speed", workload="city", system="antenna")
    yield Target("city: archive, bytes a message", median(row["runs"], "archive") / row["messages"], 9)
    yield Target("city: Spark's archive to antenna's", ratio("city", "archive", "Spark", "antenna"), 1, at_least=True)


def row_targets():
    """Rows in PostgreSQL: how many, and what one costs."""
    row = find("speed", workload="city", system="antenna")
    written = median(row["runs"], "rows_written") / row["messages"] * 1000
    yield Target("city: rows written for 1,000 messages of a backlog", written, 66)
    for row in rows_of("copy"):
        cost = median(row["runs"], "upsert") / median(row["runs"], "copy")
        yield Target(f"{row['workload']}: PostgreSQL's CPU for a row, to a plain COPY's", cost, 4)


def time_targets():
    """From message to committed row, and from start to first row."""
    for messages, bound in ((10_000, 71), (100_000, 82)):
        row = find("latency", rate=messages, system="antenna")
        worst = max(run["p99"] for run in row["runs"])
        yield Target(f"message to row at {messages:,} a second, 99th percentile", worst, bound, " ms")
    for what, bound in (("start to first committed row", 300), ("start after kill -9 to first commit", 1000)):
        row = find("start", what=f"{what}, antenna")
        yield Target(what, median(row["runs"], "wall") * 1000, bound, " ms")


def batch_targets():
    """The batch layer."""
    for hours in (1, 24):
        cpu = {
            system: median(find("batch", hours=hours, system=system)["runs"], "cpu")
            for system in ("antenna", "Spark", "DuckDB alone")
        }
        name = f"batch of 10 million rows in {hours} hour(s)"
        yield Target(f"{name}: Spark's CPU to antenna's", cpu["Spark"] / cpu["antenna"], 10, at_least=True)
        yield Target(f"{name}: antenna's CPU to that of DuckDB alone", cpu["antenna"] / cpu["DuckDB alone"], 1.2)


def growth_targets():
    """How far apart the costs of a message are."""
    for what in ("messages", "partitions"):
        rows = [row for row in rows_of("growth") if row["what"] == what and row["messages"] >= LONG]
        if not rows:
            raise LookupError(what)
        costs = [median(row["runs"], "cpu") / row["messages"] for row in rows]
        spread = (max(costs) / min(costs) - 1) * 100
        yield Target(f"CPU of a message, the dearest {what} to the cheapest", spread, 15, " % more")


def known(part):
    """The targets of a part, up to one whose figures are missing."""
    try:
        yield from part()
    except LookupError:
        return


def table():
    """Columns and cells, for the measures that have results."""
    parts = (
        cpu_targets,
        rate_targets,
        memory_targets,
        archive_targets,
        row_targets,
        time_targets,
        batch_targets,
        growth_targets,
    )
    return ["", "target", "measured", "reached"], [target.row for part in parts for target in known(part)]
