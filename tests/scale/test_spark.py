"""The Spark engine beside the native one: equal tables and files of the same topic, and either goes on where the other
stopped, wherever that was.
"""

import datetime

import confluent_kafka
import events
import pytest
from case import ANSWER_SECONDS, REJECTED_KEPT, Case
from engine import Cluster, Spark
from oracle import expect
from sums import archived_rows, sums_by_type, topic_and_tables
from test_batch import QUOTAS, snapshot, write_users
from test_full_hours import ALL, SUMS, event
from test_full_hours import fill as fill_hour
from test_kafka import recreate_topic
from test_poison import LARGE_PRODUCER, LARGE_TOPIC, POISON, SMALL
from test_seal import begin_transaction, check_hour_is_held_open
from test_sides import AHEAD, offsets
from test_spark_probe import HARMLESS, HOSTILE
from waiting import wait_until

pytestmark = pytest.mark.timeout(900)

HOUR = datetime.datetime(2022, 2, 20, 9)
LIVE = ("--late", "0.05", "--malformed", "0.02", "--future", "0.01", "--duplicate", "0.05")

# Valid, but not of the plain shape, which is all that Spark's own functions are asked about.
UNUSUAL = [
    b'\n { "timestmap" : 1645347600 ,\t"id":"u","antenna_id":"a","bytes":0,"app":"x" } ',
    b'{"timestamp":1645347600,"id":"u","antenna_id":"a","bytes":1,"app":"x","more":{"list":[1,2.5,null,"id"]}}',
    b'{"timestamp":1645347600,"id":"u","antenna_id":"a","bytes":-0,"app":"x"}',
    b'{"app":"x","bytes":1,"antenna_id":"a","id":"u","timestamp":1645347600}',
    events.encode(user_id='Zo\xeb "quoted" \\ \n\t', antenna_id="\u65e5\u672c", app="it's; DROP TABLE bytes; --"),
    events.encode(user_id="\x7f", antenna_id='"id"', app='{"app": "x"}'),
    events.encode(app="\U0001f4f6", size=2**61),
    events.encode(app="é" * 128, user_id="x" * 256),
    events.encode(user_id="NULL", antenna_id="null", app="\\N"),
    events.encode(user_id="5", antenna_id="true", app="[]"),
    events.encode(946684800),
]


@pytest.fixture
def spark(tmp_path):
    spark = Spark(tmp_path)
    yield spark
    spark.close()


@pytest.fixture
def hostile(tmp_path):
    """Spark with settings that are against the engine."""
    spark = Spark(tmp_path, settings=HOSTILE | HARMLESS)
    yield spark
    spark.close()


@pytest.fixture
def twin(case, kafka, postgres, program, tmp_path):
    """Another database and archive for the same topic."""
    twin = Case(kafka, postgres, program, tmp_path)
    twin.topic = case.topic
    twin.root = tmp_path / "archive-by-spark"
    yield twin
    twin.close()


def rejected(case):
    """The rejected messages: those of reasons of which all are kept, and the counts."""
    counts = "SELECT reason, sum(messages) FROM antenna.rejected_count GROUP BY reason"
    columns = "partition, \"offset\", reason, payload, payload_size, detail <> ''"
    few = f"SELECT reason FROM ({counts}) AS counted WHERE sum <= {REJECTED_KEPT}"
    return (
        sorted(case.query(f"SELECT {columns} FROM antenna.rejected_message WHERE reason IN ({few})")),
        sorted(case.query(counts)),
    )


def progress(case):
    """Offsets and counters."""
    columns = "records_totalled, records_rejected, bytes_totalled, records_archived, bytes_archived"
    return case.query(
        f"SELECT partition, totals_offset, archive_offset, {columns} FROM antenna.progress ORDER BY partition"
    )


def compare(native, spark, show):
    """Asserts that both engines made the same of the topic, and shows the sums."""
    sums = {}
    for table in ("bytes", "bytes_hourly"):
        ours, theirs = sums_by_type(native, table), sums_by_type(spark, table)
        sums |= {f"{table}, {label}": (ours.get(label, 0), theirs.get(label, 0)) for label in ours | theirs}
    rows = archived_rows(native), archived_rows(spark)
    sums["rows of the archive"] = tuple(counted.total() for counted in rows)
    ours, theirs = dict(rejected(native)[1]), dict(rejected(spark)[1])
    sums |= {f"rejected, {reason}": (ours.get(reason, 0), theirs.get(reason, 0)) for reason in ours | theirs}
    show(("native", "Spark"), sums)
    for table in ("bytes", "bytes_hourly"):
        assert native.totals(table) == spark.totals(table)
    assert rows[0] == rows[1]
    assert rejected(native) == rejected(spark)
    assert progress(native) == progress(spark)
    assert snapshot(native) == snapshot(spark)


