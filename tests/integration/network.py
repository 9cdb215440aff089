"""A network of its own, with an address that is no loopback address, inside this machine."""

import concurrent.futures
import ctypes
import fcntl
import socket
import struct

import pytest

# RFC 5737: for examples, so that nobody else has it.
ADDRESS = "192.0.2.1"

# From <sched.h>, <linux/sockios.h> and <linux/if.h>.
CLONE_NEWNET = 0x40000000
SIOCSIFFLAGS, SIOCSIFADDR = 0x8914, 0x8916
IFF_UP = 1


def enter():
    """Moves the thread that calls it, and all that it starts, into a new network that has ADDRESS."""
    if ctypes.CDLL(None).unshare(CLONE_NEWNET):
        pytest.skip("a network cannot be made here")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", IFF_UP))
        address = struct.pack("16sHH4s8x", b"lo:1", socket.AF_INET, 0, socket.inet_aton(ADDRESS))
        fcntl.ioctl(control, SIOCSIFADDR, address)


class Network:
    """The network, which one thread is in: sockets that are made there stay there, whoever uses them."""

    def __enter__(self):
        self._thread = concurrent.futures.ThreadPoolExecutor(1)
        self.call(enter)
        return self

    def __exit__(self, *_):
        self._thread.shutdown()

    def call(self, function, *arguments):
        """Calls a function in the network."""
        return self._thread.submit(function, *arguments).result()

    def listen(self, port=0):
        """A socket that listens in the network."""
        return self.call(socket.create_server, (ADDRESS, port))
