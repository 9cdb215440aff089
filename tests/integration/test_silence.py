"""Silent antennas: the views, what they say while the speed layer is behind, and what the operator is notified of."""
# ruff: noqa: F811  the fixtures of test_notify are arguments here

import json
import time

import pytest
from scraper import Scraper
from test_notify import COLUMNS, SENDER, TOTALLED, by_mail, kafka, mail, notify, start  # noqa: F401
from test_window import WINDOWS
from waiting import wait_until

pytestmark = pytest.mark.timeout(60)

OPERATOR = "operator@example.org"
HOUR = 3600
SILENT = "SELECT antenna FROM antenna.silent_antennas ORDER BY antenna"
REASON = "SELECT reason FROM antenna.silence"


def watch(case, *options):
    """Makes the tables, and a job that has totalled all until now."""
    case.provision(*options)
    case.execute(TOTALLED)


def send(case, antenna, ago, value=100, kind="antenna_bytes_total"):
    """A window total of an event so many seconds ago; returns the end of its window, in seconds since the epoch."""
    length = case.value("SELECT window_seconds FROM antenna.data_set")
    begin = int(case.value("SELECT extract(EPOCH FROM now())::float") - ago) // length * length
    case.execute(
        "INSERT INTO bytes (date, type, id, value) VALUES (to_timestamp("
        f"{begin}) AT TIME ZONE 'UTC', '{kind}', '{antenna}', {value}) ON CONFLICT (date, type, id) DO NOTHING"
    )
    return begin + length


def silent(case):
    return [row[0] for row in case.query(SILENT)]


def test_who_is_silent(case):
    watch(case)
    since = send(case, "silent", 2 * HOUR)
    send(case, "silent", 3 * HOUR, 7)
    send(case, "silent a day ago", 25 * HOUR)
    send(case, "not silent", 2 * HOUR)
    send(case, "not silent", 20 * 60)
    send(case, "now", 0)
    send(case, "without bytes", 3 * HOUR, 0)
    send(case, "ahead", 3 * HOUR)
    send(case, "ahead", -3 * HOUR)
    send(case, "of another century", 3 * HOUR)
    send(case, "of another century", -100 * 365 * 24 * HOUR)
    send(case, "an app", 2 * HOUR, kind="app_bytes_total")
    rows = case.query(
        "SELECT antenna, extract(EPOCH FROM silent_since)::bigint, bytes, "
        "now() AT TIME ZONE 'UTC' - judged_until < INTERVAL '1 minute' FROM antenna.silent_antennas ORDER BY 1"
    )
    assert rows[1] == ("silent", since, 107, True)
    assert [row[0] for row in rows] == ["of another century", "silent", "without bytes"]
    assert case.value(REASON) is None


@pytest.mark.parametrize("window", WINDOWS)
def test_each_window(case, window):
    """An antenna is silent when surely no event came for so long: an event may be as late as the end of its window."""
    watch(case, "--window", window, "--silent-after", "90m", "--active-within", "5h")
    length = WINDOWS[window]
    send(case, "silent", 90 * 60 + length + 5)
    send(case, "perhaps not", 90 * 60 - 5)
    send(case, "watched", 5 * HOUR - 5)
    send(case, "not watched any more", 5 * HOUR + length + 5)
    assert silent(case) == ["silent", "watched"]


def test_its_times_are_stored(case):
    def stored():
        return case.query("SELECT silent_after_seconds, active_within_seconds FROM antenna.data_set")[0]

    case.provision()
    assert stored() == (1800, 86400)
    case.provision("--silent-after", "10m")
    assert stored() == (600, 86400)
    case.provision("--active-within", "2h")
    case.provision()
    assert stored() == (600, 7200)
    for options in (
        ("--silent-after", "2h"),
        ("--active-within", "600s"),
        ("--silent-after", "3h", "--active-within", "1h"),
    ):
        case.program.run("provision", *case.login, *options).fails("ANT-D016", "--active-within")
    assert stored() == (600, 7200)


