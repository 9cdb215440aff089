"""Metrics beside those of every installation: provision switches them on, and no total lacks an event since."""

import json
import time

import events
import psycopg
import pytest
from antenna_spark.tables import TOTALS
from oracle import expect
from test_interrupted import hour_lock, is_waiting
from test_protocol import address
from waiting import wait_until

pytestmark = pytest.mark.timeout(60)

METRICS = [total.label for total in TOTALS if not total.standard]
ALL = ",".join(METRICS)
FIRST = "2022-02-20T09:00:00Z"

# What is stored of one metric.
STORE = """UPDATE antenna.data_set
    SET metrics = '{{{0}}}', metrics_since = '{{{1}}}', metrics_whole_from = '{{{1}}}'"""

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
    case.program.run("provision", *case.login, f"--metrics={words}").fails("ANT-U003", "invalid value for metrics")


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
    speed.wait().fails("ANT-D014", "metrics were switched on since this job started", "start the job again")
    assert case.totals() == {}
    case.speed()
    case.check_exact(expect(case.messages(), totals=TOTALS))


def test_a_claim_waits_for_provision(case):
    case.prepare()
    with psycopg.connect(case.postgres.conninfo(case.database)) as connection:
        connection.execute(STORE.format(METRICS[0], "now"))
        speed = case.start_speed()
        wait_until(case.waits_for_a_lock, "its claim waits")
        connection.commit()
    speed.wait().fails("ANT-D014", "metrics were switched on since this job started")


def test_one_that_is_not_known(used):
    """As after a downgrade."""
    used.execute(STORE.format("cell_bytes_total", "now"))
    for arguments in (used.speed_arguments(), used.batch_arguments("2022-02-20T09:00:00Z"), used.verify_arguments()):
        used.program.run(*arguments).fails("ANT-D013", '"cell_bytes_total"', "version of antenna")


def causes_of(case, *options):
    """The causes of differences, and verify's exit code."""
    result = case.program.run(*case.verify_arguments("--json", *options))
    hours = json.loads(result.out)["hours"]
    return {one["cause"] for hour in hours for one in hour["differences"]}, result.code


@pytest.mark.parametrize("metrics", [(), ("--metrics", ALL)], ids=["without", "with"])
def test_events_wait_for_the_archive(case, metrics):
    case.provision(*metrics)
    case.create_topic()
    case.produce(events.draw(300))
    speed = case.start_speed("--roll-age", "10m")
    case.wait_until_read(speed)
    assert causes_of(case) == ({"not_archived_yet"}, 0)


def test_events_wait_that_a_metric_has_in_part(case):
    case.prepare()
    now = int(time.time())
    case.produce([events.encode(now - i) for i in range(3)])
    case.speed()
    case.provision("--metrics", ALL)
    case.produce([events.encode(now + 1) for _ in range(10)])
    speed = case.start_speed("--roll-age", "10m")
    case.wait_until_read(speed)
    causes, code = causes_of(case)
    assert causes <= {"not_archived_yet", "not_batched"}
    assert code == 0


@pytest.mark.parametrize("options", [(), ("--deep",)], ids=["sums", "deep"])
def test_events_of_no_bytes_wait(case, options):
    case.prepare(1)
    case.produce(events.draw(300))
    case.speed()
    case.produce([events.encode(user_id="new", size=0)])
    speed = case.start_speed("--roll-age", "10m")
    case.wait_until_read(speed)
    assert causes_of(case, *options)[0] <= {"not_archived_yet", "not_batched"}


def test_verify_compares_a_backfill_with_metrics_of_a_new_database(case):
    case.provision("--metrics", ALL)
    case.create_topic()
    case.produce(events.draw(300))
    case.speed()
    case.batch_pending()
    assert case.verify("--deep")["equal"]
    case.execute(f"DELETE FROM bytes WHERE type = '{METRICS[0]}'")
    assert causes_of(case)[0] == {"speed_rows_edited"}


def test_an_event_of_2099_came_before_the_metrics(case):
    """The window totals may lack them until then; the hourly totals do not."""
    case.prepare()
    case.produce([events.encode(4070908800)], timestamp_ms=1)
    case.speed()
    assert "have all of the metrics from 2099-01-01 00:05:00 on" in case.provision("--metrics", ALL).err
    case.produce([events.encode(coming_hour() + second) for second in range(0, 7200, 100)], timestamp_ms=1)
    case.speed()
    case.execute("UPDATE antenna.progress SET totalled_until = 'infinity', archived_until = 'infinity'")
    case.batch_pending()
    assert case.verify("--deep")["equal"]
    case.execute(f"DELETE FROM bytes_hourly WHERE type = '{METRICS[0]}'")
    assert causes_of(case)[0] == {"hourly_rows_edited"}


