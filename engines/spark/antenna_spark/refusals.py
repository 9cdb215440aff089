"""PostgreSQL's refusals as errors of ours, by their SQLSTATE: those that pass, and those that an operator must fix."""

import contextlib
import ctypes
import pathlib
import re
import select
import time

import psycopg
from psycopg import conninfo, pq

from antenna_spark.command import CommandError, MistakeError, OutOfRangeError, WorldError

LOGIN_SECONDS = 10
ERRORS_VERBOSE = 2  # PQERRORS_VERBOSE

CHECK_PASSWORD = "check jdbc-user and jdbc-password; that of - is from --password-file, PGPASSWORD or ~/.pgpass"
CHECK_LOGIN = "check jdbc-uri and jdbc-user, and whether pg_hba.conf lets this user log in from this machine"
CHECK_DATABASE = "check the name of the database in jdbc-uri"
CHECK_POOLER = "check jdbc-uri, jdbc-user and the configuration of the pooler"
CHECK_FUNCTION = "correct the function that a trigger, a rule or a default calls"
POOL_BY_SESSION = "let the pooler pool this database by session, or give PostgreSQL's own address in jdbc-uri"
CONNECTIONS = "raise max_connections, or a CONNECTION LIMIT; antenna doctor tells how many connections are left"

# The table of src/postgres/sqlstate.c; the first row that fits decides. (prefix of the SQLSTATE, whether it is for
# logins only, words of the message, kind, hint)
KINDS = (
    ("08P01", True, "authentication failed", MistakeError, CHECK_PASSWORD),
    ("08P01", True, "auth failed", MistakeError, CHECK_PASSWORD),
    ("08P01", True, "no such user", MistakeError, CHECK_PASSWORD),
    ("08P01", True, "login rejected", MistakeError, CHECK_POOLER),
    ("08P01", True, "no such database", MistakeError, CHECK_DATABASE),
    ("08P01", True, "unsupported", MistakeError, CHECK_POOLER),
    ("08P01", True, "SSL required", MistakeError, "add sslmode=require to jdbc-uri"),
    ("08P01", True, "config error", MistakeError, CHECK_POOLER),
    ("08P01", True, "too long", MistakeError, CHECK_POOLER),
    ("08P01", True, "connections", WorldError, CONNECTIONS),
    ("XX000", True, "user not found", MistakeError, CHECK_LOGIN),
    ("XX000", True, "password authentication failed", MistakeError, CHECK_PASSWORD),
    ("58000", True, "No pool configured", MistakeError, CHECK_POOLER),
    ("08", False, None, WorldError, None),
    ("28P01", False, None, MistakeError, CHECK_PASSWORD),
    ("28", False, None, MistakeError, CHECK_LOGIN),
    ("3D000", False, None, MistakeError, CHECK_DATABASE),
    ("53100", False, None, WorldError, "free some space on PostgreSQL's disk"),
    ("53300", False, None, WorldError, CONNECTIONS),
    ("53400", False, None, MistakeError, "raise the limit of PostgreSQL that the message names"),
    ("53", False, None, WorldError, None),
    ("57", False, None, WorldError, None),
    ("58", False, None, WorldError, None),
    ("40", False, None, WorldError, None),
    ("55P03", False, None, WorldError, None),
    ("55006", False, None, WorldError, None),
    ("25006", False, None, WorldError, None),
    ("72", False, None, WorldError, None),
    ("HV00N", False, None, WorldError, None),
    ("25P03", False, None, WorldError, None),
    ("25P04", False, None, WorldError, None),
    ("3F000", False, None, MistakeError, "create the schema, or check the table's name"),
    ("0A000", True, None, MistakeError, "use a database with the encoding UTF8"),
    ("0A000", False, None, MistakeError, "check the table's name: a name, or schema.name"),
    ("42P05", False, None, MistakeError, POOL_BY_SESSION),
    ("26", False, None, MistakeError, POOL_BY_SESSION),
    ("34", False, None, MistakeError, POOL_BY_SESSION),
    ("42P01", False, None, MistakeError, "run antenna provision, or check the table's name"),
    ("42501", False, None, MistakeError, "grant the right to the user of jdbc-user"),
    ("42", True, None, MistakeError, "check the options in jdbc-uri"),
    ("22", True, None, MistakeError, "check the options in jdbc-uri"),
    (
        "42",
        False,
        None,
        MistakeError,
        "check that the tables have the columns and keys that antenna provision gives them",
    ),
    ("22021", False, None, MistakeError, "texts must be UTF-8"),
    ("22003", False, None, OutOfRangeError, "a sum exceeds BIGINT; reject absurd events with --max-bytes"),
    ("23502", False, None, MistakeError, "give the column a default, or ALTER COLUMN … DROP NOT NULL"),
    ("23503", False, None, MistakeError, "add the row that it refers to, or drop the foreign key"),
    ("23505", False, None, MistakeError, "drop the unique index, or correct the rows that it finds equal"),
    ("23514", False, None, MistakeError, "create the partition or a DEFAULT one, or drop the check"),
    ("23", False, None, MistakeError, "drop the constraint, or change it so that it allows the row"),
    (
        "21000",
        False,
        None,
        MistakeError,
        'ALTER COLUMN … TYPE TEXT COLLATE "C": its collation finds different texts equal',
    ),
    ("22001", False, None, MistakeError, "widen the column"),
    ("55000", True, None, WorldError, None),
    ("55000", False, None, MistakeError, "run antenna doctor; a table that is published needs a replica identity"),
    ("27", False, None, MistakeError, "correct the trigger"),
    ("09", False, None, MistakeError, CHECK_FUNCTION),
    ("20", False, None, MistakeError, CHECK_FUNCTION),
    ("2D", False, None, MistakeError, CHECK_FUNCTION),
    ("2F", False, None, MistakeError, CHECK_FUNCTION),
    ("38", False, None, MistakeError, CHECK_FUNCTION),
    ("39", False, None, MistakeError, CHECK_FUNCTION),
    ("2B", False, None, MistakeError, "drop the views and keys of yours that depend on it, or alter them"),
    ("54", False, None, MistakeError, "drop the index or trigger of yours that exceeds PostgreSQL's limit"),
    ("55P02", False, None, MistakeError, "check the options in jdbc-uri and the settings of the role"),
    ("F0", False, None, MistakeError, "correct PostgreSQL's configuration files"),
    ("HV", False, None, MistakeError, "correct the foreign table and its server"),
    ("44", False, None, MistakeError, "give the name of a table instead of a view"),
    ("P0", False, None, MistakeError, "correct the trigger or function that raised it"),
    ("XX001", False, None, MistakeError, "check the disk of PostgreSQL, and restore a backup"),
    ("XX002", False, None, MistakeError, "run REINDEX on the index"),
    ("XX000", False, None, WorldError, None),
)

