"""What sending costs Kafka's broker, in batches as `antenna simulate` makes them and in small ones; no replication."""

import sys

from lab import cpu_seconds
from results import median, with_spread
from workloads import WORKLOADS

NAME = "produce"
TITLE = "Sending to Kafka"
CITY = WORKLOADS["city"]
MESSAGES = 1_000_000
BATCHES = {"batches of `antenna simulate`": None, "batches of 10 messages": 10}


def measure(lab, topic, messages, batch):
    """Sends the city's events into a new topic; CPU seconds of the broker, and seconds."""
    before = cpu_seconds(lab.kafka.pid())
    usage = lab.antenna(
        *("simulate", lab.kafka.address, topic, "--users", CITY.users, "--antennas", CITY.antennas),
        *("--from", CITY.begin, "--to", CITY.end, "--count", messages, "--rate", "max"),
        *("--partitions", CITY.partitions, *(("-X", f"batch.num.messages={batch}") if batch else ())),
    )
    return usage.figures | {"kafka_cpu": cpu_seconds(lab.kafka.pid()) - before}


def run(bench):
    """Measures each size of batches; returns the rows."""
    messages = max(1, round(MESSAGES * bench.scale))
    runs = {what: [] for what in BATCHES}
    for number in range(-1, bench.runs):  # the first is to warm up: a broker's Java compiles while it works
        for index, (what, batch) in enumerate(BATCHES.items()):
            print(f"sending, {what}: run {number + 1} of {bench.runs}", file=sys.stderr)
            runs[what].append(measure(bench.lab, f"sent-{index}-{number}", messages, batch))
    return [
        {"what": what, "batch": batch, "messages": messages, "runs": runs[what][1:]} for what, batch in BATCHES.items()
    ]


def table(rows):
    """Columns and cells."""
    cells = [
        [
            row["what"],
            with_spread(row["runs"], "kafka_cpu", ".2f", row["messages"] / 1e6),
            f"{row['messages'] / median(row['runs'], 'wall'):,.0f}",
        ]
        for row in rows
    ]
    return ["", "broker/M", "messages/s"], cells


def plots(_rows):
    """No picture."""
    return {}
