"""The archive's files on their way to their place, by the protocol of src/archive (ARCHITECTURE.md, "Exactly once").

A writer has a folder of its own, `<root>/.staging/<token>/`, held by a lock while it lives. A file lies there until a
transaction has listed it in PostgreSQL, and is then moved to its place below `<root>/data`. Spark's tasks write beside
it, in `<root>/.staging/spark-<token>/`, which nobody else looks into.
"""

import contextlib
import errno
import fcntl
import os
import pathlib
import re
import secrets
import shutil

from antenna_spark.command import file_error, say

DATA = "data"
STAGING = ".staging"
SCRATCH = "spark-"
LOCK = "lock"
SWAP = "swap-"
TOKEN = re.compile(r"[0-9a-f]{16}")
NAME = re.compile(r"(\d{4})(\d\d)(\d\d)T(\d\d)-[0-9a-f]{16}-\d+\.parquet")
PUBLISH_ATTEMPTS = 3
FIND_ATTEMPTS = 5  # more than the moves of a file that a few crashes bring about


def place_of(name):
    """The path below the data folder of the file with this name; None when it is no name of an archive file."""
    match = NAME.fullmatch(name)
    if not match:
        return None
    year, month, day, hour = map(int, match.groups())
    return f"year={year}/month={month}/day={day}/hour={hour}/{name}"


def sync(path):
    """Syncs a file, or the names in a folder, to disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(path):
    """Makes the folder with all above it, each known to the disk before the next."""
    if path.is_dir():
        return
    make_folder(path.parent)
    path.mkdir(exist_ok=True)
    sync(path.parent)


def move(path, place):
    """Renames a file; to another file system, as below a year that is a mount, by a copy that is complete first."""
    try:
        path.rename(place)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        copy = place.with_name(f".{place.name}")
        shutil.copyfile(path, copy)
        sync(copy)
        copy.rename(place)
        sync(place.parent)
        path.unlink()


def take_lock(folder):
    """The descriptor of a folder's lock; None when another holds it, the folder is gone, or it is another user's."""
    path = folder / LOCK
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except FileNotFoundError:
        return None
    except PermissionError as error:
        say("warning", f'the staging folder "{folder}" is not recovered: {error.strerror}; let its owner start a job')
        return None
    with contextlib.suppress(BlockingIOError, FileNotFoundError):
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Its last holder may have removed it between our opening and our locking.
        if os.path.samestat(os.fstat(descriptor), path.stat()):
            return descriptor
    os.close(descriptor)
    return None


class Staging:
    """One writer's folder. Use it as a context manager."""

    def __init__(self, root, token, lock):
        """A folder whose lock is held."""
        self.root = root
        self.data = root / DATA
        self.archive_id = ""  # that of the root, once it was checked
        self.token = token
        self.folder = root / STAGING / token
        self.scratch = root / STAGING / f"{SCRATCH}{token}"
        self._lock = lock
        self._count = 0

    def __enter__(self):
        """Itself."""
        return self

    def __exit__(self, *_):
        """Removes the folder unless something is left in it, and lets go of the lock."""
        shutil.rmtree(self.scratch, ignore_errors=True)
        if self._is_held():
            (self.folder / LOCK).unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self.folder.rmdir()
        os.close(self._lock)

    def _is_held(self):
        """Whether the lock is ours still: that of a process that recovers the folder is not ours to delete."""
        with contextlib.suppress(OSError):
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return os.path.samestat(os.fstat(self._lock), (self.folder / LOCK).stat())
        return False

    def take_in(self, path, hour):
        """Moves a finished file of an hour from the scratch folder to the staging folder; returns its new name."""
        self._count += 1
        name = f"{hour:%Y%m%dT%H}-{self.token}-{self._count}.parquet"
        sync(path)
        path.rename(self.folder / name)
        return name

    def publish(self, name):
        """Moves a listed file to its place, durably."""
        place = self.data / place_of(name)
        for left in reversed(range(PUBLISH_ATTEMPTS)):
            make_folder(place.parent)
            try:
                move(self.folder / name, place)
                break
            except FileNotFoundError:  # compaction may take the hour's folder away at any time
                if not left:
                    raise
        sync(place.parent)

    def recover(self, database, *, of_another=False):
        """Publishes the files here that are listed and deletes the others, once no transaction can list them any more.
        The writer of a folder `of_another` is retired.

        A merge of files that did not end is left to antenna.
        """
        names = [name for name in os.listdir(self.folder) if name != LOCK and not name.startswith(".")]
        if not names or any(name.startswith(SWAP) for name in names):
            return
        listed = database.find_listed(self.token, [place_of(name) or "" for name in names], retire=of_another)
        for name in names:
            if place_of(name) in listed:
                self.publish(name)
            else:
                (self.folder / name).unlink()


def find_file(data, place):
    """The path of a listed file, in its place or in the folder of a writer that has not published it; or None."""
    path = data / place
    for _ in range(FIND_ATTEMPTS):
        if path.exists():
            return path
        staged = (
            found for folder in ("*", f"*/{SWAP}*") for found in (data.parent / STAGING).glob(f"{folder}/{path.name}")
        )
        if found := next(staged, None):
            return found
    return None


def open_staging(root):
    """Makes the folders of the root, and a new writer's folder. Raises MistakeError and WorldError."""
    root = pathlib.Path(root).absolute()
    try:
        make_folder(root / DATA)
        while True:
            token = secrets.token_hex(8)
            make_folder(root / STAGING / token)
            # Whoever looks for dead writers' folders may come in between.
            if (lock := take_lock(root / STAGING / token)) is not None:
                staging = Staging(root, token, lock)
                staging.scratch.mkdir()
                return staging
    except OSError as error:
        raise file_error(error, f'could not write below the storage-root "{root}"') from error


def recover_abandoned(root, database):
    """Recovers the folders of dead writers below the root, and removes them."""
    for folder in (pathlib.Path(root).absolute() / STAGING).iterdir():
        if TOKEN.fullmatch(folder.name) and (lock := take_lock(folder)) is not None:
            with Staging(folder.parents[1], folder.name, lock) as staging:
                staging.recover(database, of_another=True)
        elif folder.name.startswith(SCRATCH) and not folder.with_name(folder.name.removeprefix(SCRATCH)).exists():
            shutil.rmtree(folder, ignore_errors=True)
