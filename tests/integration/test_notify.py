"""antenna notify on a real mail server: what users get, refusals, outages, and crashes at each point."""

import contextlib
import email.header
import email.utils
import json
import signal
import threading
import time

import pytest
from mail_server import MailServer
from scraper import Scraper
from stack import free_port
from test_metrics import assert_as_documented
from test_protocol import Victim, address, cut_after, cut_before, kill_after, kill_before
from waiting import PATIENCE, early_in_an_hour, wait_until

pytestmark = pytest.mark.timeout(60)

SENDER = "quota@example.org"
LOGIN = ("quota", "geheim-0815")
# Attempts come one after the other, and end soon.
QUICK = ("--retry-pause", "10ms", "--send-timeout", "2s", "--notices-per-second", "1000")

# A job that has totalled all until now, so that antennas can be judged silent.
COLUMNS = "job, topic, partition, owner, epoch, totals_offset, archive_offset, totalled_until"
TOTALLED = (
    f"INSERT INTO antenna.progress ({COLUMNS}) "
    "VALUES ('antenna-speed', 'devices', 0, 'host:1:0', 1, 10, 10, now() AT TIME ZONE 'UTC')"
)

CLAIM = b"UPDATE antenna.notice AS notice"
SETTLE = b"Notes what an attempt has come to"
UPDATED = b"UPDATE 1\0"


@pytest.fixture(scope="session")
def kafka():
    """Nothing here reads a topic: no broker is started."""
    return None


@pytest.fixture
def users(case):
    """A function that lets users be over their quota in the running hour: {id: (name, e-mail)}."""
    case.provision()
    early_in_an_hour(90)

    def add(people):
        with case.connect() as connection:
            for user, (name, mail) in people.items():
                connection.execute("INSERT INTO user_metadata VALUES (%s, %s, %s, 100)", [user, name, mail])
                connection.execute(
                    "INSERT INTO bytes (date, type, id, value) "
                    "VALUES (date_trunc('hour', now() AT TIME ZONE 'UTC'), 'user_bytes_total', %s, 150)",
                    [user],
                )
        return case

    return add


@pytest.fixture
def ada(users):
    return users({"ada": ("Ada Lovelace", "ada@example.org")})


@pytest.fixture
def mail():
    with contextlib.closing(MailServer()) as server:
        yield server


def by_mail(server, *options, host="127.0.0.1"):
    return ("--smtp-url", f"smtp://{host}:{server.port}", "--sender", SENDER, "--plain-text", *QUICK, *options)


def notify(case, *options, code=0, uri=None, environment=None):
    arguments = ("notify", uri or case.login[0], *case.login[1:], "--thresholds", "100", *options)
    result = case.program.run(*arguments, environment=environment)
    assert result.code == code, result.out + result.err
    return result


def start(case, *options, uri=None):
    return case.program.start(
        *("notify", uri or case.login[0], *case.login[1:], "--thresholds", "100", "--follow"),
        *("--interval", "100ms", *options),
    )


def notices(case):
    return case.query("SELECT id, state, attempts, reason FROM antenna.notice ORDER BY id, revision")


def expire(case):
    """The time after which others may try what a dead process has claimed."""
    case.execute("UPDATE antenna.notice SET next_attempt_at = now() WHERE state = 'waiting'")


def test_a_mail(ada, mail):
    assert notify(ada, *by_mail(mail)).out == "sent 1 notices, skipped 0, gave up 0, 0 wait\n"
    ((sender, recipients, message),) = mail.mails
    assert (sender, recipients) == (SENDER, ["ada@example.org"])
    assert message["From"] == SENDER
    assert message["To"] == "Ada Lovelace <ada@example.org>"
    assert message["Subject"] == "More than 100 % of your hourly quota is used"
    assert message["Auto-Submitted"] == "auto-generated"
    assert abs(message["Date"].datetime.timestamp() - time.time()) < 60
    assert message["Message-ID"].endswith("@example.org>")
    text = message.get_content()
    assert text.startswith("Dear Ada Lovelace,\n\nin the hour that began at 20")
    assert "you have used 150 bytes" in text
    assert "your quota of 100 bytes an hour" in text
    assert notices(ada) == [("ada", "sent", 1, None)]
    assert notify(ada, *by_mail(mail)).out.startswith("sent 0 notices")
    assert len(mail.mails) == 1


