"""How cost and memory of `antenna speed` grow with the messages, the partitions, and the users, of a city."""

import dataclasses
import sys

from measure_speed import measure
from plots import lines
from results import median, with_spread
from systems import SYSTEMS, warm_up
from workloads import WORKLOADS

NAME = "growth"
TITLE = "Growth"
MESSAGES = 5_000_000  # where something else grows
GROWTH = {
    "messages": (1_000_000, 5_000_000, 20_000_000, 50_000_000),
    "partitions": (1, 4, 16, 64),
    "users": (10_000, 100_000, 500_000, 2_000_000),
}
USERS_AN_ANTENNA = 5


def workload_of(what, size, scale):
    """A city of which one thing has a size."""
    city = dataclasses.replace(WORKLOADS["city"], name=f"{what}-{size}", messages=MESSAGES)
    if what == "users":
        return dataclasses.replace(city, users=size, antennas=size // USERS_AN_ANTENNA).scaled(scale)
    return dataclasses.replace(city, **{what: size}).scaled(scale)


def run(bench):
    """Measures antenna at each size; returns the rows."""
    system = SYSTEMS["antenna"]
    warm_up(bench, system)
    rows = []
    for what, sizes in GROWTH.items():
        for size in sizes:
            workload = workload_of(what, size, bench.scale)
            load = bench.loads.get(workload)
            runs = []
            for number in range(bench.runs):
                print(f"{workload.name}: run {number + 1} of {bench.runs}", file=sys.stderr)
                runs.append(measure(bench.lab, system, load, f"{load.topic}-{number}"))
            bench.loads.forget(workload)
            differs = next((run["differs"] for run in runs if "differs" in run), None)
            rows.append({"what": what, "size": size, "messages": load.sent, "runs": runs, "differs": differs})
    return rows


def table(rows):
    """Columns and cells."""
    cells = []
    for row in rows:
        name = f"{row['messages']:,} messages" if row["what"] == "messages" else f"{row['size']:,} {row['what']}"
        if row["differs"]:
            cells.append([name, "differs", "", "", ""])
            continue
        runs, millions = row["runs"], row["messages"] / 1e6
        cells.append(
            [
                name,
                with_spread(runs, "cpu", ".2f", millions),
                f"{row['messages'] / median(runs, 'wall'):,.0f}",
                f"{median(runs, 'memory') / 1e6:,.0f}",
                f"{median(runs, 'postgres_cpu') / millions:.2f}",
            ]
        )
    return ["", "CPU-s/M", "messages/s", "peak MB", "PG/M"], cells


def plots(rows):
    """Names and texts of the pictures."""
    pictures = {}
    for what in GROWTH:
        found = [row for row in rows if row["what"] == what and not row["differs"]]
        series = {
            "CPU-s per million messages": [(r["size"], median(r["runs"], "cpu") / r["messages"] * 1e6) for r in found],
        }
        memory = {"peak MB": [(r["size"], median(r["runs"], "memory") / 1e6) for r in found]}
        pictures[f"growth-{what}-cpu"] = lines(f"CPU-seconds per million messages by {what}", what, series, ".2f")
        pictures[f"growth-{what}-memory"] = lines(f"Peak memory by {what}, MB", what, memory, ",.0f")
    return pictures
