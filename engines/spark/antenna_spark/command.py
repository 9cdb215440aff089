"""What both jobs do as commands: arguments, errors and exit codes, lines on stderr."""

import argparse
import datetime
import pathlib
import re
import sys

FAILED, USAGE, ENVIRONMENT = 1, 2, 3
UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}


class CommandError(Exception):
    """The job cannot be done: what, why, and a hint at what to do. It ends with exit code 1."""

    exit_code = FAILED

    def __init__(self, message, hint=None):
        """Both are printed."""
        super().__init__(message)
        self.hint = hint


class MistakeError(CommandError):
    """The operator can mend it; exit code 3."""

    exit_code = ENVIRONMENT


class WorldError(CommandError):
    """Kafka or PostgreSQL does not answer: worth another attempt."""

    exit_code = ENVIRONMENT


def say(level, message):
    """Prints a line in the form of antenna's own log."""
    now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    print(f"{now} {level} antenna-spark: {message}", file=sys.stderr, flush=True)


def run(job, session, arguments):
    """Calls a job with Spark's session and its arguments, and ends the process with the exit code that fits."""
    try:
        job(session, arguments)
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


def kafka_property(text):
    """(name, value) of NAME=VALUE."""
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f'"{text}" is no NAME=VALUE')
    return name, value


def parser_of(description, *arguments):
    """A parser of positional arguments, given as (name, help) or (name, help, type), and of --password-file."""
    parser = argparse.ArgumentParser(description=description, allow_abbrev=False)
    for name, meaning, *kind in arguments:
        parser.add_argument(name.replace("-", "_"), metavar=name, help=meaning, type=kind[0] if kind else str)
    parser.add_argument(
        "--password-file",
        type=pathlib.Path,
        metavar="FILE",
        help="file whose first line is the password, used when jdbc-password is -",
    )
    return parser
