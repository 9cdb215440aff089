"""PostgreSQL: the connection, and the operations of src/postgres by the same SQL, which lies in sql/*.sql."""

import contextlib
import functools
import pkgutil
import re
import urllib.parse
from typing import NamedTuple

import psycopg
from psycopg import conninfo, errors, sql

from antenna_spark.command import CommandError, MistakeError, WorldError

# Of the schema antenna; that of src/postgres/schema.h.
SCHEMA_VERSION = 2

STATEMENT_ROWS = 20_000
JDBC = re.compile(r"jdbc:postgresql:(?://(?P<hosts>[^/?]*))?/?(?P<database>[^?]*)(?:\?(?P<properties>.*))?")
JDBC_DEFAULT = {"host": "localhost", "port": "5432"}

# Properties of the JDBC driver that libpq calls otherwise; others are handed on under their name.
LIBPQ_WORDS = {
    "connectTimeout": "connect_timeout",
    "loginTimeout": "connect_timeout",
    "ApplicationName": "application_name",
    "targetServerType": "target_session_attrs",
    "gssEncMode": "gssencmode",
    "channelBinding": "channel_binding",
}

MISTAKES = (
    errors.InvalidAuthorizationSpecification,
    errors.InvalidCatalogName,
    errors.InvalidColumnReference,  # a table without its key
    errors.InsufficientPrivilege,
    errors.UndefinedColumn,
    errors.UndefinedTable,
)


class FencedError(MistakeError):
    """Somebody else has claimed partitions of this job."""


class Step(NamedTuple):
    """What a transaction adds to one partition; times are naive and in UTC, the epoch when unknown."""

    partition: int
    epoch: int
    next_offset: int
    records: int
    rejected: int
    bytes: int
    until: object
    end_offset: int


class Claim(NamedTuple):
    """Where a partition stands that is ours."""

    partition: int
    totals_offset: int  # next to read for the totals
    archive_offset: int  # next to read for the archive; <= totals_offset
    epoch: int


def libpq_words(uri):
    """The keywords of a JDBC address, of a libpq URI or of a conninfo string. Raises MistakeError."""
    match = JDBC.fullmatch(uri)
    if not match:
        try:
            return conninfo.conninfo_to_dict(uri)
        except psycopg.ProgrammingError as error:
            raise MistakeError(
                "could not understand the jdbc-uri", "write jdbc:postgresql://host:port/database"
            ) from error
    words = dict(JDBC_DEFAULT)
    if match["hosts"]:
        hosts = [re.fullmatch(r"\[?([^]]*?)]?(?::(\d+))?", host).groups() for host in match["hosts"].split(",")]
        words["host"] = ",".join(host or JDBC_DEFAULT["host"] for host, _ in hosts)
        words["port"] = ",".join(port or JDBC_DEFAULT["port"] for _, port in hosts)
    if match["database"]:
        words["dbname"] = urllib.parse.unquote(match["database"])
    for name, value in urllib.parse.parse_qsl(match["properties"] or "", keep_blank_values=True):
        if name == "currentSchema":
            words["options"] = f"-csearch_path={value}"
        elif name == "ssl":
            words.setdefault("sslmode", "verify-full" if value in ("", "true") else "prefer")
        else:
            words[LIBPQ_WORDS.get(name, name)] = value
    return words


@contextlib.contextmanager
def translated():
    """Raises errors of psycopg as ours."""
    try:
        yield
    except MISTAKES as error:
        raise MistakeError(
            f"PostgreSQL refuses: {error.diag.message_primary or error}",
            "check user, password and tables; antenna provision makes the tables and their keys",
        ) from error
    except errors.NumericValueOutOfRange as error:
        raise MistakeError("a total exceeds what BIGINT holds", "--max-bytes rejects absurd events") from error
    except (psycopg.OperationalError, errors.IdleInTransactionSessionTimeout) as error:
        text = " ".join(str(error).split())
        if "authentication failed" in text or "no password supplied" in text or "does not exist" in text:
            raise MistakeError(f"could not log in to PostgreSQL: {text}") from error
        raise WorldError(f"could not reach PostgreSQL: {text}") from error
    except psycopg.Error as error:
        raise CommandError(f"PostgreSQL failed: {' '.join(str(error).split())}") from error


@functools.cache
def text_of(name):
    """The SQL of that name."""
    return pkgutil.get_data("antenna_spark", f"sql/{name}.sql").decode()


