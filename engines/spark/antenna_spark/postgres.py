"""PostgreSQL: the connection, and the operations of src/postgres by the same SQL, which lies in sql/*.sql."""

import codecs
import collections
import contextlib
import datetime
import functools
import pkgutil
import re
from typing import NamedTuple

import psycopg
from psycopg import sql

from antenna_spark import conflicts, record, tables
from antenna_spark.backend import check_backend
from antenna_spark.command import MistakeError, WorldError, say
from antenna_spark.jdbc import libpq_words
from antenna_spark.refusals import refused_login, translated

# Of the schema antenna; that of src/postgres/schema.h.
SCHEMA_VERSION = 19

STATEMENT_ROWS = 20_000

# A server that vanished without a word is noticed within half a minute: the limits of src/postgres/connection.c, which
# the address may override.
CONNECTION = {
    "connect_timeout": "10",
    "tcp_user_timeout": "30000",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "application_name": "antenna",
    "client_encoding": "UTF8",
}


# In the order of select_data_set.sql.
TABLES = ("bytes", "bytes_hourly", "user_metadata", "user_quota_limit")
NO_TABLE = "-"


class FencedError(MistakeError):
    """Somebody else has claimed partitions of this job."""


class Step(NamedTuple):
    """What a transaction adds to one partition; times are naive and in UTC, the epoch when unknown."""

    partition: int
    epoch: int
    from_offset: int
    next_offset: int
    records: int
    rejected: int
    bytes: int
    until: object
    end_offset: int


# An epoch is the number of the claim, times this, and a random number (claim_progress.sql).
EPOCH_UNIT = 10**9

EPOCH = datetime.datetime(1970, 1, 1)

# Where a step begins and ends.
PLACE = ("partition", "epoch", "from_offset", "next_offset")


class Claim(NamedTuple):
    """Where a partition stands that is ours."""

    partition: int
    totals_offset: int  # next to read for the totals
    archive_offset: int  # next to read for the archive
    epoch: int

    @property
    def next_offset(self):
        """Where reading begins: at the side that is behind."""
        return min(self.totals_offset, self.archive_offset)


def places_of(claims):
    """The arrays partition, epoch, totals offset and archive offset."""
    partitions, totals, archive, epochs = map(list, zip(*claims, strict=True))
    return partitions, epochs, totals, archive


@functools.cache
def text_of(name):
    """The SQL of that name."""
    return pkgutil.get_data("antenna_spark", f"sql/{name}.sql").decode()


class Counted(NamedTuple):
    """What a run counts: the window in seconds, and the kinds of totals (tables.Total) in the order in which all
    writers lock their rows.
    """

    window: int
    totals: list


