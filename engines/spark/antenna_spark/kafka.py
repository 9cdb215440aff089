"""Questions to Kafka about one topic, by the Java client that Spark's Kafka source brings."""

import contextlib
from typing import NamedTuple

from py4j.java_gateway import is_instance_of
from py4j.protocol import Py4JJavaError

from antenna_spark.command import CommandError, MistakeError, WorldError
from antenna_spark.properties import PROPERTIES, checked

ERRORS = "org.apache.kafka.common.errors"
TIMEOUT_MS = 10_000

# What the client gives where the broker has no topic ids.
NO_ID = "AAAAAAAAAAAAAAAAAAAAAA"


class Extent(NamedTuple):
    """What Kafka holds of a partition: from `first` to before `end`."""

    first: int
    end: int


class RecreatedError(MistakeError):
    """The topic of this name is another one than the job began with."""

    def __init__(self, name):
        """`name`: the topic's."""
        super().__init__(
            f'topic "{name}" was deleted and created again: what the job had not read of the old one is gone',
            "give a new --job, which reads the new topic from its beginning",
        )


class Topic:
    """One topic; close it at the end, or use it with contextlib.closing()."""

    def __init__(self, session, server, name, properties):
        """`properties`: {name: value} of the Java client. Raises MistakeError when it does not take them."""
        self.server = server
        self.name = name
        self.properties = checked(properties)
        self.claimed_id = None  # the topic's at the last check
        self._gateway = session.sparkContext._gateway
        self._jvm = session.sparkContext._jvm
        settings = self._jvm.java.util.HashMap()
        for key, value in {
            "bootstrap.servers": server,
            "default.api.timeout.ms": str(TIMEOUT_MS),
            "request.timeout.ms": str(TIMEOUT_MS),
            **{name: value for name, value in properties.items() if name not in PROPERTIES},
        }.items():
            settings.put(key, value)
        try:
            self._admin = self._jvm.org.apache.kafka.clients.admin.AdminClient.create(settings)
        except Py4JJavaError as error:
            raise MistakeError(f"could not make a client of Kafka: {error.java_exception.getCause()}") from error

    def close(self):
        """Closes the client."""
        with contextlib.suppress(Py4JJavaError):
            self._admin.close()

    def _ask(self, future, what):
        """The answer of a question. Raises CommandError."""
        try:
            return future.get()
        except Py4JJavaError as error:
            cause = error.java_exception.getCause() or error.java_exception
            if is_instance_of(self._gateway, cause, f"{ERRORS}.UnknownTopicOrPartitionException"):
                raise MistakeError(
                    f'topic "{self.name}" does not exist on {self.server}', "check its name, or create it"
                ) from error
            kind = WorldError if is_instance_of(self._gateway, cause, f"{ERRORS}.RetriableException") else CommandError
            raise kind(f"could not ask Kafka for {what}: {cause.toString()}") from error

    def _describe(self):
        names = self._jvm.java.util.ArrayList()
        names.add(self.name)
        return self._ask(self._admin.describeTopics(names).allTopicNames(), "the topic").get(self.name)

    def id(self):
        """The topic's id as librdkafka writes it: base 64 in its usual alphabet, without padding.

        Empty when the broker has no topic ids (Kafka below 2.8): the client then gives the zero id for each topic.
        """
        text = self._describe().topicId().toString().replace("-", "+").replace("_", "/")
        return "" if text == NO_ID else text

    def _partitions(self):
        return sorted(info.partition() for info in self._describe().partitions())

    def _offsets(self, partitions, spec, isolation):
        options = self._jvm.org.apache.kafka.clients.admin.ListOffsetsOptions(isolation)
        wanted = self._jvm.java.util.HashMap()
        for partition in partitions:
            wanted.put(self._jvm.org.apache.kafka.common.TopicPartition(self.name, partition), spec)
        answer = self._ask(self._admin.listOffsets(wanted, options).all(), "offsets")
        return {place.partition(): answer.get(place).offset() for place in wanted.keySet()}

    def extents(self):
        """{partition: Extent} in the order of partitions, as far as readers of committed messages may see them."""
        partitions = self._partitions()
        spec = self._jvm.org.apache.kafka.clients.admin.OffsetSpec
        committed = self._jvm.org.apache.kafka.common.IsolationLevel.READ_COMMITTED
        firsts = self._offsets(partitions, spec.earliest(), committed)
        ends = self._offsets(partitions, spec.latest(), committed)
        return {partition: Extent(firsts[partition], ends[partition]) for partition in partitions}

    def ends(self):
        """{partition: its end}, behind everything that was written, be its transaction still open or not."""
        spec = self._jvm.org.apache.kafka.clients.admin.OffsetSpec
        every = self._jvm.org.apache.kafka.common.IsolationLevel.READ_UNCOMMITTED
        return self._offsets(self._partitions(), spec.latest(), every)