# Libpq's own words when it and the server do not trust each other; they are English.
DISTRUST = ("certificate", "private key file", "does not match host name", "server does not support SSL")


def judge(sqlstate, text, is_login, default):
    """(kind of error, hint) of a refusal."""
    for prefix, for_login, words, kind, hint in KINDS:
        if sqlstate.startswith(prefix) and is_login >= for_login and (not words or words in text):
            return kind, hint
    return default, None


@contextlib.contextmanager
def translated(connection):
    """Raises errors of psycopg as ours."""
    try:
        yield
    except psycopg.Error as error:
        text = " ".join(str(error).split())
        if connection.closed:
            raise WorldError(f"lost the connection to PostgreSQL: {text}") from error
        kind, hint = judge(error.sqlstate or "", text, False, CommandError)
        raise kind(f"PostgreSQL refuses: {text}", hint) from error


def libpq():
    """The library that psycopg has loaded."""
    maps = pathlib.Path("/proc/self/maps").read_text()
    return ctypes.CDLL(re.search(r"/\S*/libpq[-.]\S*", maps)[0])


def ask_again(words):
    """Libpq's message about a login, with its SQLSTATE: libpq tells it only if asked before the answer comes."""
    connection = pq.PGconn.connect_start(conninfo.make_conninfo(**words).encode())
    libpq().PQsetErrorVerbosity(ctypes.c_void_p(connection.pgconn_ptr), ERRORS_VERBOSE)
    give_up_at = time.monotonic() + LOGIN_SECONDS
    while connection.status != pq.ConnStatus.BAD and time.monotonic() < give_up_at:
        status = connection.connect_poll()
        if status not in (pq.PollingStatus.READING, pq.PollingStatus.WRITING):
            break
        ends = [connection.socket]
        select.select(*((ends, []) if status == pq.PollingStatus.READING else ([], ends)), [], LOGIN_SECONDS)
    text = connection.get_error_message()
    connection.finish()
    return text


def refused_login(error, words):
    """The error of ours for a connection that could not be made with these keywords."""
    text = " ".join(str(error).split())
    if not isinstance(error, psycopg.OperationalError) or "no password supplied" in text:
        return MistakeError(f"could not connect to PostgreSQL: {text}", CHECK_PASSWORD)
    if any(word in text for word in DISTRUST):
        return MistakeError(f"could not connect to PostgreSQL: {text}", "check sslmode and certificates in jdbc-uri")
    answer = re.search(r":  ([0-9A-Z]{5}): (.*)", ask_again(words)) if ":  " in str(error) else None
    kind, hint = judge(answer[1], answer[2], True, WorldError) if answer else (WorldError, None)
    detail = f"{answer[1]}: {answer[2]}" if answer else text
    return kind(
        f"could not connect to PostgreSQL: {detail}", hint or "check that PostgreSQL runs there and can be reached"
    )
