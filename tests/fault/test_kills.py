"""Crashes at random moments: nothing is lost, nothing doubled, nothing half-written seen."""

import glob
import subprocess

import events
import pytest
import readers
import test_compaction as compaction
from case import QUICK_ROLLS
from faults import NAMED, dice_of, rounds, times
from folder_watcher import FolderWatcher
from oracle import expect
from waiting import wait_until
from watcher import Watcher

LIVE = ("--rate", "3000", "--late", "0.1", "--malformed", "0.03", "--duplicate", "0.05", "--future", "0.01")

# An hour's batch run or a provisioning takes about this long.
RUN_SECONDS = 0.25

# Of the batch layer, of a provisioning and of a compaction.
KILLS = times(20, 500)

# Each of some rolls writes a file of each of these hours, of which a run compacts no more than it kills.
HOURS = min(40, 4 + 2 * KILLS)
ROLLS = 4


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


def kill_speed(case, dice, *options):
    running = case.start_speed(*QUICK_ROLLS, *options)
    if dice.random() < 0.5:
        wait_for_a_moment(running, dice.uniform(0.1, 1.2))
    else:
        wait_for_a_roll(case, running)
        wait_for_a_moment(running, dice.uniform(0, 0.02))
    running.kill()


@pytest.mark.parametrize(("seed", "kills"), rounds(100, 10_000, 100))
@pytest.mark.timeout(1200)
def test_speed(case, figures, seed, kills):
    dice = dice_of("speed", seed)
    ledger = case.folder / "ledger.csv"
    case.prepare()
    simulate = case.start_simulate(*LIVE, "--seed", str(seed), "--ledger", ledger)
    with Watcher(case.root) as watcher:
        for _ in range(kills):
            kill_speed(case, dice, *(NAMED if dice.random() < 0.7 else ()))
        simulate.terminate()
        case.speed(*QUICK_ROLLS)
    expected = figures.check("kill -9 of speed at random moments", case, kills)
    assert readers.read_ledger(ledger)["5min"] == dict(expected.windows)
    assert len(watcher.sizes) > kills


@pytest.mark.core
@pytest.mark.timeout(120)
def test_speed_at_a_slower_rate(case, figures):
    dice = dice_of("slow")
    case.prepare()
    simulate = case.start_simulate("--rate", "1000", *LIVE[2:])
    with Watcher(case.root):
        for _ in range(4):
            kill_speed(case, dice)
        simulate.terminate()
        case.speed(*QUICK_ROLLS)
    figures.check("kill -9 of speed at random moments", case, 4)


@pytest.mark.tsan
@pytest.mark.timeout(120)
def test_speed_with_several_workers(case, figures):
    dice = dice_of("workers")
    case.prepare(partitions=5)
    simulate = case.start_simulate(*LIVE)
    for _ in range(4):
        kill_speed(case, dice, "--workers", "3")
    simulate.terminate()
    case.speed(*QUICK_ROLLS, "--workers", "2")
    figures.check("kill -9 of speed at random moments", case, 4)


def kill_within(running, seconds):
    """Kills a process that ends by itself soon; returns whether it came before that."""
    try:
        running.process.wait(seconds)
    except subprocess.TimeoutExpired:
        running.kill()
        return True
    assert running.process.returncode == 0, running.err
    return False


@pytest.mark.timeout(60 + 4 * KILLS)
def test_batch(case, figures):
    """Over and over the same hours, in part with totals of a run before."""
    dice = dice_of("batch")
    case.prepare()
    case.produce(events.draw(4000, seconds=4 * 3600))
    case.speed()
    expected = expect(case.messages())
    kills = 0
    while kills < KILLS:
        running = case.program.start(*case.batch_arguments(dice.choice(expected.hours)))
        kills += kill_within(running, dice.uniform(0, RUN_SECONDS))
    for hour in expected.hours:
        case.batch(hour)
    figures.check("kill -9 of batch", case, kills, expected)
    case.check_layers(expected)


def count_tables(case):
    return case.value("SELECT count(*) FROM pg_tables WHERE schemaname IN ('public', 'antenna')")


def drop_tables(case):
    case.execute("DROP SCHEMA IF EXISTS antenna CASCADE")
    case.execute("DROP TABLE IF EXISTS bytes, bytes_hourly, user_metadata, user_quota_limit")


@pytest.mark.timeout(60 + 4 * KILLS)
def test_provision(case, figures):
    """All tables are there, or none is."""
    dice = dice_of("provision")
    users = case.folder / "users.csv"
    lines = [f"{events.user(i)},user {i},{i}@example.org,{i}" for i in range(2000)]
    users.write_text("\n".join(["id,name,email,quota", *lines]))
    case.provision("--users", users)
    all_tables, kills = count_tables(case), 0
    while kills < KILLS:
        drop_tables(case)
        running = case.program.start("provision", *case.login, "--users", users)
        kills += kill_within(running, dice.uniform(0, RUN_SECONDS))
        assert count_tables(case) in (0, all_tables)
    case.provision("--users", users)
    assert case.value("SELECT count(*) FROM user_metadata") == len(lines)
    case.create_topic()
    case.produce(events.draw(1000))
    case.speed()
    figures.check("kill -9 of provision", case, kills)


def kill_compaction(case, dice, hour):
    """Whether it was still running."""
    running = compaction.start(case, hour)
    folder = f"{case.root}/.staging/*/swap-{hour:%Y%m%dT%H}"
    # unlike pathlib's, this glob takes no offence at a folder that is removed meanwhile
    wait_until(lambda: not running.is_running() or glob.glob(folder), "the new folder")
    return kill_within(running, dice.choice([0, 0.02, 0.3]) * dice.random())


@pytest.mark.timeout(120 + 6 * KILLS)
def test_compaction(case, figures):
    """Also by the reader of folders, to whom a dead compaction looks like none or like one that has ended."""
    dice = dice_of("compaction")
    case.prepare()
    case.produce(events.draw(HOURS * 100, seconds=HOURS * 3600))
    case.speed("--roll-rows", str(HOURS * 100 // ROLLS), "--roll-age", "1h")
    expected = expect(case.messages())
    assert len(readers.list_files(case.root)) >= (ROLLS - 1) * HOURS
    kills = 0
    with FolderWatcher(case.root):
        while kills < KILLS:
            small = [hour for hour in expected.hours if len(compaction.files_of(case, hour)) > 1]
            kills += kill_compaction(case, dice, dice.choice(small or expected.hours))
            if dice.random() < 0.3:
                hour = dice.choice(expected.hours)
                case.batch(hour)
                case.check_batch(expected, hour)
        for hour in expected.hours:
            compaction.compact(case, hour)
    assert len(readers.list_files(case.root)) == HOURS
    figures.check("kill -9 of compaction at random moments", case, kills, expected)
