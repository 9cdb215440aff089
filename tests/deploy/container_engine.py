"""Runs deploy/docker/compose.yaml as it is: each service in a container of its own, with the network, the names, the
volumes, the user and the order that it says.

The images of others come from a registry that tests do not reach. In their places are the servers of all tests, of the
same versions, told what the composition tells the images.
"""

import contextlib
import os
import pathlib
import re
import signal
import subprocess

import psycopg
from composition import services
from containers import Container, bind, tmpfs
from hosts import Host
from stack import Kafka, Postgres
from stack.kafka import JARS
from stack.postgres import find_programs
from waiting import wait_until

# RFC 2544: for tests of networks, so that nobody else has it.
ADDRESSES = "198.18.0"
FIRST_ADDRESS = 11

KAFKA_TOOLS = {
    "/opt/kafka/bin/kafka-get-offsets.sh": "org.apache.kafka.tools.GetOffsetShell",
    "/opt/kafka/bin/kafka-topics.sh": "org.apache.kafka.tools.TopicCommand",
    "/opt/kafka/bin/kafka-broker-api-versions.sh": "org.apache.kafka.tools.BrokerApiVersionsCommand",
}

# What Docker gives to each container of a machine behind a proxy; nobody reaches this one.
PROXY = dict.fromkeys(("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"), "http://proxy.invalid:3128")

# What Compose waits before it kills, if nothing else is said.
GRACE_SECONDS = {None: 10, "2m": 120}
READY_SECONDS = 120


class Network:
    """A host for each service, on one bridge."""

    def __init__(self, names):
        self._bridge = Host("bridge")
        self._bridge.run("ip", "link", "add", "name", "services", "type", "bridge")
        self._bridge.run("ip", "link", "set", "services", "up")
        self.addresses = {name: f"{ADDRESSES}.{FIRST_ADDRESS + i}" for i, name in enumerate(names)}
        self.hosts = {name: self._add(name, number) for number, name in enumerate(names)}

    def _add(self, name, number):
        host, port = Host(name), f"port-{number}"
        self._bridge.run("ip", "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", host.pid)
        self._bridge.run("ip", "link", "set", port, "master", "services", "up")
        host.run("ip", "address", "add", f"{self.addresses[name]}/24", "dev", "eth0")
        host.run("ip", "link", "set", "eth0", "up")
        return host

    def close(self):
        """Ends it."""
        for host in (*self.hosts.values(), self._bridge):
            host.close()


class Database(Postgres):
    """In the place of the image postgres."""

    def __init__(self, home, service, host, password):
        """`password`: the text of its file."""
        assert find_programs().parent.name == service["image"].partition(":")[2]
        self.user = service["environment"]["POSTGRES_USER"]
        self.database = service["environment"]["POSTGRES_DB"]
        self._host = host
        self._given_password = password.strip()
        super().__init__(home, port=5432, tied=True, durable=False)

    def start(self):
        """As Process, on its host."""
        with self._host.entered():
            super().start()

    def kill(self):
        """Ends all its processes, as an engine does that kills a container: those left would hold its shared memory."""
        pid = self.pid()
        tasks = pathlib.Path(f"/proc/{pid}/task/{pid}/children")
        children = list(map(int, tasks.read_text().split())) if pid else []
        super().kill()
        for child in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        wait_until(lambda: not any(pathlib.Path(f"/proc/{child}").exists() for child in children), "the ends of all")

    def run(self, words):
        """Runs one of its programs there."""
        command = [*self._host.via, str(find_programs() / words[0]), *words[1:]]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def query(self, statement):
        """The rows of a statement."""
        with self._host.entered(), psycopg.connect(self.conninfo()) as connection:
            return connection.execute(statement).fetchall()

    def _new_password(self):
        return self._given_password

    def _prepare(self):
        super()._prepare()
        access = self.folder / "pg_hba.conf"
        rule = "host all all samenet scram-sha-256\n"
        if rule not in access.read_text():
            access.write_text(access.read_text() + rule)

    def _command(self):
        return [*super()._command(), "-c", "listen_addresses=*"]