# What may keep antennas from being judged, as SQL, and the words that tell why; None where nothing does.
OBSTACLES = {
    "a worker with little lag": (
        "UPDATE antenna.progress SET totalled_until = totalled_until - INTERVAL '20 min'",
        None,
    ),
    "a worker behind": (
        "UPDATE antenna.progress SET totalled_until = totalled_until - INTERVAL '31 min'",
        'partition 0 of topic "devices" (job "antenna-speed") is totalled until 20',
    ),
    "one partition behind": (
        f"INSERT INTO antenna.progress ({COLUMNS}) "
        "SELECT job, topic, 7, owner, 1, 1, 1, totalled_until - INTERVAL '2 hours' FROM antenna.progress",
        'partition 7 of topic "devices"',
    ),
    "a partition without totals": (
        "INSERT INTO antenna.progress (job, topic, partition, owner, epoch, totals_offset, archive_offset) "
        "SELECT job, topic, 8, owner, 1, 1, 1 FROM antenna.progress",
        'partition 8 of topic "devices" (job "antenna-speed") is not totalled yet',
    ),
    "no job": ("DELETE FROM antenna.progress", "no job has read anything yet"),
    "a retired job": (
        f"INSERT INTO antenna.progress ({COLUMNS}, archived_until) "
        "SELECT 'retired', topic, 0, owner, 1, 1, 1, totalled_until - INTERVAL '2 days', 'infinity' "
        "FROM antenna.progress",
        None,
    ),
    "a job with a table of its own": (
        "INSERT INTO antenna.topic (job, topic, id, table_name, archive) "
        "VALUES ('own', 'devices', '', 'public.own', false);"
        f"INSERT INTO antenna.progress ({COLUMNS}) "
        "SELECT 'own', topic, 0, owner, 1, 1, 1, totalled_until - INTERVAL '2 days' FROM antenna.progress",
        None,
    ),
    "a clock that was set back": (
        "UPDATE antenna.progress SET totalled_until = totalled_until + INTERVAL '1 day'",
        None,
    ),
    "a speed layer that stopped after the clock was set back": (
        "UPDATE antenna.progress SET totalled_until = totalled_until + INTERVAL '1 day', "
        "updated_at = now() - INTERVAL '31 min'",
        'partition 0 of topic "devices" (job "antenna-speed") is totalled until 20',
    ),
    "a speed layer that stopped before the clock was set back": (
        "UPDATE antenna.progress SET totalled_until = totalled_until + INTERVAL '1 day', "
        "updated_at = now() + INTERVAL '1 day'",
        'partition 0 of topic "devices" (job "antenna-speed") was last written by a clock that was ahead',
    ),
}


@pytest.mark.parametrize(("change", "words"), OBSTACLES.values(), ids=OBSTACLES)
def test_a_speed_layer_that_is_behind(case, mail, change, words):
    """It says that it cannot judge, and calls no antenna silent."""
    watch(case)
    send(case, "silent", 2 * HOUR)
    send(case, "awake", 21 * 60)
    case.execute(change)
    reason = case.value(REASON)
    said = notify(case, *by_mail(mail, "--operator", OPERATOR)).err
    if words:
        assert words in reason
        assert f"cannot judge which antennas are silent: {words}" in said
        assert silent(case) == []
        assert case.value("SELECT count(*) FROM antenna.antenna_seen") == 0
    else:
        assert reason is None
        assert "cannot judge" not in said
        assert silent(case) == ["silent"]
    assert len(mail.mails) == (words is None)


# The operator.


def told(mail):
    return [(recipients, message["Subject"]) for _, recipients, message in mail.mails]


