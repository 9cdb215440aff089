"""Shows the sums that the tests of scale have compared, also of those that pass."""

import pytest
from sums import side_by_side, topic_and_tables

PROPERTY = "sums"


@pytest.fixture
def show(record_property):
    """Shows sums after the run: show(names of both columns, {what: (sum, sum)})."""
    return lambda names, sums: record_property(PROPERTY, side_by_side(names, sums))


@pytest.fixture
def check_exact(show):
    """Case.check_exact, which compares each total, row and message; the sums of what it compares are shown."""

    def check(case, expected=None):
        expected = case.check_exact(expected)
        show(("topic", "tables and files"), topic_and_tables(case, expected))
        return expected

    return check


def pytest_terminal_summary(terminalreporter):
    """Prints what was shown."""
    for report in terminalreporter.getreports("passed") + terminalreporter.getreports("failed"):
        texts = [text for name, text in report.user_properties if name == PROPERTY and report.when == "call"]
        if texts:
            terminalreporter.section(f"sums that {report.head_line} has compared")
            for text in texts:
                terminalreporter.write_line(text)