def test_a_correction(ada, mail):
    notify(ada, *by_mail(mail))
    ada.execute(
        "INSERT INTO antenna.notice SELECT hour, id, threshold, 1, true, 90, 100 FROM antenna.notice;"
        "UPDATE user_metadata SET name = NULL"
    )
    notify(ada, *by_mail(mail))
    message = mail.mails[1][2]
    assert message["To"] == "ada@example.org"
    assert message["Subject"] == "Correction: not more than 100 % of your hourly quota was used"
    assert "Dear ada,\n" in message.get_content()
    assert "you used 90\nbytes" in message.get_content()


# What is in the outbox before, as (revision, attempts), and which revisions are sent.
LATE = {
    "corrected before it was sent": ([(0, 0), (1, 0)], []),
    "and over all the same": ([(0, 0), (1, 0), (2, 0)], [2]),
    "corrected after an attempt that may have reached the user": ([(0, 1), (1, 0)], [0, 1]),
}


@pytest.mark.parametrize(("rows", "sent"), LATE.values(), ids=LATE)
def test_notice_changes_before_it_is_sent(case, mail, rows, sent):
    case.provision()
    case.execute("INSERT INTO user_metadata VALUES ('ada', 'Ada', 'ada@example.org', 100)")
    for revision, attempts in rows:
        case.execute(
            "INSERT INTO antenna.notice (hour, id, threshold, revision, final, usage, quota, attempts) "
            f"VALUES ('2022-02-20 09:00', 'ada', 100, {revision}, true, 150, 100, {attempts})"
        )
    notify(case, *by_mail(mail))
    assert [row[0] for row in case.query("SELECT revision FROM antenna.notice WHERE state = 'sent' ORDER BY 1")] == sent
    assert len(mail.mails) == len(sent)
    assert case.value("SELECT count(*) FROM antenna.notice WHERE state = 'waiting'") == 0


NAMES = {
    "empty": "",
    "blanks": "  ",
    "umlauts": "Jürgen Müller-Lüdenscheidt",
    "long": ("Ада Лавлейс 愛達 " * 20).strip(),
    "emoji": "👩‍💻 Ada",
    "line break": "Ada\r\nBcc: eve@example.org",
    "empty line": "Ada\r\n\r\nDear Eve,",
    "line feed": "Ada\nSubject: other",
    "carriage return": "Ada\rSubject: other",
    "folded": "Ada\r\n Bcc: eve@example.org",
    "line separator": "Ada\u2028Bcc: eve@example.org",
    "encoded word": "=?UTF-8?Q?Ada=0D=0ABcc:_eve@example.org?=",
    "an address": "eve@example.org, <mallory@example.org>",
    "quotes": 'Ada "the first" \\',
    "dot": "Ada\r\n.\r\nMAIL FROM:<eve@example.org>",
    "direction": "Ada\u202eevE",
    "template": "${email} ${nonsense}",
}


def test_names_that_would_be_obeyed(users, mail):
    people = {f"{number:02}": (name, f"user{number}@example.org") for number, name in enumerate(NAMES.values())}
    case = users(people)
    notify(case, *by_mail(mail))
    assert len(mail.mails) == len(NAMES)
    for content, (sender, recipients, message), (name, recipient) in zip(
        mail.contents, mail.mails, people.values(), strict=True
    ):
        assert (sender, recipients) == (SENDER, [recipient])
        assert message.keys() == [
            *("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type"),
            "Content-Transfer-Encoding",
        ]
        # The newer reader keeps the blanks between the words of a name, which mean nothing (RFC 2047, 6.2).
        encoded, address = email.utils.parseaddr(email.message_from_bytes(content)["To"])
        shown = str(email.header.make_header(email.header.decode_header(encoded)))
        assert address == recipient
        assert not any(ord(character) < 32 or character in "\u2028\u202e" for character in shown)
        if name.isprintable() and name.strip():
            assert shown == name
            assert f"Dear {name},\n" in message.get_content()
        assert message.get_content().count("\n\n") == 1
    assert all(len(line) <= 100 for content in mail.contents for line in content.splitlines())