def test_the_operator_is_told_once(case, mail):
    watch(case)
    since = send(case, "A<1>", 2 * HOUR)
    send(case, "awake", 0)
    options = by_mail(mail, "--operator", OPERATOR)
    for _ in range(2):
        notify(case, *options)
    assert told(mail) == [([OPERATOR], "Antenna A<1> is silent")]
    message = mail.mails[0][2]
    assert (message["To"], message["From"]) == (OPERATOR, SENDER)
    assert f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(since))} (UTC)" in message.get_content()
    send(case, "A<1>", 0)
    for _ in range(2):
        notify(case, *options)
    assert told(mail)[1:] == [([OPERATOR], "Antenna A<1> is back")]
    assert case.query("SELECT kind, id, revision, state, final FROM antenna.notice ORDER BY revision") == [
        ("silence", "A<1>", 0, "sent", True),
        ("silence", "A<1>", 1, "sent", True),
    ]
    case.execute("DELETE FROM bytes WHERE id = 'A<1>'")
    send(case, "A<1>", 2 * HOUR - 600)
    for _ in range(2):
        notify(case, *options)
    assert told(mail)[2:] == [([OPERATOR], "Antenna A<1> is silent")]


def test_an_antenna_with_the_id_of_a_user(case, mail):
    """Ids may be numbers, of users and of antennas: the notice of one waits for nothing of the other."""
    watch(case)
    case.execute("INSERT INTO user_metadata (id, name, email, quota) VALUES ('7', 'Ada', 'ada@example.org', 1000)")
    case.execute("DELETE FROM user_metadata")
    send(case, "7", 2 * HOUR)
    notify(case, *by_mail(mail, "--operator", OPERATOR))
    assert told(mail) == [([OPERATOR], "Antenna 7 is silent")]


# What happens to an antenna whose silence was told, and what is told then.
AFTERWARDS = {
    "a late event that leaves it silent": (lambda case: send(case, "A", HOUR), []),
    "a late event within --silent-after": (lambda case: send(case, "A", 20 * 60), ["Antenna A is back"]),
    "it is watched no more": (lambda case: case.execute("UPDATE bytes SET date = date - INTERVAL '2 days'"), []),
    "totals that are lost": (lambda case: case.execute("DELETE FROM bytes"), []),
    "totals behind": (lambda case: case.execute("UPDATE antenna.progress SET totalled_until = '2022-01-01'"), []),
}


@pytest.mark.parametrize(("happens", "subjects"), AFTERWARDS.values(), ids=AFTERWARDS)
def test_after_a_silence_was_told(case, mail, happens, subjects):
    watch(case)
    send(case, "A", 2 * HOUR)
    options = by_mail(mail, "--operator", OPERATOR)
    notify(case, *options)
    happens(case)
    notify(case, *options)
    assert [subject for _, subject in told(mail)[1:]] == subjects


def test_a_silence_that_is_over_before_it_was_told(case, mail):
    watch(case)
    send(case, "A", 2 * HOUR)
    mail.answers["MAIL"] = "451 4.7.1 not now"
    running = start(case, *by_mail(mail), "--operator", OPERATOR)
    running.wait_for("refuses")
    running.kill()
    mail.answers.clear()
    mail.answers["RCPT"] = "hang"
    running = start(case, *by_mail(mail), "--operator", OPERATOR)
    wait_until(lambda: case.value("SELECT count(*) FROM antenna.notice"), "it is written")
    running.kill()
    mail.answers.clear()
    case.execute("UPDATE antenna.notice SET attempts = 0, next_attempt_at = now()")
    send(case, "A", 0)
    notify(case, *by_mail(mail, "--operator", OPERATOR))
    assert told(mail) == []
    assert {row[0] for row in case.query("SELECT state FROM antenna.notice")} == {"skipped"}


