"""What a container, a supervisor or a login gives to a process changes no answer, and lost output is no success."""

import contextlib
import json
import os
import resource
import signal
import subprocess
import tempfile

import events
import pytest
from case import Case
from program import BINARY, DIE_WITH_PARENT, Program, environment
from waiting import PATIENCE

pytestmark = pytest.mark.timeout(60)

HOURS = ("2022-02-20T09:00:00Z", "2022-02-20T10:00:00Z")
LATER_HOUR = ("--from", "2022-03-01T09:00:00Z", "--to", "2022-03-01T09:59:59Z")
ENVIRONMENT, UNAVAILABLE = 3, 5

# A user whom /etc/passwd does not know, such as those of OpenShift and of `docker run --user`.
NAMELESS = ("setpriv", "--reuid=54321", "--regid=54321", "--clear-groups")


def limit(name, most):
    return {"preexec_fn": lambda: resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (most, most))}


def close(*descriptors):
    return {"preexec_fn": lambda: [os.close(descriptor) for descriptor in descriptors]}


def without(name):
    return {"env": {key: value for key, value in environment().items() if key != name}}


def having(**changes):
    return {"env": environment(changes)}


def ignore_signals():
    for number in (signal.SIGHUP, signal.SIGPIPE, signal.SIGCHLD):
        signal.signal(number, signal.SIG_IGN)


def vanish():
    """Has the working directory deleted."""
    folder = tempfile.mkdtemp()
    os.chdir(folder)
    os.rmdir(folder)


# How the process is started. The answers are the same as usual.
SURROUNDINGS = {
    "no HOME": without("HOME"),
    "an empty HOME": having(HOME=""),
    "an empty TMPDIR": having(TMPDIR=""),
    "a TMPDIR that does not exist": having(TMPDIR="/nonexistent"),
    "no environment": {"env": {}},
    "a nameless user without an environment": {"via": NAMELESS, "env": {}},
    "a language": having(LANG="de_DE.UTF-8", LC_ALL="de_DE.UTF-8", LANGUAGE="de"),
    "the language C": having(LANG="C", LC_ALL="C"),
    "an unknown language": having(LANG="xx_YY", LC_ALL="xx_YY"),
    "a time zone": having(TZ=":Europe/Madrid"),
    "an unknown time zone": having(TZ="Nowhere/At-All"),
    "a working directory that is read only": {"cwd": "/proc"},
    "a working directory that is deleted": {"preexec_fn": vanish},
    "a careful umask": {"preexec_fn": lambda: os.umask(0o077)},
    "ignored signals": {"preexec_fn": ignore_signals},
    "no standard input": close(0),
    "no standard error": close(2),
    "a full standard error": {"stderr": "/dev/full"},
}

# Where standard output leads. What prints nothing ends as usual, all else with exit code 5.
LOST_OUTPUT = {
    "full": {"stdout": "/dev/full"},
    "closed": close(1),
    "closed like standard input": close(0, 1),
    "closed like all": close(0, 1, 2),
}


def commands(case):
    """Every command that ends by itself, {name: arguments}."""
    kafka = ("--kafka-server", case.kafka.address, "--topic", case.topic)
    return {
        "version": ("--version",),
        "help": ("--help",),
        "help of a command": ("batch", "--help"),
        "config": ("config", *case.speed_arguments()),
        "provision": ("provision", *case.login),
        "simulate": ("simulate", case.kafka.address, case.topic, "--count", "20", "--rate", "max", *LATER_HOUR),
        "speed": case.speed_arguments("--until-end"),
        "batch": case.batch_arguments(HOURS[0], "--json"),
        "compaction": case.batch_arguments(HOURS[1], "--compact"),
        "verify": case.verify_arguments("--json", "--from", HOURS[0], "--to", HOURS[1]),
        "status": ("status", *case.login, "--json"),
        "doctor": ("doctor", *case.login, *kafka, "--storage-root", case.root, "--json"),
    }


SILENT = {"simulate", "speed"}


