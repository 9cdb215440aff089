"""`antenna config`: what a command would run with, from where, without its secrets, as a file that can be used."""

import argparse
import itertools

import pytest
from antenna_spark.command import local_path, parser_of

pytestmark = [pytest.mark.timeout(20), pytest.mark.core]

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
    program.run("config", "speed", "--config", path).fails("ANT-C001", f"{path}", "line 2", 'did you mean "workers"')
    environment = {"ANTENNA_TOPICS": "devices"}
    program.run("config", "speed", environment=environment).fails(
        "ANT-C001", "ANTENNA_TOPICS", "did you mean ANTENNA_TOPIC?"
    )
    program.run("config", "speed", "--workes", "2").fails("ANT-U002", "workes", 'did you mean "workers"')
    program.run("config", "sped").fails("ANT-U001", '"sped"', "antenna --help")


def test_help_is_its_own(program):
    assert program.run("config", "speed", "--help").out == program.run("config", "--help").out


PATHS = {
    "speed": ["storage-root", "password-file"],
    "batch": ["storage-path"],
    "verify": ["storage-path"],
    "rebuild": ["storage-path", "old-storage-path"],
    "prune": ["storage-path"],
    "forget": ["storage-path"],
    "notify": ["smtp-password-file", "webhook-key-file", "tls-ca", "templates"],
    "doctor": ["storage-root"],
    "provision": [
        "users",
        "speed-password-file",
        "batch-password-file",
        "reader-password-file",
        "notify-password-file",
    ],
    "simulate": ["users", "ledger"],
}


@pytest.mark.parametrize("command,option", [(command, option) for command in PATHS for option in PATHS[command]])
def test_each_option_that_is_a_path(program, command, option):
    """From an argument, a variable and the file alike; what is in a store is refused before any server is asked."""
    home = {"HOME": "/srv/me"}
    for text, path in (("file:///x/y", "/x/y"), ("~/x", "/srv/me/x"), ("x/y", "x/y")):
        result = program.run("config", command, f"--{option}={text}", environment=home)
        assert f"{option} = {path}\n" in result.out, result.out + result.err
    variable = f"ANTENNA_{option.replace('-', '_').upper()}"
    result = program.run("config", command, environment=home | {variable: "~/x"})
    assert f"{option} = /srv/me/x\n" in result.out, result.out + result.err
    for text in ("gs://bucket/x", "s3a://bucket/x", "hdfs://host:8020/x"):
        result = program.run("config", command, f"--{option}={text}", environment=home)
        result.fails("ANT-U008", f"invalid value for {option}", "is in a store", "give a folder of this machine")
        result = program.run("config", command, environment=home | {variable: text})
        result.fails("ANT-C002", variable, "is in a store")


def test_the_file_s_own_path(program):
    result = program.run("config", "status", "--config", "~/antenna.ini", environment={"HOME": "/nowhere"})
    result.fails("ANT-C003", 'could not read the configuration file "/nowhere/antenna.ini"')


@pytest.mark.parametrize(
    "text,path",
    [
        *(
            ("/x", "/x"),
            ("x/y", "x/y"),
            ("a:b/c", "a:b/c"),
            ("~/x", "/srv/me/x"),
            ("file:/x", "/x"),
            ("file:///x", "/x"),
        ),
        *(("file://localhost/x", "/x"), ("file:///a%20b", "/a%20b"), ("file://var/x", None), ("file:x", None)),
        *(("gs://b/x", None), ("s3a://b/x", None), ("hdfs:/x", None), ("~nobody-of-that-name/x", None)),
    ],
)
def test_paths_of_the_spark_engine(monkeypatch, text, path):
    monkeypatch.setenv("HOME", "/srv/me")
    if path:
        assert str(local_path(text)) == path
        return
    with pytest.raises(argparse.ArgumentTypeError):
        local_path(text)


