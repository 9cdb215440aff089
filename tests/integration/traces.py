"""Where a text is still found: every table, every file, decoded and as bytes, and what the programs have printed."""

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import readers


def in_tables(case, text):
    """Tables of all schemas but the server's own that have it, in any column."""
    tables = case.query(
        "SELECT format('%%I.%%I', table_schema, table_name) FROM information_schema.tables "
        "WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')"
    )
    return {name for (name,) in tables if any(has(row, text) for (row,) in rows_as_documents(case, name))}


def rows_as_documents(case, table):
    """The rows of a table; bytes are texts as PostgreSQL writes them."""
    return case.query(f"SELECT to_jsonb(one) FROM {table} AS one")


def has(value, text):
    """Whether a value of a document has it, also as bytes."""
    if isinstance(value, dict):
        return any(has(part, text) for pair in value.items() for part in pair)
    if isinstance(value, list):
        return any(has(part, text) for part in value)
    if isinstance(value, str) and value.startswith("\\x"):
        return text.encode() in bytes.fromhex(value[2:])
    return text in str(value)


def in_files(root, text):
    """Files below a folder, hidden ones too, that have it as bytes: footers, statistics and names; or in a row."""
    found = set()
    for path in root.rglob("*"):
        if not path.is_file():
            continue
        if text.encode() in path.read_bytes() or text in str(path.relative_to(root)):
            found.add(path)
        if path.suffix == ".parquet" and is_in_rows(path, text):
            found.add(path)
    return found


def is_in_rows(path, text):
    """By pyarrow with its statistics, and by DuckDB; none is in a file that they cannot read."""
    try:
        file = pq.ParquetFile(path)
        ids = [one.decode() if isinstance(one, bytes) else one for one in file.read().column("id").to_pylist()]
    except (pa.ArrowInvalid, KeyError):
        return False
    groups = [file.metadata.row_group(number) for number in range(file.metadata.num_row_groups)]
    statistics = [group.column(column).statistics for group in groups for column in range(group.num_columns)]
    limits = [str(limit) for one in statistics if one and one.has_min_max for limit in (one.min, one.max)]
    with duckdb.connect() as connection:
        rows = connection.execute(
            "SELECT count(*) FROM read_parquet($1) WHERE id::VARCHAR = $2", [str(path), text]
        ).fetchone()[0]
    assert rows == ids.count(text)
    return rows > 0 or text in limits


def check_gone(case, *texts):
    """Asserts that none of them is anywhere, but for the topic."""
    for text in texts:
        assert not in_tables(case, text)
        assert not in_files(case.root, text)


def pseudonyms(case):
    """The ids of users that were forgotten, by the totals."""
    return {
        key[2] for table in ("bytes", "bytes_hourly") for key in case.totals(table) if key[2].startswith("forgotten-")
    }


def renamed(totals, user, pseudonym):
    """Totals as they must be afterwards."""
    return {
        (date, label, pseudonym if (label, name) == ("user_bytes_total", user) else name): value
        for (date, label, name), value in totals.items()
    }


def rows_of(root):
    """How many rows each user has, by pyarrow."""
    counts = {}
    for rows in readers.read_archive(root).values():
        for row, count in rows.items():
            counts[row[1]] = counts.get(row[1], 0) + count
    return counts
