"""Writes the figures of README.md and docs/capacity.md from bench/results/*.json; with --check compares only.

They are between markers: `<!-- name -->` and `<!-- /name -->`.

Exit codes: 0 done, 1 --check found other figures.
"""

import difflib
import math
import pathlib
import re
import sys

import comparison
from results import find, median, rows_of

ROOT = pathlib.Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
PAGE = ROOT / "docs" / "capacity.md"
SUMS_MAX = re.compile(r"^#define TOTALS_MAX \(1u << (\d+)\)$", re.M)

BUSY = 0.5  # the share of a core that is planned with
WINDOWS_A_DAY = 288  # of the default window, 5 minutes
DAY_SECONDS = 86_400
APPS = 5
CITY_USERS = 100_000  # of the workload that most measures have
USERS_AN_ANTENNA = 500
MESSAGE_BYTES = 155  # of an event as docs/data.md shows it, without blanks
MILLION = 1_000_000

# Columns of bench/comparison.py, and the names that the README gives them.
COMPARED = {
    "CPU-s/M": "CPU-seconds per million messages",
    "messages/s": "messages a second",
    "peak MB": "peak memory, MB",
    "p99 ms": "message to committed row at 10,000 a second, 99th percentile, ms",
    "B/message": "archive, bytes a message",
    "with random ids": "the same, of devices with random ids",
    "totals": "a message is counted, after a crash",
    "lines to write": "lines of code to write",
}

# Messages a second, with a user for each, and the commit interval in seconds that is chosen. None is more than ten
# times the users and the messages a second that were measured.
EXAMPLES = ((MILLION, 10), (10 * MILLION, 60))


def per_message(row, figure):
    """Microseconds of a core for a message."""
    return round(median(row["runs"], figure) / row["messages"] * MILLION, 2)


def per_row(row):
    """Microseconds of a core of PostgreSQL for a row that is written."""
    return round(median(row["runs"], "postgres_cpu") / median(row["runs"], "rows_written") * MILLION, 2)


def costs():
    """Measured costs, rounded as they are printed; those of time in microseconds of a core for a message or a row."""
    city, spark = (find("speed", workload="city", system=system) for system in ("antenna", "Spark"))
    batch = find("batch", hours=1, system="antenna")
    one = find("scale", keys="unkeyed", processes=1)
    return {
        "speed": per_message(city, "cpu"),
        "spark": per_message(spark, "cpu"),
        "postgres": per_row(city),
        "reading": per_message(city, "kafka_cpu"),
        "sending": per_message(find("produce", batch=None), "kafka_cpu"),
        "batch": per_message(batch, "cpu"),
        "archive": round(median(city["runs"], "archive") / city["messages"], 1),
        "row": round(median(one["runs"], "row_size")),
    }


def populations():
    """What has been measured with more and more users: what a message costs a worker, and a row PostgreSQL."""
    rows = [row for row in rows_of("growth") if row["what"] == "users" and row["runs"]]
    if not rows:
        raise LookupError("bench/results/growth.json has no users: run make bench ARGS='--measures growth'")
    return [
        {
            "users": row["size"],
            "speed": per_message(row, "cpu"),
            "postgres": per_row(row),
            "memory": median(row["runs"], "memory") / MILLION,
        }
        for row in sorted(rows, key=lambda row: row["size"])
    ]


def with_users(users):
    """The smallest population measured that has so many users, or the largest of all."""
    measured = populations()
    return next((population for population in measured if population["users"] >= users), measured[-1])


def sums_max():
    """How many sums a worker holds at most; speed/totals.h says it."""
    return 1 << int(SUMS_MAX.search((ROOT / "src" / "speed" / "totals.h").read_text())[1])


