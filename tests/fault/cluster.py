"""Kafka in three brokers, and one that listens at a second address."""

import uuid

from stack import Kafka, free_port

SIZE = 3

CLUSTER_PROPERTIES = {
    "offsets.topic.replication.factor": 3,
    "transaction.state.log.replication.factor": 3,
    "transaction.state.log.min.isr": 2,
    "default.replication.factor": 3,
    "min.insync.replicas": 2,
    # a broker that died loses its leaderships, and one that came back gets its own again, within seconds
    "broker.session.timeout.ms": 3000,
    "leader.imbalance.check.interval.seconds": 5,
}


def as_lines(properties):
    """Java's properties; later lines override earlier ones."""
    return "".join(f"{name}={value}\n" for name, value in properties.items())


class Broker(Kafka):
    """One of a cluster's brokers."""

    def __init__(self, home, number, cluster, voters):
        super().__init__(home, tied=True)
        self._number = number
        self._id = cluster
        self._voters = voters

    def _cluster(self):
        return self._id

    def _properties(self, data):
        controller = self._voters[self._number - 1].partition("@")[2]
        own = {
            "node.id": self._number,
            "controller.quorum.voters": ",".join(self._voters),
            "listeners": f"PLAINTEXT://{self.address},CONTROLLER://{controller}",
        }
        return super()._properties(data) + as_lines(own | CLUSTER_PROPERTIES)


class Cluster:
    """Three brokers; each topic has a copy on each, and two are enough."""

    def __init__(self, home):
        voters = [f"{number}@127.0.0.1:{free_port()}" for number in range(1, SIZE + 1)]
        name = uuid.uuid4().hex[:22]
        self.brokers = [Broker(home / f"broker-{number}", number, name, voters) for number in range(1, SIZE + 1)]

    @property
    def address(self):
        """Bootstrap servers."""
        return ",".join(broker.address for broker in self.brokers)

    def start(self):
        """At the same time, as none is ready without another."""
        for broker in self.brokers:
            broker.launch()
        for broker in self.brokers:
            broker.await_start()

    def stop(self):
        """Ends all; one of them alone could not hand anything over."""
        for broker in self.brokers:
            broker.kill()


class SecondListenerKafka(Kafka):
    """A broker that also listens at a second address, and tells clients there to come to `advertised` or else to it."""

    def __init__(self, home, second, advertised=None):
        super().__init__(home, tied=True)
        self.second = second
        self._advertised = advertised or second

    def _properties(self, data):
        text = super()._properties(data)
        settings = dict(line.split("=", 1) for line in text.splitlines())
        own = {
            "listeners": f"{settings['listeners']},SECOND://{self.second}",
            "advertised.listeners": f"{settings['advertised.listeners']},SECOND://{self._advertised}",
            "listener.security.protocol.map": settings["listener.security.protocol.map"] + ",SECOND:PLAINTEXT",
        }
        return text + as_lines(own)
