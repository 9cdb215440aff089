"""One test's own database, topic and archive, and what can be done and found there."""

import collections
import contextlib
import json
import time
import uuid

import confluent_kafka
import psycopg
import readers
from confluent_kafka.admin import AdminClient, NewPartitions, NewTopic
from oracle import Message, expect
from waiting import wait_until

# Each message goes where chance will have it, not where the last one went.
ANY_PARTITION = {"sticky.partitioning.linger.ms": 0}

# A member of the group that was killed is noticed soon.
QUICK_GROUP = ("-X", "session.timeout.ms=1500", "-X", "heartbeat.interval.ms=300")

# Rolls and commits so small and frequent that every step of the protocol happens often.
QUICK_ROLLS = ("--roll-rows", "500", "--roll-age", "200ms", "--commit-interval", "10ms")

# Messages of one reason that are kept in a minute at least.
REJECTED_KEPT = 100

# The database of each server that tests get a copy of.
PROVISIONED = "provisioned"

ANSWER_SECONDS = 20
READ_SECONDS = 60
BATCH_SECONDS = 0.05


class Case:
    """The world of one test; without a Kafka (None) it has no topic."""

    def __init__(self, kafka, postgres, program, folder):
        self.kafka = kafka
        self.postgres = postgres
        self.program = program
        self.folder = folder
        name = uuid.uuid4().hex[:12]
        self.topic = f"devices-{name}"
        self._database = f"case_{name}"
        self._has_database = False
        self.root = folder / "archive"
        self._admin = AdminClient({"bootstrap.servers": kafka.address}) if kafka else None
        self._session = None

    def close(self):
        """Removes topic and database."""
        self.program.close()
        self.disconnect()
        if self._admin:
            self._admin.delete_topics([self.topic])
        if self._has_database:
            self._administer(f"DROP DATABASE {self._database} WITH (FORCE)")

    def _administer(self, sql):
        with psycopg.connect(self.postgres.conninfo(), autocommit=True) as connection:
            connection.execute(sql)

    @property
    def database(self):
        """The name of the test's database, which the first use creates."""
        if not self._has_database:
            self._create_database("template1")
        return self._database

    def _create_database(self, template):
        self._administer(f"CREATE DATABASE {self._database} TEMPLATE {template}")
        self._has_database = True

    def _create_provisioned(self):
        """Creates the database with the tables: a copy costs a third of what provision takes."""
        try:
            self._create_database(PROVISIONED)
        except psycopg.errors.InvalidCatalogName:
            self._administer(f"CREATE DATABASE {PROVISIONED}")
            uri, user, password = self.postgres.jdbc_uri(PROVISIONED), self.postgres.user, self.postgres.password
            assert self.program.run("provision", uri, user, password).code == 0
            self._create_database(PROVISIONED)
        self.execute("UPDATE antenna.data_set SET archive_id = DEFAULT, notices_database = DEFAULT")

    # What the program is told.

    @property
    def login(self):
        """The arguments `jdbc-uri jdbc-user jdbc-password`."""
        return (self.postgres.jdbc_uri(self.database), self.postgres.user, self.postgres.password)

    def speed_arguments(self, *options, **changes):
        """The arguments of `speed`, in the order of the job that users know; `changes` replaces some by name."""
        uri, user, password = self.login
        arguments = {
            "server": self.kafka.address,
            "topic": self.topic,
            "uri": uri,
            "table": "bytes",
            "user": user,
            "password": password,
            "root": self.root,
        }
        return ("speed", *(arguments | changes).values(), *options)

    def batch_arguments(self, hour, *options, **changes):
        """The arguments of `batch`."""
        uri, user, password = self.login
        arguments = {
            "path": self.root / "data",
            "hour": hour if isinstance(hour, str) else f"{hour.isoformat()}Z",
            "uri": uri,
            "users": "user_metadata",
            "hourly": "bytes_hourly",
            "offenders": "user_quota_limit",
            "user": user,
            "password": password,
        }
        return ("batch", *(arguments | changes).values(), *options)

    def verify_arguments(self, *options):
        """The arguments of `verify`."""
        return ("verify", *self.login, "--storage-path", self.root / "data", *options)

    # What is done.

    def create_topic(self, partitions=3, config=None):
        """Makes the topic, which keeps what is stamped with the past unless `config` says otherwise."""
        settings = {"retention.ms": "-1"} | (config or {})
        for future in self._admin.create_topics([NewTopic(self.topic, partitions, config=settings)]).values():
            future.result(ANSWER_SECONDS)
        return self

    def add_partitions(self, count):
        """Extends the topic to so many partitions."""
        for future in self._admin.create_partitions([NewPartitions(self.topic, count)]).values():
            future.result(ANSWER_SECONDS)

    def provision(self, *options):
        """Makes the tables."""
        result = self.program.run("provision", *self.login, *options)
        assert result.code == 0, f"exit code {result.code}:\n{result.err}"
        return result

    def prepare(self, partitions=3):
        """Tables and topic."""
        if self._has_database:
            self.provision()
        else:
            self._create_provisioned()
        return self.create_topic(partitions)

    def produce(self, values, timestamp_ms=None, properties=None, partition=None):
        """Sends values, None for a tombstone, spread over the partitions, and waits for the acknowledgements."""
        failures = []
        server = {"bootstrap.servers": self.kafka.address, "linger.ms": 5}
        producer = confluent_kafka.Producer(server | ANY_PARTITION | (properties or {}))
        options = {"timestamp": timestamp_ms} if timestamp_ms else {}
        if partition is not None:
            options["partition"] = partition
        for value in values:
            producer.produce(
                self.topic, value, on_delivery=lambda error, _: failures.append(error) if error else None, **options
            )
            producer.poll(0)
        assert producer.flush(ANSWER_SECONDS) == 0
        assert not failures, failures

    def ends(self):
        """The offset behind the last message of each partition that has any."""
        consumer = confluent_kafka.Consumer({"bootstrap.servers": self.kafka.address, "group.id": "oracle"})
        try:
            partitions = consumer.list_topics(self.topic, ANSWER_SECONDS).topics[self.topic].partitions
            places = [confluent_kafka.TopicPartition(self.topic, partition) for partition in partitions]
            ends = {place.partition: end_of(consumer, place) for place in places}
        finally:
            consumer.close()
        return {partition: end for partition, end in ends.items() if end}

    def wait_until_read(self, running, job="antenna-speed", seconds=60):
        """Waits until a service has committed all messages that the topic holds."""
        ends = self.ends()

        def look():
            assert running.is_running(), running.err
            rows = self.query("SELECT partition, totals_offset FROM antenna.progress WHERE job = %s", job)
            return ends.items() <= dict(rows).items()

        wait_until(look, "all messages are committed", seconds)

    def delete_records(self, offsets):
        """Has Kafka forget what lies before these offsets, {partition: offset}."""
        places = [confluent_kafka.TopicPartition(self.topic, *place) for place in offsets.items()]
        for future in self._admin.delete_records(places).values():
            future.result(ANSWER_SECONDS)

    def delete_topic(self):
        """Deletes the topic."""
        for future in self._admin.delete_topics([self.topic]).values():
            future.result(ANSWER_SECONDS)

    def delete_group(self, name):
        """Deletes a consumer group; returns whether it could be: not while it has members."""
        (future,) = self._admin.delete_consumer_groups([name]).values()
        return future.exception(ANSWER_SECONDS) is None

    def speed(self, *options, seconds=120):
        """Runs the speed layer to the topic's end."""
        result = self.program.run(*self.speed_arguments("--until-end", *QUICK_GROUP, *options), seconds=seconds)
        assert result.code == 0, f"exit code {result.code}:\n{result.err}"
        return result

    def start_speed(self, *options, **changes):
        """Starts it in the background."""
        return self.program.start(*self.speed_arguments(*QUICK_GROUP, *options, **changes))

    def start_simulate(self, *options):
        """Runs the simulator in the background."""
        return self.program.start("simulate", self.kafka.address, self.topic, *options)

    def batch(self, hour, *options):
        """Runs the batch layer for an hour, or for "-" and options that say which."""
        result = self.program.run(*self.batch_arguments(hour, *options))
        assert result.code == 0, f"exit code {result.code}:\n{result.err}"
        return result

    def batch_pending(self):
        """Runs every hour that is to be run; returns their reports by hour."""
        lines = self.batch("-", "--pending", "--json").out.splitlines()
        return {report["hour"]: report for report in map(json.loads, lines)}

    def verify(self, *options, code=0):
        """Compares everything, and expects an exit code; returns the report."""
        result = self.program.run(*self.verify_arguments("--json", *options))
        assert result.code == code, result.out + result.err
        report = json.loads(result.out)
        assert report["equal"] == (code == 0)
        return report

    def simulate(self, *options, seconds=60):
        """Runs the simulator."""
        result = self.program.run("simulate", self.kafka.address, self.topic, *options, seconds=seconds)
        assert result.code == 0, f"exit code {result.code}:\n{result.err}"
        return result

    def move_elsewhere(self, folder):
        """Moves the files of an archive's folder, or of those below it, to another one and leaves links; returns
        {link: file}.
        """
        cold = self.folder / "cold"
        cold.mkdir()
        moved = {path: path.rename(cold / path.name) for path in [*folder.rglob("*.parquet")]}
        for link, path in moved.items():
            link.symlink_to(path)
        return moved

    # What is found.

    def connect(self):
        """A connection to the database."""
        return psycopg.connect(self.postgres.conninfo(self.database), autocommit=True)

    @contextlib.contextmanager
    def blocked(self, statement):
        """Something of the database is locked by a statement: whoever comes to it waits until the block ends."""
        with self.connect() as connection, connection.transaction():
            connection.execute(statement)
            yield

    def held(self, table, mode="ACCESS EXCLUSIVE"):
        """Holds up what uses the table, or only what the mode of lock excludes, for as long as it lasts."""
        return self.blocked(f"LOCK TABLE {table} IN {mode} MODE")

    def totals_held(self):
        """Holds up every commit of totals for as long as it lasts."""
        return self.held("bytes", "SHARE")

    def waits_for_a_lock(self):
        """Whether a session of the database waits for a lock."""
        sessions = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        return self.value(f"{sessions} AND wait_event_type = 'Lock'") > 0

    def query(self, sql, *parameters):
        """Rows of a statement, in a session that stays: a login costs 500 times as much as what most tests poll."""
        if self._session and not self._session.closed:
            try:
                return self._session.execute(sql, parameters).fetchall()
            except psycopg.OperationalError:
                if not self._session.closed:
                    raise
        self._session = self.connect()
        return self._session.execute(sql, parameters).fetchall()

    def disconnect(self):
        """Ends the session of query(), which otherwise stays until the test ends."""
        if self._session:
            self._session.close()

    def execute(self, sql):
        """Runs a statement without result."""
        with self.connect() as connection:
            connection.execute(sql)

    def end_sessions(self):
        """Has PostgreSQL end the jobs' sessions in the test's database."""
        self.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND application_name = 'antenna'"
        )

    def value(self, sql, *parameters):
        """The one value of a statement."""
        return self.query(sql, *parameters)[0][0]

    def totals(self, table="bytes"):
        """The totals of a table."""
        return readers.read_totals(self.query, table)

    def messages(self):
        """All messages that the topic holds and readers may see, in the order of their partitions."""
        consumer = confluent_kafka.Consumer(
            {
                "bootstrap.servers": self.kafka.address,
                "group.id": "oracle",
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "fetch.wait.max.ms": 10,  # an end is told once a fetch is answered
            }
        )
        try:
            return self._read_all(consumer)
        finally:
            consumer.close()

    def _read_all(self, consumer):
        left = set(consumer.list_topics(self.topic, ANSWER_SECONDS).topics[self.topic].partitions)
        begin = confluent_kafka.OFFSET_BEGINNING
        consumer.assign([confluent_kafka.TopicPartition(self.topic, partition, begin) for partition in left])
        found = []
        deadline = time.monotonic() + READ_SECONDS
        while left:
            assert time.monotonic() < deadline, f"Kafka gives {len(found)} messages and no end of {left}"
            for message in consumer.consume(10000, BATCH_SECONDS):
                if not message.error():
                    found.append(
                        Message(message.partition(), message.offset(), message.timestamp()[1], message.value())
                    )
                elif message.error().code() == confluent_kafka.KafkaError._PARTITION_EOF:
                    left.discard(message.partition())
                else:
                    assert message.error().retriable(), message.error()
        return sorted(found, key=lambda message: message[:2])

    # What must be true.

    def check_exact(self, expected=None):
        """Asserts that tables, archive and bookkeeping hold exactly what the topic's messages say."""
        expected = expected or expect(self.messages())
        self.check_totals(expected)
        self.check_archive(expected)
        self.check_rejected(expected)
        self.check_progress(expected)
        self.check_nothing_left()
        return expected

    def check_totals(self, expected):
        """The window totals are the expected ones."""
        found = self.totals()
        assert found == dict(expected.windows), describe_difference(
            collections.Counter(found), collections.Counter(expected.windows)
        )

    def check_archive(self, expected):
        """The files hold the expected rows, and the list of files says what is there."""
        hours = readers.read_archive(self.root)
        found = sum(hours.values(), collections.Counter())
        assert found == expected.rows, describe_difference(found, expected.rows)
        for hour, rows in hours.items():
            assert rows == expected.rows_of(hour), f"rows of {hour} lie in another hour's folder"
        assert readers.read_archive_by_duckdb(self.root) == expected.rows
        self._check_list()

    def _check_list(self):
        listed = self.query("SELECT path, hour, rows, bytes_total, size FROM antenna.archive_file ORDER BY path")
        assert [row[0] for row in listed] == readers.list_files(self.root)
        hours = collections.defaultdict(lambda: [0, 0, 0])
        for path, hour, count, bytes_total, size in listed:
            rows = readers.read_file(self.root / "data" / path)
            assert readers.hour_of(path) == hour
            assert count == len(rows)
            assert bytes_total == sum(row[3] for row in rows)
            assert size == (self.root / "data" / path).stat().st_size
            for i, amount in enumerate((1, count, bytes_total)):
                hours[hour][i] += amount
        assert {
            row[0]: list(row[1:]) for row in self.query("SELECT hour, files, rows, bytes_total FROM antenna.hour")
        } == hours

    def check_rejected(self, expected):
        """Each rejected message is counted, and kept with its reason unless there were too many of them."""
        rows = self.query('SELECT partition, "offset", reason, payload, payload_size FROM antenna.rejected_message')
        kept = {tuple(row[:2]): (row[2], row[3], row[4]) for row in rows}
        assert kept.items() <= expected.rejected.items()
        counts = collections.Counter(reason for reason, _, _ in expected.rejected.values())
        assert dict(self.query("SELECT reason, sum(messages)::bigint FROM antenna.rejected_count GROUP BY 1")) == counts
        kept_counts = collections.Counter(reason for reason, _, _ in kept.values())
        assert all(kept_counts[reason] >= min(count, REJECTED_KEPT) for reason, count in counts.items())

    def check_progress(self, expected, job="antenna-speed"):
        """Each partition is read to its end, and the counters say what happened."""
        rows = self.query(
            "SELECT partition, totals_offset, archive_offset FROM antenna.progress "
            "WHERE job = %s AND totals_offset > 0",
            job,
        )
        assert {row[0]: tuple(row[1:]) for row in rows} == {key: (end, end) for key, end in expected.ends.items()}
        counters = self.query(
            "SELECT sum(records_totalled), sum(records_rejected), sum(records_archived), sum(bytes_totalled), "
            "sum(bytes_archived) FROM antenna.progress WHERE job = %s",
            job,
        )[0]
        amount = sum(row[3] * count for row, count in expected.rows.items())
        assert counters == (expected.events, len(expected.rejected), expected.events, amount, amount)

    def staging_folders(self):
        """Those of writers that run or are dead."""
        return [*(self.root / ".staging").glob("*")]

    def check_nothing_left(self):
        """No file waits in staging."""
        left = self.staging_folders()
        assert not left, left

    def check_layers(self, expected=None):
        """Asserts that ledger, archive and both layers are equal, by our readers and by the program's own."""
        expected = self.check_exact(expected)
        assert self.totals("bytes_hourly") == dict(expected.hourly)
        self.verify("--deep")
        return expected

    def check_batch(self, expected, hour, users=None):
        """The hour's totals and offenders are the expected ones."""
        rows = {key: value for key, value in expected.hourly.items() if key[0] == hour}
        assert {key: value for key, value in self.totals("bytes_hourly").items() if key[0] == hour} == rows
        found = self.query("SELECT email, usage, quota, date FROM user_quota_limit WHERE date = %s ORDER BY 1", hour)
        assert [tuple(row) for row in found] == expected.offenders(users or {}, hour)


def end_of(consumer, place):
    """The offset behind a partition's last message; a new partition has no leader at first."""

    def look():
        try:
            return consumer.get_watermark_offsets(place, ANSWER_SECONDS)
        except confluent_kafka.KafkaException as failure:
            if failure.args[0].code() != confluent_kafka.KafkaError.NOT_LEADER_FOR_PARTITION:
                raise
            return None

    return wait_until(look, f"partition {place.partition} has a leader")[1]


def describe_difference(found, expected):
    """A few of the rows that are missing or too many."""
    missing, excess = expected - found, found - expected
    return (
        f"{sum(missing.values())} rows are missing, such as {list(missing)[:3]}; "
        f"{sum(excess.values())} are too many, such as {list(excess)[:3]}"
    )