def test_a_flood_of_notices_does_not_stop_the_looks(case, mail):
    """Who is back before the notice is sent gets none."""
    watch(case)
    flood(case, 60)
    send(case, "A", 2 * HOUR)
    running = start(case, *by_mail(mail), "--operator", OPERATOR, "--notices-per-second", "2")
    mail.wait_for(1)
    send(case, "A", 0)
    wait_until(lambda: case.value("SELECT count(*) FROM antenna.notice WHERE id = 'A' AND revision = 1"), "it is back")
    running.terminate()
    case.execute("DELETE FROM antenna.notice WHERE id <> 'A'")
    notify(case, *by_mail(mail, "--operator", OPERATOR))
    assert {row[0] for row in case.query("SELECT state FROM antenna.notice")} == {"skipped"}


def flood(case, count):
    """Notices about antennas that were silent an hour ago, which wait."""
    case.execute(
        "INSERT INTO antenna.notice (hour, id, threshold, revision, final, usage) "
        "SELECT date_trunc('hour', now() AT TIME ZONE 'UTC') - INTERVAL '1 hour', 'flood ' || number, 0, 0, true, 1 "
        f"FROM generate_series(1, {count}) AS number"
    )


def test_many_notices_that_wait(case, mail):
    """PostgreSQL has no statistics of them yet."""
    watch(case)
    flood(case, 5000)
    running = start(case, *by_mail(mail), "--operator", OPERATOR)
    wait_until(lambda: len(mail.mails) > 100, "100 mails")
    running.terminate()


@pytest.mark.parametrize(("count", "mails"), [(5, 5), (6, 1), (500, 1)])
def test_many_antennas_at_once(case, mail, count, mails):
    """A region without power is one notice, when it falls silent and when it is back, and each antenna has its row."""
    watch(case)
    names = [f"A{number:03}" for number in range(count)]
    options = by_mail(mail, "--operator", OPERATOR)
    for ago, revision, words in ((2 * HOUR, 0, "silent"), (0, 1, "back")):
        mail.mails.clear()
        for name in names:
            send(case, name, ago)
        for _ in range(2):
            notify(case, *options)
        assert len(mail.mails) == mails
        if mails == 1:
            message = mail.mails[0][2]
            assert message["Subject"] == f"{count} antennas are {words}"
            assert f"A000, A001, A002, A003, A004 and {count - 5} more." in message.get_content()
        rows = case.query(
            "SELECT id, state FROM antenna.notice WHERE antennas IS NULL AND revision = %s ORDER BY id", revision
        )
        assert rows == [(name, "skipped" if mails == 1 else "sent") for name in names]
    case.execute("DELETE FROM bytes WHERE id = 'A000'")
    send(case, "A000", 2 * HOUR - 600)
    mail.mails.clear()
    notify(case, *options)
    assert [subject for _, subject in told(mail)] == ["Antenna A000 is silent"]


def test_one_of_many_that_is_back(case, mail):
    """One notice was sent about all; this one has its own."""
    watch(case)
    for number in range(6):
        send(case, f"A{number}", 2 * HOUR)
    options = by_mail(mail, "--operator", OPERATOR)
    notify(case, *options)
    send(case, "A3", 0)
    notify(case, *options)
    assert [subject for _, subject in told(mail)] == ["6 antennas are silent", "Antenna A3 is back"]


def test_without_an_operator_nobody_is_told(case, mail):
    watch(case)
    send(case, "A", 2 * HOUR)
    assert "sent 0 notices, skipped 0" in notify(case, *by_mail(mail)).out
    assert "would send 1 notices" in notify(case, "--dry-run", "--operator", OPERATOR).out
    assert case.value("SELECT count(*) FROM antenna.notice") == 0
    mail.answers["RCPT"] = "452 4.2.2 mailbox full"
    notify(case, *by_mail(mail, "--operator", OPERATOR, "--retry-pause", "10ms"), code=5)
    mail.answers.clear()
    case.execute("UPDATE antenna.notice SET next_attempt_at = now()")
    assert "sent 0 notices, skipped 1" in notify(case, *by_mail(mail)).out
    assert case.query("SELECT state, reason FROM antenna.notice") == [("skipped", "no operator is named")]


