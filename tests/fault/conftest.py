"""The fixture that keeps the figures, and their table at the end of a run."""

import pytest
from figures import Figures

FIGURES = pytest.StashKey[Figures]()


def pytest_configure(config):
    config.stash[FIGURES] = Figures()


@pytest.fixture
def figures(request):
    return request.config.stash[FIGURES]


def pytest_terminal_summary(terminalreporter, config):
    """A part of the suite, chosen by a mark, is no run of it."""
    if config.option.markexpr:
        return
    terminalreporter.write_line("\n".join(config.stash[FIGURES].save()))
