"""Messages that Kafka deleted before they were read: the loss is spelled out, and accepted only when told so."""

import events
import pytest
from oracle import expect

pytestmark = pytest.mark.timeout(60)


@pytest.fixture
def lost(case):
    """1000 messages are read; of the next 100, Kafka keeps the last 40."""
    case.prepare(partitions=1)
    case.produce(events.draw(1000))
    case.speed()
    case.produce(events.draw(100, seed=2))
    case.kept = case.messages()[:1000]
    case.delete_records({0: 1060})
    return case


@pytest.mark.core
def test_the_loss_is_spelled_out(lost):
    for options in (["--until-end"], []):
        result = lost.program.run(*lost.speed_arguments(*options))
        result.fails("ANT-K015", lost.topic, "partition 0", "1000", "1060", "60 messages are gone", "--accept-loss")
    lost.check_exact(expect(lost.kept))


def test_accepted_loss_is_recorded(lost):
    result = lost.speed("--accept-loss")
    assert "60 messages are gone" in result.err
    expected = expect(lost.kept + lost.messages())
    assert expected.events == 1040
    lost.check_exact(expected)
    losses = lost.query("SELECT partition, missing_in, first_offset, next_offset FROM antenna.loss ORDER BY 2")
    assert losses == [(0, "archive", 1000, 1060), (0, "totals", 1000, 1060)]
    lost.speed()
    assert lost.value("SELECT count(*) FROM antenna.loss") == 2


def test_deleted_messages_that_were_read_are_no_loss(case):
    case.prepare(partitions=1)
    case.produce(events.draw(100))
    case.speed()
    expected = expect(case.messages())
    case.delete_records({0: 100})
    case.speed()
    case.check_exact(expected)


def test_a_loss_of_the_archive_alone(case):
    """Totalled, killed before the roll, and then deleted."""
    case.prepare(partitions=1)
    case.produce(events.draw(100))
    speed = case.start_speed("--roll-age", "1h")
    case.wait_until_read(speed)
    speed.kill()
    expected = expect(case.messages())
    case.delete_records({0: 30})
    case.program.run(*case.speed_arguments()).fails("ANT-K015", "30 messages are gone")
    case.speed("--accept-loss")
    case.check_totals(expected)
    case.check_archive(expect(case.messages()))
    assert case.query("SELECT missing_in, first_offset, next_offset FROM antenna.loss") == [("archive", 0, 30)]


def test_what_only_an_archive_would_lack_is_no_loss_without_one(case):
    """Totalled, killed before the archive's offset followed, and then deleted."""
    case.prepare(partitions=1)
    case.produce(events.draw(100))
    speed = case.start_speed("--no-archive", "--roll-age", "1h")
    case.wait_until_read(speed)
    speed.kill()
    expected = expect(case.messages())
    case.delete_records({0: 100})
    case.speed("--no-archive")
    case.check_totals(expected)
    assert case.value("SELECT count(*) FROM antenna.loss") == 0


@pytest.mark.parametrize("count", [10, 300])
def test_a_topic_that_was_made_anew(case, count):
    """However many messages it has."""
    case.prepare(partitions=1)
    case.produce(events.draw(100))
    case.speed()
    case.delete_topic()
    case.create_topic(partitions=1)
    case.produce(events.draw(count, seed=2))
    result = case.program.run(*case.speed_arguments())
    result.fails("ANT-K014", "--job")
    case.speed("--job", "second")
    assert case.value("SELECT sum(records_totalled) FROM antenna.progress") == 100 + count


def test_loss_in_one_of_several_partitions(case):
    case.prepare(partitions=3)
    case.produce(events.draw(300))
    case.speed()
    kept = case.messages()
    case.produce(events.draw(300, seed=2))
    partition, end = max(case.ends().items())
    case.delete_records({partition: end})
    case.program.run(*case.speed_arguments("--until-end")).fails("ANT-K015", f"partition {partition}")
    case.speed("--accept-loss")
    seen = {(message.partition, message.offset) for message in kept}
    later = [message for message in case.messages() if message[:2] not in seen]
    expected = expect(kept + later)
    expected.ends[partition] = end
    case.check_exact(expected)
