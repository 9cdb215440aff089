"""Exit codes: each failure has the code by which a supervisor decides, and documents and units use the same list."""

import contextlib
import re

import pytest
from events import encode
from findings import arguments as doctor_arguments
from program import CHECKOUT
from proxy import Proxy
from stack import free_port

pytestmark = pytest.mark.timeout(60)

HOUR = "2022-02-20T09:00:00Z"
DONE, ENVIRONMENT, UNAVAILABLE = 0, 3, 5


def read_table(document):
    """The rows of a document's table of exit codes, {code: cells}."""
    text = (CHECKOUT / document).read_text().partition("| exit code |")[2]
    rows = re.findall(r"^\| (\d) \| (.*) \|$", text.partition("\n\n")[0], re.MULTILINE)
    return {int(code): cells.split(" | ") for code, cells in rows}


def test_every_document_has_every_code(program):
    codes = set(range(7))
    assert set(read_table("docs/reference.md")) == codes
    assert set(read_table("docs/operators.md")) == codes
    words = re.search(r"^exit codes: (.*)$", program.run("--help").out, re.MULTILINE)[1]
    assert {int(word.split()[0]) for word in words.split(", ")} == codes
    manual = (CHECKOUT / "build" / "man" / "antenna-speed.1").read_text()
    assert {int(code) for code in re.findall(r"^\.It (\d)$", manual, re.MULTILINE)} == codes


@pytest.mark.parametrize("unit", ["antenna-speed@.service", "antenna-batch.service", "antenna-notify.service"])
def test_units_restart_what_a_retry_may_help(unit):
    text = (CHECKOUT / "deploy" / "systemd" / unit).read_text()
    prevented = {int(code) for code in re.search(r"^RestartPreventExitStatus=(.*)$", text, re.MULTILINE)[1].split()}
    retried = {code for code, cells in read_table("docs/reference.md").items() if cells[-1] == "yes"}
    assert prevented == set(range(7)) - retried - {DONE}
    assert "StartLimitIntervalSec=0\n" in text


@pytest.fixture
def prepared(case):
    case.prepare()
    (case.root / "data").mkdir(parents=True)
    case.produce([encode()])
    return case


def each_command(case, uri, password):
    """Every command that needs PostgreSQL."""
    user = case.postgres.user
    yield ("provision", uri, user, password)
    yield case.speed_arguments("--until-end", uri=uri, password=password)
    yield case.batch_arguments(HOUR, uri=uri, password=password)
    yield ("verify", uri, user, password, "--storage-path", case.root / "data")
    yield ("notify", uri, user, password, "--dry-run")
    yield ("status", uri, user, password)
    yield doctor_arguments(case, login=(uri, user, password))


# Each kind of failure: (exit code, the address, the password); None for the right ones.
FAILURES = {
    "nobody listens": (UNAVAILABLE, lambda _: f"jdbc:postgresql://127.0.0.1:{free_port()}/x", None),
    "closes at once": (UNAVAILABLE, lambda proxy: f"jdbc:postgresql://127.0.0.1:{proxy.port}/x", None),
    "name that does not resolve": (UNAVAILABLE, lambda _: "jdbc:postgresql://no-such-host.invalid/x", None),
    "wrong password": (ENVIRONMENT, None, "wrong"),
    "no such database": (ENVIRONMENT, lambda _: "nowhere", None),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_commands_tell_an_outage_of_postgres_from_a_mistake(prepared, failure):
    code, address, password = FAILURES[failure]
    with contextlib.closing(Proxy(free_port())) as proxy:
        uri = address(proxy) if address else prepared.database
        uri = uri if ":" in uri else prepared.postgres.jdbc_uri(uri)
        commands = each_command(prepared, uri, password or prepared.postgres.password)
        started = [prepared.program.start(*arguments) for arguments in commands]
        ended = [running.wait() for running in started]
    assert {result.code for result in ended} == {code}, "\n".join(result.err for result in ended)
