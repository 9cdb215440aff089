"""Servers that are away for a while, or stand still most of the time."""

import contextlib
import os
import pathlib
import signal
import threading
import time

# How long a slow server runs between two pauses.
RUN_SECONDS = 0.002


def family(pid):
    """A process and its children, which PostgreSQL's sessions are."""
    children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *map(int, children)]


def send(number, pids):
    """Signals processes, of which some may end by themselves, as those that clean tables do."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


@contextlib.contextmanager
def stopped(server):
    """At once, and without a word to anybody."""
    server.kill()
    try:
        yield
    finally:
        server.start()


@contextlib.contextmanager
def paused(server):
    """Its connections stay, and nothing comes from them."""
    pids = family(server.pid())
    send(signal.SIGSTOP, pids)
    try:
        yield
    finally:
        send(signal.SIGCONT, pids)


@contextlib.contextmanager
def slowed(server, factor):
    """All its processes run for one of `factor` moments only, however late this one is woken."""
    ended = threading.Event()

    def work():
        while not ended.is_set():
            began = time.monotonic()
            ended.wait(RUN_SECONDS)
            ran = time.monotonic() - began
            pids = family(server.pid())
            send(signal.SIGSTOP, pids)
            ended.wait(ran * (factor - 1))
            send(signal.SIGCONT, pids)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
