"""The fixture that keeps the figures, and their table at the end of a run."""

import collections

import pytest
from faults import choose, dice_of
from figures import Figures

FIGURES = pytest.StashKey[Figures]()


def pytest_addoption(parser):
    parser.addoption("--share", type=int, default=1, help="of each test's variants only every SHAREth, drawn by SEED")


def pytest_collection_modifyitems(config, items):
    variants = collections.defaultdict(list)
    for item in items:
        variants[item.path, item.originalname].append(item)
    items.clear()
    for key, group in variants.items():
        wanted = max(1, len(group) // config.option.share)
        items.extend(group[number - 1] for number in choose(dice_of(str(key)), len(group), wanted))


def pytest_configure(config):
    config.stash[FIGURES] = Figures()


@pytest.fixture
def figures(request):
    return request.config.stash[FIGURES]


def pytest_sessionfinish(session):
    """One of several processes hands over what it has noted."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["figures"] = session.config.stash[FIGURES].rows()


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    """And the one that started them gathers it."""
    node.config.stash[FIGURES].add(node.workeroutput["figures"])


def pytest_terminal_summary(terminalreporter, config):
    """A part of the suite, by mark or share, is no run of it."""
    if config.option.markexpr or config.option.share > 1:
        return
    terminalreporter.write_line("\n".join(config.stash[FIGURES].save()))
