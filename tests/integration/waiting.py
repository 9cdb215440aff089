"""Waiting for a condition with a deadline: the only way that these tests wait."""

import os
import time

# So many times as long as usual everything may take: under valgrind, or with sanitizers.
PATIENCE = int(os.environ.get("PATIENCE", "1"))

POLL_SECONDS = 0.02


def wait_until(condition, what, seconds=30):
    """Waits until `condition()` is true and returns its result; fails after `seconds`."""
    seconds *= PATIENCE
    deadline = time.monotonic() + seconds
    while not (result := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s in vain: {what}")
        time.sleep(POLL_SECONDS)
    return result


def early_in_an_hour(seconds=30):
    """The time, in whole seconds, when so many seconds of its hour are left: for what is of the running hour."""
    wait_until(lambda: time.time() % 3600 < 3600 - seconds, "a new hour", seconds + 10)
    return int(time.time())
