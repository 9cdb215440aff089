"""Words for what is in a job's way."""

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
