"""PostgreSQL by TLS with verify-full: a server that is trusted is used, any other is refused with the reason."""

import shutil

import events
import psycopg
import pytest
from findings import Findings
from network import ADDRESS, Network
from proxy import Proxy
from waiting import wait_until

pytestmark = pytest.mark.timeout(60)


def administrate(postgres, *statements):
    with psycopg.connect(postgres.conninfo("postgres"), autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


def shown_certificate(postgres, authority):
    """Connects by TLS and returns why libpq refuses, "" when it does not."""
    try:
        psycopg.connect(postgres.conninfo("postgres"), sslmode="verify-full", sslrootcert=str(authority)).close()
    except psycopg.OperationalError as error:
        return str(error)
    return ""


@pytest.fixture
def secured(case, certificates):
    """The case, with a function that has the server show a certificate; TLS is off again after the test."""

    def show(pair, accepted):
        for source, name in zip(pair, ("server.key", "server.crt"), strict=True):
            path = case.postgres.folder / name
            shutil.copyfile(source, path)
            case.postgres.give(path)
        administrate(case.postgres, "ALTER SYSTEM SET ssl TO on", "SELECT pg_reload_conf()")
        # The certificate before it could be refused, too; the one that is meant is refused for its own reason.
        wait_until(lambda: accepted in shown_certificate(case.postgres, certificates.authority), "TLS is on", 10)
        return case

    yield show
    administrate(case.postgres, "ALTER SYSTEM RESET ssl", "SELECT pg_reload_conf()")


def address(case, authority, mode="verify-full"):
    return f"{case.login[0]}?sslmode={mode}&sslrootcert={authority}"


def run_provision(case, uri, **changes):
    login = {"user": case.login[1], "password": case.login[2]} | changes
    return case.program.run("provision", uri, *login.values())


@pytest.mark.core
def test_a_server_that_is_trusted(secured, certificates):
    case = secured(certificates.trusted, "")
    uri = address(case, certificates.authority)
    result = run_provision(case, uri)
    assert result.code == 0, result.err
    case.create_topic()
    case.produce(events.draw(100))
    speed = case.start_speed(uri=uri)
    case.wait_until_read(speed)
    encrypted = "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE datname = %s AND "
    assert case.value(f"{encrypted} application_name = 'antenna'", case.database)
    speed.terminate()
    case.check_exact()


def test_a_wrong_password(secured, certificates):
    case = secured(certificates.trusted, "")
    result = run_provision(case, address(case, certificates.authority), password="geheim-und-falsch")
    result.fails("ANT-P004", "password authentication failed", "check jdbc-user and jdbc-password")


def refused(case, certificates, authority, *said):
    """Asserts that each command ends with exit code 3 and one message."""
    case.prepare()
    uri = address(case, authority)
    (case.root / "data").mkdir(parents=True)
    for arguments in (
        ("provision", uri, *case.login[1:]),
        ("status", uri, *case.login[1:]),
        case.speed_arguments(uri=uri),
        case.batch_arguments("2022-02-20T09:00:00Z", uri=uri),
    ):
        case.program.run(*arguments).fails("ANT-P007", *said)


def test_another_authority(secured, certificates):
    case = secured(certificates.trusted, "")
    refused(case, certificates, certificates.stranger, "certificate verify failed", "check that sslrootcert")


def test_an_expired_certificate(secured, certificates):
    case = secured(certificates.expired, "certificate verify failed")
    refused(case, certificates, certificates.authority, "certificate verify failed", "valid today")


def test_the_certificate_of_another_host(secured, certificates):
    case = secured(certificates.elsewhere, "does not match host name")
    refused(case, certificates, certificates.authority, 'does not match host name "127.0.0.1"', "names it")


def test_a_missing_file_of_authorities(secured, certificates):
    case = secured(certificates.trusted, "")
    refused(case, certificates, "/nowhere/ca.pem", "/nowhere/ca.pem", "does not exist", "sslrootcert")


def test_a_server_without_tls(case, certificates):
    refused(case, certificates, certificates.authority, "server does not support SSL", "switch ssl on")


def test_a_server_that_nobody_verifies(secured, certificates):
    """The doctor warns of it where the connection leaves the machine."""
    case = secured(certificates.trusted, "")
    case.prepare()
    case.root.mkdir()
    with Network() as network:
        proxy = Proxy(case.postgres.port, network.listen())
        uri = f"jdbc:postgresql://{ADDRESS}:{proxy.port}/{case.database}?sslmode="

        def look(mode):
            command = ("doctor", uri + mode, *case.login[1:], "--json")
            return Findings(network.call(case.program.run, *command))

        findings = look("require").tells("postgres_encryption", "warning", "nobody has looked who the server is")
        assert "sslmode=verify-full" in findings["postgres_encryption"]["fix"]
        findings = look(f"verify-ca&sslrootcert={certificates.authority}")
        findings.tells("postgres_encryption", "ok", "the server has shown who it is")
        proxy.close()
