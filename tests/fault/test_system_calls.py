"""The N-th call of libc fails, or the program is killed right before or after it: every point of the protocol."""

import collections
import dataclasses
import errno
import signal

import pytest
from faults import Fault, Injection, choose, dice_of, times
from oracle import expect
from workloads import Batch, Compaction, Forget, Provision, Prune, Rebuild, Speed

NEVER = 1 << 40

# Who asks for what a workload itself needs, and more often than any of them does. Of all requests for memory, nine of
# ten are OpenSSL's when it starts.
OWN = " antenna libpq libc "
ALL = 10_000

pytestmark = pytest.mark.timeout(1200 + 4 * times(1, ALL))

# How the program may end after a call has failed: it went on, or stopped by itself and said why.
ENDS = (0, 1, 3, 5)

STAGED, FOLDER, PLACE = "*/.staging/*.parquet", "*/.staging/????????????????", "*/data/*"

# Where a worker may die, in a roll's order: the call, its path, its bytes. What is received is known only after it.
ROLL_POINTS = {
    "staging write": ("write", STAGED, None),
    "fsync of the file": ("fsync", STAGED, None),
    "fsync of the staging folder": ("fsync", FOLDER, None),
    "statements sent": ("send", None, "BEGIN"),
    "statements answered": ("recv", None, "INSERT 0"),
    "COMMIT sent": ("send", None, "COMMIT"),
    "COMMIT answered": ("recv", None, "COMMIT"),
    "rename into place": ("rename", PLACE, None),
    "fsync of the hour's folder": ("fsync", PLACE, None),
}
SWAP_POINTS = {
    "COMMIT sent": ("send", None, "COMMIT"),
    "COMMIT answered": ("recv", None, "COMMIT"),
    "folder": ("mkdir", None, None),
    "exchange": ("renameat2", None, None),
    "deletion": ("unlink", None, None),
    "deletion of a folder": ("rmdir", None, None),
}
MERGE_POINTS = SWAP_POINTS | {
    "write": ("write", "*.parquet", None),
    "fsync": ("fsync", None, None),
}
PRUNE_POINTS = SWAP_POINTS | {
    "removal sent": ("send", None, "removed"),
}
FORGET_POINTS = MERGE_POINTS | {
    "pseudonym sent": ("send", None, "antenna.forgetting"),
    "totals sent": ("send", None, "removed"),
}
REBUILD_POINTS = {
    "totals of the archive sent": ("send", None, "antenna_rebuilt"),
    "comparison answered": ("recv", None, "CREATE TABLE"),
    "differences sent": ("send", None, "array_position"),
    "differences answered": ("recv", None, "INSERT 0"),
    "COMMIT sent": ("send", None, "COMMIT"),
    "COMMIT answered": ("recv", None, "COMMIT"),
}

FILES = [("open", errno.EIO), ("open", errno.EMFILE), ("opendir", errno.EMFILE), ("readdir", errno.EIO)]
DISK = [
    *FILES,
    ("write", errno.ENOSPC),
    ("write", errno.EIO),
    ("fsync", errno.EIO),
    ("mkdir", errno.ENOSPC),
    ("unlink", errno.EIO),
]
NETWORK = [("send", errno.ECONNRESET), ("recv", errno.ECONNRESET), ("connect", errno.ETIMEDOUT)]
KAFKA = [("sendmsg", errno.ECONNRESET), ("recvmsg", errno.ECONNRESET)]
ROLL = [("read", errno.EIO), ("rename", errno.EIO), ("posix_fallocate", errno.ENOSPC)]
PARQUET = [("pread", errno.EIO)]
MERGE = [("renameat2", errno.EIO), ("rmdir", errno.EIO)]
MEMORY = [("malloc", errno.ENOMEM)]


def run(workload, fault):
    """One run with the fault; returns the injection and the exit code."""
    case = workload.case
    arguments = workload.next()
    injection = Injection(case.folder, fault)
    running = case.program.start(*arguments, environment=injection.environment)
    code = running.process.wait(60)
    allowed = (*ENDS, -signal.SIGKILL) if isinstance(fault.do, str) else ENDS
    # librdkafka and the C++ library end the process when there is no memory
    # DuckDB 1.5 ends it where a call fails while a database is opened: database.c catches most of that, not all.
    aborts = fault.call == "malloc" or "duckdb::InternalException" in running.err
    allowed = (*allowed, -signal.SIGABRT) if aborts else allowed
    assert code in allowed, f"{fault}: exit code {code}:\n{running.err}"
    return injection, code


def sweep(workload, fault, wanted):
    """Makes the fault at so many of all calls of its kind; returns how often it happened."""
    counted, code = run(workload, dataclasses.replace(fault, number=NEVER))
    assert code == 0
    assert counted.count, f"{fault.call} is not called"
    happened = 0
    for number in choose(dice_of(fault), counted.count, wanted):
        injection, code = run(workload, dataclasses.replace(fault, number=number))
        happened += injection.happened
        if isinstance(fault.do, str):
            assert (code == -signal.SIGKILL) == injection.happened
        if code == 0:
            workload.check()
    workload.settle()
    return happened


