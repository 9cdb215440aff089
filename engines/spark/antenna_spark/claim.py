"""Taking the topic's partitions for this run, wherever the one before stopped, whichever engine it was."""

import os
import socket

from antenna_spark import identity
from antenna_spark.command import MistakeError
from antenna_spark.kafka import RecreatedError
from antenna_spark.record import Limits
from antenna_spark.staging import recover_abandoned


def check_losses(claims, extents, arguments):
    """Raises MistakeError when Kafka lacks messages that the job has not read."""
    for claim in claims.values():
        first, end = extents[claim.partition]
        if claim.next_offset < first or max(claim.archive_offset, claim.totals_offset) > end:
            raise MistakeError(
                f'Kafka no longer holds messages of topic "{arguments.topic}" that job "{arguments.job}" has not read:'
                f" partition {claim.partition} is read up to offset {claim.totals_offset} for the totals and"
                f" {claim.archive_offset} for the archive, and Kafka has {first} to {end}",
                "antenna speed --accept-loss goes on with what is there and records the loss in antenna.loss",
            )


def check_topic(database, key, topic):
    """Raises RecreatedError when the topic is not the one that the job began with; brokers may get topic ids later."""
    topic_id = topic.id()
    if topic_id == topic.claimed_id:
        return
    if database.note_topic(key, topic_id) != topic_id != "":
        raise RecreatedError(topic.name)
    topic.claimed_id = topic_id


def claim_partitions(database, topic, arguments, folder, counted):
    """Claims all partitions of the topic, after what a crash may have left of the archive's files was settled.

    `counted`: what this run counts (postgres.Counted). Fences whoever had them. Returns {partition: Claim}. Raises
    CommandError.
    """
    key = (arguments.job, arguments.topic)
    database.limit_idle_time()
    identity.look(folder.data, folder.archive_id)
    identity.check_identity(database, folder.data, is_writer=False)
    folder.recover(database)
    recover_abandoned(arguments.storage_root, database)
    topic.claimed_id = None
    check_topic(database, key, topic)
    firsts = {partition: extent.first for partition, extent in topic.extents().items()}
    rules = Limits.of(arguments).options()
    claims = database.claim(key, f"{socket.gethostname()}:{os.getpid()}:spark", firsts, counted, rules)
    # Asked for again: until the claim, another may have read on beyond the ends of before.
    check_losses(claims, topic.extents(), arguments)
    return claims