ADDRESSES = [
    *("ada", "@example.org", "ada@", "ada@@example.org", "ada@example..org", "ada@.example.org", "ada@example.org."),
    *("ada lovelace@example.org", " ada@example.org", "ada@example.org ", "ada@exa mple.org", '"ada"@example.org'),
    *("ada@example.org, eve@example.org", "ada@example.org;eve@example.org", "<ada@example.org>", "ada@[127.0.0.1]"),
    *("ada@example.org\r\nRCPT TO:<eve@example.org>", "ada@example.org\nBcc: eve@example.org", "ada\0@example.org"),
    *("ada@example.org> SIZE=1", "jürgen@example.org", "ada@exämple.org", "ada..l@example.org", ".ada@example.org"),
    *("ada.@example.org", "ada@-example.org", "ada@example-.org", "ada@exa_mple.org", "a" * 65 + "@example.org"),
    *("ada@" + "a" * 64 + ".org", "a@" + "a." * 126 + "org", "-oQ/tmp@", "mailto:ada@example.org"),
]
GOOD = ["a@b", "ada+quota@example.org", "a.b@c-d.e", "o'neill@example.org", "!#$%&'*+-/=?^_`{|}~@example.org", "1@2.3"]


def test_addresses_that_are_none(users, mail):
    """Are never shown to the server."""
    people = {f"{number:02}": ("Ada", text) for number, text in enumerate(ADDRESSES) if "\0" not in text}
    case = users(people | {f"good{number}": ("Ada", text) for number, text in enumerate(GOOD)})
    result = notify(case, *by_mail(mail))
    assert f"sent {len(GOOD)} notices, skipped 0, gave up {len(people)}, 0 wait" in result.out
    assert [recipients for _, recipients, _ in mail.mails] == [[text] for text in GOOD]
    dead = notices(case)[: len(people)]
    assert {(state, attempts) for _, state, attempts, _ in dead} == {("dead", 1)}
    assert all("is not an e-mail address" in reason for *_, reason in dead)
    assert all(ord(character) >= 32 for *_, reason in dead for character in reason)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("UPDATE user_metadata SET email = NULL", "the user has no e-mail address"),
        ("UPDATE user_metadata SET email = ''", "the user has no e-mail address"),
    ],
)
def test_users_without_a_usable_address(ada, mail, change, reason):
    ada.execute(change)
    assert notify(ada, *by_mail(mail)).out == "sent 0 notices, skipped 1, gave up 0, 0 wait\n"
    assert notices(ada) == [("ada", "skipped", 0, reason)]
    assert not mail.mails


def test_a_user_who_was_renamed(ada, mail):
    ada.execute("UPDATE user_metadata SET name = 'Ada King', email = 'king@example.org'")
    notify(ada, *by_mail(mail))
    assert mail.mails[0][2]["To"] == "Ada King <king@example.org>"


# Refusals: where, with which words, what becomes of the notice and its attempts; of the last two the session itself.
REFUSALS = {
    "no such user": ("RCPT", "550 5.1.1 no such user", 0, "dead", 1),
    "mailbox full": ("RCPT", "452 4.2.2 mailbox full", 5, "waiting", 1),
    "greylisted": ("RCPT", "450 4.2.0 come again", 5, "waiting", 1),
    "content refused": ("DATA", "554 5.7.1 spam", 0, "dead", 1),
    "content refused now": ("DATA", "451 4.7.1 not now", 5, "waiting", 1),
    "refused when it was taken": ("TAKEN", "552 5.3.4 too big", 0, "dead", 1),
    "hostile words": ("RCPT", "550 \x1b[2Jhä \u202e?", 0, "dead", 1),
    "closes": ("RCPT", "421 4.3.2 going down", 5, "waiting", 0),
    "hangs at the recipient": ("RCPT", "hang", 5, "waiting", 0),
    "hangs when it was taken": ("TAKEN", "hang", 5, "waiting", 1),
}


