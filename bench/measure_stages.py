"""Where the CPU time of `antenna speed` goes: nanoseconds a message for each stage, as `--profile` prints them."""

import re
import shutil
import sys

from results import median
from systems import Antenna, warm_up
from workloads import WORKLOADS

NAME = "stages"
TITLE = "Stages of the speed layer"
PROFILED = Antenna("antenna, profiled", ["--profile"])
ROW = re.compile(r"^(\w+) +(-?[\d.]+) +-?[\d.]+%$", re.M)


def stages_of(said):
    """Nanoseconds a message by stage, of what the program said."""
    return {name: float(figure) for name, figure in ROW.findall(said)}


def run(bench):
    """Measures each workload; returns the rows."""
    warm_up(bench, PROFILED)
    rows = []
    for name in bench.workloads:
        load = bench.loads.get(WORKLOADS[name].scaled(bench.scale))
        runs = []
        for number in range(bench.runs):
            print(f"{name}: run {number + 1} of {bench.runs}", file=sys.stderr)
            root = bench.lab.home / "archive" / f"stages-{name}-{number}"
            bench.lab.provision()
            usage = PROFILED.run(bench.lab, load, root.name, root)
            runs.append(stages_of(usage.said) | {"load": usage.load, "others": usage.others})
            shutil.rmtree(root)
        rows.append({"workload": name, "messages": load.sent, "runs": runs})
    return rows


def table(rows):
    """Columns and cells."""
    names = [name for name in rows[0]["runs"][0] if name not in ("load", "others")] if rows else []
    cells = [[row["workload"], *(f"{median(row['runs'], name):.0f}" for name in names)] for row in rows]
    return ["CPU ns/message", *names], cells


def plots(_rows):
    """No picture."""
    return {}
