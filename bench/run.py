"""`make bench`: antenna beside the ceiling, Spark, Flink, a script and DuckDB on private servers; see bench/results.

Each measure is a module with NAME, TITLE, run(bench), table(rows) and plots(rows). Figures of one machine only are to
be compared, and from runs that had it for themselves.
"""

import argparse
import dataclasses
import math
import os
import signal
import sys
import time

import capacity
import comparison
import measure_batch
import measure_copy
import measure_growth
import measure_latency
import measure_metrics
import measure_produce
import measure_prune
import measure_scale
import measure_speed
import measure_stages
import measure_start
import measure_workers
import psycopg
import report
import results
from lab import Lab, opened, print_table
from stack import ServerError
from systems import SYSTEMS
from workloads import WORKLOADS, Loads

MEASURES = (
    *(measure_speed, measure_stages, measure_workers, measure_copy, measure_latency, measure_start, measure_batch),
    *(measure_scale, measure_metrics, measure_produce, measure_prune, measure_growth),
)
MAX_LOAD = 0.5
LOAD_SECONDS = 180  # in which the load of building what is measured passes
QUICK_SCALE = 0.04
SMOKE_SCALE = 0.1
SMOKE_SYSTEMS = ["antenna", "script", "flink"]


@dataclasses.dataclass
class Bench:
    """What the measures share."""

    lab: Lab
    loads: Loads
    workloads: list
    systems: list
    runs: int
    scale: float
    quick: bool

    @property
    def settings(self):
        """What was chosen, for the record."""
        return f"{self.runs} run(s), median; {self.scale:g} times the messages"


def names(allowed):
    """A type for argparse: some of the allowed names, separated by commas."""

    def parse(text):
        chosen = text.split(",")
        if unknown := [name for name in chosen if name not in allowed]:
            raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: not among {', '.join(allowed)}")
        return chosen

    return parse


def parse_arguments():
    """The command line."""
    measures = [measure.NAME for measure in MEASURES]
    parser = argparse.ArgumentParser(prog="bench/run", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="some minutes: one run, fewer workloads and messages")
    parser.add_argument("--runs", type=int, help="of each system (3)")
    parser.add_argument("--scale", type=float, help="times the messages of each workload (1)")
    for name, allowed in (("measures", measures), ("workloads", list(WORKLOADS)), ("systems", list(SYSTEMS))):
        parser.add_argument(f"--{name}", type=names(allowed), help=f"of {','.join(allowed)} (all)")
    parser.add_argument("--smoke", action="store_true", help="two minutes: no Spark, two workloads, nothing written")
    parser.add_argument(
        "--max-load",
        type=float,
        help=f"start below this load average only, or refuse after {LOAD_SECONDS} s"
        f" ({MAX_LOAD}; any with --quick or --smoke)",
    )
    arguments = parser.parse_args()
    if arguments.smoke:
        arguments.measures, arguments.systems = ["speed"], arguments.systems or SMOKE_SYSTEMS
        arguments.workloads = arguments.workloads or ["small", "city"]
    if arguments.quick:
        arguments.measures = arguments.measures or [name for name in measures if name != "growth"]
        arguments.workloads = arguments.workloads or ["small", "city"]
    arguments.measures = arguments.measures or measures
    arguments.workloads, arguments.systems = arguments.workloads or list(WORKLOADS), arguments.systems or list(SYSTEMS)
    arguments.runs = arguments.runs or (1 if arguments.quick or arguments.smoke else 3)
    arguments.scale = arguments.scale or (QUICK_SCALE if arguments.quick else SMOKE_SCALE if arguments.smoke else 1)
    if arguments.max_load is None:
        arguments.max_load = math.inf if arguments.quick or arguments.smoke else MAX_LOAD
    return arguments


def await_quiet(max_load):
    """Waits until the machine does little else. Raises RuntimeError when it does more for so long."""
    deadline = time.monotonic() + LOAD_SECONDS
    while (load := os.getloadavg()[0]) > max_load:
        if time.monotonic() > deadline:
            raise RuntimeError(
                f"the load average is {load:.2f}, above {max_load:g}: the figures would be those of a machine that"
                f" others use, too; end what else runs, or allow it with --max-load {math.ceil(load)}"
            )
        time.sleep(1)


def run_measure(measure, arguments):
    """Runs a measure in a lab of its own, prints its table and keeps its results.

    Raises ServerError, and RuntimeError when a system came to other results than the ledger.
    """
    load = os.getloadavg()[0]
    with opened() as lab:
        bench = Bench(
            *(lab, Loads(lab), arguments.workloads, arguments.systems),
            *(arguments.runs, arguments.scale, arguments.quick),
        )
        rows = measure.run(bench)
        facts = lab.environment_facts()
    facts["machine"] += f"; load average before: {load:.2f}"
    others = [run["others"] for row in rows for run in row["runs"] if run.get("others") is not None]
    if others:
        facts["machine"] += f"; CPUs that others took during a run: {max(others):.2f} at most"
    facts["settings"] = f"{bench.settings}; {facts['settings']}"
    print(f"\n{measure.TITLE}\n" + "\n".join(f"{name:<9} {words}" for name, words in facts.items()))
    print_table(*measure.table(rows))
    if arguments.smoke:
        print_table(*comparison.table(rows, []))
    else:
        results.save(measure.NAME, measure.TITLE, facts, rows)
    if differing := [row for row in rows if row.get("differs")]:
        raise RuntimeError("; ".join(f"{row.get('system', 'antenna')}: {row['differs']}" for row in differing))


def main():
    """Runs the measures; returns the exit code."""
    arguments = parse_arguments()
    status = 0
    # Servers and programs are ended on the way out.
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    try:
        await_quiet(arguments.max_load)
    except RuntimeError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2
    for measure in MEASURES:
        if measure.NAME not in arguments.measures:
            continue
        try:
            run_measure(measure, arguments)
        except (ServerError, RuntimeError, psycopg.Error) as error:
            print(f"bench: {measure.NAME}: {error}", file=sys.stderr)
            status = 1
    if not arguments.smoke:
        print(f"written: {report.write(MEASURES)} and the files beside it, {', '.join(map(str, capacity.write()))}")
    return status


if __name__ == "__main__":
    sys.exit(main())