@pytest.mark.parametrize(("where", "answer", "code", "state", "attempts"), REFUSALS.values(), ids=REFUSALS)
def test_what_a_mail_server_refuses(ada, mail, *, where, answer, code, state, attempts):
    mail.answers[where] = answer
    notify(ada, *by_mail(mail, "--retry-pause", "1h"), code=code)
    ((_, found, count, reason),) = notices(ada)
    assert (found, count) == (state, attempts)
    assert answer[:3] in reason or answer == "hang"
    assert all(ord(character) >= 32 for character in reason)
    mail.answers.clear()
    expire(ada)
    assert f"sent {int(state == 'waiting')} notices" in notify(ada, *by_mail(mail)).out


def test_a_mail_server_that_hangs_at_the_end(ada, mail):
    """The mail was taken, so that it is sent; the end of the session is awaited for one --send-timeout."""
    mail.answers["QUIT"] = "hang"
    begin = time.monotonic()
    assert "sent 1 notices" in notify(ada, *by_mail(mail)).out
    assert time.monotonic() - begin < 30 * PATIENCE
    assert [state for _, state, *_ in notices(ada)] == ["sent"]


def test_it_is_tried_again_and_given_up(ada, mail):
    mail.answers["RCPT"] = "450 4.2.0 come again"
    running = start(ada, *by_mail(mail, "--attempts", "4"))
    running.wait_for("is given up: given up after 4 attempts: 450 4.2.0 come again")
    assert notices(ada) == [("ada", "dead", 4, "given up after 4 attempts: 450 4.2.0 come again")]
    running.terminate()
    shown = ada.program.run("status", *ada.login).out
    assert 'notices   0 wait, 1 were given up, the last to user "ada" (100 % in 20' in shown
    assert "given up after 4 attempts: 450 4.2.0 come again\n" in shown
    found = json.loads(ada.program.run("status", *ada.login, "--json").out)["notices"]
    assert (found["waiting"], found["dead"], found["last_dead"]["user"]) == (0, 1, "ada")


def test_pauses_grow(ada, mail):
    mail.answers["RCPT"] = "450 4.2.0 come again"
    pauses = []
    for _ in range(4):
        notify(ada, *by_mail(mail, "--retry-pause", "10s"), code=5).fails("ANT-N005")
        pauses.append(ada.value("SELECT extract(EPOCH FROM next_attempt_at - now())::float FROM antenna.notice"))
        expire(ada)
    assert [round(pause / 10) for pause in pauses] == [1, 2, 4, 8]


def test_a_refused_sender_refuses_no_notice(ada, mail):
    mail.answers["MAIL"] = "553 5.7.1 not your address"
    notify(ada, *by_mail(mail), code=3).fails("ANT-N003", f'refuses the sender "{SENDER}"', "553 5.7.1", "--sender")
    mail.answers["MAIL"] = "451 4.7.1 not now"
    notify(ada, *by_mail(mail), code=5).fails("ANT-N001", "451 4.7.1")
    assert notices(ada) == []


def test_a_service_waits_for_its_mail_server(ada, mail):
    ada.execute(TOTALLED)
    running = start(ada, *by_mail(mail), "--listen", "0")
    mail.wait_for(1)
    Scraper(running).wait_until_ready()
    mail.answers["MAIL"] = "550 5.7.1 no more"
    ada.execute("UPDATE antenna.notice SET state = 'waiting', attempts = 0, next_attempt_at = now()")
    running.wait_for("ANT-N004: waits and will try again: the mail server")
    Scraper(running).wait_until_not_ready("refuses the sender")
    assert notices(ada)[0][1:3] == ("waiting", 0)
    mail.answers.clear()
    mail.wait_for(2)
    running.wait_for("goes on")
    assert_as_documented(Scraper(running), "notify")
    found = Scraper(running).samples()
    assert found["antenna_notices_total", "sent"] == 2
    assert found["antenna_outages_total",] == 1
    running.terminate()


