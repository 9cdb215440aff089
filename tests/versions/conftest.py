"""Writes into docs/versions.md which versions have passed all their tests."""

import pytest
import versions
from pages import tested_commit, today


class Recorder:
    """Gathers the results of versions."""

    def __init__(self):
        self._result = (tested_commit(), today())
        self._passed, self._failed = set(), set()

    def pytest_runtest_logreport(self, report):
        for version in dict(report.user_properties).get("versions", ()):
            (self._passed if report.passed else self._failed).add(version)

    def pytest_sessionfinish(self, exitstatus):
        """Of an interrupted run it is not known what has failed."""
        if exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
            versions.write(dict.fromkeys(self._passed - self._failed, self._result))


def pytest_addoption(parser):
    parser.addoption("--record", action="store_true", help="write into docs/versions.md which versions have passed")


def pytest_configure(config):
    """A part of the tests is no run of them; and one process gathers what the others report."""
    options = config.option
    is_part = options.markexpr or options.keyword or options.maxfail
    if options.record and not (is_part or hasattr(config, "workerinput")):
        config.pluginmanager.register(Recorder())


def pytest_collection_modifyitems(items):
    for item in items:
        if version := getattr(item, "callspec", None) and item.callspec.params.get("version"):
            item.user_properties.append(("versions", [str(one) for one in versions.tested_by(version)]))