def test_a_table_that_is_adopted_again_keeps_ids_of_pairs(case):
    case.provision("--metrics", ALL)
    case.create_topic()
    case.produce([events.encode(antenna_id="a" * 200, app="b" * 200)])
    case.speed()
    before = case.totals()
    case.execute("ALTER TABLE bytes DROP CONSTRAINT bytes_pkey")
    case.provision("--adopt")
    assert case.totals() == before


def test_a_restore_to_before_the_metrics(case):
    case.provision("--metrics", ALL)
    case.create_topic()
    speed = case.start_speed()
    wait_until(lambda: case.value("SELECT min(epoch) FROM antenna.progress"), "it has its partitions")
    with case.connect() as connection, connection.transaction():
        connection.execute(
            "UPDATE antenna.data_set SET metrics = '{}', metrics_since = '{}', metrics_whole_from = '{}'"
        )
        connection.execute("UPDATE antenna.progress SET epoch = epoch - 1")
    speed.wait().fails("ANT-D014", "are not switched on any more, as after a restore", "antenna provision --metrics")


def test_provision_locks_rows_in_the_order_of_commits(case):
    """Each locks the rows of progress by partition, wherever they lie in the table."""
    case.prepare()
    case.start_speed()
    wait_until(
        lambda: case.value("SELECT count(*) FROM antenna.progress WHERE epoch > 0") == 3, "it has its partitions"
    )
    touch = "UPDATE antenna.progress SET updated_at = now() WHERE partition = {}"
    case.execute(touch.format(0))
    with (
        psycopg.connect(case.postgres.conninfo(case.database)) as first,
        psycopg.connect(case.postgres.conninfo(case.database)) as second,
    ):
        first.execute(touch.format(2))
        provision = case.program.start("provision", *case.login, "--metrics", ALL)
        wait_until(case.waits_for_a_lock, "provision waits")
        second.execute("SET lock_timeout = '5s'")
        with pytest.raises(psycopg.errors.LockNotAvailable):  # provision has it, and waits for no row before it
            second.execute(touch.format(0))
        second.rollback()
        first.commit()
    assert provision.wait().code == 0


def test_a_batch_run_that_has_read_before_them(used, proxy):
    """The hour is not noted with totals that lack them."""

    def switch_on(link, request):
        used.provision("--metrics", ALL)
        return link.release(request)

    proxy.arm(b"INSERT INTO antenna.hour", None, 1, switch_on)
    used.produce(events.draw(300, seed=5))
    used.speed()
    arguments = used.batch_arguments("2022-02-20T09:00:00Z", uri=address(used, proxy))
    used.program.run(*arguments)
    assert proxy.happened.is_set()
    used.batch_pending()
    assert used.verify("--deep")["equal"]


# What waits while metrics are switched on, and reads them then: the time that it is noted with is that of the act.
ACTS = {
    "batch": (lambda case: case.batch_arguments(FIRST), "batch_at"),
    "rebuild": (
        lambda case: ("rebuild", "--storage-path", case.root / "data", *case.login, "--from", FIRST, "--to", FIRST),
        "rebuilt_at",
    ),
}


@pytest.mark.parametrize(("arguments", "column"), ACTS.values(), ids=ACTS)
def test_a_run_that_began_before_them_and_has_read_them(used, arguments, column):
    with used.blocked(hour_lock(FIRST)):
        running = used.program.start(*arguments(used))
        wait_until(lambda: is_waiting(used), "it waits for the hour")
        used.provision("--metrics", ALL)
    result = running.wait()
    assert result.code == 0, result.err
    noted = f"SELECT {column} AT TIME ZONE 'UTC' > metrics_since[1] FROM antenna.hour, antenna.data_set WHERE hour = %s"
    assert used.value(noted, FIRST)


def test_doctor_reports_unknown_metrics(case):
    case.prepare()
    case.execute(STORE.format("cell_bytes_total", "now"))
    result = case.program.run("doctor", *case.login)
    assert result.code == 3
    assert "is not known" in result.out
