"""The archive's disk is full, over quota of inodes, or turns read-only."""

import errno
import os
import subprocess

import events
import pytest
from disks import FailingDisk, fill_bytes, fill_inodes, full
from faults import NAMED, Fault, Injection, dice_of, times
from scraper import Scraper
from service import LIVE, running_service, wait_for_progress

TIMES = times(2, 200)

# So many calls in a row fail, with a pause of up to 5 s after each.
CALLS = times(8, 200)

pytestmark = pytest.mark.timeout(120 + 20 * TIMES)


@pytest.mark.parametrize("fill", [fill_bytes, fill_inodes])
def test_disk_is_full_for_a_while(case, figures, small_disk, fill):
    with running_service(case, "--roll-age", "500ms", "--roll-rows", "100000", "--listen", "0") as speed:
        scraper = Scraper(speed)
        for _ in range(TIMES):
            with full(small_disk, fill):
                scraper.wait_until_not_ready("No space left")
            scraper.wait_until_ready()
        assert scraper.value("antenna_outages_total") >= TIMES
        assert speed.said("waits and will try again")
    figures.check("disk full", case, TIMES)


def test_disk_is_full_at_start(case, small_disk):
    case.prepare()
    fill_bytes(small_disk)
    case.program.run(*case.speed_arguments()).fails("ANT-A001", ".antenna-archive", "No space left", "check the disk")


def test_disk_is_read_only_at_start(case, small_disk):
    case.prepare()
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    case.program.run(*case.speed_arguments()).fails(
        "ANT-A002", "could not make the folder", "Read-only", "check the path"
    )


@pytest.fixture
def failing_disk(case):
    """The archive's root is a disk that can be told to fail."""
    case.root.mkdir()
    disk = FailingDisk(case.folder / "disk.img", case.root)
    try:
        disk.mount()
    except subprocess.CalledProcessError:
        pytest.skip("a file cannot be mounted as a disk here")
    yield disk
    case.program.close()
    disk.unmount()


def test_disk_becomes_read_only(case, figures, failing_disk):
    """The program ends, as an operator is needed. What the disk had not yet is in no list, and is read again."""
    dice = dice_of("read-only")
    case.prepare()
    simulate = case.start_simulate(*LIVE)
    options = ("--roll-rows", "500", "--roll-age", "200ms", *NAMED)
    for _ in range(TIMES):
        speed = case.start_speed(*options)
        wait_for_progress(case, speed, dice.randrange(500, 3000))
        failing_disk.fail()
        speed.wait().fails("ANT-A002", "Read-only file system", "read-only")
        failing_disk.unmount()
        failing_disk.mount()
    simulate.terminate()
    case.speed(*NAMED)
    figures.check("disk turns read-only", case, TIMES)


@pytest.mark.parametrize(
    ("call", "number"),
    [("fsync", errno.EIO), ("write", errno.EIO), ("write", errno.EDQUOT), ("posix_fallocate", errno.EDQUOT)],
)
def test_disk_fails_repeatedly(case, figures, call, number):
    """Each try fails at the same place, again and again, and then the disk is sound."""
    case.prepare()
    simulate = case.start_simulate("--count", "5000", "--rate", "max")
    assert simulate.wait().code == 0
    injection = Injection(case.folder, Fault(call, number, number=2, times=CALLS, path="*/.staging/*"))
    arguments = case.speed_arguments("--until-end", "--roll-rows", "1000")
    running = case.program.start(*arguments, environment=injection.environment)
    assert running.wait(90 + 6 * CALLS).code == 0, running.err
    assert injection.count >= 2 + CALLS
    assert "waits and will try again" in running.err
    assert os.strerror(number) in running.err
    figures.check("disk over quota" if number == errno.EDQUOT else "EIO on fsync and write", case, CALLS)


def test_a_folder_that_cannot_be_read_to_its_end(case):
    """Fewer files would be a smaller sum where no list says how many there are."""
    case.prepare()
    case.produce(events.draw(1000, seconds=3600))
    case.speed("--roll-rows", "200")
    injection = Injection(case.folder, Fault("readdir", errno.EIO, number=4, path="*/data/*"))
    arguments = case.batch_arguments("2022-02-20T09:00:00Z", "--all-files")
    result = case.program.run(*arguments, environment=injection.environment)
    assert injection.happened
    result.fails("ANT-A001", "could not read the folder", "Input/output error")
    assert case.totals("bytes_hourly") == {}
