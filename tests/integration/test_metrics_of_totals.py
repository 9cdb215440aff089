"""Metrics beside those of every installation: provision switches them on, and no total lacks an event since."""

import time

import events
import psycopg
import pytest
from antenna_spark.tables import TOTALS
from oracle import expect
from waiting import wait_until

pytestmark = pytest.mark.timeout(60)

METRICS = [total.label for total in TOTALS if not total.standard]
ALL = ",".join(METRICS)

# Names with what joins and escapes those of a pair.
NAMES = ["a", "a/b", "a\\", "/", "\\/", "日本", 'a "b"']


def hostile():
    """Events of all pairs of such names."""
    return [
        events.encode(events.BEGIN + 7 * i + j, antenna_id=antenna, app=app, size=10 * i + j)
        for i, antenna in enumerate(NAMES)
        for j, app in enumerate(NAMES)
    ]


def coming_hour():
    """The first second of an hour that nothing was counted of when the metrics were switched on."""
    return int(time.time()) // 3600 * 3600 + 2 * 3600


@pytest.mark.core
def test_both_layers_keep_them(case):
    result = case.provision("--metrics", ALL)
    assert "metrics: " + ", ".join(total.label for total in TOTALS) in result.out
    case.create_topic()
    case.produce([*events.draw(2000), *hostile()])
    case.speed()
    expected = expect(case.messages(), totals=TOTALS)
    case.check_exact(expected)
    case.batch_pending()
    case.check_layers(expected)
    assert {label for _, label, _ in case.totals("bytes_hourly")} == {total.label for total in TOTALS}
    assert case.verify("--deep")["equal"]


def test_they_stay_on(case):
    case.provision("--metrics", METRICS[0])
    before = case.query("SELECT metrics, metrics_since FROM antenna.data_set")
    for options in ((), ("--metrics", METRICS[0])):
        assert METRICS[0] in case.provision(*options).out
        assert case.query("SELECT metrics, metrics_since FROM antenna.data_set") == before


@pytest.mark.parametrize("words", ["", "user_bytes_total", "all", f"{METRICS[0]},", f"{METRICS[0]} "])
def test_what_is_no_metric(case, words):
    case.program.run("provision", *case.login, f"--metrics={words}").fails(2, "invalid value for metrics")


def test_switched_on_later(used):
    """Hours of before are as they were; a batch run makes them whole; what is counted from now on has them."""
    used.provision("--metrics", ALL)
    assert used.verify("--deep")["equal"]
    used.produce(events.draw(500, seed=9))  # late events of hours that are partly counted
    used.produce([events.encode(coming_hour() + second) for second in (0, 400, 3700)])
    used.speed("--max-future", "1d")
    differences = [one for hour in used.verify("--deep", code=4)["hours"] for one in hour["differences"]]
    assert {one["cause"] for one in differences if not one["expected"]} == {"dirty"}
    used.batch_pending()
    assert used.verify("--deep")["equal"]
    expected = expect(used.messages(), max_future=86400, totals=TOTALS)
    assert used.totals("bytes_hourly") == {
        key: value for key, value in expected.hourly.items() if key in used.totals("bytes_hourly")
    }


# Changes of a row of a metric, and the cause that verify finds.
EDITS = {
    "less": ("UPDATE {} SET value = value - 1 WHERE ctid = ({})", "{}_rows_edited"),
    "more": ("UPDATE {} SET value = value + 1 WHERE ctid = ({})", "{}_rows_edited"),
    "gone": ("DELETE FROM {} WHERE ctid = ({})", "{}_rows_edited"),
}


@pytest.mark.parametrize("table", ["bytes", "bytes_hourly"])
@pytest.mark.parametrize("label", METRICS)
@pytest.mark.parametrize("name", EDITS)
def test_verify_finds_rows_that_were_edited(case, name, label, table):
    case.provision("--metrics", ALL)
    case.create_topic()
    case.produce([events.encode(coming_hour() + second) for second in range(0, 3600, 100)])
    case.speed("--max-future", "1d")
    case.execute("UPDATE antenna.progress SET totalled_until = 'infinity', archived_until = 'infinity'")
    case.batch_pending()
    assert case.verify("--deep")["equal"]
    change, cause = EDITS[name]
    row = f"SELECT min(ctid) FROM {table} WHERE type = '{label}'"
    case.execute(change.format(table, row))
    causes = {one["cause"] for hour in case.verify(code=4)["hours"] for one in hour["differences"]}
    assert causes == {cause.format("speed" if table == "bytes" else "hourly")}


def test_a_worker_that_counts_without_them(case):
    case.prepare()
    speed = case.start_speed()
    wait_until(lambda: case.value("SELECT min(epoch) FROM antenna.progress"), "it has its partitions")
    case.provision("--metrics", ALL)
    case.produce(events.draw(100))
    speed.wait().fails(3, "metrics were switched on since this job started", "start the job again")
    assert case.totals() == {}
    case.speed()
    case.check_exact(expect(case.messages(), totals=TOTALS))


def test_a_claim_waits_for_provision(case):
    case.prepare()
    with psycopg.connect(case.postgres.conninfo(case.database)) as connection:
        connection.execute("UPDATE antenna.data_set SET metrics = %s, metrics_since = '{now}'", [METRICS[:1]])
        speed = case.start_speed()
        wait_until(case.waits_for_a_lock, "its claim waits")
        connection.commit()
    speed.wait().fails(3, "metrics were switched on since this job started")


def test_one_that_is_not_known(used):
    """As after a downgrade."""
    used.execute("UPDATE antenna.data_set SET metrics = '{cell_bytes_total}', metrics_since = '{now}'")
    for arguments in (used.speed_arguments(), used.batch_arguments("2022-02-20T09:00:00Z"), used.verify_arguments()):
        used.program.run(*arguments).fails(3, '"cell_bytes_total"', "is not known", "version of antenna")
