"""What is in a job's way, in words."""

from antenna_spark.command import MistakeError

# By the codes of select_conflict.sql, as src/postgres/data_set.c says it, and a hint.
CONFLICTS = {
    "retired": (
        'the job "{}" was retired: its hours are sealed without it',
        "begin a new --job with antenna speed --start latest; to use this one again, set archived_until of its rows in"
        " antenna.progress to NULL",
    ),
    "table": ('the table "{}" belongs to the batch layer', "give another table for the window totals"),
    "moved": ('it has counted into the table "{}" until now', "give that table as jdbc-table, or a new --job"),
    "reader": (
        'job "{}" reads this topic into the same table: each message would be counted twice',
        "stop and retire that job, or use its name, or another database",
    ),
    "read": (
        'the retired job "{}" has read this topic: messages before its end would be counted twice',
        "begin the job with antenna speed --start latest, or see Start over in the recipes",
    ),
    "totals": (
        'job "{}" has counted without an archive into the same table: batch runs would lack its bytes',
        "see Start over in the recipes, or use another database",
    ),
    "part": (
        'the table "{}" and its own share rows, as one is a partition or child of the other',
        "give that table, or a separate table",
    ),
    "behind": (
        'antenna.progress was set back in partition "{}": the archive lists files of later messages, which would be'
        " counted twice",
        "restore all tables from one backup, see Backup and restore in the operators' guide",
    ),
}


def check_tables(tables, rows):
    """Raises MistakeError when a table is not the one that the data set has in its place, or was replaced.

    `tables`: {kind: name}, those that the command takes. `rows`: {kind: row of select_data_set.sql}.
    """
    for kind, (known, given, _, unviewed) in rows.items():
        if kind in tables and known != given:
            raise MistakeError(
                f'table "{tables[kind]}" is not the data set\'s: this database has {known} in its place',
                "give that table, or use another database; after a rename, run antenna provision with the new name",
            )
        if unviewed and kind != "user_metadata":  # the history of quotas shows that
            raise MistakeError(
                f"the views of the schema antenna do not read the table {known}: it was replaced, or they were dropped",
                "run antenna provision, which makes the views again",
            )


def check_rules(row, rules):
    """Raises MistakeError when one side has taken messages that were accepted by other rules: by a row of
    select_other_rules.sql, or None.
    """
    if row:
        partition, before = row
        raise MistakeError(
            f"messages of partition {partition} are totalled or archived, but not both, and were accepted with {before}"
            f" instead of {rules}",
            "run the job with the options of before until both have caught up, and then with the new ones",
        )