def deaths(points, *kind):
    """Parameters: before and after each point, behind the kind of a workload if it is given."""
    return [
        pytest.param(
            *(*kind, Fault(call, do, path=path, data=data)),
            id=" ".join([*(one.__name__.lower() for one in kind), do, name]),
        )
        for name, (call, path, data) in points.items()
        for do in (["after"] if call == "recv" else ["before", "after"])
    ]


@pytest.mark.parametrize(
    ("kind", "fault"),
    [*deaths(ROLL_POINTS, Speed), *deaths(MERGE_POINTS, Compaction), *deaths(REBUILD_POINTS, Rebuild)],
)
def test_dies(case, figures, kind, fault):
    workload = kind(case)
    workload.prepare()
    happened = sweep(workload, fault, times(1, 1000))
    figures.check(f"kill -9 of {kind.__name__.lower()} at each point of its protocol", case, happened)


FAILURES = [
    *((Speed, call) for call in (*DISK, *NETWORK, *KAFKA, *ROLL, *MEMORY)),
    *((Batch, call) for call in (*FILES, *NETWORK, *PARQUET, *MEMORY)),
    *((Compaction, call) for call in (*DISK, *NETWORK, *PARQUET, *MERGE, *MEMORY)),
    *((Rebuild, call) for call in (*FILES, *NETWORK, *PARQUET)),
    *((Provision, call) for call in (*NETWORK, *MEMORY)),
]


def count_of(kind, call):
    """In a usual run each call of the speed layer fails, but for malloc: there are tens of thousands."""
    return times(1000 if kind is Speed and call != "malloc" else 5, 1000)


@pytest.mark.parametrize(("kind", "call", "number"), [(kind, *failure) for kind, failure in FAILURES])
def test_call_fails(case, figures, kind, call, number):
    workload = kind(case)
    workload.prepare()
    happened = sweep(workload, Fault(call, number), count_of(kind, call))
    figures.check(f"the N-th failing call of {kind.__name__.lower()}", case, happened)


def check_pruned(case, figures, kind, happened):
    """The hourly totals are all that is left."""
    expected = expect(case.messages())
    figures.note(kind, happened, expected.events, expected.hourly, case.totals("bytes_hourly"))
    assert case.totals("bytes_hourly") == dict(expected.hourly)


@pytest.mark.parametrize("fault", deaths(PRUNE_POINTS))
def test_prune_dies(case, figures, fault):
    workload = Prune(case)
    workload.prepare()
    happened = sweep(workload, fault, times(1, 1000))
    check_pruned(case, figures, "kill -9 of prune at each point of its protocol", happened)


@pytest.mark.parametrize(("call", "number"), [*(fault for fault in DISK if fault[0] != "write"), *NETWORK, *MERGE])
def test_call_of_prune_fails(case, figures, call, number):
    workload = Prune(case)
    workload.prepare()
    happened = sweep(workload, Fault(call, number), times(5, 1000))
    check_pruned(case, figures, "the N-th failing call of prune", happened)


def check_forgotten(case, figures, kind, happened):
    """All sums are those of the events, whoever they are of."""
    expected = expect(case.messages())
    others = collections.Counter({key: value for key, value in expected.hourly.items() if key[2] != Forget.user})
    found = {key: value for key, value in case.totals("bytes_hourly").items() if not key[2].startswith("forgotten-")}
    figures.note(kind, happened, expected.events, others, found)
    assert found == others


@pytest.mark.parametrize("fault", deaths(FORGET_POINTS))
def test_forget_dies(case, figures, fault):
    workload = Forget(case)
    workload.prepare()
    happened = sweep(workload, fault, times(1, 1000))
    check_forgotten(case, figures, "kill -9 of forget at each point of its protocol", happened)


@pytest.mark.parametrize(("call", "number"), [*DISK, *NETWORK, *PARQUET, *MERGE])
def test_call_of_forget_fails(case, figures, call, number):
    workload = Forget(case)
    workload.prepare()
    happened = sweep(workload, Fault(call, number), times(5, 1000))
    check_forgotten(case, figures, "the N-th failing call of forget", happened)


@pytest.mark.parametrize(("kind", "usual"), [(Provision, 400), (Batch, 20), (Compaction, 20), (Speed, 20)])
def test_own_memory_fails(case, figures, kind, usual):
    """N = 1, 2, … until a run is clean: of provision always, of the others in a release."""
    workload = kind(case)
    workload.prepare()
    happened = sweep(workload, Fault("malloc", errno.ENOMEM, callers=OWN), times(usual, ALL))
    figures.check(f"the N-th failing call of {kind.__name__.lower()}", case, happened)
