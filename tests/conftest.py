"""Fixtures of all tests on real servers: the servers of a session, and each test's own database, topic and folder."""

import pathlib
import shutil
import tempfile

import events
import pytest
from case import Case
from certificates import Certificates
from program import BINARY, Program
from proxy import Proxy
from stack import Kafka, Postgres, running
from waiting import PATIENCE


def pytest_collection_modifyitems(items):
    """Where everything takes longer, each test has more time."""
    for item in items:
        if limit := item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(limit.args[0] * PATIENCE), append=False)


@pytest.fixture(scope="session")
def home():
    """The servers' folder, which PostgreSQL's user may pass through."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="antenna-tests-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="session")
def kafka(home):
    server = Kafka(home, tied=True)
    with running(server):
        yield server


@pytest.fixture(scope="session")
def postgres(home):
    server = Postgres(home, tied=True, durable=False)
    with running(server):
        yield server


@pytest.fixture(scope="session")
def certificates(tmp_path_factory):
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def program(tmp_path):
    assert BINARY.exists(), f"{BINARY} is missing: run make build"
    program = Program(tmp_path)
    yield program
    program.close()


@pytest.fixture
def case(kafka, postgres, program, tmp_path):
    case = Case(kafka, postgres, program, tmp_path)
    yield case
    case.close()


@pytest.fixture
def proxy(postgres):
    proxy = Proxy(postgres.port)
    yield proxy
    proxy.close()


@pytest.fixture
def used(case):
    """Two hours that both layers have worked on."""
    case.prepare()
    case.produce([*events.draw(300), b"nonsense"])
    case.speed()
    case.batch_pending()
    return case


@pytest.fixture
def healthy(case):
    """A case in which everything is as it should be."""
    case.prepare()
    case.produce(events.draw(300))
    (case.root / "data").mkdir(parents=True)
    (case.root / ".staging").mkdir()
    return case
