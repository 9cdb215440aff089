"""Whatever is done in whatever order: in the end ledger, archive, `bytes` and `bytes_hourly` are equal."""

import os
import random
import subprocess

import events
import pytest
from case import QUICK_ROLLS

ORDERS = int(os.environ.get("ORDERS", "4"))
STEPS = int(os.environ.get("STEPS", "14"))
SEED = int(os.environ.get("SEED", "1"))
HOURS = 4


class Orders:
    """Steps that an operator, the antennas and fate may take, drawn by chance."""

    def __init__(self, case, seed):
        self._case = case
        self._dice = random.Random(seed)
        self._rounds = 0

    def take(self, count):
        steps = [
            *([self.produce] * 3),
            *([self.run_speed] * 2),
            *([self.kill_speed] * 3),
            *([self.batch_pending] * 2),
            self.batch_an_hour,
            self.kill_batch,
            self.compact,
            self.kill_compaction,
        ]
        taken = [self._dice.choice(steps) for _ in range(count)]
        for step in [self.produce, *taken]:
            step()
        return [step.__name__ for step in taken]

    def produce(self):
        """Events of any of the hours: late ones, for all but the first time."""
        self._rounds += 1
        values = events.draw(self._dice.randrange(1, 400), seed=self._rounds, seconds=HOURS * 3600)
        values += [self._dice.choice([b"nonsense", b"", None])] * self._dice.randrange(3)
        self._case.produce(values)

    def run_speed(self):
        self._case.speed(*QUICK_ROLLS)

    def kill_speed(self):
        self._kill(self._case.start_speed("--roll-rows", "50", "--roll-age", "50ms", "--commit-interval", "5ms"))

    def batch_pending(self):
        self._case.batch_pending()

    def batch_an_hour(self):
        self._case.batch(self._an_hour())

    def kill_batch(self):
        self._kill(self._case.program.start(*self._case.batch_arguments("-", "--pending")))

    def compact(self):
        self._case.batch(self._an_hour(), "--compact")

    def kill_compaction(self):
        self._kill(self._case.program.start(*self._case.batch_arguments(self._an_hour(), "--compact")))

    def _an_hour(self):
        return f"2022-02-20T{9 + self._dice.randrange(HOURS):02}:30:00Z"

    def _kill(self, running):
        try:
            running.process.wait(self._dice.choice([0.02, 0.1, 0.4, 1]))
        except subprocess.TimeoutExpired:
            running.kill()


@pytest.mark.timeout(60 + 5 * STEPS)
@pytest.mark.parametrize("seed", range(SEED, SEED + ORDERS))
def test_any_order_ends_well(case, seed):
    case.prepare(partitions=2)
    (case.root / "data").mkdir(parents=True)
    print(seed, Orders(case, seed).take(STEPS))
    case.speed()
    case.batch_pending()
    case.check_layers()
