"""A limit of memory holds, however many ids are new."""

import os
import pathlib

import events
import pytest
from program import BINARY, CHECKOUT
from waiting import wait_until

measured = pytest.mark.skipif(
    BINARY.parent != CHECKOUT / "build", reason="the memory is that of what make build has built"
)

# Distinct users and antennas each; a release takes 25000000.
DISTINCT = int(os.environ.get("DISTINCT", "150000"))

# The smallest that one worker takes, and the smallest that two take.
SMALL_MIB = 120
TWO_MIB = 192

LONG = 256


def peak_mib(running):
    """The most memory that a process has had."""
    lines = pathlib.Path(f"/proc/{running.process.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def distinct(count, pad=0):
    """Events none of whose users and antennas comes twice, with names of at least `pad` bytes."""
    for number in range(count):
        yield events.encode(
            events.BEGIN + number % 3600,
            user_id=events.user(number).ljust(pad, "u"),
            antenna_id=events.antenna(number).ljust(pad, "a"),
            size=1,
        )


def run_flood(case, messages, limit, *options):
    """Reads a topic to its end as a service; returns the peak of memory."""
    case.prepare(partitions=4)
    # compressed, they take many times the size of a fetch
    case.produce(messages, properties={"queue.buffering.max.messages": 1_000_000, "compression.type": "zstd"})
    speed = case.start_speed("--memory-limit", f"{limit}MiB", *options)
    case.wait_until_read(speed, seconds=60 + DISTINCT // 5000)
    wait_until(
        lambda: case.value("SELECT bool_and(archive_offset = totals_offset) FROM antenna.progress"), "a roll", 90
    )
    peak = peak_mib(speed)
    speed.terminate()
    return peak


@measured
@pytest.mark.timeout(180 + DISTINCT // 1000)
def test_new_names_without_end(case):
    peak = run_flood(case, distinct(DISTINCT), SMALL_MIB, "--roll-age", "5s")
    assert peak < SMALL_MIB
    assert case.value("SELECT count(*) FROM bytes WHERE type = 'user_bytes_total'") == DISTINCT
    assert case.value("SELECT sum(value) FROM bytes WHERE type = 'antenna_bytes_total'") == DISTINCT
    assert case.value("SELECT sum(rows)::bigint FROM antenna.archive_file") == DISTINCT
    # it has forgotten names more than once
    assert case.value("SELECT count(*) FROM antenna.archive_file") > DISTINCT // 100_000


@measured
@pytest.mark.timeout(180)
def test_the_longest_names_and_two_workers(case):
    peak = run_flood(case, distinct(40_000, LONG), TWO_MIB, "--workers", "2", "--roll-age", "5s")
    assert peak < TWO_MIB
    assert case.value("SELECT sum(value) FROM bytes WHERE type = 'user_bytes_total'") == 40_000


def test_a_limit_that_is_too_small(case):
    result = case.program.run(*case.speed_arguments("--memory-limit", "150MiB", "--workers", "2"))
    result.fails("ANT-U003", "memory-limit", "give at least 192 MiB")
