"""What the benchmarks count and refuse; the measures themselves run in make bench-smoke.

In a process of its own, as modules of bench have names that modules of tests have, too.
"""

import json
import os
import re
import subprocess
import sys

import pytest
from program import CHECKOUT

PLAIN = "00000000-0000-0000-0000-000000000007"


def run_bench(code, *arguments):
    """Runs some lines of Python beside the modules of bench."""
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        env=os.environ | {"PYTHONPATH": f"{CHECKOUT / 'tools'}:{CHECKOUT / 'bench'}"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def asked(code, *arguments):
    """What some lines of Python print, which is JSON."""
    done = run_bench(code, *arguments)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("name", "text", "lines"),
    [
        ("empty.py", "", 0),
        ("blank.py", "\n  \nx = 1\n", 1),
        ("comment.py", "# why\nx = 1  # and this\n    # more\n", 1),
        ("docstring.py", '"""What.\n\nHow.\n"""\n\n\ndef f():\n    """Why."""\n    return """\n    text\n"""\n', 4),
        ("class.py", 'class C:\n    """What."""\n\n    x = 1\n', 2),
        ("empty.sql", "", 0),
        ("comment.sql", "-- why\nSELECT 1;\n\n  \n    -- as it is\nSELECT 2;\n", 2),
    ],
)
def test_counts_lines_that_say_something(tmp_path, name, text, lines):
    path = tmp_path / name
    path.write_text(text)
    code = "import comparison, pathlib, sys; print(comparison.count_lines(pathlib.Path(sys.argv[1])))"
    assert asked(code, path) == lines


def test_each_system_that_does_the_job_is_compared():
    code = """
import comparison, json, systems
systems = {system.name: system.table and system.archives for system in systems.SYSTEMS.values()}
print(json.dumps([list(comparison.PROMISES), [name for name, whole in systems.items() if whole]]))
"""
    compared, whole = asked(code)
    assert sorted(compared) == sorted(set(whole) - {"antenna, small memory"})


def test_topic_and_ledger_get_the_same_random_ids():
    message = f'{{"timestamp": 1, "id": "{PLAIN}", "antenna_id": "{PLAIN[:-1]}8", "bytes": 2, "app": "SKYPE"}}'
    row = f"5min,2026-01-01 00:00:00,user_bytes_total,{PLAIN},2\n"
    code = """
import json, reshape, sys
print(json.dumps([reshape.with_random_ids(text.encode()).decode() for text in sys.argv[1:]]))
"""
    changed, ledger = asked(code, message, row)
    event, plain = json.loads(changed), json.loads(message)
    assert {name for name in event if event[name] != plain[name]} == {"id", "antenna_id"}
    assert event["id"] != event["antenna_id"]
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", event["id"])
    assert ledger == row.replace(PLAIN, event["id"])


def test_finds_parquet_by_its_content(tmp_path):
    files = {"part-0": b"PAR1 rows", "hour=1/a.parquet": b"PAR1", "_metadata": b"{}", "empty": b""}
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    code = """
import check, json, pathlib, sys
print(json.dumps(sorted(path.name for path in check.archive_files(pathlib.Path(sys.argv[1])))))
"""
    assert asked(code, tmp_path) == ["a.parquet", "part-0"]


def test_refuses_a_machine_that_others_use():
    refused = run_bench("import run, sys; run.LOAD_SECONDS = 0; sys.exit(run.main())", "--max-load", "-1")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert re.fullmatch(r"bench: the load average is [\d.]+, above -1: .*--max-load \d+\n", refused.stderr)


def test_starts_at_a_load_that_is_allowed():
    assert asked("import run; run.LOAD_SECONDS = 0; run.await_quiet(1e9); print('true')")


def test_systems_without_figures_have_rows():
    code = """
import comparison, json
columns, cells = comparison.table([], [])
print(json.dumps([len(columns), [len(row) for row in cells]]))
"""
    columns, cells = asked(code)
    assert set(cells) == {columns}
