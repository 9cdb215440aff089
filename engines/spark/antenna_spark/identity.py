"""The archive's identity, by the rules of src/archive/identity.c (docs/data-set.md, "Archive identity")."""

import os

from antenna_spark.command import MistakeError, WorldError, file_error, say
from antenna_spark.staging import find_file, make_folder, sync

NAME = ".antenna-archive"
ID_SIZE = 36
ADOPT = "run antenna speed or antenna batch once with --adopt-archive"
HINT = f"mount or restore the archive; if this is the archive, moved or restored without its file {NAME}, {ADOPT}"


def read_identity(data):
    """What the folder says that it is; None when it says nothing. Raises WorldError."""
    try:
        return (data / NAME).read_bytes()[:ID_SIZE].decode(errors="replace")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise WorldError(f'could not read "{data / NAME}": {error.strerror}') from error


def write_identity(data, archive_id):
    """By a rename, so that nobody ever reads a part of it. Raises MistakeError and WorldError."""
    made = data / f"{NAME}.{os.getpid()}"
    try:
        make_folder(data)
        made.write_text(f"{archive_id}\n")
        sync(made)
        made.rename(data / NAME)
        sync(data)
    except OSError as error:
        raise file_error(error, f'could not write "{data / NAME}"') from error


def has_sample(database, data):
    """Whether listed files are there, the newest and the oldest: then the folder is the archive of the list."""
    return all(find_file(data, path) for path in database.archive_sample())


def check_identity(database, data, is_writer):
    """Checks that the folder is the database's archive; a writer gives a new one its identity. Returns the identity,
    empty when the folder has none. Raises MistakeError.
    """
    archive_id, is_marked, is_listed = database.archive_identity()
    found = read_identity(data)
    if found is None:
        if (is_writer or is_listed) and (is_marked or (is_listed and not has_sample(database, data))):
            raise MistakeError(
                f'"{data}" has no file {NAME}: it is not the archive whose files are listed, or is not mounted', HINT
            )
        if not is_writer:
            return ""
        write_identity(data, found := archive_id)
        say("info", f'the archive "{data}" has got the identity {archive_id}')
    is_earlier = not is_marked and is_listed and len(found) == ID_SIZE  # the database was restored from before the mark
    if found != archive_id and not (is_earlier and has_sample(database, data)):
        raise MistakeError(
            f'"{data}" is another archive: its identity is {found!a}, and that of the database\'s {archive_id}',
            f"give the archive of this database; if it is this one, and no other database has it, {ADOPT}",
        )
    if is_writer and not is_marked:
        database.mark_archive(found)
    return found


def look(data, archive_id):
    """Raises WorldError when the folder is no longer the archive, as when it is no longer mounted."""
    if archive_id and read_identity(data) != archive_id:
        raise WorldError(f'"{data}" is no longer the archive of this job', "mount the archive again")
