"""Shows the demo's steps and findings on the terminal."""

import itertools

from rich.console import Console
from rich.table import Table
from rich.tree import Tree

console = Console(highlight=False)
steps = itertools.count(1)

WINDOWS = 6
HEAVIEST = 5
OFFENDERS = 10
DIFFERENCES = 20


def step(words):
    """Announces the next step."""
    console.print(f"\n[bold]{next(steps)}. {words}[/bold]")


def show_table(title, columns, rows):
    """Prints a table; columns that begin with a > are aligned to the right."""
    table = Table(title=title, title_justify="left", title_style="italic")
    for column in columns:
        table.add_column(column.removeprefix(">"), justify="right" if column.startswith(">") else "left")
    for row in rows:
        table.add_row(*(f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row))
    console.print(table)


def speed(connection):
    """What the speed layer has read, by its own counters."""
    totalled, rejected, archived, total = connection.execute(
        "SELECT sum(records_totalled)::bigint, sum(records_rejected)::bigint, sum(records_archived)::bigint,"
        " sum(bytes_totalled)::bigint FROM antenna.progress"
    ).fetchone()
    print(f"{totalled + rejected:,} messages read: {totalled:,} totalled ({total:,} bytes), {rejected:,} rejected;")
    print(f"{archived:,} archived as Parquet")
    rows = connection.execute("SELECT reason, count(*) FROM antenna.rejected GROUP BY reason ORDER BY 2 DESC, 1")
    show_table("rejected, each kept in antenna.rejected with its payload", ["reason", ">messages"], rows)


def sums(comparison):
    """The sums of each complete hour by source, and every total that differs."""
    sources = ["ledger", "bytes", "bytes_hourly", "archive"]
    rows = []
    for hour, values in comparison.hours.items():
        equal = len({values[source] for source in sources}) == 1
        rows.append([hour, *(values[source] for source in sources), "equal" if equal else "DIFFERENT"])
    columns = ["hour", ">simulator's ledger", ">bytes", ">bytes_hourly", ">archive", ""]
    show_table("bytes an hour", columns, rows)
    print(f"{comparison.compared:,} totals compared one by one with the ledger: {len(comparison.differences):,} differ")
    for source, key, expected, found in comparison.differences[:DIFFERENCES]:
        print(f"  {source} {' '.join(map(str, key))}: expected {expected}, found {found}")


def show_windows(connection):
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
    show_table("bytes per app, the last 5-minute windows (UTC)", ["window", *(f">{app}" for app in apps)], lines)


def show_heaviest(connection, hour):
    users = connection.execute(
        "SELECT name, value, quota FROM bytes_hourly h JOIN user_metadata u USING (id)"
        " WHERE type = 'user_bytes_total' AND date = %s ORDER BY value DESC LIMIT %s",
        [hour, HEAVIEST],
    )
    show_table(f"heaviest users of {hour:%H:%M}", ["user", ">bytes", ">quota"], users)
    antennas = connection.execute(
        "SELECT id, value FROM bytes_hourly WHERE type = 'antenna_bytes_total' AND date = %s"
        " ORDER BY value DESC LIMIT %s",
        [hour, HEAVIEST],
    )
    show_table(f"heaviest antennas of {hour:%H:%M}", ["antenna", ">bytes"], antennas)


def show_offenders(connection, hour):
    count = connection.execute("SELECT count(*) FROM user_quota_limit WHERE date = %s", [hour]).fetchone()[0]
    rows = connection.execute(
        "SELECT email, usage, quota FROM user_quota_limit WHERE date = %s ORDER BY usage::float / quota DESC LIMIT %s",
        [hour, OFFENDERS],
    )
    show_table(f"over their quota in {hour:%H:%M}, the first of {count}", ["e-mail", ">usage", ">quota"], rows)


def show_files(folder):
    tree = Tree(str(folder))
    branches = {folder: tree}
    for path in sorted(folder.rglob("*"), key=lambda path: (path.parent, path.name)):
        size = f"  {path.stat().st_size:,} B" if path.is_file() else ""
        branches[path] = branches[path.parent].add(path.name + size)
    console.print(tree)


def findings(connection, folder, this_hour):
    """What a user of the tables wants to see."""
    hour = connection.execute("SELECT max(date) FROM bytes_hourly WHERE date < %s", [this_hour]).fetchone()[0]
    show_windows(connection)
    show_heaviest(connection, hour)
    show_offenders(connection, hour)
    show_files(folder)
