"""What both servers have in common: a port of 127.0.0.1 that they keep."""

import contextlib
import os
import pathlib
import random
import socket

from stack.process import Process, ServerError

CHECKOUT = pathlib.Path(__file__).resolve().parents[2]

SERVER_PORTS_BEGIN = 10_000
CLIENT_PORTS = pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range")

# A port that was given and is not used yet is not given again: a broker with several listeners takes several at once.
_GIVEN = set()


def free_port():
    """A TCP port of 127.0.0.1 that nobody uses right now.

    It lies below those that the kernel gives to clients: one of them, such as the server's own that tries to connect
    again and again, could else have the port while the server restarts.
    """
    end = int(CLIENT_PORTS.read_text().split()[0])
    while True:
        port = random.randrange(SERVER_PORTS_BEGIN, end)
        if port in _GIVEN:
            continue
        with contextlib.suppress(OSError):
            check_free(port)
            _GIVEN.add(port)
            return port


def configured_port(variable):
    """The port that a variable of the environment holds; None, which means any free one, when it is not set.

    Raises ServerError when it is no port.
    """
    text = os.environ.get(variable)
    if not text:
        return None
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise ServerError(f'{variable} is "{text}", which is no port: set it to a number from 1 to 65535, or unset it')
    return int(text)


def check_free(port):
    """Raises OSError when a server could not listen on the port of 127.0.0.1 now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the servers do after a restart
        probe.bind(("127.0.0.1", port))


@contextlib.contextmanager
def running(*servers):
    """Starts servers, one after the other, and stops all of them in the end, the last one first. Raises ServerError."""
    try:
        for server in servers:
            server.start()
        yield
    finally:
        for server in reversed(servers):
            server.stop()


class Server(Process):
    """One server process on a port of its own; it keeps the port over a restart."""

    def __init__(self, home, port=None, tied=False):
        """As Process; `port`: None for the one it had before or else a free one."""
        super().__init__(home, tied)
        self.port = port or self._former_port() or self._new_port()

    @property
    def address(self):
        """`host:port` for clients."""
        return f"127.0.0.1:{self.port}"

    def _prepare(self):
        try:
            check_free(self.port)
        except OSError as error:
            raise ServerError(f"{self.name} cannot listen on {self.address}: {error.strerror}") from error
        (self.home / f"{self.name}.port").write_text(f"{self.port}\n")

    def _new_port(self):
        return free_port()

    def _former_port(self):
        with contextlib.suppress(OSError, ValueError):
            return int((self.home / f"{self.name}.port").read_text())
        return None