TLS = {
    "STARTTLS": ({"starttls": "trusted"}, "smtp", "authority", 0, None),
    "TLS": ({"tls": "trusted"}, "smtps", "authority", 0, None),
    "STARTTLS, expired": ({"starttls": "expired"}, "smtp", "authority", 3, "certificate"),
    "TLS, expired": ({"tls": "expired"}, "smtps", "authority", 3, "certificate"),
    "of another name": ({"starttls": "elsewhere"}, "smtp", "authority", 3, "certificate"),
    "of another authority": ({"starttls": "trusted"}, "smtp", "stranger", 3, "certificate"),
    "no STARTTLS": ({}, "smtp", "authority", 3, "--plain-text"),
}


@pytest.mark.parametrize(("server", "scheme", "authority", "code", "words"), TLS.values(), ids=TLS)
def test_tls(ada, certificates, *, server, scheme, authority, code, words):
    pairs = {name: getattr(certificates, pair) for name, pair in server.items()}
    options = ("--sender", SENDER, "--tls-ca", getattr(certificates, authority), *QUICK)
    with contextlib.closing(MailServer(**pairs)) as mail:
        result = notify(ada, "--smtp-url", f"{scheme}://127.0.0.1:{mail.port}", *options, code=code)
        assert len(mail.mails) == (code == 0)
    if words:
        result.fails("ANT-N002", words)
        assert notices(ada) == []


@pytest.mark.parametrize("right", [True, False])
def test_a_login(ada, certificates, right):
    password = ada.folder / "smtp-password"
    password.write_text(LOGIN[1] if right else "wrong")
    password.chmod(0o600)
    options = ("--sender", SENDER, "--tls-ca", certificates.authority, "--smtp-user", LOGIN[0], *QUICK)
    options += ("--smtp-password-file", password, "--log-level", "debug")
    with contextlib.closing(MailServer(starttls=certificates.trusted, login=LOGIN)) as mail:
        result = notify(ada, "--smtp-url", f"smtp://127.0.0.1:{mail.port}", *options, code=0 if right else 3)
        assert len(mail.mails) == right
    if not right:
        result.fails("ANT-N003", "refuses the login", "--smtp-password-file")
    assert LOGIN[1] not in result.out + result.err


WRONG_OPTIONS = {
    "both": (("--smtp-url", "smtp://h", "--sender", SENDER, "--webhook-url", "https://h/"), "ANT-U006", "one of them"),
    "no sender": (("--smtp-url", "smtp://h"), "ANT-U004", "--sender"),
    "sender alone": (("--webhook-url", "https://h/", "--sender", SENDER), "ANT-U006", "--sender does nothing"),
    "sender with a name": (
        ("--smtp-url", "smtp://h", "--sender", f"Quota <{SENDER}>"),
        "ANT-U003",
        "not an e-mail address",
    ),
    "sender with a line break": (
        ("--smtp-url", "smtp://h", "--sender", f"{SENDER}\r\nX: y"),
        "ANT-U003",
        "not an e-mail address",
    ),
    "user without password": (
        ("--smtp-url", "smtp://h", "--sender", SENDER, "--smtp-user", "u"),
        "ANT-U004",
        "password",
    ),
    "no key": (("--webhook-url", "https://h/"), "ANT-U004", "--webhook-key-file"),
    "no such key": (("--webhook-url", "https://h/", "--webhook-key-file", "/none"), "ANT-C004", "could not open"),
    "http": (("--webhook-url", "http://h/", "--webhook-key-file", "/none"), "ANT-U003", "not encrypted"),
    "https for mail": (("--smtp-url", "https://h", "--sender", SENDER), "ANT-U003", "no address of a mail server"),
    "mail for a webhook": (
        ("--webhook-url", "smtp://h", "--webhook-key-file", "/none"),
        "ANT-U003",
        "no address of a webhook",
    ),
    "file": (
        ("--webhook-url", "file:///etc/passwd", "--webhook-key-file", "/none"),
        "ANT-U003",
        "invalid value for webhook-url",
    ),
    "password in the URL": (("--smtp-url", "smtp://u:geheim@h", "--sender", SENDER), "ANT-U003", "user or a password"),
    "a path": (("--smtp-url", "smtp://h/geheim", "--sender", SENDER), "ANT-U003", "a path"),
    "nonsense": (("--smtp-url", "smtp:// geheim", "--sender", SENDER), "ANT-U003", "cannot be read"),
}


