"""Kafka's brokers crash and restart, leaders move, topics are created again, messages vanish, transactions abort."""

import json
import signal

import confluent_kafka
import events
import pytest
from case import Case
from cluster import Cluster
from faults import dice_of, rounds, seeds, times
from oracle import expect
from service import running_service, wait_for_progress
from stack import running
from waiting import wait_until

pytestmark = pytest.mark.timeout(600)

# How often leaders move, and how many producers abort transactions beside the first three.
TIMES = times(2, 200)

# The simulator, an idempotent producer, goes on after an outage as well.
# A producer's limit is 1,000,000 bytes unless told otherwise; the broker's is 1 MiB and 12 bytes.
LARGE = {"message.max.bytes": 1_048_588}
BROKER_FAULTS = "Kafka: crash and restart of the broker"


# In ten seconds without a broker members try to commit their offsets, and then give up their partitions. They are back
# before these commits expire.
LONG_SESSION = (
    *("-X", "session.timeout.ms=10000", "-X", "heartbeat.interval.ms=1000"),
    *("-X", "reconnect.backoff.max.ms=200"),
)


@pytest.mark.parametrize(
    ("stop", "options"),
    [
        ("restart", ()),
        ("crash", ()),
        ("long crash", LONG_SESSION),
        ("long crash", (*LONG_SESSION, "--instance-id", "one")),
        ("long crash", (*LONG_SESSION, "--instance-id", "one", "--workers", "4")),
    ],
)
def test_broker_restarts(case, figures, stop, options):
    with running_service(case, *options) as speed:
        if "crash" in stop:
            case.kafka.kill()
            speed.wait_for("gives up" if stop == "long crash" else "reaches no Kafka broker", seconds=60)
            case.kafka.start()
            speed.wait_for("reads from Kafka again", seconds=60)
        else:
            case.kafka.restart()
        wait_for_progress(case, speed)
    figures.check(BROKER_FAULTS, case, 1)


@pytest.mark.parametrize(("seed", "count"), rounds(2, 200, 5))
def test_broker_faults_in_a_row(case, figures, seed, count):
    dice = dice_of("kafka", seed)
    with running_service(case, "--workers", "2") as speed:
        for _ in range(count):
            if dice.random() < 0.5:
                case.kafka.kill()
                case.kafka.start()
            else:
                case.kafka.restart()
            wait_for_progress(case, speed, dice.randrange(1, 2000))
    figures.check(BROKER_FAULTS, case, count)


@pytest.fixture
def cluster(home):
    cluster = Cluster(home / "cluster")
    with running(cluster):
        yield cluster


def leaders(case):
    """The broker that leads each partition."""
    consumer = confluent_kafka.Consumer({"bootstrap.servers": case.kafka.address, "group.id": "oracle"})
    try:
        partitions = consumer.list_topics(case.topic, 20).topics[case.topic].partitions
        return {number: partition.leader for number, partition in partitions.items()}
    finally:
        consumer.close()


@pytest.mark.timeout(300 + 60 * TIMES)
def test_leaders_move(cluster, postgres, program, tmp_path, figures):
    """A broker dies, others lead its partitions, it comes back and leads them again."""
    case = Case(cluster, postgres, program, tmp_path)
    dice = dice_of("leaders")
    with running_service(case) as speed:
        for _ in range(TIMES):
            number = dice.choice(sorted(set(leaders(case).values())))
            victim = cluster.brokers[number - 1]
            victim.kill()
            wait_until(lambda number=number: number not in leaders(case).values(), "others lead", 60)
            wait_for_progress(case, speed)
            victim.start()
            wait_until(lambda number=number: number in leaders(case).values(), "it leads again", 60)
            wait_for_progress(case, speed)
    figures.check("Kafka: leaders move among three brokers", case, 2 * TIMES)
    case.close()


def skip_lost(case, messages, missing_in="totals"):
    """Those that are not within a loss that was accepted."""
    rows = case.query("SELECT partition, first_offset, next_offset FROM antenna.loss WHERE missing_in = %s", missing_in)
    return [
        message
        for message in messages
        if not any(message.partition == row[0] and row[1] <= message.offset < row[2] for row in rows)
    ]


