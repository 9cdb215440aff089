"""The Spark engine's rules for the totals of an hour (test_foreign_archives.py, test_held_hours.py), beside Spark."""

import contextlib
import datetime
import threading

import pytest
from antenna_spark.command import MistakeError
from test_spark_session import connected
from waiting import wait_until

HOUR = datetime.datetime(2022, 2, 20, 10)
LABELS = ("antenna_bytes_total", "app_bytes_total", "user_bytes_total")
NOTED = (
    "INSERT INTO antenna.hour (hour, files, rows, bytes_total, changed_at, batch_at, batch_rows, batch_bytes, "
    "batch_unlisted_rows, batch_unlisted_bytes) VALUES ('2022-02-20 10:00', 1, 3, 300, now(), now(), {}, {}, {}, {})"
).format

# What is known of the hour, rows and bytes of its listed files, and whether a run may replace its totals.
RUNS = {
    "nothing": ("SELECT", 3, 300, True),
    "no file of it": ("SELECT", 0, 0, True),
    "the same again": (NOTED(3, 300, 0, 0), 3, 300, True),
    "late events": (NOTED(2, 200, 0, 0), 3, 300, True),
    "a list that lost rows": (NOTED(2, 200, 0, 0), 2, 200, False),
    "less than the last run": (NOTED(4, 400, 0, 0), 3, 300, False),
    "an old archive in the last run": (NOTED(2, 200, 1, 50), 3, 300, False),
    "smaller totals of the Spark job": ("TOTALS 299", 3, 300, True),
    "larger totals of the Spark job": ("TOTALS 301", 3, 300, False),
    "totals and no file": ("TOTALS 0", 0, 0, False),
    "users over quota and no file": (
        "INSERT INTO user_quota_limit VALUES ('u@x.org', 2, 1, '2022-02-20 10:00')",
        0,
        0,
        False,
    ),
}


@pytest.mark.parametrize("run", RUNS)
def test_totals_are_not_replaced_by_less(case, run):
    known, rows, size, replaced = RUNS[run]
    case.provision()
    if known.startswith("TOTALS"):
        values = ", ".join(f"('2022-02-20 10:00', '{label}', 'u', {known.split()[1]})" for label in LABELS)
        known = f"INSERT INTO bytes_hourly (date, type, id, value) VALUES {values}"
    case.execute(known)
    with connected(case) as database:
        if replaced:
            return database.refuse_less(HOUR, rows, size, database.count_rows(HOUR))
        with pytest.raises(MistakeError, match=r"this one reads|has no row of it|its files have"):
            database.refuse_less(HOUR, rows, size, database.count_rows(HOUR))


def test_who_holds_the_hour_is_logged(case, capsys):
    """As batch does (test_lock_waits.py)."""
    case.provision()
    key = f"hashtextextended('antenna batch {HOUR}', 0)"
    with connected(case) as database, case.connect() as holder:
        process = holder.info.backend_pid
        holder.execute(f"SELECT pg_advisory_lock({key})")
        waiting = threading.Thread(target=database.hold_hour, args=(HOUR,))
        waiting.start()
        blocked = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        wait_until(lambda: case.value(blocked), "the run waits for the hour")
        holder.execute(f"SELECT pg_advisory_unlock({key})")
        waiting.join()
    assert f"waits for the hour 2022-02-20T10:00:00Z, which process {process} " in capsys.readouterr().err


def test_totals_of_another_job_are_not_replaced(case):
    case.provision()
    case.execute(NOTED("NULL", "NULL", "NULL", "NULL").replace("now(), now()", "now(), NULL"))
    case.execute(
        "INSERT INTO bytes_hourly (date, type, id, value) VALUES ('2022-02-20 10:00', 'app_bytes_total', 'u', 1)"
    )
    with connected(case) as database, pytest.raises(MistakeError, match=r"is held.* has 1 bytes.*files have 300"):
        database.refuse_less(HOUR, 3, 300, 3)


# Totals of an hour that has those of u and w, 100 bytes each, and the first that they would make less.
TOTALS = {
    "the same": ({"u": 100, "w": 100}, None),
    "more, and another": ({"a": 1, "u": 101, "w": 100}, None),
    "less of one": ({"u": 300, "w": 99}, "w"),
    "one is gone": ({"w": 300}, "u"),
    "none": ({}, "u"),
}


@pytest.mark.parametrize("name", TOTALS)
def test_no_total_becomes_less_while_the_hour_grows(case, name):
    totals, less = TOTALS[name]
    case.provision()

    def rows(amounts):
        return [(HOUR, label, user, size) for label in (1, 2, 3) for user, size in amounts.items()]

    with connected(case) as database, database.transaction():
        database.replace_totals(HOUR, rows({"u": 100, "w": 100}), list(LABELS))
        compared = database.refuse_decreases(HOUR, rows(totals), list(LABELS))
        refused = pytest.raises(MistakeError, match=f'totals .*would become less, such as .*"{less}"')
        with refused if less else contextlib.nullcontext():
            database.replace_totals(HOUR, compared, list(LABELS))
