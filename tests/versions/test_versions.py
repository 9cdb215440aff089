"""What users do first, on each version of PostgreSQL and Kafka: the tests of the commands, with other servers."""

import events
import psycopg
import pytest
import versions
from servers import running_kafka, running_postgres
from test_batch import archived, test_totals_and_offenders_of_each_hour  # noqa: F401
from test_doctor import test_everything_works  # noqa: F401
from test_group import test_member_is_killed_and_another_joins  # noqa: F401
from test_metrics_of_totals import test_both_layers_keep_them  # noqa: F401
from test_reader_role import reader, test_reads_what_dashboards_show_and_changes_nothing  # noqa: F401
from test_roles import jobs, test_their_rights_suffice  # noqa: F401
from test_upgrade import test_a_database_of_version_1_goes_on  # noqa: F401

pytestmark = [pytest.mark.versions, pytest.mark.timeout(180)]

# The first Kafka whose brokers assign partitions (KIP-848), unless they are told not to.
BROKER_ASSIGNS = 4


def parameters():
    for version in versions.read_list():
        if version.is_supported and version != versions.supported("kafka")[-1]:
            marks = [pytest.mark.xdist_group(str(version)), *([pytest.mark.share] if version.is_shared else [])]
            yield pytest.param(version, id=str(version), marks=marks)


@pytest.fixture(scope="module", params=parameters())
def version(request):
    """Each with the newest of the other server; the two newest are one run."""
    return request.param


@pytest.fixture(scope="module")
def kafka_version(version):
    return version if version.server == "kafka" else version.partner


@pytest.fixture(scope="module")
def kafka(home, kafka_version):
    with running_kafka(home, kafka_version) as server:
        yield server


@pytest.fixture(scope="module")
def postgres(home, version):
    """Before PostgreSQL 15, with what provision then warns of revoked."""
    with running_postgres(home, version if version.server == "postgresql" else version.partner) as server:
        with psycopg.connect(server.conninfo("template1")) as connection:
            connection.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
        yield server


def test_the_servers_are_of_these_versions(case, version):
    name = str(version if version.server == "postgresql" else version.partner)
    assert f"PostgreSQL {case.value('SHOW server_version')}" == name


def test_partitions_that_the_broker_assigns(case, kafka_version):
    case.prepare()
    case.produce(events.draw(300))
    result = case.program.run(*case.speed_arguments("--until-end", "-X", "group.protocol=consumer"))
    if int(kafka_version.release.partition(".")[0]) < BROKER_ASSIGNS:
        result.fails("ANT-K009", "the broker refuses the consumer group's protocol", "needs Kafka 4.0")
        case.speed()
    else:
        assert result.code == 0, result.err
    case.check_exact()
