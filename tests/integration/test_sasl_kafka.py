"""Logins to Kafka by a token (OAUTHBEARER) or a ticket (GSSAPI): what is right is used, what is not is named."""

import contextlib
import time

import events
import issuer as tokens
import pytest
import realm
from secure_kafka import properties
from stack import free_port
from waiting import PATIENCE, wait_until

pytestmark = [pytest.mark.timeout(120), pytest.mark.xdist_group("tls_kafka")]

# An endpoint that does not answer is given up after 10 s, and librdkafka ends its request after 20 s.
HANGING_SECONDS = 30

# Of tokens that are renewed. Each connection ends with its token, so that a busy machine needs longer ones.
SHORT_SECONDS = 5 * PATIENCE


def token_login(certificates, issuer, **changes):
    """A login by a token that is right, but for changes."""
    settings = {
        "security_protocol": "SASL_SSL",
        "ssl_ca_location": certificates.authority,
        "https_ca_location": certificates.authority,
        "sasl_mechanism": "OAUTHBEARER",
        "sasl_oauthbearer_method": "oidc",
        "sasl_oauthbearer_token_endpoint_url": issuer.url,
        "sasl_oauthbearer_client_id": tokens.CLIENT,
        "sasl_oauthbearer_client_secret": tokens.SECRET,
    }
    return properties(**(settings | changes))


def ticket_login(**changes):
    """A login by a ticket."""
    settings = {"security_protocol": "SASL_PLAINTEXT", "sasl_mechanism": "GSSAPI", "broker_address_family": "v4"}
    return properties(**(settings | changes))


@pytest.mark.core
def test_a_token_for_a_broker(secured, secure_kafka, certificates, issuer):
    secured.provision()
    words = token_login(certificates, issuer)
    server = secure_kafka.address_of("TOKEN")
    result = secured.program.run("simulate", server, secured.topic, "--count", "500", "--rate", "max", *words)
    assert result.code == 0, result.err
    result = secured.program.run(*secured.speed_arguments("--until-end", *words, server=server))
    assert result.code == 0, result.err
    secured.check_exact()


REFUSED = {
    # What is wrong: changes of the login, changes of the issuer, code, words.
    "the secret": (
        {"sasl_oauthbearer_client_secret": "geheim-und-falsch"},
        {},
        "ANT-K007",
        ["refuses with HTTP status 401", "invalid_client", "sasl.oauthbearer.client.secret"],
    ),
    "the address": (
        {"sasl_oauthbearer_token_endpoint_url": "{url}/nothing"},
        {},
        "ANT-K007",
        ["refuses with HTTP status 404", "nothing is here", "sasl.oauthbearer.token.endpoint.url"],
    ),
    "the endpoint's authority": (
        {"https_ca_location": "{stranger}"},
        {},
        "ANT-K003",
        ["the certificate of the token endpoint https://127.0.0.1", "https.ca.location"],
    ),
    "an endpoint that is down": (
        {"sasl_oauthbearer_token_endpoint_url": "https://127.0.0.1:{free}/token"},
        {},
        "ANT-K008",
        ["the token endpoint https://127.0.0.1", "is unavailable", "Couldn't connect to server"],
    ),
    "a name without a host": (
        {"sasl_oauthbearer_token_endpoint_url": "https://nowhere.invalid/token"},
        {},
        "ANT-K008",
        ["the token endpoint https://nowhere.invalid/token is unavailable", "resolve"],
    ),
    "an endpoint that hangs": (
        {},
        {"hangs": True},
        "ANT-K008",
        ["does not answer", "sasl.oauthbearer.token.endpoint.url"],
    ),
    "an endpoint with errors": (
        {},
        {"answer": (503, "text/plain", "later")},
        "ANT-K008",
        ["does not answer, or with temporary errors only"],
    ),
    "a page": ({}, {"answer": (200, "text/html", "<html>\n</html>")}, "ANT-K007", ["no token for Kafka", "text/html"]),
    "another kind of token": (
        {},
        {"answer": (200, "application/json", '{"access_token": "opaque"}')},
        "ANT-K007",
        ["no token for Kafka", "JSON Web Tokens"],
    ),
    "a token that has expired": (
        {},
        {"seconds": -60},
        "ANT-K007",
        ["no token for Kafka", "unexpired", "check the clock"],
    ),
    "the audience": (
        {},
        {"claims": {"aud": "another"}},
        "ANT-K002",
        ["SASL authentication error", "audience", "sasl.oauthbearer.*"],
    ),
}


@pytest.mark.parametrize("wrong", REFUSED)
def test_a_token_that_cannot_be_had_or_used(secured, secure_kafka, certificates, issuer, wrong):
    changes, state, code, said = REFUSED[wrong]
    values = {"url": issuer.url, "stranger": certificates.stranger, "free": free_port()}
    words = token_login(certificates, issuer, **{name: value.format(**values) for name, value in changes.items()})
    for name, value in state.items():
        setattr(issuer, name, value)
    secured.prepare()
    server = secure_kafka.address_of("TOKEN")
    begin = time.monotonic()
    result = secured.program.run(*secured.speed_arguments("--until-end", *words, server=server))
    result.fails(code, server, *said)
    assert "geheim" not in result.err
    assert time.monotonic() - begin < PATIENCE * (HANGING_SECONDS if result.code == 5 else 8)


@contextlib.contextmanager
def changed(issuer, **changes):
    """Another issuer for a while."""
    former = {name: getattr(issuer, name) for name in changes}
    for name, value in changes.items():
        setattr(issuer, name, value)
    yield
    for name, value in former.items():
        setattr(issuer, name, value)


