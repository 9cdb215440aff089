"""The archive's files as the Spark engine's driver settles them after a crash, whichever engine crashed."""

import argparse

import events
import pytest
import readers
from antenna_spark import postgres, staging

pytestmark = pytest.mark.timeout(60)

TOKEN = "0123456789abcdef"


@pytest.fixture
def archived(case):
    """Files of two hours."""
    case.prepare()
    case.produce(events.draw(1000))
    case.speed("--roll-rows", "300")
    return case


@pytest.fixture
def database(archived):
    uri, user, password = archived.login
    arguments = argparse.Namespace(jdbc_uri=uri, jdbc_user=user, jdbc_password=password)
    with postgres.connected(arguments, {"bytes": "bytes"}) as database:
        yield database


def unpublish(case, token):
    """Moves one of the listed files back to a writer's folder, as if the writer had died before its rename."""
    place = readers.list_files(case.root)[0]
    folder = case.root / ".staging" / token
    folder.mkdir()
    (case.root / "data" / place).rename(folder / place.rpartition("/")[2])
    return folder


def test_files_of_a_dead_writer(archived, database):
    folder = unpublish(archived, TOKEN)
    (folder / f"20220220T09-{TOKEN}-1.parquet").write_bytes(b"not listed")
    scratch = archived.root / ".staging" / f"spark-{TOKEN}" / "0"
    scratch.mkdir(parents=True)
    (scratch / "part").write_bytes(b"half a file")
    staging.recover_abandoned(archived.root, database)
    archived.check_exact()


def test_files_of_a_live_writer_and_of_a_merge_are_left_alone(archived, database):
    with staging.open_staging(archived.root) as live:
        (live.folder / f"20220220T09-{live.token}-1.parquet").write_bytes(b"not yet listed")
        merge = archived.root / ".staging" / TOKEN
        (merge / "swap-20220220T09").mkdir(parents=True)
        (merge / "swap-20220220T09" / f"20220220T09-{TOKEN}-1.parquet").write_bytes(b"not yet listed")
        staging.recover_abandoned(archived.root, database)
        assert [*live.folder.glob("*.parquet")]
        assert live.scratch.exists()
        assert [*merge.rglob("*.parquet")]
        live.recover(database)
        assert not [*live.folder.glob("*.parquet")]
    assert [path.name for path in (archived.root / ".staging").iterdir()] == [TOKEN]


def test_the_program_recovers_what_the_driver_left(archived):
    with staging.open_staging(archived.root) as dead:
        unpublished = unpublish(archived, TOKEN)
        for path in unpublished.iterdir():
            path.rename(dead.folder / path.name)
        unpublished.rmdir()
        (dead.folder / f"20220220T09-{dead.token}-1.parquet").write_bytes(b"not listed")
    assert dead.folder.exists()
    archived.produce(events.draw(100, seed=2))
    archived.speed()
    archived.check_exact()


def test_a_root_that_cannot_be_written(case):
    case.root.write_text("no folder")
    with pytest.raises(staging.MistakeError, match="storage-root"):
        staging.open_staging(case.root)
