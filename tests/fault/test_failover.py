"""PostgreSQL fails over to a standby that has not heard of the last commits."""

import pathlib
import tempfile

import pytest
import readers
from case import Case
from faults import SEED, dice_of, times
from oracle import expect
from service import running_service, wait_for_progress
from stack import Postgres, running
from standby import Standby
from wire import Wire

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def servers(home):
    """A primary server and its standby."""
    folder = pathlib.Path(tempfile.mkdtemp(dir=home))
    folder.chmod(0o755)
    primary = Postgres(folder / "primary", tied=True, durable=False)
    with running(primary):
        standby = Standby(folder / "standby", primary)
        with running(standby):
            yield primary, standby


@pytest.fixture
def case(kafka, servers, program, tmp_path):
    """On the primary server, which is not there at the end."""
    return Case(kafka, servers[0], program, tmp_path)


def committed(case, server):
    """The sum of the totals' offsets as a server knows it."""
    case.postgres = server
    return case.value("SELECT sum(totals_offset) FROM antenna.progress")


def move_unlisted_aside(case):
    """As the operators' guide says; returns how many files there were."""
    listed = {path for (path,) in case.query("SELECT path FROM antenna.archive_file")}
    unlisted = [place for place in readers.list_files(case.root) if place not in listed]
    for place in unlisted:
        (case.root / "data" / place).unlink()
    return len(unlisted)


@pytest.mark.parametrize("seed", range(SEED, SEED + times(10, 100)))
def test_the_standby_has_lost_the_tail(case, servers, figures, seed):
    """The totals are read again from its older offsets, exactly; files that it does not list are told and named."""
    primary, standby = servers
    wire = Wire(primary.port)
    uri = f"jdbc:postgresql://127.0.0.1:{wire.port}/{case.database}"
    with running_service(case, uri=uri) as speed:
        standby.kill()
        wait_for_progress(case, speed, dice_of("failover", seed).randrange(1000, 4000))
        before = committed(case, primary)
        primary.kill()
        standby.start()
        wire.target = standby.port
        standby.promote()
        assert committed(case, standby) < before
        speed.wait_for("goes on after")
    assert "PostgreSQL has gone back" in speed.err
    expected = expect(case.messages())
    case.check_totals(expected)
    report = case.program.run(*case.verify_arguments("--json"))
    assert report.code == 4
    assert "file_unlisted" in report.out
    assert move_unlisted_aside(case)
    figures.check("PostgreSQL: failover to a standby that lost the tail", case, 1, expected)
    wire.close()
