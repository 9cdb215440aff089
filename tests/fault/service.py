"""A speed layer that runs as a service on live events while something happens to its world."""

import contextlib

from case import QUICK_ROLLS
from waiting import wait_until

LIVE = ("--rate", "2000", "--late", "0.05", "--malformed", "0.01")


@contextlib.contextmanager
def running_service(case, *options, live=LIVE, **changes):
    """Yields the service when it has written its first file; at the end it has read everything and has stopped."""
    case.prepare()
    simulate = case.start_simulate(*live)
    speed = case.start_speed(*QUICK_ROLLS, *options, **changes)
    wait_until(lambda: case.value("SELECT count(*) FROM antenna.archive_file"), "a first file")
    yield speed
    simulate.terminate()
    case.wait_until_read(speed, seconds=120)
    speed.terminate()


def wait_for_progress(case, speed, messages=500, seconds=90):
    """Until so many more messages are committed."""
    offsets = "SELECT coalesce(sum(totals_offset), 0) FROM antenna.progress"
    begin = case.value(offsets)

    def look():
        assert speed.is_running(), speed.err
        return case.value(offsets) >= begin + messages

    wait_until(look, f"{messages} more messages are committed", seconds)


def backlog(case):
    """How many messages are not committed."""
    return sum(case.ends().values()) - case.value("SELECT sum(totals_offset) FROM antenna.progress")
