"""Checks the models of the protocol exhaustively, and that each guard is needed: exactly_once, archive, forget."""

import pathlib
import re
import subprocess

import pytest

FOLDER = pathlib.Path(__file__).parent
MEMORY_MIB = 1400  # two runs at a time have less than 2 GB: the largest has 1.3
DEPTH = 100000

# What the protocol must survive, each searched to its end. The largest comes first.
RUNS = [
    ("exactly_once", "PARTITIONS=2 MESSAGES=1 CRASHES=1 AT_ONCE"),
    ("exactly_once", "PARTITIONS=2 MESSAGES=1"),
    ("exactly_once", ""),
    ("exactly_once", "CRASHES=1"),
    ("exactly_once", "LOST_LOCK"),
    ("exactly_once", "FAILOVER"),
    ("exactly_once", "RESTORE"),
    ("exactly_once", "NO_EPOCH"),
    ("archive", ""),
    ("archive", "CRASHES=1"),
    ("archive", "CUTS=1"),
    ("archive", "LOST_LOCKS=1 FAILURES=1"),
    ("archive", "LOST_LOCKS=2"),
    ("archive", "SWAPS=1 CRASHES=2"),
    ("archive", "SWAPS=1 CRASHES=1 CUTS=1"),
    ("archive", "SWAPS=1 CRASHES=1 LOST_LOCKS=1"),
    ("archive", "SWAPS=1 KEEPERS=3 LOST_LOCKS=1"),
    ("archive", "PRUNE CRASHES=1"),
    ("archive", "PRUNE SWAPS=1 CRASHES=2"),
    ("archive", "PRUNE SWAPS=1 CUTS=1"),
    ("archive", "PRUNE SWAPS=1 LOST_LOCKS=1 FAILURES=1"),
    ("forget", ""),
    ("forget", "CRASHES=3"),
]

