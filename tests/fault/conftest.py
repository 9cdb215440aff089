"""The fixtures of faults: the figures, with their table at the end of a run, and a disk that is soon full."""

import collections
import subprocess

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


@pytest.fixture
def small_disk(case):
    """The archive's root is a disk of 24 MiB and 400 files and folders."""
    case.root.mkdir()
    options = ["mount", "-t", "tmpfs", "-o", "size=24m,nr_inodes=400", "tmpfs", case.root]
    if subprocess.run(options, capture_output=True, check=False).returncode:
        pytest.skip("a tmpfs cannot be mounted here")
    yield case.root
    subprocess.run(["umount", "--lazy", case.root], check=True)


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
