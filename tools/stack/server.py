"""What both servers have in common: a port of 127.0.0.1 that they keep."""

import contextlib
import pathlib
import socket

from stack.process import Process, ServerError

CHECKOUT = pathlib.Path(__file__).resolve().parents[2]


def free_port():
    """A TCP port of 127.0.0.1 that nobody uses right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server(Process):
    """One server process on a port of its own; it keeps the port over a restart."""

    def __init__(self, home, port=None, tied=False):
        """As Process; `port`: None for the one it had before or else a free one."""
        super().__init__(home, tied)
        self.port = port or self._former_port() or free_port()

    @property
    def address(self):
        """`host:port` for clients."""
        return f"127.0.0.1:{self.port}"

    def _prepare(self):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the servers do after a restart
            try:
                probe.bind(("127.0.0.1", self.port))
            except OSError as error:
                raise ServerError(f"{self.name} cannot listen on {self.address}: {error.strerror}") from error
        (self.home / f"{self.name}.port").write_text(f"{self.port}\n")

    def _former_port(self):
        with contextlib.suppress(OSError, ValueError):
            return int((self.home / f"{self.name}.port").read_text())
        return None