def produce_in_transactions(case):
    """Messages that are committed, and then such that are aborted: the partitions end with markers."""
    own = {"bootstrap.servers": case.kafka.address, "transactional.id": case.topic}
    producer = confluent_kafka.Producer(own)
    producer.init_transactions(ANSWER_SECONDS)
    for kept in (True, False):
        producer.begin_transaction()
        for partition in case.ends():
            producer.produce(case.topic, events.encode(size=1000 + kept), partition=partition)
        producer.commit_transaction(ANSWER_SECONDS) if kept else producer.abort_transaction(ANSWER_SECONDS)


def expect_all(case):
    """What must come of the topic, read up to its end and not only to its last message."""
    expected = expect(case.messages())
    expected.ends = case.ends()
    return expected


def fill(case, twin, count):
    """Users and a topic with all kinds of messages."""
    users = write_users(case.folder / "users.csv", QUOTAS)
    for world in (case, twin):
        world.provision("--users", users)
    case.create_topic(config=LARGE_TOPIC)
    case.produce([*POISON, *UNUSUAL], properties=LARGE_PRODUCER)
    case.produce(events.draw(count))
    case.simulate(*LIVE, "--rate", "max", "--count", str(count), "--from", "2022-02-20T09:00:00Z")
    produce_in_transactions(case)


@pytest.mark.share
def test_both_engines_make_the_same_of_a_topic(case, twin, hostile, show):
    """Whatever the settings of the Spark cluster are."""
    spark = hostile
    fill(case, twin, 1000)
    case.speed()
    case.batch(HOUR)
    spark.speed(twin)
    spark.batch(twin, HOUR)
    expected = twin.check_exact(expect_all(twin))
    assert len(expected.rejected) >= len(POISON)
    twin.check_batch(expected, HOUR, QUOTAS)
    assert expected.offenders(QUOTAS, HOUR)
    compare(case, twin, show)


def test_parity_of_late_events_in_small_batches_and_of_a_batch_run_again(case, twin, spark, show):
    fill(case, twin, 10_000)
    spark.speed(twin, "--roll-rows", "7000")
    spark.batch(twin, HOUR)
    case.speed("--roll-rows", "1000")
    case.batch(HOUR)
    case.produce(events.draw(5000, seed=2))
    spark.speed(twin)
    case.speed()
    second = HOUR + datetime.timedelta(hours=1)
    for hour in (HOUR, second):
        assert twin.query("SELECT state FROM antenna.hour_state WHERE hour = %s", hour)[0][0] in ("dirty", "new")
        spark.batch(twin, hour)
        case.batch(hour)
    before = snapshot(twin)
    spark.batch(twin, HOUR)
    assert snapshot(twin) == before
    twin.check_exact(expect_all(twin))
    compare(case, twin, show)
    columns = "hour, rows, bytes_total, batch_rows, batch_bytes, dirty"
    hours = f"SELECT {columns} FROM antenna.hour WHERE hour IN (%s, %s) ORDER BY hour"
    assert case.query(hours, HOUR, second) == twin.query(hours, HOUR, second)


def check_without_scratch(case, show):
    """All is exact; the files that a killed Spark was writing lie where only Spark looks. Shows the sums."""
    expected = expect(case.messages())
    case.check_totals(expected)
    case.check_archive(expected)
    case.check_rejected(expected)
    case.check_progress(expected)
    assert not [path for path in (case.root / ".staging").iterdir() if not path.name.startswith("spark-")]
    show(("topic", "tables and files"), topic_and_tables(case, expected))
    return expected


@pytest.mark.parametrize("ahead", AHEAD)
def test_spark_continues_after_a_killed_native_engine(case, spark, check_exact, ahead):
    """Both sides have something, one has more than the other, and the rest of the topic is not read."""
    case.prepare()
    case.produce(events.draw(1000, seed=4))
    case.speed()
    case.produce(events.draw(4000))
    speed = case.start_speed(*AHEAD[ahead])
    wait_until(lambda: max(offsets(case)) > 4000, f"the {ahead} are ahead")
    speed.kill()
    totalled, archived = offsets(case)
    assert (totalled, archived) == ((1000, archived) if ahead == "archive" else (totalled, 1000))
    case.produce(SMALL)
    case.produce(events.draw(3000, seed=2))
    spark.speed(case)
    expected = check_exact(case)
    assert expected.events == 8000
    case.produce(events.draw(1000, seed=3))
    case.speed()
    assert check_exact(case).events == 9000


def test_native_engine_continues_after_a_killed_spark(case, spark, show, check_exact):
    case.prepare()
    case.produce(events.draw(20_000))
    case.produce(SMALL)
    submitted = spark.start_speed(case, "--roll-rows", "2000", "--roll-age", "1s")

    def look():
        assert submitted.is_running(), submitted.err
        return offsets(case)[1] > 4000

    wait_until(look, "Spark has archived some micro-batches", seconds=300)
    submitted.kill()
    assert 4000 < offsets(case)[1] < 20_000
    case.produce(events.draw(1000, seed=2))
    case.speed()
    assert check_without_scratch(case, show).events == 21_000
    case.produce(events.draw(1000, seed=3))
    spark.speed(case)
    assert check_exact(case).events == 22_000


