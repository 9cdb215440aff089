"""What bounds the rate of a city: a worker that waits while PostgreSQL writes, or, with more of them, the machine."""

import os
import sys

from measure_speed import measure
from results import median, with_spread
from systems import SYSTEMS, Antenna, warm_up
from workloads import WORKLOADS

NAME = "workers"
TITLE = "Workers of one process"
WORKLOAD = WORKLOADS["city"]
WORKERS = (1, 2, 4)


def run(bench):
    """Measures all in turn; returns the rows."""
    systems = [Antenna(f"{count} worker(s)", ["--workers", str(count)]) for count in WORKERS] + [SYSTEMS["drop"]]
    if not all(system.is_available() for system in systems):
        raise RuntimeError("a system is not available")
    warm_up(bench, systems[0])
    load = bench.loads.get(WORKLOAD.scaled(bench.scale))
    runs = {system: [] for system in systems}
    for number in range(bench.runs):
        for system in systems:
            print(f"{load.workload.name}: {system.name}, run {number + 1} of {bench.runs}", file=sys.stderr)
            figures = measure(bench.lab, system, load, f"workers-{system.name[0]}-{number}")
            if "differs" in figures:
                raise RuntimeError(figures["differs"])
            used = figures["cpu"] + figures["kafka_cpu"] + figures.get("postgres_cpu", 0)
            runs[system].append(figures | {"busy": used / figures["wall"] / os.cpu_count() * 100})
    return [{"system": system.name, "messages": load.sent, "runs": runs[system]} for system in systems]


def table(rows):
    """Columns and cells; *busy* is the share of the machine's CPU time that all of them use, servers included."""
    ceiling = median(rows[-1]["runs"], "wall")
    cells = []
    for row in rows:
        runs, millions = row["runs"], row["messages"] / 1e6
        postgres = median(runs, "postgres_cpu")
        cells.append(
            [
                f"city, {row['system']}",
                f"{row['messages'] / median(runs, 'wall'):,.0f}",
                f"{ceiling / median(runs, 'wall') * 100:.0f}",
                with_spread(runs, "cpu", ".2f", millions),
                "" if postgres is None else f"{postgres / millions:.2f}",
                f"{median(runs, 'busy'):.0f}",
                f"{median(runs, 'memory') / 1e6:,.0f}",
            ]
        )
    return ["", "messages/s", "of the ceiling %", "CPU-s/M", "PG/M", "busy %", "peak MB"], cells


def plots(_rows):
    """No picture."""
    return {}