class Broker(Kafka):
    """In the place of the image apache/kafka, whose variables are the broker's properties."""

    def __init__(self, home, service, host, names):
        """`names`: the file of hosts."""
        assert (JARS / f"kafka-server-{service['image'].partition(':')[2]}.jar").exists()
        self._variables = service["environment"]
        self._host = host
        self._names = names
        super().__init__(home, port=9092, tied=True)

    def start(self):
        """As Process, on its host."""
        with self._host.entered():
            super().start()

    def run(self, words):
        """Runs one of Kafka's tools there."""
        command = [*self._host.via, *self._java(KAFKA_TOOLS[words[0]], *words[1:])]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def _properties(self, data):
        given = {
            name.removeprefix("KAFKA_").lower().replace("_", "."): value for name, value in self._variables.items()
        }
        return "".join(f"{name}={value}\n" for name, value in (given | {"log.dirs": data}).items())

    def _java(self, *arguments):
        java, *more = super()._java(*arguments)
        return [java, f"-Djdk.net.hosts.file={self._names}", *more]


class Engine:
    """Use it as a context manager: in the end nothing runs any more."""

    def __init__(self, images, folder):
        """`images`: ours, by name."""
        self._images = images
        self._folder = folder
        self._services = services()
        self._roots = {}
        self._ended = {}
        self.running = {}

    def __enter__(self):
        self._folder.mkdir(mode=0o755)
        self._network = Network(self._services)
        self._names = self._folder / "hosts"
        lines = [f"{address} {name}\n" for name, address in self._network.addresses.items()]
        self._names.write_text("127.0.0.1 localhost\n" + "".join(lines))
        return self

    def __exit__(self, *_):
        for one in reversed(self.running.values()):
            one.kill()
        self._network.close()

    def up(self, name):
        """Starts a service once all that it depends on is where it wants that."""
        if name in self.running or name in self._ended:
            return
        for other, how in self._services[name].get("depends_on", {}).items():
            self.up(other)
            if how["condition"] == "service_healthy":
                wait_until(lambda other=other: self.is_healthy(other), f"{other} is healthy", READY_SECONDS)
            else:
                assert how["condition"] == "service_completed_successfully"
                self._wait(other)
        self._start(name)

    def run(self, name, *words):
        """Runs a service to its end, or with other words than it has; returns what it prints."""
        container = self._contain(name, f"{name}-{len(self._ended)}-once")
        self._launch(container, name, list(words) or self._services[name].get("command", []))
        return self._end(container, container.folder.name)

    def is_healthy(self, name):
        """Whether the health check of a service succeeds."""
        return self.ask(name).returncode == 0

    def ask(self, name):
        """Runs the health check of a service: its own, or that of the image."""
        own = self._services[name].get("healthcheck", {}).get("test")
        kind, *words = own or self._images[self._services[name]["image"]].config["Healthcheck"]["Test"]
        assert kind == "CMD"
        return self.running[name].run(words)

    def stop(self, name):
        """Stops one of ours; returns the exit code."""
        return self.running[name].stop(GRACE_SECONDS[self._services[name].get("stop_grace_period")])

    def rows(self, table):
        """The number of rows of a table."""
        return self._query(f"SELECT count(*) FROM {table}")[0][0]

    def stop_layers(self):
        """Stops the antennas and both layers, each with exit code 0. All messages that were sent are totalled first."""
        assert self.stop("antennas") == 0, self.running["antennas"].text()
        words = ["/opt/kafka/bin/kafka-get-offsets.sh", "--bootstrap-server=kafka:9092", "--topic=devices"]
        ends = [int(end) for end in re.findall(r"(?m)^devices:\d+:(\d+)$", self.running["kafka"].run(words).stdout)]
        totalled = "SELECT sum(totals_offset) FROM antenna.progress"
        wait_until(lambda: self._query(totalled)[0][0] == sum(ends), "all is totalled", 60)
        assert self.stop("speed") == 0, self.running["speed"].text()
        dirty = "SELECT count(*) FROM antenna.hour_state WHERE state = 'dirty'"
        wait_until(lambda: self._query(dirty)[0][0] == 0, "the batch layer has the last late events", 60)
        assert self.stop("batch") == 0, self.running["batch"].text()
        offsets = self._query("SELECT totals_offset, archive_offset FROM antenna.progress ORDER BY partition")
        assert offsets == [(end, end) for end in ends]

    def _query(self, statement):
        return self.running["postgres"].query(statement)

    def _start(self, name):
        service = self._services[name]
        match service["image"].partition(":")[0]:
            case "postgres":
                path = self._volume("owner-password") / "password"
                server = Database(self._folder / name, service, self._network.hosts[name], path.read_text())
                server.start()
                self.running[name] = server
            case "apache/kafka" if "command" in service:
                done = self.running["kafka"].run(service["command"])
                assert done.returncode == 0, done.stdout + done.stderr
                self._ended[name] = done.stdout
            case "apache/kafka":
                server = Broker(self._folder / name, service, self._network.hosts[name], self._names)
                server.start()
                self.running[name] = server
            case _:
                self.running[name] = self._contain(name, name)
                self._launch(self.running[name], name, service.get("command", []))

    def _wait(self, name):
        """Waits until a service has done what it is for."""
        if name not in self._ended:
            self._end(self.running.pop(name), name)

    def _end(self, container, name):
        code = container.wait(READY_SECONDS)
        self._ended[name] = container.text()
        others = "\n".join(
            f"{other}: {one.text()[-2000:]}" for other, one in self.running.items() if hasattr(one, "text")
        )
        assert code == 0, f"{name} ended with exit code {code}:\n{container.text()}\n{others}"
        return container.text()

    def _contain(self, name, own_name):
        return Container(own_name, self._folder / own_name, self._root(name), self._network.hosts[name].pid)

    def _root(self, name):
        """The files of its image; services that cannot write them share them."""
        service = self._services[name]
        if not service.get("read_only"):
            return self._images[service["image"]].mount()
        if service["image"] not in self._roots:
            self._roots[service["image"]] = self._images[service["image"]].mount()
        return self._roots[service["image"]]

    def _launch(self, container, name, words):
        service = self._services[name]
        config = self._images[service["image"]].config
        assert service["init"]
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        entry = service.get("entrypoint") or config["Entrypoint"]
        user = service.get("user") or config["User"]
        environment = dict(variable.split("=", 1) for variable in config["Env"])
        environment |= PROXY | {"HOME": home_of(container.root, user)} | service.get("environment", {})
        mounts = [bind(self._names, "/etc/hosts", False), *map(tmpfs, service.get("tmpfs", []))]
        for volume in service.get("volumes", []):
            source, target, *mode = volume.split(":")
            mounts.append(bind(self._volume(source, container.root / target.lstrip("/")), target, mode != ["ro"]))
        words = [word.replace("$$", "$") for word in [*entry, *words]]
        container.start(words, user, environment, mounts, not service.get("read_only"))

    def _volume(self, name, inside=None):
        """The folder of a volume; a new one has what the image has there."""
        folder = self._folder / "volumes" / name
        if not folder.exists():
            folder.parent.mkdir(exist_ok=True)
            if inside.exists():
                subprocess.run(["cp", "-aT", inside, folder], check=True)
            else:
                folder.mkdir()
        return folder


def home_of(root, user):
    """The home of a user by number, as the image's passwd says."""
    lines = [line.split(":") for line in (root / "etc" / "passwd").read_text().splitlines()]
    return next(line[5] for line in lines if line[2] == user.partition(":")[0])
