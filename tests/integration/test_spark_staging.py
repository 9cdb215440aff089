"""The archive's files as the Spark engine's driver settles them after a crash, whichever engine crashed."""

import argparse
import errno
import fcntl
import os
import pathlib
import shutil
import tempfile

import events
import pytest
import readers
from antenna_spark import identity, postgres, staging
from antenna_spark.command import MistakeError, WorldError
from oracle import expect

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


def refuse_to_open(monkeypatch, path):
    """As the kernel does to anybody but root, who runs some tests."""
    really_open = os.open

    def refuse(name, *arguments):
        if name == path:
            raise PermissionError(13, "Permission denied")
        return really_open(name, *arguments)

    monkeypatch.setattr(os, "open", refuse)


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


def test_a_living_writer_whose_lock_was_lost(archived, database):
    with staging.open_staging(archived.root) as live:
        (live.folder / f"20220220T09-{live.token}-1.parquet").write_bytes(b"not yet listed")
        database.hold_files(live.token)
        (live.folder / staging.LOCK).unlink()
        staging.recover_abandoned(archived.root, database)
        assert not live.folder.exists()
        with pytest.raises(postgres.FencedError, match=live.token):
            database.hold_files(live.token)


def test_program_recovers_files_of_the_driver(archived):
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
    with pytest.raises(MistakeError, match="storage-root"):
        staging.open_staging(case.root)


WRITERS = {
    "staging": staging.open_staging,
    "identity": lambda root: identity.write_identity(root / "data", "id"),
}


@pytest.mark.parametrize("code", ["ENOSPC", "EDQUOT", "EIO", "EMFILE", "EROFS", "EACCES", "EPERM", "ENOTDIR"])
@pytest.mark.parametrize("writer", WRITERS)
def test_a_first_start_that_cannot_write(tmp_path, monkeypatch, writer, code):
    """A disk that is full passes, as for the native engine; a missing right does not."""

    def fail(*_):
        raise OSError(getattr(errno, code), code)

    monkeypatch.setattr(os, "fsync", fail)
    passes = code in ("ENOSPC", "EDQUOT", "EIO", "EMFILE")
    with pytest.raises(WorldError if passes else MistakeError, match=code):
        WRITERS[writer](tmp_path / "root")


def test_a_year_on_another_file_system(archived, database):
    """Tiering by a link or a mount: a rename to there fails with EXDEV."""
    folder = unpublish(archived, TOKEN)
    data = archived.root / "data"
    with tempfile.TemporaryDirectory(dir="/dev/shm") as elsewhere:
        (data / "year=2022").rename(data / "other")
        shutil.move(data / "other", elsewhere)
        (data / "year=2022").symlink_to(pathlib.Path(elsewhere) / "other")
        assert folder.stat().st_dev != (data / "year=2022").stat().st_dev
        staging.recover_abandoned(archived.root, database)
        (data / "year=2022").unlink()
        shutil.move(pathlib.Path(elsewhere) / "other", data / "year=2022")
    archived.check_exact()


@pytest.mark.parametrize("kind", [PermissionError, BlockingIOError])
def test_a_staging_folder_of_another(archived, database, monkeypatch, capsys, kind):
    """Of another user, whose lock file cannot be opened, or of a process that lives."""
    unpublish(archived, "f" * 16)
    (folder := archived.root / ".staging" / TOKEN).mkdir()
    (folder / staging.LOCK).touch()
    with open(folder / staging.LOCK) as lock:
        if kind is BlockingIOError:
            fcntl.flock(lock, fcntl.LOCK_EX)
        else:
            refuse_to_open(monkeypatch, folder / staging.LOCK)
        staging.recover_abandoned(archived.root, database)
    assert not (archived.root / ".staging" / ("f" * 16)).exists()
    assert folder.exists()
    assert (str(folder) in capsys.readouterr().err) == (kind is PermissionError)


@pytest.mark.parametrize("name", [".nfs0000000000000001", ".fuse_hidden0001", ".DS_Store"])
def test_a_hidden_file_in_a_dead_writer_s_folder(archived, database, name):
    (unpublish(archived, TOKEN) / name).touch()
    staging.recover_abandoned(archived.root, database)
    archived.check_archive(expect(archived.messages()))