def start(arguments, *, via=(), **how):
    for name in ("stdout", "stderr"):
        if isinstance(how.get(name), str):
            how[name] = os.open(how[name], os.O_WRONLY | os.O_CLOEXEC)
    usual = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "cwd": "/"}
    words = [*DIE_WITH_PARENT, *via, BINARY, *map(str, arguments)]
    try:
        return subprocess.Popen(words, **({"env": environment()} | usual | how))
    finally:
        for name in ("stdout", "stderr"):
            if how.get(name, -1) >= 0:
                os.close(how[name])


def shown(name, out):
    """What a command has printed, without the figures that change from run to run."""
    report = json.loads(out) if out and name in ("verify", "status", "doctor") else {}
    if name == "verify":
        out = [report.get("equal"), *((hour["hour"], hour["parquet"]) for hour in report.get("hours", ()))]
    elif name == "status":
        out = [(row["job"], row["topic"], row["partition"]) for row in report.get("partitions", ())]
    elif name == "doctor":
        out = {(check["check"], check["result"]) for check in report.get("checks", ())}
    return out


def end(name, process):
    out, err = (data or b"" for data in process.communicate(timeout=30 * PATIENCE))
    return process.returncode, shown(name, out.decode()), err.decode()


def run_all(case, but=(), **how):
    """Runs all commands but some, all but the first at the same time; returns {name: (exit code, output, log)}."""
    words = {name: arguments for name, arguments in commands(case).items() if name not in but}
    ended = {"provision": end("provision", start(words.pop("provision"), **how))}
    started = {name: start(arguments, **how) for name, arguments in words.items()}
    try:
        return ended | {name: end(name, process) for name, process in started.items()}
    finally:
        for process in started.values():
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def world(kafka, postgres, home):
    """Hours that both layers have worked on, and where any user may write. In the end no byte was lost or doubled."""
    folder = home / "surroundings"
    folder.mkdir()
    with contextlib.closing(Case(kafka, postgres, Program(folder), folder)) as case:
        case.prepare()
        case.produce(events.draw(300))
        case.simulate("--count", "20", "--rate", "max", *LATER_HOUR)
        case.speed()
        case.batch_pending()
        for path in (folder, *folder.rglob("*")):
            path.chmod(0o777 if path.is_dir() else 0o666)
        yield case
        case.speed()
        case.check_exact()


@pytest.fixture(scope="module")
def usual(world):
    """The answers of all commands, each of which is well."""
    ended = run_all(world)
    assert {code for code, _, _ in ended.values()} == {0}, ended
    assert {name for name, (_, out, _) in ended.items() if not out} == SILENT
    return {name: (code, out) for name, (code, out, _) in ended.items()}


@pytest.mark.parametrize("surroundings", SURROUNDINGS)
def test_the_answers_are_the_same(world, usual, surroundings):
    ended = run_all(world, **SURROUNDINGS[surroundings])
    for name, (code, out, err) in ended.items():
        assert (code, out) == usual[name], f"{name}:\n{err}"


@pytest.mark.parametrize("output", LOST_OUTPUT)
def test_lost_output_is_no_success(world, usual, output):
    ended = run_all(world, **LOST_OUTPUT[output])
    for name, (code, _, err) in ended.items():
        assert code == (usual[name][0] if name in SILENT else UNAVAILABLE), f"{name}:\n{err}"
        assert name in SILENT or not err or "could not write to standard output" in err


@pytest.mark.parametrize("most", [4, 8, 12])
def test_too_few_file_descriptors_are_no_success(world, usual, most):
    """A command answers as usual, or names the file or server. What reads from Kafka waits for descriptors instead."""
    ended = run_all(world, but=(*SILENT, "doctor"), **limit("NOFILE", most))
    for name, (code, out, err) in ended.items():
        assert (code, out) == usual[name] or code in (ENVIRONMENT, UNAVAILABLE), f"{name}: {code}\n{err}"


def test_the_doctor_finds_too_few_file_descriptors(world, usual):
    ended = run_all(world, **limit("NOFILE", 64))
    code, checks, _ = ended.pop("doctor")
    assert (code, checks - usual["doctor"][1]) == (ENVIRONMENT, {("open_files", "failed")})
    assert {name: (code, out) for name, (code, out, _) in ended.items()} == {
        name: answer for name, answer in usual.items() if name != "doctor"
    }
