"""Whether what a system wrote is what the simulator's ledger says: no figure counts before."""

import duckdb

MAGIC = b"PAR1"  # how a Parquet file begins

# The rows of a grain of the ledger beside the table; sums, because Spark's table may have a window in several rows.
DIFFERENCES = """
    SELECT count(*) FROM (SELECT date, type, id, sum(value) AS value FROM {table} GROUP BY date, type, id) AS found
    FULL JOIN ledger USING (date, type, id) WHERE found.value IS DISTINCT FROM ledger.value
"""


def differing_totals(lab, load, table, grain="5min"):
    """How many totals of the table differ from the ledger's of that grain: 5min or hour."""
    with lab.connect() as database:
        database.execute("SET work_mem = '256MB'")
        database.execute(
            'CREATE TEMPORARY TABLE ledger (grain TEXT, date TIMESTAMP, type TEXT COLLATE "C",'
            ' id TEXT COLLATE "C", value NUMERIC)'
        )
        with (
            database.cursor().copy("COPY ledger FROM STDIN (FORMAT csv, HEADER)") as copy,
            open(load.ledger, "rb") as file,
        ):
            while part := file.read(1 << 20):
                copy.write(part)
        database.execute("DELETE FROM ledger WHERE grain <> %s", [grain])
        database.execute("ANALYZE ledger")
        return database.execute(DIFFERENCES.format(table=table)).fetchone()[0]


def archive_files(root):
    """The Parquet files below a folder, which Flink gives no ending."""
    return [path for path in root.rglob("*") if path.is_file() and path.open("rb").read(len(MAGIC)) == MAGIC]


def archive_sums(root):
    """Rows and bytes in the Parquet files below a folder."""
    files = [str(path) for path in archive_files(root)]
    if not files:
        return 0, 0
    with duckdb.connect() as database:
        return database.execute(
            "SELECT count(*), sum(bytes)::BIGINT FROM read_parquet($1, hive_partitioning = false)", [files]
        ).fetchone()


def differences(lab, load, table, root):
    """Words for each difference, none when all is right; `root`: the archive's folder, or None for a run without."""
    found = []
    if count := differing_totals(lab, load, table):
        found.append(f"{count:,} totals differ from the ledger")
    if root is not None and (sums := archive_sums(root)) != (load.accepted, load.total):
        found.append(
            f"the archive has {sums[0]:,} rows and {sums[1]:,} bytes, not {load.accepted:,} and {load.total:,}"
        )
    return found
