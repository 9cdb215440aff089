"""What is measured with: populations and rates of events, each produced once into a topic with a ledger of its sums."""

import csv
import dataclasses
import datetime
import sys

from confluent_kafka.admin import AdminClient
from reshape import reshape, with_random_ids

EVENTS_BEGIN = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
TIME_FORMAT = "%Y-%m-%dT%H:%M:%SZ"


@dataclasses.dataclass(frozen=True)
class Workload:
    """A population, the events a second of event time, and how many there are in all."""

    name: str
    users: int
    antennas: int
    rate: int
    messages: int
    late: float = 0
    malformed: float = 0
    reshaped: float = 0  # share with blanks, or with another key order
    random_ids: bool = False  # of users and antennas; the simulator's are numbers in the shape of a UUID
    keyed: bool = False  # each user's messages lie in one partition, as those of a device do whose id is the key
    partitions: int = 4
    first: datetime.datetime = EVENTS_BEGIN  # event time of the first message
    seconds: int = 0  # of event time in all, in place of the rate

    def scaled(self, scale):
        """The same with so many times the messages."""
        return dataclasses.replace(self, messages=max(1, round(self.messages * scale)))

    @property
    def is_reshaped(self):
        """Whether its messages have something that the simulator never makes."""
        return bool(self.reshaped or self.keyed or self.random_ids)

    @property
    def begin(self):
        """Event time of the first message, as text."""
        return self.first.strftime(TIME_FORMAT)

    @property
    def end(self):
        """Event time of the last message, as text."""
        seconds = self.seconds or max(1, self.messages // self.rate)
        return (self.first + datetime.timedelta(seconds=seconds)).strftime(TIME_FORMAT)


WORKLOADS = {
    workload.name: workload
    for workload in (
        Workload("small", 20, 5, 1_000, 5_000_000),
        Workload("city", 100_000, 20_000, 10_000, 10_000_000),
        Workload("sparse", 100_000, 20_000, 1_000, 5_000_000),
        Workload("mixed", 100_000, 20_000, 10_000, 5_000_000, late=0.05, malformed=0.01, reshaped=0.01),
        Workload("random", 100_000, 20_000, 10_000, 5_000_000, random_ids=True),
    )
}

# So little that its cost is the cost of a start and a stop.
START = Workload("start", 20, 5, 1_000, 1_000)


def ledger_sums(path):
    """The sums over all messages that a ledger ends with, by their names."""
    with open(path, newline="", encoding="utf-8") as file:
        return {row["type"]: int(row["value"]) for row in csv.DictReader(file) if row["grain"] == "all"}


@dataclasses.dataclass(frozen=True)
class Load:
    """A workload that lies in a topic; `sent`, `accepted`, `total` of bytes as the ledger has them."""

    workload: Workload
    topic: str
    ledger: object
    sent: int
    accepted: int
    total: int


class Loads:
    """The workloads of a lab, each produced when it is first asked for."""

    def __init__(self, lab):
        """Takes a lab whose servers run."""
        self._lab = lab
        self._loads = {}
        self._count = 0

    def get(self, workload):
        """The Load of a workload. Raises ServerError."""
        if workload not in self._loads:
            print(f"{workload.name}: sending {workload.messages:,} messages", file=sys.stderr)
            self._loads[workload] = self._produce(workload)
        return self._loads[workload]

    def forget(self, workload):
        """Deletes the topic of a workload that is not asked for again."""
        load = self._loads.pop(workload)
        admin = AdminClient({"bootstrap.servers": self._lab.kafka.address})
        for future in admin.delete_topics([load.topic]).values():
            future.result()

    def _produce(self, workload):
        lab = self._lab
        self._count += 1
        topic = f"devices-{self._count}-{workload.name}"
        ledger = lab.home / f"{topic}.csv"
        first = f"{topic}-plain" if workload.is_reshaped else topic
        lab.antenna(
            *("simulate", lab.kafka.address, first, "--users", workload.users, "--antennas", workload.antennas),
            *("--from", workload.begin, "--to", workload.end, "--count", workload.messages, "--rate", "max"),
            *("--late", workload.late, "--malformed", workload.malformed),
            *("--partitions", workload.partitions, "--ledger", ledger),
        )
        if first != topic:
            reshape(lab.kafka.address, first, topic, workload)
        if workload.random_ids:
            ledger.write_bytes(with_random_ids(ledger.read_bytes()))
        sums = ledger_sums(ledger)
        return Load(workload, topic, ledger, sums["messages_sent"], sums["events_accepted"], sums["bytes_total"])
