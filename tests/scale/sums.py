"""The sums that tests of scale compare, side by side for a reader."""

import collections

import readers


def sums_by_type(case, table):
    """A table's sum of each type."""
    return dict(sorted(case.query(f"SELECT type, sum(value) FROM {table} GROUP BY 1")))


def archived_rows(case):
    """The archive's rows, counted."""
    return sum(readers.read_archive(case.root).values(), collections.Counter())


def topic_and_tables(case, expected):
    """{what: (what the topic's messages sum up to, what tables and files hold)}."""
    topic = collections.Counter()
    for (_, label, _), value in expected.windows.items():
        topic[label] += value
    tables = sums_by_type(case, "bytes")
    return {
        **{f"bytes, {label}": (topic[label], tables.get(label, 0)) for label in sorted(topic)},
        "rows of the archive": (expected.events, archived_rows(case).total()),
        "rejected": (
            len(expected.rejected),
            case.value("SELECT coalesce(sum(messages), 0)::bigint FROM antenna.rejected_count"),
        ),
    }


def side_by_side(names, sums):
    """The text of {what: (sum, sum)}, with the names of both columns."""
    lines = [f"{'':<40} {names[0]:>25} {names[1]:>25}"]
    for what, (left, right) in sums.items():
        lines.append(f"{what:<40} {left:>25,} {right:>25,}  {'=' if left == right else 'DIFFERS'}")
    return "\n".join(lines)
