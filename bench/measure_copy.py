"""What PostgreSQL spends on the rows that `antenna speed` writes, beside one plain COPY of the table that comes out.

The COPY goes into a table with the same columns and index. A row that is written twice, because its window was
committed in parts, counts twice for antenna.
"""

import os
import sys
import tempfile

from lab import cpu_seconds
from measure_speed import WRITTEN_ROWS, clean
from results import median, with_spread
from systems import SYSTEMS
from workloads import WORKLOADS

NAME = "copy"
TITLE = "Rows in PostgreSQL"


def postgres_cpu(lab, work):
    """The CPU seconds that PostgreSQL spends while some work is done."""
    before = cpu_seconds(lab.postgres.pid())
    work()
    return cpu_seconds(lab.postgres.pid()) - before


def copy_in(lab, file):
    """Fills the table `bytes_copy` from a file."""
    with lab.connect() as database, database.cursor().copy("COPY bytes_copy FROM STDIN (FORMAT binary)") as copy:
        while part := file.read(1 << 20):
            copy.write(part)


def copy_cpu(lab):
    """CPU seconds of PostgreSQL for a COPY of the rows of `bytes` into an empty table."""
    lab.query("DROP TABLE IF EXISTS bytes_copy")
    lab.query("CREATE TABLE bytes_copy (LIKE bytes INCLUDING ALL)")
    with tempfile.TemporaryFile(dir=lab.home) as file:
        with lab.connect() as database, database.cursor().copy("COPY bytes TO STDOUT (FORMAT binary)") as copy:
            for part in copy:
                file.write(part)
        file.seek(0)
        lab.query("CHECKPOINT")
        return postgres_cpu(lab, lambda: copy_in(lab, file))


def measure(lab, load, job):
    """One run: rows, rows written, and CPU seconds of PostgreSQL a million of each."""
    clean(lab, "bytes")
    before = lab.query(WRITTEN_ROWS, "bytes")[0]
    upsert = postgres_cpu(lab, lambda: SYSTEMS["antenna"].run(lab, load, job, lab.home / "archive" / job))
    written = lab.query(WRITTEN_ROWS, "bytes")[0] - before
    rows = lab.query("SELECT count(*) FROM bytes")[0]
    return {
        "rows": rows,
        "written": written,
        "upsert": upsert / written * 1e6,
        "copy": copy_cpu(lab) / rows * 1e6,
        "load": os.getloadavg()[0],
    }


def run(bench):
    """Measures the workloads with many rows; returns the rows of the results."""
    rows = []
    for name in [name for name in ("city", "sparse") if name in bench.workloads]:
        load = bench.loads.get(WORKLOADS[name].scaled(bench.scale))
        runs = []
        for number in range(bench.runs):
            print(f"{name}: run {number + 1} of {bench.runs}", file=sys.stderr)
            runs.append(measure(bench.lab, load, f"copy-{name}-{number}"))
        rows.append({"workload": name, "runs": runs})
    return rows


def table(rows):
    """Columns and cells."""
    cells = [
        [
            row["workload"],
            *(f"{median(row['runs'], figure):,.0f}" for figure in ("rows", "written")),
            *(with_spread(row["runs"], figure, ".2f") for figure in ("upsert", "copy")),
            f"{median(row['runs'], 'upsert') / median(row['runs'], 'copy'):.1f}",
        ]
        for row in rows
    ]
    return ["", "rows", "written", "CPU-s/M written", "COPY: CPU-s/M rows", "ratio"], cells


def plots(_rows):
    """No picture."""
    return {}