# A guard that is taken away, the fault that it is for, and the invariant that then breaks.
TWINS = [
    ("exactly_once", "NO_CAS NO_EPOCH", "", "written_once"),
    ("exactly_once", "NO_CAS", "RESTORE", "sealed_hour_is_complete"),
    ("exactly_once", "NO_RETIRE", "CRASHES=1", "listed_file_is_there"),
    ("exactly_once", "NO_RETIRE", "LOST_LOCK", "listed_file_is_there"),
    ("exactly_once", "NO_TOKEN_CHECK", "CRASHES=1", "listed_file_is_there"),
    ("exactly_once", "NO_WAIT", "CRASHES=1", "listed_file_is_there"),
    ("exactly_once", "NO_WAIT", "LOST_LOCK", "listed_file_is_there"),
    ("exactly_once", "STEPS_AT_FINISH", "", "archived_once"),
    ("exactly_once", "LIST_FIRST", "", "listed_file_is_there"),
    ("exactly_once", "RENAME_FIRST", "", "placed_file_is_listed"),
    ("exactly_once", "PUBLISH_ALL", "CRASHES=1", "placed_file_is_listed"),
    ("exactly_once", "DELETE_ALL", "CRASHES=1", "listed_file_is_there"),
    ("exactly_once", "READ_FROM_TOTALS", "", "archived_once"),
    ("exactly_once", "SEAL_BY_ARCHIVE_ONLY", "", "sealed_hour_is_complete"),
    ("exactly_once", "NO_PROBE", "RESTORE", "all_is_written"),
    ("archive", "DELETE_FIRST", "", "listed_file_is_there"),
    ("archive", "NO_LOOK_IN_PLACE", "", "placed_file_is_listed"),
    ("archive", "NO_HOUR_LOCK", "", "listed_file_is_found"),
    ("archive", "NO_SECOND_NAMES", "", "folder_shows_row_once"),
    ("archive", "NO_PUT_BACK", "", "listed_file_is_there"),
    ("archive", "NO_LOOK_AT_LIST", "CRASHES=1", "placed_file_is_listed"),
    ("archive", "EXCHANGE_AGAIN", "CRASHES=1", "folder_shows_row_once"),
    ("archive", "FORGET_FIRST", "CRASHES=1", "placed_file_is_listed"),
    ("archive", "NO_LOOK_FOR_UNFINISHED", "CRASHES=1", "folder_shows_row_once"),
    ("archive", "NO_WAIT", "CRASHES=1", "folder_shows_row_once"),
    ("archive", "NO_WAIT", "LOST_LOCKS=1", "folder_shows_row_once"),
    ("archive", "NO_RETIRE", "LOST_LOCKS=1", "folder_shows_row_once"),
    ("archive", "NO_TOKEN_CHECK", "LOST_LOCKS=1", "folder_shows_row_once"),
    ("archive", "NO_TAKE", "LOST_LOCKS=1", "folder_shows_row_once"),
    ("archive", "NO_LOOK_AT_LOCK", "LOST_LOCKS=1", "listed_file_is_found"),
    ("archive", "NO_LOOK_AT_DIRTY", "PRUNE SWAPS=1", "removed_row_is_totalled"),
    ("archive", "NO_LOOK_IN_PLACE", "PRUNE SWAPS=1", "placed_file_is_listed"),
    ("archive", "DELETE_FIRST", "PRUNE SWAPS=1", "listed_file_is_there"),
    ("archive", "NO_HOUR_LOCK", "PRUNE SWAPS=1", "listed_file_is_found"),
    ("archive", "NO_SECOND_NAMES", "PRUNE SWAPS=1", "folder_shows_row_once"),
    ("archive", "NO_PUT_BACK", "PRUNE SWAPS=1", "listed_file_is_there"),
    ("archive", "EXCHANGE_AGAIN", "PRUNE SWAPS=1 CRASHES=1", "placed_file_is_listed"),
    ("archive", "FORGET_FIRST", "PRUNE SWAPS=1 CRASHES=1", "placed_file_is_listed"),
    ("archive", "NO_LOOK_FOR_UNFINISHED", "PRUNE CRASHES=1", "folder_shows_row_once"),
    ("archive", "NO_WAIT", "PRUNE SWAPS=1 CRASHES=1", "no_swap_is_left"),
    ("archive", "NO_RETIRE", "PRUNE SWAPS=1 LOST_LOCKS=1", "no_swap_is_left"),
    ("archive", "NO_TOKEN_CHECK", "PRUNE SWAPS=1 LOST_LOCKS=1", "no_swap_is_left"),
    ("archive", "NO_TAKE", "PRUNE SWAPS=1 LOST_LOCKS=1", "folder_shows_row_once"),
    ("archive", "NO_LOOK_AT_LOCK", "PRUNE SWAPS=1 LOST_LOCKS=1", "listed_file_is_found"),
    ("forget", "NO_SETTLED", "", "layers_agree"),
    ("forget", "BYTES_ONLY", "", "layers_agree"),
    ("forget", "TOTALS_FIRST", "", "layers_agree"),
    ("forget", "NO_LOOK_AT_LIST", "", "layers_agree"),
    ("forget", "NO_LOOK_AT_PRUNED", "", "user_is_gone"),
    ("forget", "NO_LOOK_FOR_TRACES", "", "user_is_gone"),
    ("forget", "NO_HOUR_LOCK", "", "user_is_gone"),
    ("forget", "DELETE_FIRST", "", "listed_file_is_there"),
    ("forget", "NO_LOOK_IN_PLACE", "CRASHES=1", "folder_shows_row_once"),
    ("forget", "FORGET_FIRST", "CRASHES=1", "placed_file_is_listed"),
    ("forget", "END_FIRST", "CRASHES=1", "one_pseudonym"),
]


def check(folder, model, macros, optimise):
    """Spin's report of a run."""
    defines = [f"-D{macro}" for macro in macros.split()]
    subprocess.run(["spin", "-a", *defines, str(FOLDER / f"{model}.pml")], cwd=folder, check=True)
    compile_it = ["gcc", optimise, "-w", "-DSAFETY", f"-DMEMLIM={MEMORY_MIB}", "-o", "pan", "pan.c"]
    subprocess.run(compile_it, cwd=folder, check=True)
    return subprocess.run(["./pan", f"-m{DEPTH}"], cwd=folder, check=True, capture_output=True, text=True).stdout


@pytest.mark.parametrize(("model", "faults"), RUNS)
def test_protocol_keeps_its_invariants(tmp_path, model, faults):
    report = check(tmp_path, model, faults, "-O1")
    assert "errors: 0" in report, report
    for word in ("Search not completed", "truncated", "too small", "out of memory", '"assert('):
        assert word not in report, report  # an assertion that was not reached is reported, too
    print(re.search(r"(\d+) states, stored", report).group())


@pytest.mark.parametrize(("model", "guard", "faults", "invariant"), TWINS)
def test_guard_is_needed(tmp_path, model, guard, faults, invariant):
    assert f"assertion violated {invariant} " in check(tmp_path, model, f"{guard} {faults}", "-O0")
