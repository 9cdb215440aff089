"""A TCP proxy that delays, cuts, or freezes what passes: the network between the program and a server."""

import contextlib
import socket
import threading
import time

from proxy import connections

CHUNK = 1 << 16
HOST = "127.0.0.1"


class Wire:
    """Listens on a port and passes everything on to another; `target` and `delay` may be changed at any time."""

    def __init__(self, target):
        self.target = target
        self.delay = 0  # seconds, for each piece of data
        self._flows = threading.Event()
        self._flows.set()
        self._sockets = set()
        self._lock = threading.Lock()
        self._listener = socket.create_server((HOST, 0))
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def port(self):
        return self._listener.getsockname()[1]

    def freeze(self):
        """Nothing passes any more, and nobody is told: half-open connections."""
        self._flows.clear()

    def thaw(self):
        """What was held back passes."""
        self._flows.set()

    def cut(self):
        """Ends all connections; what was held back is lost."""
        with self._lock:
            sockets, self._sockets = self._sockets, set()
        for end in sockets:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        self._flows.set()

    def close(self):
        """Ends everything."""
        self._listener.close()
        self.cut()

    def _accept(self):
        for client, server in connections(self._listener, lambda: (HOST, self.target)):
            with self._lock:
                self._sockets |= {client, server}
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=self._pass_on, args=(source, sink), daemon=True).start()

    def _pass_on(self, source, sink):
        with contextlib.suppress(OSError):
            while data := source.recv(CHUNK):
                time.sleep(self.delay)
                self._flows.wait()
                with self._lock:
                    if source not in self._sockets:
                        break
                sink.sendall(data)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        with self._lock:
            self._sockets -= {source, sink}
        source.close()
