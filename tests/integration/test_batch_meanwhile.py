"""What others do between two steps of the batch layer and of verify: it changes no number and makes no false alarm."""

import contextlib
import datetime
import threading

import events
import pytest
from case import QUICK_ROLLS
from proxy import COMMIT
from test_protocol import address

pytestmark = pytest.mark.timeout(90)

HOUR = datetime.datetime(2022, 2, 20, 9)


@pytest.fixture
def archived(case):
    """Two hours, each in several small files."""
    case.prepare()
    case.produce(events.draw(2000))
    case.speed(*QUICK_ROLLS)
    return case


def meanwhile(proxy, request, act, number=1):
    """Has something done when the program is at its `number`th such request, which is passed on after it."""

    def pass_on(link, data):
        act()
        return link.release(data)

    proxy.arm(request, None, number, pass_on)


@pytest.fixture
def sleep(proxy):
    """Puts the program to sleep at a request, and wakes it when the block is left."""

    @contextlib.contextmanager
    def at(request, number):
        awake = threading.Event()
        meanwhile(proxy, request, lambda: awake.wait(60), number)
        try:
            yield
        finally:
            awake.set()

    return at


@pytest.mark.parametrize(("options", "commit"), [((), 1), (("--compact",), 2)])
def test_asleep_before_its_end_it_does_not_keep_the_speed_layer(archived, proxy, sleep, options, commit):
    """It has locked the hour's row, which late events change."""
    with sleep(COMMIT, commit):
        running = archived.program.start(*archived.batch_arguments(HOUR, *options, uri=address(archived, proxy)))
        assert proxy.happened.wait(30)
        archived.produce(events.draw(100, seed=2, seconds=3600))
        archived.speed(seconds=30)
    running.wait().fails(3, "PostgreSQL")
    archived.batch("-", "--pending", "--compact")
    archived.check_layers()
