"""Crashes of the speed layer at random moments: nothing is lost, nothing doubled, nothing half-written seen."""

import glob
import os
import random
import subprocess

import pytest
import readers
from case import QUICK_ROLLS
from waiting import wait_until
from watcher import Watcher

KILLS = int(os.environ.get("KILLS", "20"))
SEED = int(os.environ.get("SEED", "1"))

LIVE = ("--rate", "3000", "--late", "0.1", "--malformed", "0.03", "--duplicate", "0.05", "--future", "0.01")


def wait_for_a_moment(running, seconds):
    try:
        running.process.wait(seconds)
    except subprocess.TimeoutExpired:
        return
    raise AssertionError(f"it ended by itself:\n{running.err}")


def wait_for_a_roll(case, running):
    """Until a file is being written or waits to be published."""

    def look():
        assert running.is_running(), running.err
        # unlike pathlib's, this one takes no offence at a folder that is removed meanwhile
        return glob.glob(f"{case.root}/.staging/*/*.parquet")

    wait_until(look, "a file in staging")


def kill_at_some_moment(case, dice, *options):
    running = case.start_speed(*QUICK_ROLLS, *options)
    if dice.random() < 0.5:
        wait_for_a_moment(running, dice.uniform(0.1, 2.5))
    else:
        wait_for_a_roll(case, running)
        wait_for_a_moment(running, dice.uniform(0, 0.02))
    running.kill()


@pytest.mark.timeout(60 + 6 * KILLS)
def test_killed_again_and_again(case):
    dice = random.Random(SEED)
    ledger = case.folder / "ledger.csv"
    case.prepare()
    simulate = case.start_simulate(*LIVE, "--ledger", ledger)
    with Watcher(case.root) as watcher:
        for _ in range(KILLS):
            kill_at_some_moment(case, dice)
        simulate.terminate()
        case.speed(*QUICK_ROLLS)
    expected = case.check_exact()
    assert readers.read_ledger(ledger)["5min"] == dict(expected.windows)
    assert len(watcher.sizes) > KILLS


@pytest.mark.asan
@pytest.mark.timeout(120)
def test_killed_a_few_times(case):
    dice = random.Random(SEED)
    case.prepare()
    simulate = case.start_simulate("--rate", "1000", *LIVE[2:])
    with Watcher(case.root):
        for _ in range(4):
            kill_at_some_moment(case, dice)
        simulate.terminate()
        case.speed(*QUICK_ROLLS)
    case.check_exact()


@pytest.mark.tsan
@pytest.mark.timeout(120)
def test_killed_with_several_workers(case):
    dice = random.Random(SEED)
    case.prepare(partitions=5)
    simulate = case.start_simulate(*LIVE)
    for _ in range(4):
        kill_at_some_moment(case, dice, "--workers", "3")
    simulate.terminate()
    case.speed(*QUICK_ROLLS, "--workers", "2")
    case.check_exact()
