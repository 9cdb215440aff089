"""The contract of the command line, for every command."""

import re
import shlex

import pytest

pytestmark = [pytest.mark.timeout(20), pytest.mark.core]

# The order of arguments that scripts rely on; what is in brackets may be left out.
USAGE = {
    "provision": "jdbc-uri jdbc-user [jdbc-password]",
    "simulate": "kafka-server topic",
    "speed": "kafka-server topic jdbc-uri jdbc-table jdbc-user jdbc-password storage-root",
    "batch": "storage-path hour jdbc-uri user-metadata-table bytes-hourly-table user-quota-limit-table "
    "jdbc-user jdbc-password",
    "verify": "jdbc-uri jdbc-user [jdbc-password]",
    "rebuild": "jdbc-uri jdbc-user [jdbc-password]",
    "prune": "jdbc-uri jdbc-user [jdbc-password]",
    "forget": "jdbc-uri jdbc-user jdbc-password user",
    "notify": "jdbc-uri jdbc-user [jdbc-password]",
    "status": "jdbc-uri jdbc-user [jdbc-password]",
    "doctor": "jdbc-uri jdbc-user [jdbc-password]",
    "config": "command",
}
ARGUMENTS = {command: re.findall(r"[\w-]+", usage) for command, usage in USAGE.items()}

MISSPELT = {
    "provision": "--adopd",
    "simulate": "--seeed",
    "speed": "--until-ends",
    "batch": "--jdbc-usr",
    "verify": "--deap",
    "rebuild": "--dry-ran",
    "prune": "--totals-older-then",
    "forget": "--dry-ruhn",
    "notify": "--dry-rum",
    "status": "--jsn",
    "doctor": "--storage-rot",
    "config": "--hepl",
}
MEANT = {
    "provision": "adopt",
    "simulate": "seed",
    "speed": "until-end",
    "batch": "jdbc-user",
    "verify": "deep",
    "rebuild": "dry-run",
    "prune": "totals-older-than",
    "forget": "dry-run",
    "notify": "dry-run",
    "status": "json",
    "doctor": "storage-root",
    "config": "help",
}

each = pytest.mark.parametrize("command", ARGUMENTS)


@each
@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help(program, command, option):
    result = program.run(command, option)
    assert result.code == 0
    assert result.err == ""
    assert result.out.startswith(f"usage: antenna {command} {USAGE[command]} [OPTIONS]\n")


@each
def test_version(program, command):
    result = program.run(command, "--version")
    assert (result.code, result.err) == (0, "")
    for name in ("antenna", "librdkafka", "libpq", "DuckDB"):
        assert name in result.out


@each
def test_unknown_option(program, command):
    result = program.run(command, MISSPELT[command])
    result.fails("ANT-U002", f'unknown option "{MISSPELT[command][2:]}"', f'did you mean "{MEANT[command]}"')
    assert result.out == ""


@each
def test_missing_arguments(program, command):
    result = program.run(command)
    result.fails("ANT-U004", f"missing argument {ARGUMENTS[command][0]}", f"antenna {command} --help")
    assert result.out == ""


@each
def test_too_many_arguments(program, command):
    given = ["2022-02-20T10:00:00Z" if name == "hour" else "x" for name in ARGUMENTS[command]]
    program.run(command, *given, "more").fails("ANT-U005", f"takes {len(given)}")


@pytest.mark.parametrize("command", sorted(ARGUMENTS.keys() - {"config"}))
def test_wrong_log_level(program, command):
    given = ["2022-02-20T10:00:00Z" if name == "hour" else "x" for name in ARGUMENTS[command]]
    program.run(command, *given, "--log-level", "loud").fails("ANT-U003", "log-level", "error, warning, info or debug")


def test_no_command(program):
    result = program.run()
    assert result.code == 2
    assert result.out == ""
    for command in ARGUMENTS:
        assert command in result.err


@pytest.mark.parametrize("option", ["--help", "-h", "help"])
def test_help_of_the_program(program, option):
    result = program.run(option)
    assert (result.code, result.err) == (0, "")
    for command in ARGUMENTS:
        assert command in result.out


@pytest.mark.parametrize("option", ["--help", "-h", "help"])
def test_help_of_a_command(program, option):
    assert program.run(option, "speed").out == program.run("speed", "--help").out != ""
    program.run(option, "sped").fails("ANT-U001", 'did you mean "speed"?')


def test_unknown_command(program):
    program.run("sped").fails("ANT-U001", 'unknown command "sped"', 'did you mean "speed"?', "antenna --help")
    program.run("checkpoint").fails("ANT-U001", 'unknown command "checkpoint"', "hint: see antenna --help")


def test_wrong_values(program):
    program.run("simulate", "k", "t", "--count", "many").fails("ANT-U003", '"many"')
    program.run("simulate", "k", "t", "--late", "2").fails("ANT-U003", "late", "0 to 1")
    program.run("speed", "--roll-rows", "0").fails("ANT-U003", "roll-rows", "1 to 10000000")
    program.run("batch", "p", "-", "--to", "2022-02-20T10:00:00").fails("ANT-U003", "to", "offset")
    program.run("provision", "mysql://x", "u", "p").fails("ANT-U007", "jdbc:postgresql://host:port/database")


def test_wrong_environment_and_file(program, tmp_path):
    program.run("simulate", "k", "t", environment={"ANTENNA_SEED": "x"}).fails(
        "ANT-C002", "environment variable ANTENNA_SEED"
    )
    path = tmp_path / "antenna.ini"
    path.write_text("[simulate]\nsede = 1\n")
    program.run("simulate", "k", "t", "--config", path).fails("ANT-C001", "antenna.ini", "line 2", "sede")


def test_examples_are_right(program):
    """Each example of --help is a command line that is read without an error."""
    text = "".join(program.run(command, "--help").out.partition("examples:")[2] for command in ARGUMENTS)
    text += program.run("--help").out.partition("examples:")[2].partition("exit codes")[0]
    examples = [shlex.split(line) for line in text.replace("\\\n", " ").splitlines() if line.strip()]
    assert len(examples) > len(ARGUMENTS)
    for name, command, *arguments in examples:
        assert name == "antenna"
        words = [word for word in arguments if not word.startswith(">")]
        from_file = "--config" in words
        if from_file:
            place = words.index("--config")
            del words[place : place + 2]  # this machine does not have the file
        result = program.run(*([] if command == "config" else ["config"]), command, *words)
        assert result.code == 0, result.err
        assert from_file or "is missing" not in result.out


def test_output_that_cannot_be_written(program):
    with open("/dev/full", "w", encoding="utf-8") as full:
        result = program.run("--help", out=full)
    result.fails("ANT-S002", "could not write to standard output")