@pytest.mark.parametrize(("options", "code", "words"), WRONG_OPTIONS.values(), ids=WRONG_OPTIONS)
def test_options_that_do_not_go_together(case, options, code, words):
    result = case.program.run("notify", *case.login, *options)
    result.fails(code, words)
    assert "geheim" not in result.out + result.err


def test_templates_of_the_operator(ada, mail):
    folder = ada.folder / "templates"
    folder.mkdir()
    (folder / "passed-subject.txt").write_text("Límite: ${threshold}\u202f% — ${usage}/${quota}\n", encoding="utf-8")
    (folder / "passed-text.txt").write_text("\ufeffHola ${name} (${id}, ${email}), ${passed} ${final} ${revision}\n")
    notify(ada, *by_mail(mail, "--templates", folder))
    message = mail.mails[0][2]
    assert message["Subject"] == "Límite: 100\u202f% — 150/100"
    assert message.get_content() == "Hola Ada Lovelace (ada, ada@example.org), true false 0\n"


BAD_TEMPLATES = {
    "unknown": ("passed-text.txt", b"${nome}", '"${nome}" is not known'),
    "not closed": ("passed-text.txt", b"${name", 'has no "}"'),
    "two lines": ("passed-subject.txt", b"a\nb\n", "one line"),
    "not UTF-8": ("corrected-text.txt", b"\xff", "UTF-8"),
    "NUL": ("corrected-subject.txt", b"a\0b", "NUL"),
    "too large": ("passed-text.txt", b"x" * 65537, "65536 bytes"),
    "no JSON": ("notice.json", b"{", "makes no JSON"),
    "quoted": ("notice.json", b'{"user": "${id}"}', "without quotes"),
    "none": ("other.txt", b"", "has no template"),
}


@pytest.mark.parametrize(("name", "content", "words"), BAD_TEMPLATES.values(), ids=BAD_TEMPLATES)
def test_templates_that_are_wrong(case, name, content, words):
    case.provision()
    (case.folder / name).write_bytes(content)
    result = case.program.run("notify", *case.login, "--dry-run", "--templates", case.folder)
    result.fails("ANT-N006", words)
    assert case.value("SELECT count(*) FROM antenna.notice_threshold") == 0


# Kills: at a request to PostgreSQL (bytes of it, and what is done there), or when the mail server is told something;
# and how many mails come in all.
KILLS = {
    "before the claim": (CLAIM, kill_before, 1),
    "after the claim": (CLAIM, kill_after, 1),
    "at the recipient": ("RCPT", None, 1),
    "when the mail has come": ("TAKEN", None, 2),
    "before it is noted": (SETTLE, kill_before, 2),
    "after it was noted": (SETTLE, kill_after, 1),
}


@pytest.mark.parametrize(("where", "action", "count"), KILLS.values(), ids=KILLS)
def test_a_kill_at_each_point(ada, mail, proxy, *, where, action, count):
    """Each user is told at least once, and the outbox knows one notice, which is sent once."""
    victim = Victim()

    def kill(_):
        victim.signal(signal.SIGKILL)

    if action:
        proxy.arm(where, None, 1, lambda link, data: action(victim, link, data, UPDATED))
    else:
        mail.answers[where] = kill
    running = start(ada, *by_mail(mail), uri=address(ada, proxy))
    victim.set(running)
    wait_until(lambda: not running.is_running(), "its death")
    mail.answers.clear()
    expire(ada)
    notify(ada, *by_mail(mail))
    assert len(mail.mails) == count
    assert len({message["Message-ID"] for *_, message in mail.mails}) == 1
    assert [row[:2] for row in notices(ada)] == [("ada", "sent")]
    notify(ada, *by_mail(mail))
    assert len(mail.mails) == count


@pytest.mark.parametrize("action", [cut_before, cut_after])
@pytest.mark.parametrize("where", [CLAIM, SETTLE])
def test_a_connection_that_is_cut(ada, mail, proxy, where, action):
    """What was sent is noted on the next connection, and not sent again."""
    proxy.arm(where, None, 1, lambda link, data: action(None, link, data, UPDATED))
    running = start(ada, *by_mail(mail), uri=address(ada, proxy))
    running.wait_for("goes on")
    expire(ada)
    wait_until(lambda: notices(ada)[0][1] == "sent", "it is noted")
    running.terminate()
    assert len(mail.mails) == 1