@pytest.mark.parametrize("seed", seeds(1, 200))
def test_retention_passes_a_reader_that_waits(case, figures, seed):
    """It stops with the loss spelled out; told to, it goes on, and what it lost is exactly what antenna.loss says."""
    case.prepare(partitions=1)
    case.produce(events.draw(1000, seed=2 * seed))
    small = (
        "-X",
        "queued.min.messages=1",
        "-X",
        "queued.max.messages.kbytes=64",
        "-X",
        "fetch.message.max.bytes=16384",
    )
    speed = case.start_speed("--roll-age", "100ms", *small)
    case.wait_until_read(speed)
    wait_until(lambda: case.value("SELECT min(archive_offset) FROM antenna.progress") == 1000, "all is archived")
    speed.process.send_signal(signal.SIGSTOP)
    case.produce(events.draw(50_000, seed=2 * seed + 1))
    messages = case.messages()
    case.delete_records({0: 50_900})
    speed.process.send_signal(signal.SIGCONT)
    speed.wait().fails("ANT-K015", "messages are gone", "--accept-loss")
    case.speed("--accept-loss")
    kept = skip_lost(case, messages)
    assert 1000 < len(kept) < 51_000
    assert kept == skip_lost(case, messages, "archive")
    figures.check("Kafka: retention passes our offset", case, 1, expect(kept))


def recreate_topic(case, count, seed=3, meanwhile=lambda: None):
    """A topic of the same name that begins at 0 again, with so many messages; `meanwhile` there is none."""
    case.delete_topic()
    meanwhile()

    def look():
        try:
            return case.create_topic(partitions=1)
        except confluent_kafka.KafkaException:
            return None

    wait_until(look, "the topic can be created again")
    case.produce(events.draw(count, seed=seed))


def start_on_a_topic(case, *options, seed=2, **addresses):
    """A service that has read and archived a topic of one partition."""
    case.prepare(partitions=1)
    case.produce(events.draw(1000, seed=seed))
    speed = case.start_speed(
        "--roll-age", "100ms", "-X", "topic.metadata.refresh.interval.ms=200", *options, **addresses
    )
    case.wait_until_read(speed)
    wait_until(lambda: case.value("SELECT min(archive_offset) FROM antenna.progress") == 1000, "all is archived")
    return speed


@pytest.mark.parametrize("seed", seeds(1, 200))
@pytest.mark.parametrize("count", [10, 5000])
def test_topic_is_recreated_under_a_service(case, figures, count, seed):
    """However many messages the new one has, none of them counts when the deletion was noticed."""
    speed = start_on_a_topic(case, seed=2 * seed)
    before = case.messages()
    recreate_topic(case, count, 2 * seed + 1, lambda: speed.wait_for("waits and will try again"))
    speed.wait().fails("ANT-K014", "--job")
    figures.check("Kafka: topic deleted and created again", case, 1, expect(before))


def test_aborted_transactions(case, figures):
    """Among committed ones, in several partitions, and at the very end."""
    case.prepare()
    for number in range(TIMES + 3):
        producer = confluent_kafka.Producer(
            {"bootstrap.servers": case.kafka.address, "transactional.id": f"{case.topic}-{number}", "linger.ms": 5}
        )
        producer.init_transactions(20)
        for kept in (True, False, True, False):
            producer.begin_transaction()
            for value in events.draw(200, seed=2 * number + kept):
                producer.produce(case.topic, value)
            producer.flush(20)
            producer.commit_transaction(20) if kept else producer.abort_transaction(20)
    case.speed()
    expected = expect(case.messages())
    assert expected.events == 400 * (TIMES + 3)
    expected.ends = case.ends()
    figures.check("Kafka: aborted transactions", case, 2 * (TIMES + 3), expected)


def test_an_open_transaction_holds_its_partition_back(case):
    """What comes behind it is read when it ends."""
    case.prepare(partitions=1)
    producer = confluent_kafka.Producer({"bootstrap.servers": case.kafka.address, "transactional.id": case.topic})
    producer.init_transactions(20)
    producer.begin_transaction()
    producer.produce(case.topic, events.encode())
    producer.flush(20)
    case.produce(events.draw(100))
    case.speed()
    assert case.totals() == {}
    producer.abort_transaction(20)
    case.speed()
    expected = expect(case.messages())
    assert expected.events == 100
    expected.ends = case.ends()
    case.check_exact(expected)


CODECS = ["lz4", "zstd", "snappy", "gzip", "none"]


@pytest.mark.parametrize("seed", seeds(1, 200))
def test_compressed_and_large_messages(case, figures, seed):
    """All codecs in one partition, and messages of nearly 1 MB, which are events, too."""
    case.prepare(partitions=2)
    for number, codec in enumerate(CODECS, len(CODECS) * seed):
        large = json.loads(events.encode(size=number)) | {"padding": "x" * 1_000_000}
        case.produce(
            [*events.draw(1000, seed=number), json.dumps(large)], properties=LARGE | {"compression.type": codec}
        )
    case.speed()
    expected = figures.check("Kafka: compressed and 1 MB messages", case, 10)
    assert expected.events == 5005