def test_a_token_that_expires_is_renewed(secured, secure_kafka, certificates, issuer):
    """The broker ends each connection whose token has expired."""
    secured.prepare()
    issuer.seconds = SHORT_SECONDS
    server = secure_kafka.address_of("TOKEN")
    speed = secured.program.start(*secured.speed_arguments(*token_login(certificates, issuer), server=server))
    secured.produce(events.draw(100, seed=1))
    secured.wait_until_read(speed)
    issued = issuer.issued
    # Two clients, of which each does it twice.
    wait_until(lambda: issuer.issued >= issued + 4, "tokens are renewed")
    secured.produce(events.draw(100, seed=2))
    secured.wait_until_read(speed)
    assert "Kafka may refuse" not in speed.err
    with changed(issuer, answer=(401, "application/json", '{"error":"invalid_client"}')):
        speed.wait_for("Kafka may refuse the next connection: the token endpoint https://127.0.0.1")
        # No connection is left when the last token has expired.
        time.sleep(issuer.seconds)
    assert speed.err.count("Kafka may refuse") == 1
    secured.produce(events.draw(100, seed=3))
    secured.wait_until_read(speed)
    speed.terminate()
    secured.check_exact()


def test_a_run_to_the_end_does_not_wait_for_a_password(secured, secure_kafka, certificates, issuer):
    """One that is refused once the run has begun; a service waits for it."""
    secured.prepare()
    secured.speed()
    secured.produce(events.draw(100))
    issuer.seconds = SHORT_SECONDS
    arguments = secured.speed_arguments(
        "--until-end", *token_login(certificates, issuer), server=secure_kafka.address_of("TOKEN")
    )
    with secured.connect() as connection, connection.transaction():
        connection.execute("LOCK antenna.progress IN SHARE ROW EXCLUSIVE MODE")
        speed = secured.program.start(*arguments)
        wait_until(secured.waits_for_a_lock, "its claim waits")
        issuer.answer = (401, "application/json", '{"error":"invalid_client"}')
        time.sleep(2 * issuer.seconds)
    speed.wait().fails("ANT-K007", "refuses with HTTP status 401", "sasl.oauthbearer.client.secret")
    secured.speed()
    secured.check_exact()


def test_a_service_that_waits_for_a_token_stops(secured, secure_kafka, certificates, issuer):
    """A request that hangs is ended after 20 s."""
    secured.prepare()
    issuer.seconds = SHORT_SECONDS
    server = secure_kafka.address_of("TOKEN")
    speed = secured.program.start(*secured.speed_arguments(*token_login(certificates, issuer), server=server))
    secured.produce(events.draw(100))
    secured.wait_until_read(speed)
    with changed(issuer, hangs=True):
        time.sleep(issuer.seconds)
        speed.terminate(seconds=40)
    secured.check_exact()


# How a client gets its tickets: by kinit, which librdkafka calls, or by itself from the keytab that libkrb5 knows.
WAYS = {
    "kinit": ({"sasl_kerberos_keytab": "{keytab}", "sasl_kerberos_principal": realm.CLIENT}, {}),
    "libkrb5": ({"sasl_kerberos_min_time_before_relogin": "0"}, {"KRB5_CLIENT_KTNAME": "{keytab}"}),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_ticket_for_a_broker(secured, secure_kafka, tickets, way):
    changes, variables = (
        {name: value.format(keytab=tickets.client) for name, value in part.items()} for part in WAYS[way]
    )
    tickets.forget_tickets()
    secured.prepare()
    secured.produce(events.draw(100))
    arguments = secured.speed_arguments(
        "--until-end", *ticket_login(**changes), server=secure_kafka.address_of("TICKET")
    )
    result = secured.program.run(*arguments, environment=tickets.environment | variables)
    assert result.code == 0, result.err
    secured.check_exact()


WITHOUT = {
    # What is missing: changes of the login, variables that are left out, code and words.
    "the keytab's name": ({}, (), ["ANT-K006", "has no keytab", "sasl.kerberos.keytab"]),
    "the keytab": (
        {"sasl_kerberos_keytab": "/nowhere/x.keytab"},
        (),
        ["ANT-K006", "/nowhere/x.keytab", "No such file"],
    ),
    "the principal": (
        {"sasl_kerberos_keytab": "{keytab}", "sasl_kerberos_principal": "nobody"},
        (),
        ["ANT-K002", "SASL", "sasl.kerberos.principal", "kinit"],
    ),
    "a ticket": ({"sasl_kerberos_min_time_before_relogin": "0"}, (), ["ANT-K002", "SASL", "sasl.kerberos.principal"]),
    "kinit": (
        {"sasl_kerberos_keytab": "{keytab}", "sasl_kerberos_principal": realm.CLIENT},
        ("PATH",),
        ["ANT-K002", "SASL", "kinit (package krb5-user)"],
    ),
    "the module": (
        {"sasl_kerberos_keytab": "{keytab}", "sasl_kerberos_principal": realm.CLIENT},
        ("SASL_PATH",),
        ["ANT-K002", "SASL", "libsasl2-modules-gssapi-mit is installed"],
    ),
}


@pytest.mark.parametrize("missing", WITHOUT)
def test_a_ticket_that_cannot_be_had(secured, secure_kafka, tickets, missing):
    changes, left_out, said = WITHOUT[missing]
    tickets.forget_tickets()
    secured.prepare()
    words = ticket_login(**{name: value.format(keytab=tickets.client) for name, value in changes.items()})
    # PATH as it is, and no folder of modules.
    environment = {name: value for name, value in tickets.environment.items() if name not in left_out}
    environment.setdefault("SASL_PATH", "/nowhere")
    arguments = secured.speed_arguments("--until-end", *words, server=secure_kafka.address_of("TICKET"))
    secured.program.run(*arguments, environment=environment).fails(*said)
