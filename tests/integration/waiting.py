"""Waiting for a condition with a deadline: the only way that these tests wait."""

import time

POLL_SECONDS = 0.02


def wait_until(condition, what, seconds=30):
    """Waits until `condition()` is true and returns its result; fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (result := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s in vain: {what}")
        time.sleep(POLL_SECONDS)
    return result
