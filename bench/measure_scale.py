"""What more processes of one job cost: throughput, CPU, and how long transactions wait for each other's rows.

All of them write to one PostgreSQL. In a topic without keys every process meets every antenna, app and user; in one
that is keyed by user they share only antennas and apps. While they run, the sessions of PostgreSQL are looked at a
hundred times a second: the time between two looks counts for each session that is in a transaction, or waits for a row.
"""

import contextlib
import dataclasses
import sys
import threading
import time

from measure_speed import measure
from plots import lines
from results import median, with_spread
from systems import SYSTEMS, Group, warm_up
from workloads import WORKLOADS

NAME = "scale"
TITLE = "Many processes"
PROCESSES = (1, 2, 4, 8)
PARTITIONS = 16
KEYS = {"unkeyed": False, "keyed": True}
LOOK_SECONDS = 0.01
SESSIONS = """
    SELECT count(*) FILTER (WHERE state <> 'idle'), count(*) FILTER (WHERE wait_event_type = 'Lock')
    FROM pg_stat_activity WHERE application_name = 'antenna'
"""


class Sessions:
    """How many seconds the program's sessions are in transactions, and wait for rows of others in them."""

    def __init__(self, lab):
        """Of a lab's server."""
        self._lab = lab
        self._over = threading.Event()
        self.in_transactions = self.waiting = 0.0

    @contextlib.contextmanager
    def watched(self):
        """Looks at them meanwhile."""
        thread = threading.Thread(target=self._look)
        thread.start()
        try:
            yield self
        finally:
            self._over.set()
            thread.join()

    def _look(self):
        before = time.monotonic()
        with self._lab.connect() as database:
            while not self._over.wait(LOOK_SECONDS):
                busy, waiting = database.execute(SESSIONS).fetchone()
                now = time.monotonic()
                self.in_transactions += busy * (now - before)
                self.waiting += waiting * (now - before)
                before = now


def workload_of(keys, scale):
    """A city's events in partitions enough for all processes."""
    city = dataclasses.replace(WORKLOADS["city"], name=f"scale-{keys}", partitions=PARTITIONS, keyed=KEYS[keys])
    return city.scaled(scale)


def measure_group(bench, load, processes, number):
    """One run: the figures of measure_speed, and the shares of the processes' time that go into transactions."""
    with Sessions(bench.lab).watched() as sessions:
        figures = measure(bench.lab, Group(processes), load, f"{load.topic}-{processes}-{number}")
    if "differs" in figures:
        return figures
    time_of_all = processes * figures["wall"]
    return figures | {
        "in_transactions": sessions.in_transactions / time_of_all,
        "waiting": sessions.waiting / time_of_all,
        "row_size": bench.lab.query("SELECT pg_total_relation_size('bytes')")[0] / figures["rows"],
    }


def run(bench):
    """Measures each number of processes, by turns; returns the rows."""
    warm_up(bench, SYSTEMS["antenna"])
    rows = []
    for keys in KEYS:
        workload = workload_of(keys, bench.scale)
        load = bench.loads.get(workload)
        runs = {processes: [] for processes in PROCESSES}
        for number in range(bench.runs):
            for processes in PROCESSES:
                print(f"{keys}: {processes} processes, run {number + 1} of {bench.runs}", file=sys.stderr)
                runs[processes].append(measure_group(bench, load, processes, number))
        bench.loads.forget(workload)
        rows += [row_of(keys, processes, load, runs[processes]) for processes in PROCESSES]
    return rows


def row_of(keys, processes, load, runs):
    """A row of the results."""
    return {
        "keys": keys,
        "processes": processes,
        "messages": load.sent,
        "runs": [run for run in runs if "differs" not in run],
        "differs": next((run["differs"] for run in runs if "differs" in run), None),
    }


def table(rows):
    """Columns and cells."""
    columns = ["", "messages/s", "CPU-s/M", "PG/M", "rows/M", "in transactions %", "waiting for rows %", "MB in all"]
    cells = []
    for row in rows:
        name, runs, millions = f"{row['keys']}, {row['processes']} process(es)", row["runs"], row["messages"] / 1e6
        if row["differs"]:
            cells.append([name, "differs", *[""] * (len(columns) - 2)])
            continue
        cells.append(
            [
                name,
                f"{row['messages'] / median(runs, 'wall'):,.0f}",
                with_spread(runs, "cpu", ".2f", millions),
                with_spread(runs, "postgres_cpu", ".2f", millions),
                f"{median(runs, 'rows_written') / millions:,.0f}",
                f"{median(runs, 'in_transactions') * 100:.1f}",
                f"{median(runs, 'waiting') * 100:.1f}",
                f"{median(runs, 'memory') / 1e6:,.0f}",
            ]
        )
    return columns, cells


def plots(rows):
    """Names and texts of the pictures."""
    rate = {}
    for row in rows:
        if not row["differs"]:
            point = (row["processes"], row["messages"] / median(row["runs"], "wall"))
            rate.setdefault(row["keys"], []).append(point)
    return {"scale-rate": lines("Messages a second by processes", "processes", rate, ",.0f")}