def table(columns, rows, texts=None):
    """A Markdown table; the first `texts` columns are words, or else all but the last one, and the others figures."""
    texts = len(columns) - 1 if texts is None else texts
    lines = [columns, ["---"] * texts + ["---:"] * (len(columns) - texts), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def cost_table(cost):
    """What one core, or one disk, carries."""
    timed = [
        ("`antenna speed`, archive included", "speed", "messages"),
        ("PostgreSQL", "postgres", "rows written"),
        ("Kafka's broker, reading only", "reading", "messages"),
        ("Kafka's broker, sending only", "sending", "messages"),
        ("`antenna batch`", "batch", "messages of an hour"),
        ("Spark, instead of `antenna speed`", "spark", "messages"),
    ]
    rows = [
        [
            f"a core of {what}",
            f"{cost[name]:.2f} CPU-seconds for a million {unit}",
            f"{BUSY} / {cost[name]:.2f} × 1,000,000",
            f"{BUSY / cost[name] * MILLION:,.0f} {unit} a second",
        ]
        for what, name, unit in timed
    ]
    rows += [
        [
            "a terabyte of disk for the archive",
            f"{cost['archive']:.1f} bytes a message",
            f"10¹² / {cost['archive']:.1f} / 86,400",
            f"a day of {1e12 / cost['archive'] / DAY_SECONDS:,.0f} messages a second",
        ],
        [
            "a terabyte of disk for PostgreSQL",
            f"{cost['row']:.0f} bytes a row, index included",
            f"10¹² / {cost['row']:.0f}",
            f"{1e12 / cost['row'] / MILLION:,.0f} million window totals",
        ],
    ]
    return table(["resource", "cost", "calculation", "capacity, half busy"], rows)


def comparison_table():
    """What the speed layer costs beside others, a column each that has results: the table of the README."""
    columns, cells = comparison.table(rows_of("speed"), rows_of("latency"))
    systems = [dict(zip(columns, row, strict=True)) for row in cells]
    systems = [system for system in systems if system["CPU-s/M"]]
    rows = [[text, *(system[column] or "–" for system in systems)] for column, text in COMPARED.items()]
    return table(["", *(system["city"] for system in systems)], rows, texts=1)


def population_table():
    """What costs more with more users."""
    rows = [
        [
            f"{population['users']:,}",
            f"{population['speed']:.2f}",
            f"{population['memory']:,.0f}",
            f"{population['postgres']:.2f}",
        ]
        for population in populations()
    ]
    columns = ["users", "CPU-s per million messages", "a worker's memory, MB", "PostgreSQL's CPU-s per million rows"]
    return table(columns, rows, texts=0)


def scale_table():
    """What more processes of one job cost, as measured."""
    rows = []
    for row in rows_of("scale"):
        runs, millions = row["runs"], row["messages"] / MILLION
        rows.append(
            [
                row["keys"],
                f"{row['processes']}",
                f"{row['messages'] / median(runs, 'wall'):,.0f}",
                f"{median(runs, 'cpu') / millions:.2f}",
                f"{median(runs, 'postgres_cpu') / millions:.2f}",
                f"{median(runs, 'rows_written') / row['messages'] * 1000:,.0f}",
                f"{median(runs, 'in_transactions') * 100:.1f} %",
                f"{median(runs, 'waiting') * 100:.1f} %",
            ]
        )
    columns = ["topic", "processes", "messages/s", "CPU-s per million", "PostgreSQL's"]
    return table([*columns, "rows written per 1,000", "in transactions", "waiting for rows"], rows, texts=1)


def need(rate):
    """Rows that all workers share, and workers: for the sums of two windows at a time, and for the CPU time.

    A message costs the less the fewer users a worker has, so that each worker more makes those that are needed fewer.
    """
    shared = rate // USERS_AN_ANTENNA + APPS
    workers = math.ceil(rate / (sums_max() // 2 - shared))
    while workers < rate * with_users(rate / workers)["speed"] / MILLION / BUSY:
        workers += 1
    return shared, workers


def cores(what, rate, cost):
    """A line of the arithmetic: cores that spend so many microseconds on each of so many things a second."""
    return [f"cores of {what}", f"{rate:,.0f} × {cost:.2f} µs / {BUSY}", f"{rate * cost / MILLION / BUSY:,.1f}"]


def example(rate, interval, cost):
    """The arithmetic for so many messages a second."""
    shared, workers = need(rate)
    speed, row = with_users(rate / workers), with_users(rate)["postgres"]
    written = round((rate + workers * shared) / interval)
    totals = round(WINDOWS_A_DAY * (rate + shared) / MILLION)
    archive = rate * cost["archive"] / MILLION
    rows = [
        ["antennas and apps", f"{rate:,} / {USERS_AN_ANTENNA} + {APPS}", f"{shared:,}"],
        ["workers", f"at least {rate:,} / ({sums_max():,} / 2 − {shared:,}), and one for each core", f"{workers:,}"],
        ["users of a worker", f"{rate:,} / {workers:,}", f"{rate / workers:,.0f}"],
        cores(f"`antenna speed`, at the cost of {speed['users']:,} users", rate, speed["speed"]),
        ["partitions", f"2 × {workers:,}", f"{2 * workers:,}"],
        ["rows written a second", f"({rate:,} + {workers:,} × {shared:,}) / {interval} s", f"{written:,}"],
        cores(f"PostgreSQL, at the cost of {with_users(rate)['users']:,} users", written, row),
        [
            f"of {interval} s, antennas and apps are locked for",
            f"{workers:,} × {shared:,} × {row:.2f} µs",
            f"{workers * shared * row / MILLION:,.2f} s",
        ],
        ["5-minute totals a day", f"{WINDOWS_A_DAY} × ({rate:,} + {shared:,})", f"{totals:,} million"],
        ["their table, a day", f"{totals:,} million × {cost['row']:.0f} B", f"{totals * cost['row'] / 1000:,.0f} GB"],
        ["archive", f"{rate:,} × {cost['archive']:.1f} B", f"{archive:,.1f} MB/s"],
        ["archive, a day", f"{archive:,.1f} MB/s × 86,400 s", f"{archive * DAY_SECONDS / MILLION:,.2f} TB"],
        cores("`antenna batch`", rate, cost["batch"]),
        ["into Kafka", f"{rate:,} × {MESSAGE_BYTES} B", f"{rate * MESSAGE_BYTES / MILLION:,.0f} MB/s"],
        cores("Kafka's brokers, reading only", rate, cost["reading"]),
        cores("Kafka's brokers, sending only, without replicas", rate, cost["sending"]),
        cores(f"Spark, instead of `antenna speed`, at the cost of {CITY_USERS:,} users", rate, cost["spark"]),
    ]
    head = f"### {rate // MILLION} million messages a second\n\n{rate:,} users, `--commit-interval {interval}s`.\n\n"
    return head + table(["quantity", "calculation", "result"], rows)


def parts():
    """The text of each pair of markers, by page."""
    cost = costs()
    return {
        README: {"cost": comparison_table()},
        PAGE: {
            "costs": cost_table(cost),
            "users": population_table(),
            "processes": scale_table(),
            "examples": "\n\n".join(example(*one, cost) for one in EXAMPLES),
        },
    }


def pages():
    """(path, text) of both pages with the figures of today's results."""
    for path, found in parts().items():
        text = path.read_text(encoding="utf-8")
        for name, part in found.items():
            begin, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
            head, _, rest = text.partition(begin)
            text = head + begin + "\n" + part + "\n\n" + end + rest.partition(end)[2]
        yield path, text


def write():
    """Brings the pages up to date; returns the paths. Raises LookupError when a measure is missing."""
    texts = dict(pages())
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8")
    return list(texts)


def main():
    """Writes or checks; returns the exit code."""
    if sys.argv[1:] != ["--check"]:
        write()
        return 0
    difference = [
        line
        for path, text in pages()
        for line in difflib.unified_diff(path.read_text().splitlines(), text.splitlines(), path.name, n=0, lineterm="")
    ]
    print("\n".join(difference))
    return 1 if difference else 0


if __name__ == "__main__":
    sys.exit(main())
