"""Shows the demo's steps and findings on the terminal."""

import itertools
import re
import sys

from rich import box
from rich.console import Console
from rich.table import Table
from rich.tree import Tree

# Where there is no terminal whose width could be asked, as in a log, lines are as long as the widest table.
WIDTH_WITHOUT_TERMINAL = 120

console = Console(highlight=False, width=None if sys.stdout.isatty() else WIDTH_WITHOUT_TERMINAL)
steps = itertools.count(1)

WINDOWS = 6
HEAVIEST = 5
OFFENDERS = 10
DIFFERENCES = 20
DASHBOARDS = ("total-bytes", "antenna-quota", "antenna-operation")


def step(words):
    """Announces the next step."""
    console.print(f"\n[bold]{next(steps)}. {words}[/bold]")


def show_table(title, columns, rows):
    """Prints a table; columns that begin with a > are aligned to the right."""
    table = Table(box=box.SIMPLE_HEAD)
    for column in columns:
        justify = "right" if column.startswith(">") else "left"
        table.add_column(column.removeprefix(">"), justify=justify, no_wrap=True)
    for row in rows:
        table.add_row(*(f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row))
    console.print(title, table, sep="\n", end="")


def show_speed(connection):
    """What the speed layer has read, by its own counters."""
    totalled, rejected, archived, total = connection.execute(
        "SELECT sum(records_totalled)::bigint, sum(records_rejected)::bigint, sum(records_archived)::bigint,"
        " sum(bytes_totalled)::bigint FROM antenna.progress"
    ).fetchone()
    print(f"{totalled + rejected:,} messages read: {totalled:,} totalled ({total:,} bytes), {rejected:,} rejected")
    print(f"{archived:,} archived as Parquet")
    rows = connection.execute(
        "SELECT reason, sum(messages)::bigint FROM antenna.rejected_count GROUP BY reason ORDER BY 2 DESC, 1"
    )
    show_table("Rejected messages; antenna.rejected has them with their payload", ["reason", ">messages"], rows)


def show_sums(comparison):
    """The sums of each complete hour by source, and every total that differs."""
    sources = ["ledger", "bytes", "bytes_hourly", "archive"]
    rows = []
    for hour, values in comparison.hours.items():
        equal = len({values[source] for source in sources}) == 1
        rows.append([f"{hour:%Y-%m-%d %H:%M}", *(values[source] for source in sources), "=" if equal else "DIFFERENT"])
    columns = ["hour (UTC)", ">simulator's ledger", ">bytes", ">bytes_hourly", ">archive", ""]
    show_table("Bytes of each complete hour", columns, rows)
    print(f"{comparison.compared:,} totals compared one by one with the ledger: {len(comparison.differences):,} differ")
    for source, key, expected, found in comparison.differences[:DIFFERENCES]:
        print(f"  {source} {' '.join(map(str, key))}: expected {expected}, found {found}")


def show_windows(connection):
    """The last windows, one column for each app."""
    rows = connection.execute(
        "SELECT date, id, value FROM bytes WHERE type = 'app_bytes_total' AND date IN"
        " (SELECT DISTINCT date FROM bytes ORDER BY date DESC LIMIT %s) ORDER BY date",
        [WINDOWS],
    ).fetchall()
    apps = sorted({app for _, app, _ in rows})
    windows = {}
    for date, app, value in rows:
        windows.setdefault(date, {})[app] = value
    lines = [[f"{date:%H:%M}", *(values.get(app, 0) for app in apps)] for date, values in windows.items()]
    show_table("Bytes per app in the last windows", ["window (UTC)", *(f">{app}" for app in apps)], lines)


def show_heaviest(connection, hour):
    """The users and the antennas with the most bytes in an hour."""
    users = connection.execute(
        "SELECT name, value, quota FROM bytes_hourly h JOIN user_metadata u USING (id)"
        " WHERE type = 'user_bytes_total' AND date = %s ORDER BY value DESC LIMIT %s",
        [hour, HEAVIEST],
    )
    show_table(f"Heaviest users in the hour of {hour:%H:%M}", ["user", ">bytes", ">quota"], users)
    antennas = connection.execute(
        "SELECT id, value FROM bytes_hourly WHERE type = 'antenna_bytes_total' AND date = %s"
        " ORDER BY value DESC LIMIT %s",
        [hour, HEAVIEST],
    )
    show_table(f"Heaviest antennas in the hour of {hour:%H:%M}", ["antenna", ">bytes"], antennas)


def show_offenders(connection, hour):
    """The users who are over their quota by the largest factor."""
    rows = connection.execute(
        "SELECT email, usage, quota FROM user_quota_limit WHERE date = %s ORDER BY usage::float / quota DESC", [hour]
    ).fetchall()
    first = f" (the first {OFFENDERS} of {len(rows)})" if len(rows) > OFFENDERS else ""
    show_table(
        f"Users over their quota in the hour of {hour:%H:%M}{first}", ["e-mail", ">usage", ">quota"], rows[:OFFENDERS]
    )


def show_dashboards(url):
    """Where each dashboard is."""
    for slug in DASHBOARDS:
        print(f"{url}/superset/dashboard/{slug}/")


def natural(path):
    """A key that sorts hour=9 before hour=10."""
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", path.name)]


def add_branches(tree, folder):
    """Adds what is in a folder to its branch of the tree."""
    for path in sorted(folder.iterdir(), key=natural):
        if path.is_dir():
            add_branches(tree.add(path.name), path)
        else:
            tree.add(f"{path.name}  {path.stat().st_size:,} bytes")


def show_files(folder):
    """The tree of Parquet files."""
    tree = Tree(str(folder))
    add_branches(tree, folder)
    console.print("The archive", tree, sep="\n")


def show_findings(connection, folder, this_hour):
    """What a user of the tables wants to see."""
    hour = connection.execute("SELECT max(date) FROM bytes_hourly WHERE date < %s", [this_hour]).fetchone()[0]
    show_windows(connection)
    show_heaviest(connection, hour)
    show_offenders(connection, hour)
    show_files(folder)