def test_an_outbox_that_is_away_and_comes_back(ada, mail, proxy):
    running = start(ada, *by_mail(mail), uri=address(ada, proxy))
    mail.wait_for(1)
    proxy.lead_to(free_port())
    ada.end_sessions()
    running.wait_for("waits and will try again")
    proxy.lead_to(ada.postgres.port)
    running.wait_for("goes on")
    running.terminate()


def test_several_processes_send_each_notice_once(users, mail):
    case = users({f"user{number}": ("Ada", f"user{number}@example.org") for number in range(40)})
    arguments = ("notify", *case.login, "--thresholds", "100", *by_mail(mail))
    started = [case.program.start(*arguments) for _ in range(3)]
    for running in started:
        assert running.wait().code in (0, 5)
    assert sorted(recipients[0] for _, recipients, _ in mail.mails) == sorted(
        f"user{number}@example.org" for number in range(40)
    )
    assert {row[1:3] for row in notices(case)} == {("sent", 1)}


def test_a_frozen_process_notes_nothing_that_another_has_done(ada, mail):
    """Its claim expires, another sends the notice, and what it says afterwards is too late."""
    reached, released = threading.Event(), threading.Event()

    def hold(_):
        if not reached.is_set():
            reached.set()
            released.wait(30)

    mail.answers["DATA"] = hold
    running = start(ada, *by_mail(mail, "--send-timeout", "1m"))
    assert reached.wait(30)
    expire(ada)
    notify(ada, *by_mail(mail))
    assert notices(ada) == [("ada", "sent", 2, None)]
    released.set()
    mail.wait_for(2)
    running.terminate()
    assert notices(ada) == [("ada", "sent", 2, None)]


def test_not_more_than_so_many_in_a_second(users, mail):
    case = users({f"user{number}": ("Ada", f"user{number}@example.org") for number in range(11)})
    begin = time.monotonic()
    notify(case, *by_mail(mail, "--notices-per-second", "10"))
    assert time.monotonic() - begin > 1
    assert len(mail.mails) == 11


def test_a_clock_that_goes_back_delays_no_attempt(ada, mail):
    mail.answers["RCPT"] = "450 4.2.0 come again"
    notify(ada, *by_mail(mail), code=5)
    ada.execute("UPDATE antenna.notice SET next_attempt_at = now() + INTERVAL '1 day'")
    mail.answers.clear()
    assert "sent 1 " in notify(ada, *by_mail(mail)).out


def test_a_stop_leaves_the_rest(users, mail):
    case = users({f"user{number}": ("Ada", f"user{number}@example.org") for number in range(20)})
    arguments = ("notify", *case.login, "--thresholds", "100", *by_mail(mail, "--notices-per-second", "1"))
    running = case.program.start(*arguments)
    mail.wait_for(1)
    running.process.send_signal(signal.SIGTERM)
    assert running.wait().code == 6
    assert case.value("SELECT count(*) FROM antenna.notice WHERE state = 'waiting'") == 20 - len(mail.mails)


def test_thresholds_belong_to_the_database(ada, mail):
    def stored():
        return [row[0] for row in ada.query("SELECT threshold FROM antenna.notice_threshold ORDER BY 1")]

    notify(ada, *by_mail(mail))
    assert stored() == [100]
    arguments = ("notify", *ada.login, *by_mail(mail))
    assert ada.program.run(*arguments).code == 0
    assert stored() == [100]
    before = ada.value("SELECT since FROM antenna.notice_threshold")
    assert ada.program.run(*arguments, "--thresholds", "50,100,50").code == 0
    assert stored() == [50, 100]
    assert ada.value("SELECT since FROM antenna.notice_threshold WHERE threshold = 100") == before
    assert len(mail.mails) == 2
    ada.execute("DELETE FROM antenna.notice_threshold")
    assert ada.program.run(*arguments).code == 0
    assert stored() == [80, 100]
