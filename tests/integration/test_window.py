"""The window of the totals: provision stores it, everything else reads it, and no table has rows of two windows."""

import events
import psycopg
import pytest
from oracle import expect
from spark_tables import SPARK_TABLES
from waiting import wait_until

pytestmark = pytest.mark.timeout(60)

WINDOWS = {"1s": 1, "1m": 60, "5m": 300, "15m": 900, "1h": 3600}

STORED = "SELECT window_seconds FROM antenna.data_set"

# One byte more in the last window of the first hour.
LAST_WINDOW = "SELECT max(date) FROM bytes WHERE date < '2022-02-20 10:00'"
ADD = f"UPDATE bytes SET value = value + %s WHERE date = ({LAST_WINDOW}) AND type = 'app_bytes_total'"


@pytest.mark.parametrize("window", WINDOWS)
def test_totals_of_a_window(case, window):
    assert f"window of the totals: {window}\n" in case.provision("--window", window).out
    case.create_topic()
    borders = (-1, 0, 1, 59, 60, 299, 300, 899, 900, 3599, 3600)
    case.produce([*events.draw(2000), *(events.encode(events.BEGIN + seconds) for seconds in borders)])
    case.speed()
    expected = expect(case.messages(), window=WINDOWS[window])
    case.check_exact(expected)
    hourly = dict(expected.hourly)
    assert {tuple(row[:3]): row[3] for row in case.query("SELECT * FROM antenna.hourly")} == hourly
    states = "SELECT state FROM antenna.hour_state ORDER BY hour"
    assert case.query(states) == [("new",)] * 3
    case.execute(ADD % 1)
    assert ("held",) in case.query(states), "the last window of an hour is part of it"
    case.execute(ADD % -1)
    case.batch_pending()
    assert {tuple(row[:3]): row[3] for row in case.query("SELECT * FROM antenna.hourly")} == hourly
    case.check_layers(expected)


@pytest.mark.parametrize("window", ["7m", "7s", "1500ms", "999ms", "61m", "2h", "0", "-5m", "often"])
def test_what_is_no_window(case, window):
    case.program.run("provision", *case.login, f"--window={window}").fails("ANT-U003", "invalid value for window")
    assert case.value("SELECT to_regclass('antenna.data_set')") is None


def test_it_may_change_until_something_is_counted(case):
    assert "window of the totals: 5m\n" in case.provision().out
    assert "window of the totals: 15m\n" in case.provision("--window", "15m").out
    assert "window of the totals: 15m\n" in case.provision().out
    assert "window of the totals: 30s\n" in case.provision("--window", "30s").out
    assert case.value(STORED) == 30


COUNTED = {
    "both": "SELECT",
    "totals": "TRUNCATE antenna.progress",
    "progress": "TRUNCATE bytes",
}


@pytest.mark.parametrize("left", COUNTED)
def test_it_may_not_change_once_something_is_counted(used, left):
    used.execute(COUNTED[left])
    before = used.query("SELECT * FROM antenna.progress ORDER BY partition")
    result = used.program.run("provision", *used.login, "--window", "1m")
    result.fails("ANT-D010", "cannot become 1m", "totals of 5m are counted already", "leave out --window")
    assert used.value(STORED) == 300
    assert used.query("SELECT * FROM antenna.progress ORDER BY partition") == before
    for options in ((), ("--window", "300s")):
        assert "window of the totals: 5m\n" in used.provision(*options).out


def test_of_totals_of_another_job_the_operator_knows_the_window(case):
    case.execute(SPARK_TABLES)
    case.execute("INSERT INTO bytes VALUES ('2022-02-20 09:10', 'u', 5, 'user_bytes_total')")
    case.provision("--adopt", "--window", "10m")
    assert case.value(STORED) == 600
    case.program.run("provision", *case.login, "--window", "5m").fails("ANT-D010", "totals of 10m are counted already")


def test_a_worker_that_a_change_has_overtaken(case):
    case.prepare()
    speed = case.start_speed()
    wait_until(lambda: case.value("SELECT min(epoch) FROM antenna.progress"), "it has its partitions")
    case.provision("--window", "1m")
    case.produce(events.draw(100))
    speed.wait().fails("ANT-D011", "the window of the totals has changed from 5m to 1m", "start the job again")
    assert case.totals() == {}
    case.speed()
    case.check_exact(expect(case.messages(), window=60))


def test_a_worker_whose_totals_wait_while_the_window_changes(case):
    """Provision looks for totals when the commit that is under way has ended."""
    case.prepare()
    with case.totals_held():
        case.produce(events.draw(100))
        speed = case.start_speed()
        wait_until(case.waits_for_a_lock, "its commit waits")
        provision = case.program.start("provision", *case.login, "--window", "1m")
        wait_until(lambda: case.value("SELECT count(*) FROM pg_locks WHERE NOT granted") > 1, "provision waits for it")
    provision.wait().fails("ANT-D010", "totals of 5m are counted already")
    case.wait_until_read(speed)
    speed.terminate()
    case.check_exact()


def test_a_claim_waits_for_a_change_that_is_under_way(case):
    case.prepare()
    with psycopg.connect(case.postgres.conninfo(case.database)) as connection:
        connection.execute("UPDATE antenna.data_set SET window_seconds = 60")
        speed = case.start_speed()
        wait_until(case.waits_for_a_lock, "its claim waits")
        connection.commit()
    speed.wait().fails("ANT-D011", "the window of the totals has changed from 5m to 1m")


DAMAGES = {
    "no divisor": ("UPDATE antenna.data_set SET window_seconds = 7", "ANT-D012", "window_seconds is 7", "--window"),
    "zero": ("UPDATE antenna.data_set SET window_seconds = 0", "ANT-D012", "window_seconds is 0", "--window"),
    "null": ("UPDATE antenna.data_set SET window_seconds = NULL", "ANT-D012", "window_seconds is NULL", "--window"),
    "row gone": (
        "DELETE FROM antenna.data_set",
        "ANT-D002",
        "does not know the tables of its data set",
        "antenna provision",
    ),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_damaged(used, name):
    damage, code, *words = DAMAGES[name]
    used.execute("ALTER TABLE antenna.data_set DROP CONSTRAINT data_set_window_seconds_check")
    used.execute(damage)
    for arguments in (
        *(used.speed_arguments(), used.batch_arguments("-", "--pending"), used.verify_arguments()),
        ("status", *used.login),
    ):
        used.program.run(*arguments).fails(code, *words)
    doctor = used.program.run("doctor", *used.login)
    assert doctor.code == 3
    assert "the window of the totals is unknown" in doctor.out
    used.program.run("provision", *used.login).fails("ANT-D012", "--window")
    used.provision("--window", "5m")
    assert used.value(STORED) == 300


def test_verify_finds_rows_of_another_window(used):
    used.execute("UPDATE bytes SET date = date + INTERVAL '1 minute' WHERE id = 'SKYPE'")
    report = used.verify(code=4)
    found = [one["detail"] for hour in report["hours"] for one in hour["differences"]]
    assert found
    assert all('rows of table "bytes" have a date at which no window starts' in detail for detail in found)