class Database:
    """One connection; each method is one operation. Its methods raise CommandError and those below it."""

    def __init__(self, connection, tables):
        """`tables`: {the name in the SQL: the table's own name}."""
        self._connection = connection
        self._tables = tables

    def _run(self, name, *values, table=None):
        tables = self._tables | ({"table": table} if table else {})

        def quote(match):
            return sql.Identifier(*tables[match[1]].split(".")).as_string(self._connection)

        with translated():
            return self._connection.execute(re.sub(r':"(\w+)"', quote, text_of(name)), values or None)

    @contextlib.contextmanager
    def transaction(self):
        """Commits at the end, rolls back on an error. After a WorldError it is unknown whether it was committed."""
        with translated(), self._connection.transaction():
            yield

    def begin_session(self):
        """UTC, and nothing found by its bare name in our own schema."""
        self._run("begin_session")

    def limit_idle_time(self):
        """Has the server end this session when it stops within a transaction."""
        self._run("limit_idle_time")

    def check_schema(self):
        """Raises MistakeError when the schema antenna is not there or of another version."""
        version = self._run("select_schema_version").fetchone()[0]
        if version != SCHEMA_VERSION:
            raise MistakeError(
                f"the schema antenna has version {version} instead of {SCHEMA_VERSION}",
                "run antenna provision of the version that this engine belongs to",
            )

    # The progress of a job; key: (job, topic).

    def begin_progress(self, key, starts):
        """Writes down where the partitions 0, 1, … of a job that has never run begin."""
        self._run("begin_progress", *key, starts)

    def note_topic(self, key, topic_id):
        """The id of the topic that the job began with."""
        return self._run("note_topic", *key, topic_id).fetchone()[0]

    def claim(self, key, owner, firsts):
        """Claims the partitions of {partition: its first offset}; returns {partition: Claim}."""
        rows = self._run("claim_progress", *key, owner, list(firsts), list(firsts.values())).fetchall()
        return {row[0]: Claim(*row) for row in sorted(rows)}

    def _update(self, name, key, steps, *columns):
        """Runs an update that must change a row for each step."""
        changed = self._run(name, *key, *([getattr(step, column) for step in steps] for column in columns)).rowcount
        if changed != len(steps):
            raise FencedError(
                f'somebody else has taken over partitions of job "{key[0]}"',
                "run one engine at a time: stop the other one, and start this one again",
            )

    def advance_totals(self, key, steps):
        """Moves the totals on. Raises FencedError."""
        counts = ("records", "rejected", "bytes")
        self._update("advance_totals", key, steps, "partition", "epoch", "next_offset", *counts, "until", "end_offset")

    def advance_archive(self, key, steps):
        """Moves the archive on. Raises FencedError."""
        self._update("advance_archive", key, steps, "partition", "epoch", "next_offset", "records", "bytes", "until")

    def note_idle(self, key, steps):
        """Notes that partitions are archived to their end, up to the time of each step. Raises FencedError."""
        self._update("note_idle", key, steps, "partition", "epoch", "until")

    # Totals; rows: (date, label, id, bytes) with the label's number from 1.

    def _write_totals(self, name, rows, labels, table):
        chunk = []
        for row in rows:
            chunk.append(row)
            if len(chunk) == STATEMENT_ROWS:
                self._run(name, *map(list, zip(*chunk, strict=True)), labels, table=table)
                chunk.clear()
        if chunk:
            self._run(name, *map(list, zip(*chunk, strict=True)), labels, table=table)

    def add_totals(self, rows, labels):
        """Adds to the 5-minute totals. The rows are in the order of src/speed/totals.h, in which all lock them."""
        self._write_totals("add_totals", rows, labels, self._tables["bytes"])

    def replace_totals(self, hour, rows, labels):
        """Replaces the totals of an hour."""
        self._run("delete_hour", hour, table=self._tables["bytes_hourly"])
        self._write_totals("insert_totals", rows, labels, self._tables["bytes_hourly"])

    # Rejected messages.

    def count_rejected(self, key, minute, counts):
        """Adds {reason: messages} to the counts of a minute."""
        reasons = sorted(counts)
        if reasons:
            minutes = [minute] * len(reasons)
            self._run("count_rejected", *key, minutes, reasons, [counts[reason] for reason in reasons])

    def keep_rejected(self, key, messages):
        """Keeps (partition, offset, reason, detail, position, first bytes, size) of each message."""
        if messages:
            self._run("insert_rejected", *key, *map(list, zip(*messages, strict=True)))

    # The archive's list.

    def list_files(self, key, token, files):
        """Lists (path, hour, rows, bytes, first time, last time, size, offsets as JSON) of each file of a writer."""
        self._run("hold_files", token)
        if files:
            self._run("insert_archive_files", *key, *map(list, zip(*files, strict=True)))

    def find_listed(self, token, paths):
        """Which of a writer's files are listed, once no transaction of the writer's is under way."""
        with self.transaction():
            self._run("seize_files", token)
            return {row[0] for row in self._run("select_listed_files", paths)}

    # Batch; the hour is naive and in UTC.

    def hold_hour(self, hour):
        """Keeps other batch runs of an hour out until the session ends."""
        self._run("hold_hour", hour)

    def hour_files(self, hour):
        """(path, rows, bytes) of each file that the list has of the hour."""
        return [(row[0], row[1], int(row[2])) for row in self._run("select_hour_files", hour) if not row[6]]

    def is_sealed(self, hour):
        """Whether nothing but late events is expected of the hour."""
        return bool(self._run("select_hours", hour, hour).fetchone()[2])

    def replace_exceeded(self, hour):
        """Replaces the users over their quota in an hour; returns their number and that of users without metadata."""
        self._run("delete_hour", hour, table=self._tables["user_quota_limit"])
        exceeded = self._run("insert_exceeded", hour).rowcount
        return exceeded, self._run("count_unknown_users", hour).fetchone()[0]

    def note_batch(self, hour, rows, size):
        """Notes what a run has read of the hour's listed files."""
        self._run("note_batch", hour, rows, size, 0, 0)


def password_of(arguments):
    """The password as a keyword of libpq's; none for "-", where libpq looks at PGPASSWORD and ~/.pgpass."""
    if arguments.jdbc_password != "-":
        return {"password": arguments.jdbc_password}
    if not arguments.password_file:
        return {}
    try:
        return {"password": arguments.password_file.read_text().splitlines()[0]}
    except (OSError, IndexError) as error:
        raise MistakeError(f'could not read a password from the file "{arguments.password_file}": {error}') from error


@contextlib.contextmanager
def connected(arguments, tables):
    """A Database by the arguments jdbc-uri, jdbc-user and jdbc-password, closed at the end."""
    words = libpq_words(arguments.jdbc_uri) | {"user": arguments.jdbc_user} | password_of(arguments)
    with translated():
        connection = psycopg.connect(**words, autocommit=True, cursor_factory=psycopg.RawCursor, prepare_threshold=None)
    with contextlib.closing(connection):
        database = Database(connection, tables)
        database.begin_session()
        database.check_schema()
        yield database
