"""Checks the protocol of exactly once exhaustively, and that each guard is needed: see exactly_once.pml."""

import pathlib
import re
import subprocess

import pytest

MODEL = pathlib.Path(__file__).with_name("exactly_once.pml")
MEMORY_MIB = 2000
DEPTH = 100000

# What the protocol must survive, each searched to its end. Two partitions go without a crash: the states multiply.
RUNS = [
    "",
    "CRASHES=1",
    "LOST_LOCK",
    "FAILOVER",
    "RESTORE",
    "PARTITIONS=2 MESSAGES=1",
    "NO_EPOCH",
]

# A guard that is taken away, the fault that it is for, and the invariant that then breaks.
TWINS = [
    ("NO_CAS NO_EPOCH", "", "written_once"),
    ("NO_CAS", "RESTORE", "sealed_hour_is_complete"),
    ("NO_RETIRE", "CRASHES=1", "listed_file_is_there"),
    ("NO_RETIRE", "LOST_LOCK", "listed_file_is_there"),
    ("NO_TOKEN_CHECK", "CRASHES=1", "listed_file_is_there"),
    ("NO_WAIT", "CRASHES=1", "listed_file_is_there"),
    ("NO_WAIT", "LOST_LOCK", "listed_file_is_there"),
    ("LIST_FIRST", "", "listed_file_is_there"),
    ("RENAME_FIRST", "", "placed_file_is_listed"),
    ("PUBLISH_ALL", "CRASHES=1", "placed_file_is_listed"),
    ("DELETE_ALL", "CRASHES=1", "listed_file_is_there"),
    ("READ_FROM_TOTALS", "", "archived_once"),
    ("SEAL_BY_ARCHIVE_ONLY", "", "sealed_hour_is_complete"),
    ("NO_PROBE", "RESTORE", "all_is_written"),
]


def check(folder, macros, optimise):
    """Spin's report of a run."""
    defines = [f"-D{macro}" for macro in macros.split()]
    subprocess.run(["spin", "-a", *defines, str(MODEL)], cwd=folder, check=True)
    compile_it = ["gcc", optimise, "-w", "-DSAFETY", f"-DMEMLIM={MEMORY_MIB}", "-o", "pan", "pan.c"]
    subprocess.run(compile_it, cwd=folder, check=True)
    return subprocess.run(["./pan", f"-m{DEPTH}"], cwd=folder, check=True, capture_output=True, text=True).stdout


@pytest.mark.parametrize("faults", RUNS, ids=lambda faults: faults or "zombies")
def test_protocol_keeps_its_invariants(tmp_path, faults):
    report = check(tmp_path, faults, "-O2")
    assert "errors: 0" in report, report
    for word in ("Search not completed", "truncated", "too small", "out of memory", '"assert('):
        assert word not in report, report  # an assertion that was not reached is reported, too
    print(re.search(r"(\d+) states, stored", report).group())


@pytest.mark.parametrize(("guard", "faults", "invariant"), TWINS)
def test_guard_is_needed(tmp_path, guard, faults, invariant):
    assert f"assertion violated {invariant} " in check(tmp_path, f"{guard} {faults}", "-O0")
