"""PostgreSQL and Kafka in any version that tools/setup has fetched."""

import contextlib
import pathlib
import tempfile

from stack import Kafka, Postgres, running
from stack.server import Server

ZOOKEEPER_PROPERTIES = """\
dataDir={data}
clientPort={port}
clientPortAddress=127.0.0.1
admin.enableServer=false
"""

# Lines of the stack's properties that begin so are of KRaft.
KRAFT = ("process.roles", "node.id", "controller.", "listener", "advertised.listeners")


class Zookeeper(Server):
    """A ZooKeeper with the jars of a Kafka."""

    name = "zookeeper"

    def __init__(self, home, jars):
        super().__init__(home, tied=True)
        self._jars = jars
        self._properties = self.home / "zookeeper.properties"

    def _prepare(self):
        super()._prepare()
        self._properties.write_text(ZOOKEEPER_PROPERTIES.format(data=self.home / "zookeeper", port=self.port))

    def _command(self):
        main = "org.apache.zookeeper.server.quorum.QuorumPeerMain"
        return ["java", "-Xmx128m", "-cp", f"{self._jars}/*", main, str(self._properties)]

    def _is_ready(self):
        return "binding to port" in self.log.read_text()


class ZookeeperKafka(Kafka):
    """A broker whose metadata is in a ZooKeeper, which must run."""

    def __init__(self, zookeeper, jars):
        super().__init__(zookeeper.home, tied=True, jars=jars)
        self._zookeeper = zookeeper

    def _properties(self, data):
        lines = [line for line in super()._properties(data).splitlines() if not line.startswith(KRAFT)]
        lines += [
            "broker.id=1",
            f"zookeeper.connect={self._zookeeper.address}",
            f"listeners=PLAINTEXT://{self.address}",
        ]
        return "".join(f"{line}\n" for line in lines)

    def _format(self, properties):
        """There is nothing to format."""


def new_folder(home):
    """One that PostgreSQL's user may pass through."""
    folder = pathlib.Path(tempfile.mkdtemp(dir=home))
    folder.chmod(0o755)
    return folder


@contextlib.contextmanager
def running_postgres(home, version):
    """A server of a version."""
    with running(server := Postgres(new_folder(home), tied=True, durable=False, programs=version.folder / "bin")):
        yield server


@contextlib.contextmanager
def running_kafka(home, version):
    """A broker of a version, before 3.0 with ZooKeeper: users ran none without."""
    folder = new_folder(home)
    if int(version.release.partition(".")[0]) < 3:
        zookeeper = Zookeeper(folder, version.folder)
        servers = (zookeeper, ZookeeperKafka(zookeeper, version.folder))
    else:
        servers = (Kafka(folder, tied=True, jars=version.folder),)
    with running(*servers):
        yield servers[-1]
