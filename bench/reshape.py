"""Copies a topic with messages of the same meaning, in a shape, with ids or with a key that the simulator never makes.

Of a share of the messages each gets blanks, or its fields in another order, in turn; what is malformed stays as it is.
The key is the user's id. A random id is a hash of the simulator's, so that topic and ledger have the same.
"""

import functools
import hashlib
import json
import re
import sys
import uuid

from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

BATCH = 10_000
ID = re.compile(rb"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")


def only_once(pairs):
    """The object of some keys and values. Raises ValueError when a key comes twice: that must stay wrong."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key comes twice")
    return found


def other_shape(value, number):
    """The same object with blanks (even numbers) or in another key order (odd ones)."""
    try:
        event = json.loads(value, object_pairs_hook=only_once)
    except (TypeError, ValueError):
        return value
    if not isinstance(event, dict) or len(event) < 2:
        return value
    if number % 2:
        text = json.dumps(dict(reversed(event.items())), separators=(",", ":"))
    else:
        text = "{ " + json.dumps(event, separators=(" ,  ", "\t: "))[1:-1] + "\n}"
    return text.encode()


@functools.cache
def random_id(plain):
    """A random UUID in the place of another, always the same one."""
    return str(uuid.UUID(bytes=hashlib.md5(plain).digest(), version=4)).encode()


def with_random_ids(text):
    """The same message or ledger with random ids."""
    return ID.sub(lambda found: random_id(found[0]), text)


def read_all(address, topic, partitions):
    """Yields the messages of a topic in lists, until the end of each partition."""
    consumer = Consumer({"bootstrap.servers": address, "group.id": topic, "enable.partition.eof": True})
    consumer.assign([TopicPartition(topic, partition, 0) for partition in range(partitions)])
    unfinished = partitions
    while unfinished:
        messages = consumer.consume(BATCH, timeout=1)
        ends = [message for message in messages if message.error()]
        for message in ends:
            if message.error().code() != KafkaError._PARTITION_EOF:
                raise RuntimeError(message.error())
        unfinished -= len(ends)
        yield [message for message in messages if not message.error()]
    consumer.close()


def reshape(address, source, target, workload):
    """Makes the topic `target` of the messages of `source`, which is deleted."""
    admin = AdminClient({"bootstrap.servers": address})
    for future in admin.create_topics([NewTopic(target, workload.partitions, 1)]).values():
        future.result()
    producer = Producer({"bootstrap.servers": address, "enable.idempotence": True, "linger.ms": 20})
    every = round(1 / workload.reshaped) if workload.reshaped else sys.maxsize
    number = 0
    for messages in read_all(address, source, workload.partitions):
        for message in messages:
            number += 1
            value = message.value()
            if number % every == 0:
                value = other_shape(value, number // every)
            if workload.random_ids:
                value = with_random_ids(value)
            place = {"key": json.loads(value)["id"]} if workload.keyed else {"partition": message.partition()}
            try:
                producer.produce(target, value, **place)
            except BufferError:
                producer.poll(1)
                producer.produce(target, value, **place)
        producer.poll(0)
    if producer.flush(60):
        raise RuntimeError(f"Kafka did not take all of {target}")
    for future in admin.delete_topics([source]).values():
        future.result()
