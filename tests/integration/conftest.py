"""Fixtures of the tests of logins to Kafka: one broker with all of them, in the group tls_kafka."""

import pytest
from case import Case
from issuer import Issuer
from realm import Realm
from secure_kafka import SecureKafka
from stack import running


@pytest.fixture(scope="session")
def tokens(tmp_path_factory, certificates):
    issuer = Issuer(tmp_path_factory.mktemp("issuer"), certificates.trusted)
    yield issuer
    issuer.close()


@pytest.fixture
def issuer(tokens):
    """The issuer, as each test finds and leaves it."""
    yield tokens
    tokens.reset()


@pytest.fixture(scope="session")
def tickets(tmp_path_factory):
    realm = Realm(tmp_path_factory.mktemp("realm"))
    with running(realm):
        yield realm


@pytest.fixture(scope="session")
def secure_kafka(tmp_path_factory, certificates, tokens, tickets):
    server = SecureKafka(tmp_path_factory.mktemp("secure-kafka"), certificates, tokens, tickets)
    with running(server):
        yield server


@pytest.fixture
def secured(secure_kafka, postgres, program, tmp_path):
    case = Case(secure_kafka, postgres, program, tmp_path)
    yield case
    case.close()
