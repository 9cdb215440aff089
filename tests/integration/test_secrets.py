"""The password: where it may come from, and that it shows nowhere."""

import pathlib

import pytest

pytestmark = pytest.mark.timeout(60)


def assert_hidden(case, *texts):
    for text in texts:
        assert case.postgres.password not in text


@pytest.mark.asan
def test_not_in_the_process_list_and_no_output(case):
    case.prepare()
    speed = case.start_speed("--log-level", "debug", "-X", "client.id=geheim")
    speed.wait_for("is given")
    command_line = pathlib.Path(f"/proc/{speed.process.pid}/cmdline").read_bytes().decode()
    assert case.topic in command_line
    assert_hidden(case, command_line)
    assert "geheim" not in command_line
    result = speed.terminate()
    assert_hidden(case, result.out, result.err)


def test_not_in_the_address_either(case):
    uri, user, password = case.login
    result = case.program.run("provision", f"{uri}?password={password}&nonsense=1", user, password)
    result.fails(2, 'unknown property "nonsense"')
    assert_hidden(case, result.out, result.err)


WAYS = ["PGPASSWORD", "--password-file", "pgpass", "ANTENNA_JDBC_PASSWORD", "address", "conninfo"]


@pytest.mark.parametrize("way", WAYS)
def test_where_it_may_come_from(case, way):
    uri, user, password = case.login
    options, environment = [], {}
    if way == "PGPASSWORD":
        environment["PGPASSWORD"] = password
    elif way == "--password-file":
        options = ["--password-file", case.postgres.password_file]
    elif way == "pgpass":
        path = case.folder / ".pgpass"
        path.write_text(f"127.0.0.1:{case.postgres.port}:*:{user}:{password}\n")
        path.chmod(0o600)
        environment["PGPASSFILE"] = str(path)
    elif way == "ANTENNA_JDBC_PASSWORD":
        environment[way] = password
    elif way == "address":
        uri = f"{uri}?password={password}"
    else:
        uri = f"host=127.0.0.1 port={case.postgres.port} dbname={case.database} password={password}"
    positional = [uri, user] if way == "ANTENNA_JDBC_PASSWORD" else [uri, user, "-"]
    result = case.program.run("provision", *positional, *options, environment=environment)
    assert result.code == 0, result.err
    assert_hidden(case, result.out, result.err)


def test_configuration_file(case):
    uri, user, password = case.login
    path = case.folder / "antenna.ini"
    path.write_text(f"jdbc-uri = {uri}\njdbc-user = {user}\n[provision]\njdbc-password = {password}\n")
    result = case.program.run("provision", environment={"ANTENNA_CONFIG": str(path)})
    assert result.code == 0, result.err
