"""The end of a transaction of the Spark engine: its request or its answer is lost, or Spark dies right after it."""

import threading

import events
import pytest
from engine import SUBMIT_SECONDS, Spark
from proxy import COMMIT
from test_protocol import COMMITTED, address, cut_after, cut_before, unpublished
from test_spark import check_without_scratch
from waiting import wait_until

pytestmark = pytest.mark.timeout(900)

# Of three micro-batches the second one is hit.
EVENTS = 6000
ROLLS = ("--roll-rows", str(EVENTS // 3))


@pytest.fixture
def spark(tmp_path):
    spark = Spark(tmp_path)
    yield spark
    spark.close()


def start(case, spark, proxy):
    """Spark, on a topic with events, through the proxy."""
    case.prepare()
    case.produce(events.draw(EVENTS))
    return spark.start_speed(case, "--until-end", *ROLLS, uri=address(case, proxy))


@pytest.mark.parametrize("cut", [cut_before, cut_after])
def test_the_connection_is_lost(case, spark, proxy, check_exact, cut):
    """What was written, the next claim reads."""
    proxy.arm(COMMIT, "roll", 2, lambda *arguments: cut(None, *arguments))
    result = start(case, spark, proxy).wait(SUBMIT_SECONDS)
    assert result.code == 0, result.err
    assert proxy.happened.is_set()
    assert "waits and will try again" in result.err
    assert check_exact(case).events == EVENTS


@pytest.mark.parametrize("heir", ["antenna", "Spark"])
def test_spark_dies_between_commit_and_rename(case, spark, proxy, show, heir):
    """The files that it has listed are published by whoever comes next."""
    killed = threading.Event()

    def die(link, request):
        assert link.forward(request, COMMITTED)
        submitted.kill()
        killed.set()
        return False

    proxy.arm(COMMIT, "roll", 2, die)
    submitted = start(case, spark, proxy)
    wait_until(lambda: killed.is_set() or not submitted.is_running(), "its death", SUBMIT_SECONDS)
    assert killed.wait(10), submitted.err
    assert unpublished(case)
    if heir == "antenna":
        case.speed()
    else:
        spark.speed(case)
    assert check_without_scratch(case, show).events == EVENTS
