"""From the start of a program to its first committed row on a topic that waits, and the same after kill -9.

A poller asks PostgreSQL a thousand times a second. After the kill, while messages go on, the program is started again
at once, and recovery is the time to its first commit; in the end the table must have all bytes, once. Spark is measured
for its start only: its appended sums are doubled by a batch that is run again.
"""

import os
import sys
import time

from live import SERVICES, Sender, services_of, user_bytes, wait_until
from measure_speed import clean
from plots import bars
from results import median, with_spread
from workloads import START

NAME = "start"
TITLE = "Start and recovery"
POLL_SECONDS = 0.001
RATE = 10_000
SECONDS = 15  # of messages around the kill
SECONDS_BEFORE_KILL = 5
TOTALLED = "SELECT coalesce(sum(totals_offset), 0)::bigint FROM antenna.progress WHERE job = %s"


def time_until(database, service, statement, values, holds):
    """Starts the service; returns the seconds until a statement's number is as wanted. Raises ServerError."""
    begin = time.monotonic()
    service.start()
    wait_until(
        lambda: holds(database.execute(statement, values).fetchone()[0]), service, "nothing was committed", POLL_SECONDS
    )
    return time.monotonic() - begin


def measure_start(bench, name, number):
    """A run: seconds from start to the first row, and the load average."""
    lab = bench.lab
    make_service, table = SERVICES[name]
    topic = f"start-{name.lower()}-{number}"
    lab.antenna("simulate", lab.kafka.address, topic, "--count", START.messages, "--rate", "max")
    clean(lab, table)
    service = make_service(lab, topic)
    try:
        with lab.connect() as database:
            seconds = time_until(database, service, f"SELECT count(*) FROM {table}", (), lambda rows: rows > 0)
        return {"wall": seconds, "load": os.getloadavg()[0]}
    finally:
        service.stop()


def measure_recovery(bench, number):
    """A run: seconds from the start after kill -9 to the first commit, and the load average.

    Raises ServerError when bytes differ in the end.
    """
    lab = bench.lab
    make_service, table = SERVICES["antenna"]
    topic = f"recovery-{number}"
    lab.antenna("simulate", lab.kafka.address, topic, "--count", 1)
    clean(lab, table)
    service = make_service(lab, topic)
    service.start()
    sender = None
    try:
        wait_until(lambda: user_bytes(lab, table), service, "the first message has no row")
        begin = user_bytes(lab, table)
        sender = Sender(lab, topic, RATE, SECONDS)
        time.sleep(SECONDS_BEFORE_KILL)
        service.kill()
        with lab.connect() as database:
            before = database.execute(TOTALLED, [topic]).fetchone()[0]
            seconds = time_until(database, service, TOTALLED, [topic], lambda offset: offset > before)
        expected = begin + sender.finish()
        wait_until(lambda: user_bytes(lab, table) == expected, service, f"the table never had {expected} bytes", 0.5)
        return {"wall": seconds, "load": os.getloadavg()[0]}
    finally:
        if sender:
            sender.end()
        service.stop()


def run(bench):
    """Measures the starts and the recovery; returns the rows."""
    measure_start(bench, "antenna", "warm-up")  # the broker's first group takes seconds, which are nobody's figure
    rows = []
    for name in services_of(bench):
        print(f"start: {name}", file=sys.stderr)
        runs = [measure_start(bench, name, number) for number in range(bench.runs)]
        rows.append({"what": f"start to first committed row, {name}", "runs": runs})
    print("kill -9: antenna", file=sys.stderr)
    runs = [measure_recovery(bench, number) for number in range(bench.runs)]
    rows.append({"what": "start after kill -9 to first commit, antenna", "runs": runs})
    return rows


def table(rows):
    """Columns and cells."""
    return ["", "seconds"], [[row["what"], with_spread(row["runs"], "wall", ".2f")] for row in rows]


def plots(rows):
    """Names and texts of the pictures."""
    what = [row["what"] for row in rows]
    return {"start": bars("Seconds (logarithmic)", what, {"seconds": [median(r["runs"], "wall") for r in rows]}, ".2f")}
