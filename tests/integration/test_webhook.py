"""antenna notify by a signed webhook: what is posted, how answers are taken, and what the doctor asks."""
# ruff: noqa: F811  the fixtures of test_notify are arguments here

import contextlib
import hashlib
import hmac
import json
import signal
import time

import pytest
from findings import Findings
from mail_server import Webhook
from test_notify import QUICK, SENDER, ada, expire, kafka, mail, notices, notify, start, users  # noqa: F401
from test_protocol import Victim
from waiting import wait_until

pytestmark = pytest.mark.timeout(60)

KEY = "signing-key-4711"


@pytest.fixture
def webhook(case, certificates):
    (case.folder / "key").write_text(f"{KEY}\n")
    (case.folder / "key").chmod(0o600)
    with contextlib.closing(Webhook(certificates.trusted)) as server:
        yield server


def by_webhook(case, server, certificates, *options):
    url = f"https://127.0.0.1:{server.port}/hooks/geheim-token"
    return (
        *("--webhook-url", url, "--webhook-key-file", case.folder / "key", "--tls-ca", certificates.authority),
        *(*QUICK, *options),
    )


def test_a_signed_request(users, webhook, certificates):
    case = users({"ada": ('Ada "L"\r\nX: y', None)})
    result = notify(case, *by_webhook(case, webhook, certificates, "--log-level", "debug"))
    ((path, headers, body),) = webhook.requests
    assert path == "/hooks/geheim-token"
    assert headers["Content-Type"] == "application/json"
    found = json.loads(body)
    hour = case.value('SELECT to_char(hour, \'YYYY-MM-DD"T"HH24:MI:SS"Z"\') FROM antenna.notice')
    assert found == {
        "notice": headers["Idempotency-Key"],
        "user": "ada",
        "name": 'Ada "L"\r\nX: y',
        "email": None,
        "hour": hour,
        "threshold": 100,
        "passed": True,
        "final": False,
        "revision": 0,
        "usage": 150,
        "quota": 100,
    }
    stamp = headers["Antenna-Timestamp"]
    assert abs(int(stamp) - time.time()) < 60
    digest = hmac.new(KEY.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    assert headers["Antenna-Signature"] == f"v1={digest}"
    assert "geheim" not in result.out + result.err
    assert KEY not in result.out + result.err


ANSWERS = {
    200: (0, "sent", 1),
    204: (0, "sent", 1),
    301: (3, "waiting", 0),
    400: (0, "dead", 1),
    401: (3, "waiting", 0),
    403: (3, "waiting", 0),
    404: (3, "waiting", 0),
    405: (3, "waiting", 0),
    408: (5, "waiting", 1),
    410: (0, "dead", 1),
    422: (0, "dead", 1),
    429: (5, "waiting", 1),
    500: (5, "waiting", 1),
    503: (5, "waiting", 1),
    None: (5, "waiting", 1),
}


@pytest.mark.parametrize("status", ANSWERS)
def test_what_a_webhook_answers(ada, webhook, certificates, status):
    code, state, attempts = ANSWERS[status]
    webhook.answer = lambda number: status if number == 1 else 200
    options = by_webhook(ada, webhook, certificates, "--retry-pause", "1h")
    notify(ada, *options, code=code)
    ((_, found, count, reason),) = notices(ada)
    assert (found, count) == (state, attempts)
    assert (reason is None) == (state == "sent")
    if state == "dead":
        assert reason == f"{status} so says the webhook"
    expire(ada)
    notify(ada, *options)
    assert notices(ada)[0][1] == ("dead" if state == "dead" else "sent")
    keys = {headers["Idempotency-Key"] for _, headers, _ in webhook.requests}
    assert len(keys) == 1


@pytest.mark.parametrize("pair", ["expired", "elsewhere"])
def test_a_webhook_with_a_wrong_certificate(ada, webhook, certificates, pair):
    with contextlib.closing(Webhook(getattr(certificates, pair))) as other:
        notify(ada, *by_webhook(ada, other, certificates), code=3).fails("ANT-N002", "certificate", "--tls-ca")
        assert not other.requests
    assert notices(ada) == []


def test_a_kill_after_the_webhook_has_it(ada, webhook, certificates):
    victim = Victim()

    def kill(number):
        if number == 1:
            victim.signal(signal.SIGKILL)
        return 200

    webhook.answer = kill
    running = start(ada, *by_webhook(ada, webhook, certificates))
    victim.set(running)
    wait_until(lambda: not running.is_running(), "its death")
    expire(ada)
    notify(ada, *by_webhook(ada, webhook, certificates))
    assert [headers["Idempotency-Key"] for _, headers, _ in webhook.requests] == [
        webhook.requests[0][1]["Idempotency-Key"]
    ] * 2
    assert notices(ada)[0][1] == "sent"


def test_a_dry_run_for_a_webhook(ada, webhook, certificates):
    said = notify(ada, *by_webhook(ada, webhook, certificates), "--dry-run").out
    assert json.loads(said.partition("would send")[0])["user"] == "ada"
    assert not webhook.requests


# The doctor.


def examine(case, *options):
    return Findings(case.program.run("doctor", *case.login, "--json", *options))


def test_the_doctor_asks_a_mail_server(ada, mail):
    options = ("--smtp-url", f"smtp://127.0.0.1:{mail.port}", "--sender", SENDER, "--plain-text")
    findings = examine(ada, *options)
    findings.tells("notify_server", "ok", f'send as "{SENDER}"').tells("notify_encryption", "warning", "plain text")
    assert not mail.mails
    mail.answers["MAIL"] = "550 5.7.1 no"
    examine(ada, *options).tells("notify_server", "failed", "refuses the sender", "550 5.7.1 no")
    mail.close()
    assert examine(ada, *options).tells("notify_server", "failed", "could not reach").code == 5
    assert "notify_server" not in examine(ada)


def test_the_doctor_asks_a_webhook(ada, webhook, certificates):
    options = [word for word in by_webhook(ada, webhook, certificates) if word not in QUICK]
    findings = examine(ada, *options)
    findings.tells("notify_server", "ok", "can be reached").tells("notify_encryption", "ok")
    assert not webhook.requests
