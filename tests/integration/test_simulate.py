"""The simulator: its ledger is what an independent count and both layers make of its messages."""

import pytest
from oracle import expect
from program import CHECKOUT
from readers import read_ledger
from test_batch import write_users

pytestmark = pytest.mark.timeout(60)

PAST = ("--from", "2022-02-20T08:30:00Z", "--to", "2022-02-20T11:10:00Z", "--rate", "max")
SHARES = ("--late", "0.1", "--malformed", "0.05", "--future", "0.02", "--duplicate", "0.1")
USERS = CHECKOUT / "demo" / "users.csv"


@pytest.mark.core
def test_ledger_oracle_and_both_layers_agree(case):
    path = case.folder / "ledger.csv"
    case.provision("--users", USERS)
    case.simulate(*PAST, *SHARES, "--count", "20000", "--users", USERS, "--ledger", path)
    case.speed()
    expected = case.check_exact()
    ledger = read_ledger(path)
    assert ledger["5min"] == dict(expected.windows) == case.totals()
    assert ledger["hour"] == dict(expected.hourly)
    for hour in expected.hours:
        case.batch(hour)
    assert case.totals("bytes_hourly") == ledger["hour"]
    offenders = case.query("SELECT date, email, usage FROM user_quota_limit")
    assert {(date, "user_bytes_total", email): usage for date, email, usage in offenders} == ledger["quota"]
    assert len(offenders) == len(ledger["quota"]) > 0
    assert {name: value for (_, name, _), value in ledger["all"].items()} == {
        "messages_sent": 20000,
        "events_accepted": expected.events,
        "events_rejected": len(expected.rejected),
        "bytes_total": sum(row[3] * count for row, count in expected.rows.items()),
    }


def test_every_kind_of_broken_message_is_rejected(case):
    case.provision()
    case.simulate(*PAST, "--count", "2000", "--malformed", "1")
    case.speed()
    expected = case.check_exact()
    assert expected.events == 0
    reasons = {reason for reason, _, _ in expected.rejected.values()}
    assert reasons >= {
        *("empty", "invalid_utf8", "not_json", "not_an_object", "missing_field", "duplicate_field", "wrong_type"),
        *("out_of_range", "timestamp_too_old", "timestamp_in_milliseconds"),
    }


def test_same_seed_same_bytes(case):
    runs = []
    for seed in ("7", "7", "8"):
        case.topic = f"{case.topic}-{len(runs)}"
        case.simulate(*PAST, *SHARES, "--count", "3000", "--seed", seed, "--partitions", "2")
        runs.append([(message.partition, message.offset, message.value) for message in case.messages()])
        case.delete_topic()
    assert runs[0] == runs[1]
    assert runs[0] != runs[2]
    case.create_topic()


def test_options_shape_the_events(case):
    options = ("--users", "3", "--antennas", "2", "--apps", "A,B", "--partitions", "6")
    case.simulate(*PAST, "--count", "500", *options)
    messages = case.messages()
    rows = expect(messages).rows
    assert [len({row[column] for row in rows}) for column in (1, 2)] == [3, 2]
    assert {row[4] for row in rows} == {"A", "B"}
    assert {message.partition for message in messages} <= set(range(6))
    assert len(messages) == 500


def test_users_of_a_file_are_the_senders(case):
    quotas = {"someone": ("s@example.org", 5), 'Zoë, "x"': ("z@example.org", 6)}
    users = write_users(case.folder / "users.csv", quotas)
    case.simulate(*PAST, "--count", "200", "--users", users)
    assert {row[1] for row in expect(case.messages()).rows} == set(quotas)


def test_rate_and_duration(case):
    result = case.simulate("--rate", "200", "--duration", "2s")
    messages = case.messages()
    assert 350 <= len(messages) <= 450, result.err
    expected = expect(messages)
    assert expected.events == len(messages)


def test_stop_finishes_the_ledger(case):
    path = case.folder / "ledger.csv"
    running = case.start_simulate("--rate", "500", "--ledger", path)
    running.wait_for("sends to topic")
    running.terminate()
    assert read_ledger(path)["5min"] == dict(expect(case.messages()).windows)


def test_topic_that_exists_is_used_as_it_is(case):
    case.create_topic(partitions=2)
    result = case.simulate(*PAST, "--count", "100", "--partitions", "9")
    assert "created the topic" not in result.err
    assert {message.partition for message in case.messages()} == {0, 1}
