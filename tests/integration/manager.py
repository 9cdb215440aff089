"""A service manager's end of sd_notify(3): the socket of a unit with Type=notify."""

import queue
import socket
import threading
import time

WATCHDOG_SECONDS = 0.4
CHUNK = 4096


class Manager:
    """Receives what a service tells, all the time; use it as a context manager."""

    def __init__(self, folder, watchdog=WATCHDOG_SECONDS):
        path = folder / "notify"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._told = queue.Queue()
        self._thread = threading.Thread(target=self._receive, daemon=True)
        self.environment = {"NOTIFY_SOCKET": str(path), "WATCHDOG_USEC": str(int(watchdog * 1_000_000))}

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._socket.shutdown(socket.SHUT_RD)
        self._thread.join()
        self._socket.close()

    def _receive(self):
        while text := self._socket.recv(CHUNK).decode():
            self._told.put(dict(line.split("=", 1) for line in text.splitlines()))

    def next(self, seconds=30):
        """The assignments of the next datagram, or None when there is none for so long."""
        try:
            return self._told.get(timeout=seconds)
        except queue.Empty:
            return None

    def wait_for(self, name, seconds=30):
        """The first assignments with this name; what comes before is dropped."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            told = self.next(left)
            if told and name in told:
                return told
        raise AssertionError(f"waited {seconds} s in vain for {name}")

    def drain(self):
        """Drops all that has come."""
        while not self._told.empty():
            self._told.get()
