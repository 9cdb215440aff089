"""From message to committed row, while a load of so many messages a second goes on.

Beside the load, which `antenna simulate` sends live, a probe sends a hundred messages a second, each of a user of its
own, and notes the time. Such a user's total is written once, by one transaction, and PostgreSQL keeps the time of each
commit (track_commit_timestamp): latency is that time less the probe's, both of one machine's clock, and nobody polls.
It has Kafka's part in it. The commit's time is taken just before it is flushed to disk, which takes less than a
millisecond more. In the end all rows must sum up to all bytes that were sent, probes and load.
"""

import os
import sys
import time

from confluent_kafka import Producer
from live import SERVICES, Sender, services_of, user_bytes, wait_until
from measure_speed import clean
from plots import lines
from stack import ServerError

NAME = "latency"
TITLE = "Message to committed row"
RATES = (1_000, 10_000, 100_000)
QUICK_RATES = (1_000, 10_000)
PROBES_A_SECOND = 100
MARGIN_SECONDS = 3  # of load before the first probe and after the last
PROBE = "99999999-9999-9999-9999-"
MESSAGE = f'{{"timestamp": %d, "id": "%s", "antenna_id": "{PROBE}000000000000", "bytes": 1, "app": "SKYPE"}}'
COMMITS = (
    "SELECT id, extract(epoch FROM pg_xact_commit_timestamp(xmin))::float8 FROM {table}"
    " WHERE type = 'user_bytes_total' AND id LIKE %s"
)


class Probe:
    """Sends probes; `sent` has the time of each by its user."""

    def __init__(self, address, topic):
        """Connects."""
        # Idempotence off and no lingering: what a device's gateway would do that wants its message there at once.
        self._producer = Producer({"bootstrap.servers": address, "linger.ms": 0})
        self._topic = topic
        self.sent = {}

    def run(self, seconds):
        """Sends probes for so long."""
        begin = time.monotonic()
        for number in range(round(seconds * PROBES_A_SECOND)):
            time.sleep(max(0, begin + number / PROBES_A_SECOND - time.monotonic()))
            user = f"{PROBE}{len(self.sent):012}"
            now = time.time()
            self._producer.produce(self._topic, MESSAGE % (now, user))
            self._producer.poll(0)
            self.sent[user] = now
        if self._producer.flush(30):
            raise ServerError("Kafka did not take all probes")


def commits(lab, table):
    """The commit time of each probe that has a row."""
    with lab.connect() as database:
        return dict(database.execute(COMMITS.format(table=table), [f"{PROBE}%"]).fetchall())


def measure(lab, name, rate, seconds):
    """One run: sorted latencies in seconds. Raises ServerError when something is missing in the end."""
    make_service, table = SERVICES[name]
    topic = f"live-{name.lower()}-{rate}-{time.monotonic_ns()}"
    # Twenty users: it is not the database's throughput that is measured.
    lab.antenna("simulate", lab.kafka.address, topic, "--count", 1)
    clean(lab, table)
    service = make_service(lab, topic)
    service.start()
    sender = None
    try:
        wait_until(lambda: user_bytes(lab, table), service, "the first message has no row")
        begin = user_bytes(lab, table)
        sender = Sender(lab, topic, rate, seconds + 2 * MARGIN_SECONDS)
        time.sleep(MARGIN_SECONDS)
        probe = Probe(lab.kafka.address, topic)
        probe.run(seconds)
        expected = begin + sender.finish() + len(probe.sent)
        wait_until(lambda: user_bytes(lab, table) == expected, service, f"the table never had {expected} bytes", 0.5)
        found = commits(lab, table)
    finally:
        if sender:
            sender.end()
        service.stop()
    return sorted(found[user] - sent for user, sent in probe.sent.items())


def percentile(latencies, share):
    """The latency that so many of a hundred stay under, in milliseconds."""
    return latencies[min(len(latencies) - 1, int(len(latencies) * share / 100))] * 1000


def keep_commit_times(lab):
    """Has PostgreSQL keep the time of each commit."""
    lab.query("ALTER SYSTEM SET track_commit_timestamp = on")
    lab.postgres.restart()


def run(bench):
    """Measures each system at each rate; returns the rows."""
    keep_commit_times(bench.lab)
    seconds = 5 if bench.quick else 30
    rows = []
    for rate in QUICK_RATES if bench.quick else RATES:
        for name in services_of(bench):
            print(f"{rate:,} messages/s: {name}", file=sys.stderr)
            runs = []
            for _ in range(bench.runs):
                latencies = measure(bench.lab, name, rate, seconds)
                shares = {f"p{share}": percentile(latencies, share) for share in (50, 99)}
                worst = {"max": latencies[-1] * 1000, "probes": len(latencies)}
                runs.append(shares | worst | {"load": os.getloadavg()[0]})
            rows.append({"rate": rate, "system": name, "runs": runs})
    return rows


def table(rows):
    """Columns and cells: of several runs the worst, for a delay is not made good by another run."""
    cells = [
        [
            f"{row['rate']:,} messages/s, {row['system']}",
            *(f"{max(run[figure] for run in row['runs']):,.0f}" for figure in ("p50", "p99", "max")),
            f"{sum(run['probes'] for run in row['runs']):,}",
        ]
        for row in rows
    ]
    return ["", "p50 ms", "p99 ms", "max ms", "probes"], cells


def plots(rows):
    """Names and texts of the pictures."""
    series = {}
    for row in rows:
        for figure in ("p50", "p99"):
            point = (row["rate"], max(run[figure] for run in row["runs"]))
            series.setdefault(f"{row['system']} {figure}", []).append(point)
    return {"latency": lines("Message to committed row, ms", "messages a second", series, ",.0f")}