def test_an_argument_that_may_be_a_password_is_not_shown_by_the_spark_engine(capsys):
    with pytest.raises(SystemExit) as end:
        parser_of("", ("jdbc-password", "")).parse_args(["-geheim", "--geheim"])
    with pytest.raises(SystemExit):
        parser_of("", ("jdbc-password", "")).parse_args(["x", "-geheim", "--geheim"])
    assert end.value.code == 2
    assert "geheim" not in capsys.readouterr().err


# Of services that are called antenna, antenna-speed and antenna-jdbc-uri.
SERVICE_LINKS = {
    "ANTENNA_SERVICE_HOST": "10.0.0.11",
    "ANTENNA_SERVICE_PORT": "9187",
    "ANTENNA_SERVICE_PORT_METRICS": "9187",
    "ANTENNA_SERVICE_PORT_HTTP_2": "9188",
    "ANTENNA_PORT": "tcp://10.0.0.11:9187",
    "ANTENNA_PORT_9187_TCP": "tcp://10.0.0.11:9187",
    "ANTENNA_PORT_9187_TCP_PROTO": "tcp",
    "ANTENNA_PORT_9187_TCP_PORT": "9187",
    "ANTENNA_PORT_9187_TCP_ADDR": "10.0.0.11",
    "ANTENNA_PORT_53_UDP": "udp://10.0.0.11:53",
    "ANTENNA_PORT_53_UDP_ADDR": "fd00::11",
    "ANTENNA_PORT_9_SCTP": "sctp://[fd00::11]:9",
    "ANTENNA_SPEED_SERVICE_HOST": "10.0.0.12",
    "ANTENNA_SPEED_SERVICE_PORT_METRICS": "9187",
    "ANTENNA_SPEED_PORT": "udp://10.0.0.12:9187",
    "ANTENNA_SPEED_PORT_9187_TCP_ADDR": "10.0.0.12",
    "ANTENNA_JDBC_URI_SERVICE_HOST": "10.0.0.13",
    "ANTENNA_JDBC_URI_PORT": "tcp://10.0.0.13:5432",
}


def test_variables_of_kubernetes_are_passed_by(program):
    for command in set(PATHS) | {"status"}:
        plain = program.run("config", command)
        assert plain.code == 0, plain.err
        assert program.run("config", command, environment=SERVICE_LINKS).out == plain.out
    for name, value in SERVICE_LINKS.items():
        assert program.run("config", "speed", environment={name: value}).code == 0, name


@pytest.mark.parametrize("name", ["ANTENNA_TOPIC", "ANTENNA_JDBC_PASSWORD", "ANTENNA_WORKERS", "ANTENNA_NO_ARCHIVE"])
def test_an_empty_variable_is_none(program, name):
    plain = program.run("config", "speed")
    assert program.run("config", "speed", environment={name: "", "ANTENNA_CONFIG": "", "ANTENNA_NONSENSE": ""}) == plain


@pytest.mark.parametrize(
    "name,value,nearest",
    [
        ("ANTENNA_TOPICS", "devices", "ANTENNA_TOPIC"),
        ("ANTENNA_WORKER", "2", "ANTENNA_WORKERS"),
        ("ANTENNA_PORT", "9187", ""),
        ("ANTENNA_PORT_TCP", "x", ""),
        ("ANTENNA_PORT_9187", "x", ""),
        ("ANTENNA_PORT_9187_TCP_HOST", "x", ""),
        ("ANTENNA_PORT_9187_ICMP", "x", ""),
        ("ANTENNA_SERVICE", "x", ""),
        ("ANTENNA_SERVICE_NAME", "x", ""),
        ("ANTENNA_service_host", "x", ""),
        ("ANTENNA_", "x", ""),
    ],
)
def test_a_misspelt_variable_is_refused(program, name, value, nearest):
    program.run("config", "speed", environment={name: value}).fails(
        "ANT-C001", f"unknown environment variable {name}", nearest
    )
