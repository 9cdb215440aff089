"""Servers that are older than those that the program works with."""

import pytest
import versions
from findings import examine
from servers import running_kafka, running_postgres
from test_settings import each_command

pytestmark = [pytest.mark.versions, pytest.mark.share, pytest.mark.timeout(120), pytest.mark.xdist_group("unsupported")]


@pytest.fixture(scope="module")
def kafka(home):
    with running_kafka(home, versions.unsupported("kafka")) as server:
        yield server


@pytest.fixture(scope="module")
def old_postgres(home):
    with running_postgres(home, versions.unsupported("postgresql")) as server:
        yield server


def test_postgres_is_refused(case, old_postgres):
    oldest = versions.supported("postgresql")[0].release
    words = f"{versions.unsupported('postgresql')} is older than {oldest}"
    case.create_topic()
    (case.root / "data").mkdir(parents=True)
    login = (old_postgres.jdbc_uri(), old_postgres.user, old_postgres.password)
    *commands, doctor = [case.program.start(*arguments) for arguments in each_command(case, *login)]
    for command in commands:
        command.wait().fails("ANT-P011", words, "upgrade PostgreSQL")
    result = doctor.wait()
    assert (result.code, words in result.out) == (3, True), result.out


def test_kafka_without_topic_ids_is_exact_and_doctor_warns(healthy):
    examine(healthy).warns_alone("kafka_topic", "older than Kafka 2.8")
    healthy.speed()
    healthy.check_exact()
