"""What both jobs do as commands: arguments, errors and exit codes, lines on stderr."""

import argparse
import datetime
import errno
import os
import pathlib
import re
import sys

FAILED, USAGE, ENVIRONMENT, UNAVAILABLE = 1, 2, 3, 5
UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}


class CommandError(Exception):
    """The job cannot be done: what, why, and a hint at what to do. It ends with exit code 1."""

    exit_code = FAILED

    def __init__(self, message, hint=None):
        """Both are printed."""
        super().__init__(message)
        self.hint = hint


class MistakeError(CommandError):
    """The operator must fix it; exit code 3."""

    exit_code = ENVIRONMENT


class OutOfRangeError(MistakeError):
    """A sum exceeds BIGINT."""


class WorldError(CommandError):
    """Kafka or PostgreSQL is unavailable now: a retry may help; exit code 5."""

    exit_code = UNAVAILABLE


# What only an operator can change about a file, as disk_fail() of src/archive has it.
PERMANENT = {
    *(errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.ENOENT, errno.EEXIST, errno.EISDIR),
    *(errno.ENOTEMPTY, errno.ELOOP, errno.EXDEV),
}


def file_error(error, message):
    """The CommandError of an OSError: a full disk passes, a missing right does not."""
    kind = MistakeError if error.errno in PERMANENT else WorldError
    hint = "give a folder that this user may write to" if kind is MistakeError else "check the disk, free some space"
    return kind(f"{message}: {error.strerror or error}", hint)


def say(level, message):
    """Prints a line in the form of antenna's own log."""
    now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    print(f"{now} {level} antenna-spark: {message}", file=sys.stderr, flush=True)


def run(job, open_session, arguments):
    """Calls a job with Spark's session, which it opens, and its arguments; ends the process with the exit code."""
    try:
        job(open_session(f"antenna-{job.__name__}"), arguments)
    except CommandError as error:
        say("error", error)
        if error.hint:
            say("error", f"hint: {error.hint}")
        sys.exit(error.exit_code)


def duration(text):
    """Seconds of a time such as 200ms, 90s or 10m."""
    match = re.fullmatch(r"(\d+)(ms|s|m|h|d)", text)
    if not match:
        raise argparse.ArgumentTypeError(f'"{text}" is no time such as 200ms, 90s or 10m')
    return int(match[1]) * UNITS[match[2]]


def hour_of(text):
    """The first second, UTC without time zone, of the hour that an ISO-8601 time with an offset lies in."""
    try:
        time = datetime.datetime.fromisoformat(text)
    except ValueError:
        time = None
    if time is None or time.tzinfo is None:
        raise argparse.ArgumentTypeError(f'"{text}" is no time with an offset such as 2022-02-20T10:00:00Z')
    return time.astimezone(datetime.UTC).replace(tzinfo=None, minute=0, second=0, microsecond=0)


def local_path(text):
    """A path of this machine, as src/config/value.c reads it: file:///x is /x, ~ a home folder, gs://… refused."""
    if re.match(r"file:", text, re.IGNORECASE):
        match = re.fullmatch(r"file:(?://(?:localhost)?)?(/(?!/).*)", text, re.IGNORECASE)
        if not match:
            raise argparse.ArgumentTypeError(f'"{text}" is no file:///path')
        return pathlib.Path(match[1])
    if re.match(r"[a-z][a-z0-9+.-]+:/", text, re.IGNORECASE):
        raise argparse.ArgumentTypeError(f'"{text}" is in a store: give the folder where it is mounted')
    path = os.path.expanduser(text)
    if path.startswith("~"):
        raise argparse.ArgumentTypeError(f'"{text}" begins with a home folder that does not exist')
    return pathlib.Path(path)


def words_of(known):
    """A reader of some of the known words, separated by commas."""

    def read(text):
        words = text.split(",")
        if unknown := [word for word in words if word not in known]:
            raise argparse.ArgumentTypeError(f'"{unknown[0]}" is none of {", ".join(known)}')
        return words

    return read


def kafka_property(text):
    """(name, value) of NAME=VALUE."""
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f'"{text}" is no NAME=VALUE')
    return name, value


class Parser(argparse.ArgumentParser):
    """As its base, but shows no argument that may be a password."""

    def error(self, message):
        """Ends with exit code 2."""
        super().error("unknown options (not shown: one may be a password)" if "unrecognized" in message else message)


def parser_of(description, *arguments):
    """A parser of positional arguments, given as (name, help) or (name, help, type), and of --password-file."""
    parser = Parser(description=description, allow_abbrev=False)
    for name, meaning, *kind in arguments:
        parser.add_argument(name.replace("-", "_"), metavar=name, help=meaning, type=kind[0] if kind else str)
    parser.add_argument(
        "--password-file",
        type=local_path,
        metavar="FILE",
        help="file whose first line is the password, used when jdbc-password is -",
    )
    return parser
