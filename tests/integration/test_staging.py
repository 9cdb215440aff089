"""What dead writers leave, and hours on other file systems: nothing of it keeps a job from its work."""

import subprocess

import events
import pytest
from oracle import expect

pytestmark = pytest.mark.timeout(60)

TOKEN = "0123456789abcdef"

# Root as any other user: rights count.
WITH_RIGHTS_THAT_COUNT = ("setpriv", "--bounding-set=-dac_override,-dac_read_search")

# What a shell makes in the folder of a dead writer, and whether the folder is gone after a start. ../../kept is a
# folder with a file, which must stay.
CONTENTS = {
    "nothing": ("true", True),
    "a file of NFS": ("touch .nfs000000000a0b0c0d00000001", True),
    "a file of FUSE": ("touch .fuse_hidden0000000100000001", True),
    "a file of a file manager": ("touch .DS_Store", True),
    "an empty folder": ("mkdir x", True),
    "a hidden folder": ("mkdir .x", True),
    "a folder with a file": ("mkdir x; touch x/y", False),
    "a hidden folder with a file": ("mkdir .x; touch .x/y", False),
    "a named pipe": ("mkfifo x", True),
    "a socket": ("python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind(\"x\")'", True),
    "a link to nothing": ("ln -s nowhere x", True),
    "a link to a folder": ("ln -s ../../kept x", True),
    "a link in place of a swap folder": ("ln -s ../../kept swap-20220220T09", True),
    "a file in place of a swap folder": ("touch swap-20220220T09", True),
    "a file that cannot be deleted": ("touch x; chattr +i x", False),
    "a folder in place of the lock": ("mkdir lock", False),
    "a named pipe in place of the lock": ("mkfifo lock", True),
    "a folder that cannot be read": ("touch x; chmod 000 .", False),
    "another user's": ("touch x; chown -R 12345:12345 .; chmod 700 .", False),
    "another user's, to be read": ("touch x; touch lock; chown -R 12345:12345 .", False),
    "a link in place of the folder": (f"cd ..; rmdir {TOKEN}; ln -s ../kept {TOKEN}", None),
    "a file in place of the folder": (f"cd ..; rmdir {TOKEN}; touch {TOKEN}", None),
}


def leave(case, command):
    """A dead writer's folder with that content; skips where it cannot be made."""
    folder = case.root / ".staging" / TOKEN
    folder.mkdir(parents=True)
    (case.root / "kept").mkdir()
    (case.root / "kept" / "file").touch()
    if subprocess.run(["sh", "-e", "-c", command], cwd=folder, capture_output=True, check=False).returncode:
        pytest.skip("this cannot be made here")
    return folder


@pytest.fixture
def mutable(case):
    """Takes back what would keep the test's folder from being removed."""
    yield
    subprocess.run(["chattr", "-R", "-i", case.root / ".staging"], capture_output=True, check=False)


@pytest.mark.usefixtures("mutable")
@pytest.mark.parametrize(("command", "gone"), CONTENTS.values(), ids=CONTENTS)
def test_unrecoverable_folder_stops_no_worker(case, command, gone):
    case.prepare()
    case.produce(events.draw(100))
    folder = leave(case, command)
    result = case.program.start(
        *case.speed_arguments("--until-end", "--workers", "2", "-X", "session.timeout.ms=6000"),
        via=WITH_RIGHTS_THAT_COUNT,
    ).wait()
    assert result.code == 0, result.err
    expected = expect(case.messages())
    case.check_totals(expected)
    case.check_archive(expected)
    assert (case.root / "kept" / "file").exists()
    assert folder.exists() == (gone is not True)
    assert result.err.count(" of another writer is left as it is") == (gone is False)
    assert {path.name for path in case.staging_folders()} <= {TOKEN}


PLACES = [".", "year=2022", "year=2022/month=2", "year=2022/month=2/day=20", "year=2022/month=2/day=20/hour=9"]


@pytest.fixture
def mount():
    """Mounts a file system of its own at a path."""
    mounted = []

    def mount(path):
        path.mkdir(parents=True)
        if subprocess.run(["mount", "-t", "tmpfs", "tmpfs", path], capture_output=True, check=False).returncode:
            pytest.skip("a tmpfs cannot be mounted here")
        mounted.append(path)
        return path

    yield mount
    for path in mounted:
        subprocess.run(["umount", "--lazy", path], check=True)


@pytest.mark.parametrize("place", PLACES)
def test_an_hour_on_another_file_system(case, mount, place):
    case.prepare()
    case.produce(events.draw(300))
    disk = mount(case.root / "data" / place)
    case.speed()
    case.batch_pending()
    case.check_layers()
    assert {path.name for path in disk.rglob(".*")} <= {".antenna-archive"}


def test_staging_on_another_file_system(case, mount):
    case.prepare()
    case.produce(events.draw(300))
    disk = mount(case.root / ".staging")
    case.speed()
    case.check_exact()
    assert not [*disk.iterdir()]


@pytest.mark.parametrize("place", PLACES)
def test_a_link_to_another_file_system(case, mount, place):
    case.prepare()
    case.produce(events.draw(300))
    disk = mount(case.folder / "other")
    link = case.root / "data" / place
    link.parent.mkdir(parents=True)
    link.symlink_to(disk)
    case.speed()
    case.batch_pending()
    case.verify("--deep")
    case.check_totals(expect(case.messages()))
    case.check_nothing_left()


@pytest.mark.parametrize("died", ["while it was copied", "before it was deleted"])
def test_a_file_that_was_copied_in_part(case, mount, died):
    """A crash leaves a listed file in staging, and a part or all of it in its place."""
    case.prepare(partitions=1)
    case.produce(events.draw(100, seconds=3600))
    disk = mount(case.root / "data" / "year=2022")
    case.speed()
    [file] = disk.rglob("*.parquet")
    staged = case.root / ".staging" / TOKEN / file.name
    staged.parent.mkdir()
    staged.write_bytes(file.read_bytes())
    if died == "while it was copied":
        file.rename(file.with_name("." + file.name))
    case.speed()
    case.check_exact()
    assert [*disk.rglob("*.parquet")] == [file]
    assert not [*disk.rglob(".*")]


def test_compaction_refuses_an_hour_on_another_file_system(case, mount):
    case.prepare()
    case.produce(events.draw(300, seconds=3600))
    mount(case.root / "data" / "year=2022" / "month=2")
    case.speed("--roll-rows", "50")
    result = case.program.run(*case.batch_arguments("2022-02-20T09:00:00Z", "--compact"))
    assert result.code == 3, result.err
    assert "another file system" in result.err
    case.batch_pending()
    case.check_layers()
