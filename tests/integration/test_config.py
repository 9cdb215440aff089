"""`antenna config`: what a command would run with, from where, without its secrets, as a file that can be used."""

import itertools

import pytest

pytestmark = [pytest.mark.timeout(20), pytest.mark.asan]

SPEED = ("localhost:9092", "devices", "jdbc:postgresql://localhost/antenna", "bytes", "me", "-", "/var/lib/antenna")


def shown(program, *arguments, environment=None):
    """Value and source of each key."""
    result = program.run("config", *arguments, environment=environment)
    assert (result.code, result.err) == (0, "")
    lines = result.out.splitlines()
    return {
        line.partition(" = ")[0]: (line.partition(" = ")[2], above[2:])
        for above, line in itertools.pairwise(lines)
        if " = " in line
    }


def test_values_and_their_sources(program, tmp_path):
    path = tmp_path / "antenna.ini"
    path.write_text("jdbc-user = me\n[speed]\nworkers = 3\n")
    found = shown(program, "speed", "k:9092", "--config", path, environment={"ANTENNA_TOPIC": "devices"})
    assert found["kafka-server"] == ("k:9092", "argument")
    assert found["topic"] == ("devices", "environment variable ANTENNA_TOPIC")
    assert found["jdbc-user"] == ("me", f"{path}:1")
    assert found["workers"] == ("3", f"{path}:3")
    assert found["roll-age"] == ("1m", "default")
    assert "users" not in found


def test_what_is_missing_is_said(program):
    result = program.run("config", "speed")
    assert result.code == 0
    assert "# kafka-server is missing: " in result.out
    assert "# storage-root is missing: " in result.out


def test_the_output_is_a_configuration(program, tmp_path):
    """What one run prints is the file of the next, with the same values; sections of several commands go together."""
    path = tmp_path / "antenna.ini"
    options = ("--workers", "2", "-X", "security.protocol=ssl", "-X", "sasl.password=geheim")
    path.write_text(
        program.run("config", "speed", *SPEED, *options).out + program.run("config", "simulate", "k", "t").out
    )
    assert "geheim" not in path.read_text()
    first = shown(program, "speed", *SPEED, *options)
    again = shown(program, "speed", "--config", path)
    assert {key: value for key, (value, _) in first.items() if not key.startswith("#")} == {
        key: value for key, (value, _) in again.items()
    }
    assert all(source.startswith(f"{path}:") for _, source in again.values())
    assert shown(program, "simulate", "--config", path)["topic"][0] == "t"


@pytest.mark.parametrize(
    ("arguments", "environment"),
    [
        (("--jdbc-password", "geheim", "--jdbc-uri", "jdbc:postgresql://h/d?password=geheim"), {}),
        (("--jdbc-uri", "postgresql://me:geheim@h/d"), {"ANTENNA_JDBC_PASSWORD": "geheim"}),
        (("-X", "sasl.password=geheim"), {"ANTENNA_KAFKA_PROPERTY": "ssl.key.password=geheim"}),
    ],
)
def test_secrets_are_hidden(program, arguments, environment):
    result = program.run("config", "speed", *arguments, environment=environment)
    assert result.code == 0
    assert "geheim" not in result.out + result.err
    assert "(hidden)" in result.out


def test_unknown_names_are_named(program, tmp_path):
    path = tmp_path / "antenna.ini"
    path.write_text("[speed]\nworker = 3\n")
    program.run("config", "speed", "--config", path).fails(3, f"{path}", "line 2", 'did you mean "workers"')
    environment = {"ANTENNA_TOPICS": "devices"}
    program.run("config", "speed", environment=environment).fails(3, "ANTENNA_TOPICS", "did you mean ANTENNA_TOPIC?")
    program.run("config", "speed", "--workes", "2").fails(2, "workes", 'did you mean "workers"')
    program.run("config", "sped").fails(2, '"sped"', "antenna --help")


def test_help_is_its_own(program):
    assert program.run("config", "speed", "--help").out == program.run("config", "--help").out