@pytest.mark.parametrize(
    "address", ["operator", "Ops <operator@example.org>", "a@example.org,b@example.org", "a@b\r\nX: y"]
)
def test_what_is_no_operator(case, address):
    case.program.run("notify", *case.login, "--dry-run", "--operator", address).fails(
        "ANT-U003", "not an e-mail address"
    )


def test_what_is_given_up_is_named(case, mail):
    watch(case)
    since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(send(case, "A", 2 * HOUR)))
    mail.answers["RCPT"] = "550 5.1.1 no such user"
    said = notify(case, *by_mail(mail, "--operator", OPERATOR)).err
    assert f'the notice to the operator about antenna "A", silent since {since}, is given up: 550 5.1.1' in said
    shown = case.program.run("status", *case.login)
    assert f'the last to the operator (antenna "A", silent since {since}): 550 5.1.1 no such user\n' in shown.out
    last = json.loads(case.program.run("status", *case.login, "--json").out)["notices"]["last_dead"]
    assert last == {"antenna": "A", "silent_since": since, "reason": "550 5.1.1 no such user"}


def test_the_metric(case, mail):
    watch(case)
    send(case, "A", 2 * HOUR)
    running = start(case, *by_mail(mail), "--listen", "0")
    scraper = Scraper(running)
    scraper.wait_until_ready()
    wait_until(lambda: scraper.samples().get(("antenna_silent_antennas",)) == 1, "one is silent")
    send(case, "A", 0)
    wait_until(lambda: scraper.samples().get(("antenna_silent_antennas",)) == 0, "none is silent")
    case.execute("UPDATE antenna.progress SET totalled_until = '2022-01-01'")
    wait_until(lambda: ("antenna_silent_antennas",) not in scraper.samples(), "they cannot be judged")
    assert "cannot judge" not in running.err, "nobody asked"
    running.terminate()
    assert not mail.mails


def test_the_metric_after_an_outage(case, mail):
    """A look that took long is not repeated soon. An outage of the mail server does not hide what it found, and after a
    lost connection to PostgreSQL the next turn looks again.
    """
    watch(case)
    send(case, "masts", 2 * HOUR)
    with case.held("antenna.antenna_seen"):
        running = start(case, *by_mail(mail, "--operator", OPERATOR), "--listen", "0")
        wait_until(case.waits_for_a_lock, "the first look waits")
        time.sleep(3)  # no look is due for twenty times as long
    scraper = Scraper(running)
    mail.wait_for(1)
    mail.answers["MAIL"] = "451 4.7.1 not now"
    case.execute("UPDATE antenna.notice SET state = 'waiting', attempts = 0, next_attempt_at = now()")
    scraper.wait_until_not_ready("451 4.7.1")
    assert scraper.value("antenna_silent_antennas") == 1
    mail.answers.clear()
    running.wait_for("goes on")
    assert scraper.value("antenna_silent_antennas") == 1
    case.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'antenna%'")
    running.wait_for("goes on", count=2)
    assert scraper.value("antenna_silent_antennas") == 1
    running.terminate()


def test_the_metric_is_not_there_while_nobody_looks(case, mail):
    """A turn that fails before its look, on a connection that lives."""
    watch(case)
    send(case, "A", 2 * HOUR)
    running = start(case, *by_mail(mail), "--listen", "0")
    scraper = Scraper(running)
    scraper.wait_until_ready()
    case.execute(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "$$BEGIN RAISE EXCEPTION 'no space' USING ERRCODE = '53100'; END$$; "
        "CREATE TRIGGER refuse BEFORE INSERT ON antenna.notice FOR EACH STATEMENT EXECUTE FUNCTION refuse()"
    )
    scraper.wait_until_not_ready("no space")
    assert ("antenna_silent_antennas",) not in scraper.samples()
    running.terminate()