def test_spark_stops_when_the_native_engine_takes_over(case, spark, check_exact):
    case.prepare()
    case.produce(events.draw(1000))
    submitted = spark.start_speed(case, "--roll-rows", "1000", "--roll-age", "1s")
    wait_until(lambda: offsets(case)[1] == 1000, "Spark has written all", seconds=300)
    speed = case.start_speed()
    result = submitted.wait()
    assert result.code == 3
    assert "somebody else has taken over" in result.err
    case.produce(events.draw(1000, seed=2))
    case.wait_until_read(speed)
    speed.terminate()
    assert check_exact(case).events == 2000


def test_spark_waits_while_postgres_is_away_and_while_it_only_reads(case, spark, show):
    case.prepare()
    case.produce(events.draw(1000))
    submitted = spark.start_speed(case, "--roll-rows", "1000", "--roll-age", "1s")
    wait_until(lambda: offsets(case)[1] == 1000, "Spark has written all", seconds=300)
    case.end_sessions()
    case.produce(events.draw(1000, seed=2))
    wait_until(lambda: offsets(case)[1] == 2000, "Spark has gone on", seconds=300)
    assert submitted.said("waits and will try again")
    case.execute(f"ALTER DATABASE {case.database} SET default_transaction_read_only TO on")
    case.end_sessions()
    case.produce(events.draw(1000, seed=3))
    wait_until(lambda: submitted.said("lets this session only read"), "Spark waits for a server that takes changes")
    case.execute(f"BEGIN READ WRITE; ALTER DATABASE {case.database} RESET default_transaction_read_only; COMMIT")
    wait_until(lambda: offsets(case)[1] == 3000, "Spark has gone on", seconds=300)
    submitted.kill()
    case.speed()
    assert check_without_scratch(case, show).events == 3000


def test_spark_stops_when_the_topic_is_created_again(case, spark):
    """With as many messages as before, so that the offsets alone say nothing."""
    case.prepare(partitions=1)
    case.produce(events.draw(1000))
    submitted = spark.start_speed(case, "--roll-rows", "1000", "--roll-age", "1s")
    wait_until(lambda: offsets(case)[1] == 1000, "Spark has written all", seconds=300)
    before = case.totals()
    recreate_topic(case, 2000)
    result = submitted.wait()
    assert result.code == 3
    assert "was deleted and created again" in result.err or "does not exist" in result.err
    assert case.totals() == before


def test_an_open_transaction_holds_its_hour_open_in_spark(case, spark):
    case.prepare(partitions=2)
    producer = begin_transaction(case)
    submitted = spark.start_speed(case, "--roll-rows", "1000", "--roll-age", "1s")
    check_hour_is_held_open(case, producer, seconds=300)
    submitted.kill()


def test_spark_says_what_is_missing(case, spark):
    case.create_topic()
    result = spark.run("speed.py", *case.speed_arguments()[1:])
    assert result.code == 3
    assert "antenna provision" in result.err


@pytest.mark.parametrize("name", ["of an hour in PostgreSQL", "again and again"])
def test_an_event_that_exceeds_a_sum_is_rejected_by_spark(case, spark, name):
    """And what the native engine has rejected does not come into the archive."""
    values, count = SUMS[name]
    case.prepare(partitions=1)
    if None in values:
        case.produce(values[: values.index(None)])
        case.speed(*ALL)
        values = values[values.index(None) + 1 :]
    case.produce(values)
    spark.speed(case, *ALL)
    expected = case.check_exact(expect(case.messages(), max_bytes=2**63 - 1))
    assert [reason for reason, _, _ in expected.rejected.values()] == ["sum_out_of_range"] * count


def test_spark_does_not_archive_events_that_the_native_engine_refused(case, spark):
    case.prepare(partitions=1)
    fill_hour(case)
    case.produce([*(event(i, 1) for i in range(150)), event(3600, 7)])
    running = case.start_speed("--roll-age", "1d")
    case.wait_until_read(running)
    running.kill()
    assert case.value("SELECT count(*) FROM antenna.archive_file") == 0
    spark.speed(case)
    assert sorted(row[3] for row in archived_rows(case).elements()) == [7]


def test_a_standalone_cluster_of_two_workers(case, check_exact, tmp_path):
    users = write_users(case.folder / "users.csv", QUOTAS)
    case.provision("--users", users)
    case.create_topic(partitions=4)
    case.produce([*events.draw(20_000), *SMALL, *UNUSUAL])
    with Cluster(tmp_path).running() as cluster:
        on_cluster = Spark(tmp_path / "submitted", cluster.master)
        try:
            on_cluster.speed(case, "--roll-rows", "10000")
            on_cluster.batch(case, HOUR)
        finally:
            on_cluster.close()
        assert cluster.executors() == [2, 2]
    expected = check_exact(case)
    case.check_batch(expected, HOUR, QUOTAS)
    assert expected.events == 20_000 + len(UNUSUAL) - 1  # one is larger than --max-bytes
