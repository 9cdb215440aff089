"""What answers at the address of PostgreSQL, as src/postgres/connection.c judges it: no older version than the program
works with, and no pooler but one that pools by session.
"""

import contextlib
import select
import time
from typing import NamedTuple

import psycopg
from psycopg import pq

from antenna_spark.command import MistakeError, WorldError
from antenna_spark.refusals import refused_login

# Those of src/postgres/connection.c, which tells why.
ROUNDS = 8
ANSWER_SECONDS = 5
LATE_SECONDS = 1
VERSION_MIN, VERSION_UNIT = 130_000, 10_000


class Backend(NamedTuple):
    """The row of select_backend.sql."""

    pid: str
    process: str
    version_number: str
    version: str


def await_backend(connection, seconds):
    """The answer to select_backend.sql, or None when none has come in time."""
    link, until = connection.pgconn, time.monotonic() + seconds
    found = None
    while True:
        while link.is_busy():
            left = until - time.monotonic()
            if left <= 0 or not select.select([link.socket], [], [], left)[0]:
                return None
            link.consume_input()
        result = link.get_result()
        if result is None:
            return found
        if result.status == pq.ExecStatus.TUPLES_OK and result.ntuples == 1 and result.nfields == len(Backend._fields):
            found = Backend(*(result.get_value(0, column).decode() for column in range(result.nfields)))


def ask_backend(connection, query):
    """The same once it is asked."""
    connection.pgconn.send_query(query)
    connection.pgconn.flush()
    return await_backend(connection, ANSWER_SECONDS)


def refuse_pooling():
    """Raises MistakeError."""
    raise MistakeError(
        "PostgreSQL is behind a pooler that pools by transaction or statement: locks and settings of a session would"
        " stay behind in its pool",
        "let the pooler pool this database by session (PgBouncer: pool_mode = session), or give PostgreSQL's own"
        " address in jdbc-uri",
    )


def check_own(connection, query, backend):
    """Checks that a connection is still served by the same process."""
    own = ask_backend(connection, query)
    if not own:
        raise WorldError(
            "the pooler in front of PostgreSQL does not answer, so that its way of pooling cannot be recognised",
            "check that PostgreSQL can be reached from the pooler and that its pool has free servers",
        )
    if own.process != backend.process:
        refuse_pooling()


def check_pooler(first, second, query, backend):
    """Raises MistakeError unless two new connections, of which `backend` serves the first, are pooled by session."""
    for _ in range(ROUNDS):
        for _ in range(2):
            check_own(first, query, backend)
        other = ask_backend(second, query)
        if not other:
            # In a full pool by session, the second waits for a server. By transaction, the first waits behind it.
            check_own(first, query, backend)
            other = await_backend(second, LATE_SECONDS)
            if not other:
                return
        if other.process == backend.process:
            refuse_pooling()


def check_backend(connection, query, words):
    """Raises MistakeError or WorldError when no job can use the new connection that was made with these keywords."""
    backend = ask_backend(connection, query)
    if not backend:
        raise WorldError("PostgreSQL does not report which process serves the connection")
    if int(backend.version_number) < VERSION_MIN:
        raise MistakeError(
            f"PostgreSQL {backend.version} is older than {VERSION_MIN // VERSION_UNIT}", "upgrade PostgreSQL"
        )
    if int(backend.pid) == connection.info.backend_pid:
        return
    try:
        second = psycopg.connect(**words)
    except psycopg.Error as error:
        raise refused_login(error, words) from error
    with contextlib.closing(second):
        check_pooler(connection, second, query, backend)
