"""The machine's clock is set while the program runs: no wait depends on it, and every byte is where it belongs."""

import events
import pytest
from case import QUICK_ROLLS
from waiting import wait_until

LIBRARY = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"

# Idle partitions are looked for more often.
IDLE_SECONDS = 10


class Clock:
    """A clock that differs from the machine's as we say, by libfaketime; the monotonic one is left alone."""

    def __init__(self, folder):
        self._file = folder / "clock"
        self.set("+0")
        self.environment = {
            "LD_PRELOAD": LIBRARY,
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }

    def set(self, difference):
        """Sets it; the file is replaced at once, so that no half of it is read."""
        written = self._file.with_suffix(".new")
        written.write_text(difference)
        written.rename(self._file)


def last_note(case):
    """When the program last wrote of an idle partition, by PostgreSQL's clock."""
    return case.value("SELECT max(updated_at) FROM antenna.progress")


@pytest.mark.timeout(90)
@pytest.mark.parametrize("step", ["+1h", "-1h"])
def test_the_clock_is_set_by_an_hour(case, step):
    clock = Clock(case.folder)
    case.prepare()
    speed = case.program.start(*case.speed_arguments(*QUICK_ROLLS), environment=clock.environment)
    case.produce(events.draw(500, seed=1))
    case.wait_until_read(speed)
    clock.set(step)
    case.produce(events.draw(500, seed=2))
    case.wait_until_read(speed)
    for _ in range(2):
        before = last_note(case)
        wait_until(lambda before=before: last_note(case) != before, "nothing to read is noticed", IDLE_SECONDS)
    speed.terminate(seconds=10)
    expected = case.check_exact()
    assert expected.events == 1000