class Database:
    """One connection; each method is one operation. Its methods raise CommandError and those below it."""

    def __init__(self, connection, tables):
        """`tables`: {the name in the SQL: the table's own name}."""
        self._connection = connection
        self._tables = tables
        self._counted = None  # what the partitions were claimed for

    def _run(self, name, *values, table=None):
        tables = self._tables | ({"table": table} if table else {})

        def quote(match):
            return sql.Identifier(*tables[match[1]].split(".")).as_string(self._connection)

        with translated(self._connection):
            return self._connection.execute(re.sub(r':"(\w+)"', quote, text_of(name)), values or None)

    def _write(self, name, rows, *values, table=None):
        """Runs a statement that must write so many rows: triggers, rules and policies can drop some silently."""
        self._check_written(name, rows, self._run(name, *values, table=table).rowcount)

    def _check_written(self, name, rows, written):
        if written != rows:
            raise MistakeError(
                f'PostgreSQL wrote {written} of {rows} rows by "{name}"',
                "remove the trigger, rule or row-level security that drops rows of our tables",
            )

    @contextlib.contextmanager
    def transaction(self):
        """Commits at the end, rolls back on an error. After a WorldError it is unknown whether it was committed."""
        with translated(self._connection), self._connection.transaction():
            yield

    def begin_session(self):
        """UTC, and nothing found by its bare name in our own schema."""
        self._run("begin_session")

    def limit_idle_time(self):
        """Has the server end this session when it stops within a transaction."""
        self._run("limit_idle_time")

    def check_writing(self):
        """Raises WorldError when the session may only read, as on a standby before its promotion."""
        if self._run("show_read_only").fetchone()[0] == "on":
            raise WorldError(
                "PostgreSQL lets this session only read",
                "find out whether it has become a standby, or default_transaction_read_only was set",
            )

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
        """Writes down where the partitions 0, 1, … of a job that has never run begin. Raises MistakeError."""
        has_progress, *traces = self._run("select_traces", *key, table=self._tables["bytes"]).fetchone()
        if not has_progress:
            self._check_restart(key, *traces)
        self._run("begin_progress", *key, starts)

    @staticmethod
    def _check_restart(key, is_known, is_counted):
        """As check_restart() of src/speed/prepare.c: a job whose progress was deleted, if none of it was counted."""
        if is_counted:
            raise MistakeError(
                f'the progress of job "{key[0]}" in topic "{key[1]}" was deleted: to begin again would count its'
                " messages twice",
                "restore antenna.progress from a backup; to count everything again, see Start over in the recipes",
            )
        if is_known:
            say("warning", f'the progress of job "{key[0]}" was deleted: nothing was counted, and it begins again')

    @contextlib.contextmanager
    def lock_data_set(self):
        """Lets one process at a time decide what it is to the data set."""
        self._run("lock_data_set")
        yield
        self._run("unlock_data_set")

    def _quoted(self, kind):
        """The quoted name of a table; that of none where the command does not take the table."""
        name = self._tables.get(kind, NO_TABLE)
        return sql.Identifier(*name.split(".")).as_string(self._connection)

    def check_tables(self):
        """Raises MistakeError when a table is not the one that the data set has in its place."""
        rows = self._run("select_data_set", *map(self._quoted, TABLES)).fetchall()
        if not rows:
            raise MistakeError("the schema antenna does not know the tables of its data set", "run antenna provision")
        conflicts.check_tables(self._tables, dict(zip(TABLES, rows, strict=True)))

    def window(self):
        """The window of the totals in seconds. Raises MistakeError when none is stored that can be one."""
        row = self._run("select_window").fetchone()
        if not row or not row[0] or row[0] < 1 or record.HOUR_SECONDS % row[0]:
            raise MistakeError(
                "the window of the totals is unknown: antenna.data_set.window_seconds is"
                f" {row[0] if row else 'missing'}, which does not divide an hour",
                "run antenna provision with --window and the window that the totals have, such as 5m",
            )
        return row[0]

    def totals(self):
        """The kinds of totals that are kept, as Counted has them. Raises MistakeError."""
        return self._totals_of("select_metrics")

    def hold_totals(self, totals):
        """Raises WorldError when other totals are kept than these, and keeps them so until the transaction ends."""
        if self._totals_of("hold_metrics") != totals:
            raise WorldError("metrics were switched on while the hour was read")

    def _totals_of(self, name):
        metrics = {row[0] for row in self._run(name)}
        if unknown := metrics - {total.label for total in tables.TOTALS}:
            raise MistakeError(
                f'the metric "{min(unknown)}" in antenna.data_set is not known',
                "use the version of antenna that has switched it on, or a later one",
            )
        kept = [total for total in tables.TOTALS if total.standard or total.label in metrics]
        return sorted(kept, key=lambda total: total.turn)

    def counted(self):
        """What is counted. Raises MistakeError."""
        return Counted(self.window(), self.totals())

    def _check_counted(self):
        """Raises MistakeError when what is counted is no longer that of the claim."""
        if self.totals() != self._counted.totals:
            raise MistakeError(
                "metrics were switched on since this job started", "start the job again, which counts them"
            )
        if (now := self.window()) != self._counted.window:
            raise MistakeError(
                f"the window of the totals has changed from {self._counted.window} s to {now} s since this job started",
                "start the job again, which reads the new window",
            )

    def note_topic(self, key, topic_id, starts=None):
        """The id of the topic that the job began with. `starts`: where it would begin, None when it has begun. Raises
        MistakeError.
        """
        table = self._quoted("bytes")
        if conflict := self._run("select_conflict", *key, topic_id, table, True, starts).fetchone():
            words, hint = conflicts.CONFLICTS[conflict[0]]
            raise MistakeError(f'job "{key[0]}" cannot count topic "{key[1]}": {words.format(conflict[1])}', hint)
        return self._run("note_topic", *key, topic_id, table, True).fetchone()[0]

    def archive_identity(self):
        """The archive's identity, whether a root has it, and whether files are listed."""
        archive_id, is_marked, is_listed, *_ = self._run("select_archive_identity").fetchone()
        return str(archive_id), is_marked, is_listed

    def archive_sample(self):
        """Paths of listed files by which the archive is recognized."""
        return [row[0] for row in self._run("select_archive_sample")]

    def mark_archive(self, archive_id):
        """Notes that a root has the archive's identity."""
        self._write("mark_archive", 1, archive_id)

    def claim(self, key, owner, firsts, counted, rules):
        """Claims the partitions of {partition: its first offset} to count what is Counted; returns {partition: Claim}.
        `rules`: by which messages are accepted (record.Limits.options). Raises MistakeError.
        """
        wanted, self._counted = (*key, owner, list(firsts), list(firsts.values())), counted
        metrics = [total.label for total in counted.totals if not total.standard]
        counts = (counted.window, metrics, rules)
        rows = self._run("claim_progress", *wanted, False, *counts).fetchall()
        if len(rows) < len(firsts):
            self._check_counted()
            conflicts.check_rules(self._run("select_other_rules", *key, rules, list(firsts)).fetchone(), rules)
            _, *traces = self._run("select_traces", *key, table=self._tables["bytes"]).fetchone()
            self._check_restart(key, *traces)
            rows = self._run("claim_progress", *wanted, True, *counts).fetchall()
            self._check_written("claim_progress", len(firsts), len(rows))
        return {row[0]: Claim(*row) for row in sorted(rows)}

    def _update(self, name, key, steps, *columns):
        """Runs an update that must change a row for each step."""
        arrays = ([getattr(step, column) for step in steps] for column in columns)
        self._expect_all(self._run(name, *key, *arrays).rowcount, key, steps)

    def _expect_all(self, changed, key, owned):
        """Raises FencedError when another has claimed partitions, WorldError when a restore has set them back, and
        MistakeError when provision has changed the window or the metrics.
        """
        if changed == len(owned):
            return
        self._check_counted()
        epochs = dict(self._run("select_epochs", *key).fetchall())
        if any(epochs.get(one.partition, 0) // EPOCH_UNIT > one.epoch // EPOCH_UNIT for one in owned):
            raise FencedError(
                f'somebody else has taken over partitions of job "{key[0]}"',
                "run one engine at a time: stop the other one, and start this one again",
            )
        raise WorldError(f'the progress of job "{key[0]}" is another than before, as after a restore of PostgreSQL')

    def check_owned(self, key, claims):
        """Checks that the partitions are as this run knows them. Raises FencedError or WorldError."""
        self._expect_all(self._run("count_owned", *key, *places_of(claims)).fetchone()[0], key, claims)

    def advance_totals(self, key, steps):
        """Moves the totals on. Raises FencedError."""
        counts = ("records", "rejected", "bytes")
        self._update("advance_totals", key, steps, *PLACE, *counts, "until", "end_offset")

    def advance_archive(self, key, steps):
        """Moves the archive on. Raises FencedError."""
        self._update("advance_archive", key, steps, *PLACE, "records", "bytes", "until")

    def note_idle(self, key, claims, until):
        """Notes that partitions are archived to their end up to a time. Raises FencedError."""
        self._expect_all(self._run("note_idle", *key, *places_of(claims), until).rowcount, key, claims)

    # Totals; rows: (date, label, id, bytes) with the label's number from 1.

    def _write_totals(self, name, rows, labels, table):
        chunk = []
        for row in rows:
            chunk.append(row)
            if len(chunk) == STATEMENT_ROWS:
                self._write(name, len(chunk), *map(list, zip(*chunk, strict=True)), labels, table=table)
                chunk.clear()
        if chunk:
            self._write(name, len(chunk), *map(list, zip(*chunk, strict=True)), labels, table=table)

    def add_totals(self, rows, labels):
        """Adds to the window totals; returns {hour: bytes}.

        The rows are in the order of src/speed/totals.h, in which all lock them.
        """
        user, hours = labels.index("user_bytes_total") + 1, collections.Counter()

        def counted():
            for row in rows:
                if row[1] == user:
                    hours[row[0].replace(minute=0, second=0)] += row[3]
                yield row

        self._write_totals("add_totals", counted(), labels, self._tables["bytes"])
        return hours

    def count_hours(self, hours):
        """Counts {hour: bytes} that were added, after all else that workers share but the list of files; no events."""
        if hours:
            sums = map(list, zip(*sorted(hours.items()), strict=True))
            self._write("count_hours", len(hours), *sums, [None] * len(hours), table=self._tables["bytes"])

    def full_hours(self, added):
        """{hour: bytes} of the hours that would exceed BIGINT by {hour: bytes} more."""
        hours = self._run("select_full_hours", list(added), list(added.values()), table=self._tables["bytes"])
        return {EPOCH + datetime.timedelta(seconds=row[0]): row[1] for row in hours}

    def refuse_less(self, hour, rows, size, counted):
        """Raises MistakeError when an hour has more bytes than a run has read, or totals and the run read no row.

        And when another job made its totals, or its list has lost rows of those that count_rows() returned before.
        """
        before, totals, exceeded = self._run("select_hour_before", hour).fetchone()
        if self._run("has_other_totals", hour).fetchone()[0]:
            raise MistakeError(
                f"the hour {hour.isoformat()}Z is held, as its totals did not come from this archive: the table"
                f' "{self._tables["bytes_hourly"]}" has {before} bytes of it, and its files have {size}',
                "compare both, and replace the totals with --allow-less",
            )
        hint = "check the storage-path and its files, or replace the totals by less with --allow-less"
        if size < before:
            table = self._tables["bytes_hourly"]
            raise MistakeError(
                f'the table "{table}" has {before} bytes of the hour {hour.isoformat()}Z, and its files have {size}',
                hint,
            )
        if rows == 0 and totals + exceeded:
            raise MistakeError(
                f"the hour {hour.isoformat()}Z has totals or users over quota, and the archive has no row of it", hint
            )
        if rows < counted:
            raise MistakeError(
                f"antenna.hour counts {counted} rows of the hour {hour.isoformat()}Z, and its files have {rows}", hint
            )
        listed, unlisted = self._run("select_hour_noted", hour).fetchone()
        if size < listed or unlisted:
            raise MistakeError(
                f"the last run of the hour {hour.isoformat()}Z read {listed} bytes of listed files and {unlisted} of"
                f" others, and this one reads {size} and 0",
                "run antenna batch with the options of that run, or replace the totals by less with --allow-less",
            )

    def refuse_decreases(self, hour, rows, labels):
        """Passes rows (date, label, id, bytes) on; behind the last raises MistakeError when one makes a total less."""
        before = {}
        self._run("hold_hour_totals", hour)
        while page := self._run("fetch_hour_totals").fetchall():
            before.update(((label, name), value) for label, name, value in page)

        def compared():
            smaller = []
            for row in rows:
                key = (labels[row[1] - 1], row[2])
                if row[3] < before.pop(key, 0):
                    smaller.append(key)
                yield row
            smaller += [key for key, value in before.items() if value > 0]
            if smaller:
                raise MistakeError(
                    f"{len(smaller)} totals of the hour {hour.isoformat()}Z in the table"
                    f' "{self._tables["bytes_hourly"]}" would become less, such as {smaller[0][0]} "{smaller[0][1]}"',
                    "check the storage-path and its files, or replace the totals by less with --allow-less",
                )

        return compared()

    def replace_totals(self, hour, rows, labels):
        """Replaces the totals of an hour."""
        self._run("delete_hour", hour, table=self._tables["bytes_hourly"])
        self._write_totals("insert_totals", rows, labels, self._tables["bytes_hourly"])

    def check_hour(self, hour, rows, totals, events, size):
        """Checks that an hour has so many totals, those of each kind of so many events or bytes: triggers can change
        rows, too.
        """
        table = self._tables["bytes_hourly"]
        counted = sum(total.unit == "events" for total in totals)
        found = self._run("count_hour", hour, len(totals) - counted, size, counted, events, table=table).fetchone()[0]
        self._check_written("insert_totals", rows, found)

    # Rejected messages.

    def count_rejected(self, key, minute, counts):
        """Adds {reason: messages} to the counts of a minute."""
        reasons = sorted(counts)
        if reasons:
            minutes = [minute] * len(reasons)
            messages = [counts[reason] for reason in reasons]
            self._write("count_rejected", len(reasons), *key, minutes, reasons, messages)

    def keep_rejected(self, key, messages):
        """Keeps (partition, offset, reason, detail, position, first bytes, size) of each message."""
        if messages:
            self._write("insert_rejected", len(messages), *key, *map(list, zip(*messages, strict=True)))

    def find_refused(self, key, claims):
        """[(partition, offset)] of messages that no sum had room for, of those that are totalled and not archived."""
        partitions, _, nexts, firsts = places_of(claims)
        return [tuple(row) for row in self._run("select_refused", *key, partitions, firsts, nexts)]

    # The archive's list.

    def hold_files(self, token):
        """Begins a transaction that lists files of a writer: whoever recovers its folder waits for the end. Raises
        FencedError when somebody has recovered it.
        """
        self._run("hold_files", token)
        if self._is_retired(token):
            raise FencedError(
                f"another process has recovered the staging folder {token} of this one, whose lock it found free",
                "start it again; if it comes again, the file system of the storage-root does not keep locks",
            )

    def _is_retired(self, token):
        return self._run("count_retired", token).fetchone()[0] > 0

    def list_files(self, key, files):
        """Lists (path, hour, rows, bytes, first time, last time, size, offsets as JSON) of each file."""
        if files:
            hours = len({file[1] for file in files})
            self._write("insert_archive_files", hours, *key, *map(list, zip(*files, strict=True)))
            listed = self._run("select_listed_files", [file[0] for file in files]).rowcount
            self._check_written("insert_archive_files", len(files), listed)

    def find_listed(self, token, paths, *, retire):
        """Which of a writer's files are listed, once no transaction of the writer's is under way. With `retire` the
        writer lists none any more, whether or not it lives.
        """
        with self.transaction():
            self._run("seize_files", token)
            if retire:
                self._run("retire_writer", token)
                self._check_written("retire_writer", 1, int(self._is_retired(token)))
            return {row[0] for row in self._run("select_listed_files", paths)}

    # Batch; the hour is naive and in UTC.

    def hold_hour(self, hour):
        """Keeps other batch runs of an hour out until the session ends. It logs the holder for which it waits."""
        if holder := self._run("select_lock_holder", f"antenna batch {hour}").fetchone():
            process, user, application, state, since = holder
            say(
                "info",
                f"waits for the hour {hour.isoformat()}Z, which process {process} of PostgreSQL holds"
                f' (user "{user}", application "{application}"): {state} since {since}',
            )
        self._run("hold_hour", hour)

    def refuse_pruned(self, hour):
        """Raises MistakeError for an hour whose files were removed: late rows alone would replace its totals."""
        if (row := self._run("select_pruned", hour).fetchone()) and row[1]:
            hint = "process it with antenna batch, which adds its late rows to its totals"
            raise MistakeError(f"files of the hour {hour.isoformat()}Z were removed by antenna prune", hint)

    def hour_files(self, hour):
        """(path, rows, bytes) of each file that the list has of the hour."""
        return [(row[0], row[1], int(row[2])) for row in self._run("select_hour_files", hour) if not row[6]]

    def count_rows(self, hour):
        """The rows that were archived of the hour, which are only ever added to."""
        return self._run("select_hours", hour, hour).fetchone()[1]

    def is_sealed(self, hour):
        """Whether nothing but late events is expected of the hour."""
        return bool(self._run("select_hours", hour, hour).fetchone()[2])

    def replace_exceeded(self, hour, as_of_now):
        """Replaces the users over the quota that was in force when an hour began, or over the present one.

        Returns their number and that of users without metadata. Raises MistakeError.
        """
        if not as_of_now and (unnoted := self._run("count_unnoted_users").fetchone()[0]):
            table = self._tables["user_metadata"]
            raise MistakeError(
                f'{unnoted} users of table "{table}" are not in antenna.user_quota as they are now',
                "run antenna provision, which notes them and creates the table's triggers, or give --quota-as-of now",
            )
        now = "_now" if as_of_now else ""
        self._run("delete_hour", hour, table=self._tables["user_quota_limit"])
        self._run(f"insert_exceeded{now}", hour)
        unknown, exceeded, written = self._run(f"count_judged_users{now}", hour).fetchone()
        self._check_written("insert_exceeded", exceeded, written)
        return exceeded, unknown

    def write_notices(self, hour, as_of_now, sealed):
        """Writes what the hour's totals change of what its users were told; only those of a sealed hour take back."""
        self._run("insert_notices", hour, as_of_now, sealed)

    def note_batch(self, hour, rows, size):
        """Notes what a run has read of the hour's listed files."""
        self._write("note_batch", 1, hour, rows, size, 0, 0)


def password_of(arguments):
    """The password as a keyword of libpq's; none for "-", where libpq looks at PGPASSWORD and ~/.pgpass."""
    if arguments.jdbc_password != "-":
        return {"password": arguments.jdbc_password}
    if not arguments.password_file:
        return {}
    try:
        line = arguments.password_file.read_bytes().removeprefix(codecs.BOM_UTF8).split(b"\n")[0].removesuffix(b"\r")
        password = line.decode()
        if not password or "\0" in password:
            raise ValueError("its first line is empty or has a NUL byte")
    except (OSError, ValueError) as error:
        raise MistakeError(f'could not read a password from the file "{arguments.password_file}": {error}') from None
    return {"password": password}


@contextlib.contextmanager
def connected(arguments, tables):
    """A Database by the arguments jdbc-uri, jdbc-user and jdbc-password, closed at the end."""
    words = libpq_words(arguments.jdbc_uri) | {"user": arguments.jdbc_user} | password_of(arguments)
    if words.get("dbname") == "":
        words["dbname"] = arguments.jdbc_user
    own = {"autocommit": True, "cursor_factory": psycopg.RawCursor, "prepare_threshold": None}
    words = CONNECTION | words
    try:
        connection = psycopg.connect(**words | own)
    except psycopg.Error as error:
        raise refused_login(error, words) from error
    with contextlib.closing(connection):
        with translated(connection):
            check_backend(connection, text_of("select_backend").encode(), words)
        if (encoding := connection.info.parameter_status("server_encoding")) not in (None, "UTF8"):
            raise MistakeError(
                f'the database "{connection.info.dbname}" is encoded as {encoding} instead of UTF8',
                "create a database WITH ENCODING 'UTF8' TEMPLATE template0, and name it in jdbc-uri",
            )
        database = Database(connection, tables)
        database.begin_session()
        database.check_writing()
        database.check_schema()
        database.check_tables()
        database.counted()
        yield database
