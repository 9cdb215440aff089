"""Fixtures: a database with hours of events in it, a Superset that shows it, and a browser that is logged in."""

import contextlib
import datetime
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from case import Case
from mail_server import MailServer
from pages import Browser, open_chromium
from program import CHECKOUT, Program, environment
from stack import Kafka, Postgres, Superset, free_port, running

USERS = CHECKOUT / "demo" / "users.csv"
IMPORT = CHECKOUT / "serving" / "superset" / "import"
READER_PASSWORD = "reader of tests"

HOURS_BACK = 3
MESSAGES = 30_000
FAULTS = ("--late", "0.02", "--malformed", "0.01")
# Events of the near future are accepted, so that the hour that the tests run in has events however late it is.
MINUTES_AHEAD = 50
SMALL_USER = "00000000-0000-0000-0000-000000000004"
ANTENNA = "11111111-1111-1111-1111-111111111111"
# Silent, and in none of the charts that show the last day.
SILENT_ANTENNA = "99999999-9999-9999-9999-999999999999"
SILENT_HOURS = 26
OPERATOR = "operator@example.org"


@pytest.fixture(scope="session")
def servers(home):
    """Kafka, PostgreSQL and Superset."""
    started = [Kafka(home, tied=True), Postgres(home, tied=True, durable=False), Superset(home, free_port(), tied=True)]
    with running(*started):
        yield started


@pytest.fixture(scope="session")
def superset(servers):
    return servers[2]


def last_event(now):
    """The last event of an antenna that is silent now."""
    timestamp = int(now.timestamp()) - 3600 * SILENT_HOURS
    event = {"timestamp": timestamp, "id": SMALL_USER, "antenna_id": SILENT_ANTENNA, "bytes": 1, "app": "SKYPE"}
    return json.dumps(event).encode()


def send_notices(case):
    """Notifies the users who are over their quota, and the operator: one notice is sent, one is refused for good, and
    others wait.
    """
    # Playwright runs a loop in this thread, which lets no other begin.
    with ThreadPoolExecutor() as pool, contextlib.closing(pool.submit(MailServer).result()) as server:

        def answer(address):
            if address == OPERATOR:
                return "550 5.1.1 no such user"
            return "452 4.2.2 mailbox full" if server.mails else None

        server.answers["RCPT"] = answer
        options = ("--smtp-url", f"smtp://127.0.0.1:{server.port}", "--plain-text", "--sender", "quota@example.org")
        result = case.program.run("notify", *case.login, *options, "--operator", OPERATOR)
    assert result.code == 5, result.err


def make_case(servers, folder):
    """A database with its tables and the role that reads."""
    folder.mkdir()
    case = Case(servers[0], servers[1], Program(folder), folder)
    password_file = folder / "reader-password"
    password_file.write_text(READER_PASSWORD)
    case.provision("--users", USERS, "--reader-password-file", password_file, "--active-within", "48h")
    return case


@pytest.fixture(scope="session")
def empty(servers, home):
    """A database that no event has reached."""
    case = make_case(servers, home / "empty")
    yield case
    case.close()


def near_future(now):
    """An event of the user with the smallest quota, beyond it, for each of the next minutes."""
    for minute in range(MINUTES_AHEAD):
        timestamp = int(now.timestamp()) + 60 * minute
        event = {"timestamp": timestamp, "id": SMALL_USER, "antenna_id": ANTENNA, "bytes": 6000, "app": "SKYPE"}
        yield json.dumps(event).encode()


@pytest.fixture(scope="session")
def case(servers, home):
    """A database with the last hours in it, all but this one batched."""
    case = make_case(servers, home / "case")
    now = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
    hour = now.replace(minute=0, second=0, tzinfo=None)
    begin = now - datetime.timedelta(hours=HOURS_BACK)
    period = ("--from", f"{begin:%Y-%m-%dT%H:%M:%SZ}", "--to", f"{now:%Y-%m-%dT%H:%M:%SZ}")
    case.simulate("--users", USERS, *period, "--count", str(MESSAGES), "--rate", "max", *FAULTS)
    case.produce([*near_future(now), last_event(now)])
    case.speed()
    for (known,) in case.query("SELECT hour FROM antenna.hour WHERE hour < %s ORDER BY hour", hour):
        case.batch(known)
    send_notices(case)
    limit = ("--storage-path", case.root / "data", "--archive-older-than", f"{SILENT_HOURS - 2}h")
    assert case.program.run("prune", *case.login, *limit).code == 0
    yield case
    case.close()


class Importer:
    """Runs serving/superset/import as an operator does."""

    password = READER_PASSWORD

    def __init__(self, superset):
        self._superset = superset

    def run(self, case, program=(IMPORT,), **changes):
        """Imports the dashboards of a case's database; `changes` of the environment, None unsets a variable."""
        settings = {
            "SUPERSET_URL": self._superset.url,
            "SUPERSET_PASSWORD_FILE": str(self._superset.password_file),
            "DATABASE_URI": case.postgres.jdbc_uri(case.database),
            "DATABASE_PASSWORD": self.password,
        }
        settings = {name: value for name, value in (settings | changes).items() if value is not None}
        return subprocess.run(
            [sys.executable, *map(str, program)], env=environment(settings), capture_output=True, text=True, check=False
        )


@pytest.fixture(scope="session")
def importer(superset):
    return Importer(superset)


@pytest.fixture(scope="session")
def shown(importer, case):
    """The case whose database the dashboards show."""
    done = importer.run(case)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    return case


@pytest.fixture(scope="session")
def chromium():
    with open_chromium() as chromium:
        yield chromium


@pytest.fixture(scope="session")
def browser(chromium, superset, shown):
    return Browser(chromium, superset)
