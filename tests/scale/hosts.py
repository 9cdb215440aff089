"""Several hosts on one machine: network namespaces with a host name and addresses of their own, joined by bridges.

Kafka and PostgreSQL run on one host, each on a network of its own, so that a cable to one of them can be cut alone.
Each namespace is held by a process that ends with us, and with the last process in it all that was made there goes.
Nothing of it, no address and no link, is ever seen outside.
"""

import contextlib
import ctypes
import os
import subprocess

from program import DIE_WITH_PARENT
from stack import Postgres
from waiting import wait_until

CLONE_NEWNET = 0x40000000  # setns(2)
UNSHARE = ["unshare", "--net", "--uts"]

# The first three bytes of the addresses of each network.
NETWORKS = {"kafka": "10.91.1", "postgres": "10.91.2"}
SERVERS = 1
FIRST_HOST = 11

# bridge(8): what a port does with frames.
DISABLED, FORWARDING = "0", "3"

# tc-tbf(8): what is more than that waits, for half a second at most, or is lost.
SLOW = ("tbf", "rate", "1mbit", "burst", "8kb", "latency", "500ms")

libc = ctypes.CDLL(None, use_errno=True)


def why_impossible():
    """Why no hosts can be made here, or None."""
    tried = subprocess.run(
        [*UNSHARE, "ip", "link", "add", "name", "probe", "type", "bridge"], capture_output=True, text=True, check=False
    )
    return f"network namespaces are not permitted: {tried.stderr.strip()}" if tried.returncode else None


def address_of(network, number):
    """The address of a host in a network."""
    return f"{NETWORKS[network]}.{number}"


def enter_network(file):
    """Moves our own thread, and what it will start, to an open network namespace. Raises OSError."""
    if libc.setns(file.fileno(), CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "could not enter a network namespace")


class Host:
    """A network namespace and a host name."""

    def __init__(self, name):
        self._holder = subprocess.Popen([*DIE_WITH_PARENT, *UNSHARE, "sleep", "infinity"])
        wait_until(self._is_apart, f"{name} is a host of its own")
        self.run("hostname", name)
        self.run("ip", "link", "set", "lo", "up")

    @property
    def pid(self):
        """The process that holds it."""
        return self._holder.pid

    @property
    def via(self):
        """The words that run a command there, as the same process."""
        return ["nsenter", "--target", str(self.pid), "--net", "--uts", "--"]

    def run(self, *words):
        """Runs a command there to its end."""
        done = subprocess.run([*self.via, *map(str, words)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{' '.join(map(str, words))}: {done.stderr}"

    @contextlib.contextmanager
    def entered(self):
        """We are there meanwhile, with our connections and with what we start."""
        with open("/proc/thread-self/ns/net") as home, open(f"/proc/{self.pid}/ns/net") as there:
            enter_network(there)
            try:
                yield
            finally:
                enter_network(home)

    def close(self):
        """Ends it, unless processes are left there."""
        self._holder.kill()
        self._holder.wait()

    def _is_apart(self):
        return os.readlink(f"/proc/{self.pid}/ns/uts") != os.readlink("/proc/self/ns/uts")


class SpeedHost(Host):
    """A host of the speed layer, with a cable to each network; a cable is named by its network."""

    def __init__(self, servers, number):
        super().__init__(f"speed-{number}")
        self._servers = servers
        self._number = number
        for network in NETWORKS:
            port = self._port(network)
            servers.run("ip", "link", "add", port, "type", "veth", "peer", "name", network, "netns", self.pid)
            servers.run("ip", "link", "set", port, "master", network, "up")
            self.run("ip", "address", "add", f"{address_of(network, FIRST_HOST + number)}/24", "dev", network)
            self.run("ip", "link", "set", network, "up")

    def pull(self, cable):
        """Both ends see that the cable is out."""
        self._servers.run("ip", "link", "set", self._port(cable), "down")

    def plug(self, cable):
        """It is in again."""
        self._servers.run("ip", "link", "set", self._port(cable), "up")

    def switch_off(self, cable):
        """The host's own end is down: there is no way to the network any more."""
        self.run("ip", "link", "set", cable, "down")

    def switch_on(self, cable):
        """It is up again."""
        self.run("ip", "link", "set", cable, "up")

    def silence(self, cable):
        """The bridge drops every frame, and nobody is told."""
        self._set_state(cable, DISABLED)

    def unsilence(self, cable):
        """Frames pass again."""
        self._set_state(cable, FORWARDING)

    def slow_down(self, cable):
        """Little passes in both directions."""
        self._servers.run("tc", "qdisc", "add", "dev", self._port(cable), "root", *SLOW)
        self.run("tc", "qdisc", "add", "dev", cable, "root", *SLOW)

    def speed_up(self, cable):
        """Everything passes at once again."""
        self._servers.run("tc", "qdisc", "del", "dev", self._port(cable), "root")
        self.run("tc", "qdisc", "del", "dev", cable, "root")

    def _port(self, network):
        return f"{network}-{self._number}"

    def _set_state(self, cable, state):
        self._servers.run("bridge", "link", "set", "dev", self._port(cable), "state", state)


class Site:
    """The servers' host and as many of the speed layer as are asked for."""

    def __init__(self):
        self.servers = Host("servers")
        self._hosts = []
        for network in NETWORKS:
            self.servers.run("ip", "link", "add", "name", network, "type", "bridge")
            self.servers.run("ip", "address", "add", f"{address_of(network, SERVERS)}/24", "dev", network)
            self.servers.run("ip", "link", "set", network, "up")

    def hosts(self, count):
        """So many hosts of the speed layer."""
        while len(self._hosts) < count:
            self._hosts.append(SpeedHost(self.servers, len(self._hosts)))
        return self._hosts[:count]

    def close(self):
        """Ends all hosts."""
        for host in (*self._hosts, self.servers):
            host.close()


class NetworkPostgres(Postgres):
    """A server that also listens on its network."""

    def _prepare(self):
        super()._prepare()
        access = self.folder / "pg_hba.conf"
        rule = f"host all all {address_of('postgres', 0)}/24 scram-sha-256\n"
        if rule not in access.read_text():
            with open(access, "a") as file:
                file.write(rule)

    def _command(self):
        return [*super()._command(), "-c", f"listen_addresses=127.0.0.1,{address_of('postgres', SERVERS)}"]
