"""Apache Kafka, one broker that is its own controller (KRaft)."""

import os
import socket
import struct
import subprocess
import uuid

from stack.process import ServerError
from stack.server import CHECKOUT, Server, free_port

# Resolved, as an archive of classes names the jars that it was made from.
JARS = (CHECKOUT / ".deps" / "kafka" / "libs").resolve()
CLASSES = JARS.parent / "classes.jsa"
HEAP = "512m"

# A request of API key 18 (ApiVersions), version 0, correlation id 1, without a client id: any broker answers it.
API_VERSIONS_REQUEST = struct.pack(">ihhih", 10, 18, 0, 1, -1)

PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller_port}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={data}
auto.create.topics.enable=false
delete.topic.enable=true
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.num.partitions=4
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
group.consumer.min.session.timeout.ms=1000
group.consumer.session.timeout.ms=2000
group.consumer.min.heartbeat.interval.ms=100
group.consumer.heartbeat.interval.ms=300
"""


class Kafka(Server):
    """A broker; topics are not created by themselves."""

    name = "kafka"

    def __init__(self, home, port=None, tied=False, jars=JARS):
        """As Server; `jars`: the folder of the server's jars."""
        super().__init__(home, port, tied)
        self._jars = jars

    def _properties(self, data):
        """The text of server.properties, with `data` as the folder of the log."""
        return PROPERTIES.format(port=self.port, controller_port=free_port(), data=data)

    def _format_options(self):
        """More arguments of the program that makes the storage."""
        return ()

    def _java(self, *arguments):
        options = [f"-Xmx{HEAP}", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
        if self._jars == JARS and CLASSES.exists():
            options.append(f"-XX:SharedArchiveFile={CLASSES}")
        return ["java", *options, "-cp", f"{self._jars}/*", *arguments]

    def _cluster(self):
        """The id of a new cluster."""
        return uuid.uuid4().hex[:22]

    def _prepare(self):
        super()._prepare()
        properties = self.home / "server.properties"
        data = self.home / "kafka"
        if data.exists():
            return
        if not self._jars.exists():
            raise ServerError(f"{self._jars} is missing: run tools/setup test")
        properties.write_text(self._properties(data))
        self._format(properties)

    def _format(self, properties):
        """Makes the storage."""
        done = subprocess.run(
            self._java(
                "kafka.tools.StorageTool",
                "format",
                "-t",
                self._cluster(),
                "-c",
                str(properties),
                *self._format_options(),
            ),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise ServerError(f"could not format Kafka's storage: {done.stderr or done.stdout}")

    def _command(self):
        return self._java("kafka.Kafka", str(self.home / "server.properties"))

    def _process_options(self):
        return {"env": {**os.environ, "LC_ALL": "C.UTF-8"}}

    def _is_ready(self):
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.settimeout(2)
                connection.sendall(API_VERSIONS_REQUEST)
                return len(connection.recv(8)) == 8
        except OSError:
            return False
