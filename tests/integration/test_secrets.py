"""Passwords: where they may come from, and that they show nowhere."""

import os
import pathlib
import resource
import signal
import subprocess
import types
import urllib.parse

import events
import importer
import psycopg
import pytest
from antenna_spark import postgres
from passwords import read_password
from psycopg import sql
from scraper import Scraper

pytestmark = pytest.mark.timeout(60)


def assert_hidden(case, *texts):
    for text in texts:
        assert case.postgres.password not in text


@pytest.mark.core
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
    result.fails("ANT-U007", 'unknown property "nonsense"')
    assert_hidden(case, result.out, result.err)


MARKER = "geheim-4711"


@pytest.fixture
def marked(case):
    """A database and a topic, and a role whose password is the marker."""
    case.prepare()
    case.produce([*events.draw(100), b"nonsense"])
    name = f"marked_{case.database}"
    case.execute(f"CREATE ROLE {name} SUPERUSER LOGIN PASSWORD '{MARKER}'")
    yield case, {"user": name, "password": MARKER}
    case.execute(f"DROP ROLE {name}")


def test_metrics_do_not_have_it(marked):
    case, login = marked
    speed = case.start_speed("--listen", "0", "-X", f"sasl.password={MARKER}", **login)
    scraper = Scraper(speed)
    scraper.wait_until_ready()
    pages = [scraper.get(path) for path in ("/metrics", "/healthz", "/readyz", "/")]
    assert [status for status, _ in pages] == [200, 200, 200, 404]
    assert MARKER not in "".join(text for _, text in pages)


def test_a_marker_is_found_nowhere(marked):
    """In what is said, even when everything is, what is written, and what the servers keep of it."""
    case, login = marked
    words = ("-X", f"sasl.password={MARKER}", "-X", f"ssl.key.password={MARKER}", "-X", "debug=all")
    talkative = ("--log-level", "debug")
    results = [
        case.program.run(*case.speed_arguments("--until-end", *words, *talkative, **login)),
        case.program.run(*case.batch_arguments("-", "--pending", "--compact", *talkative, **login)),
        case.program.run("verify", case.login[0], *login.values(), "--storage-path", case.root / "data", *talkative),
        case.program.run("status", f"{case.login[0]}?password={MARKER}", login["user"], "-", *talkative),
        case.program.run("simulate", case.kafka.address, case.topic, "--count", "10", *words, *talkative),
        case.program.run("config", *case.speed_arguments(*words, *talkative, **login)),
        case.program.run("doctor", case.login[0], *login.values(), *talkative),
    ]
    assert [result.code for result in results] == [0] * len(results), results
    assert "sasl.password = [redacted]" in results[0].err, "librdkafka has told its configuration"
    assert MARKER not in "".join(result.out + result.err for result in results)
    assert [*case.folder.rglob("*.parquet")]
    for path in case.folder.rglob("*"):
        assert not path.is_file() or MARKER.encode() not in path.read_bytes(), path
    for log in (case.postgres.log, case.kafka.log):
        assert MARKER not in log.read_text(errors="replace").replace(f"PASSWORD '{MARKER}'", "")
    with case.connect() as connection:
        assert not rows_with(connection, MARKER)


def rows_with(connection, text):
    """The tables of the database that hold a text, and the sessions that show it."""
    tables = connection.execute(
        "SELECT schemaname, tablename FROM pg_tables WHERE schemaname IN ('public', 'antenna') "
        "UNION ALL SELECT 'pg_catalog', 'pg_stat_activity'"
    ).fetchall()
    own = "AND pid <> pg_backend_pid()"
    return [
        table
        for table in tables
        if connection.execute(
            sql.SQL(
                "SELECT count(*) FROM {} AS whole WHERE whole::text LIKE {} " + own * (table[0] == "pg_catalog")
            ).format(sql.Identifier(*table), f"%{text}%")
        ).fetchone()[0]
    ]


@pytest.mark.parametrize(
    "uri",
    [
        f"postgresql://u:%ZZ{MARKER}@h/db",
        f"postgresql://u:{MARKER}@[::1/db",
        f"postgresql://u:a@{MARKER}@h/db",
        f"postgresql://u@h:{MARKER}/db",
        f"host=h password=a {MARKER}",
        f"host=h password='a {MARKER}",
        f"host=h {MARKER}=x",
        f"jdbc:postgresql://u:{MARKER}@h:5432/db",
        f"jdbc:postgresql://h:5432/db?password=%ZZ{MARKER}",
        f"jdbc:postgresql://h:{MARKER}/db",
        MARKER,
    ],
)
def test_an_address_that_cannot_be_read_is_not_shown(program, uri):
    result = program.run("status", uri, "u", "-")
    result.fails("ANT-U007", "invalid jdbc-uri")
    assert MARKER not in result.out + result.err


@pytest.mark.parametrize("word", [f"sasl.password:{MARKER}", MARKER, f"sasl.pasword={MARKER}"])
def test_a_kafka_property_that_cannot_be_read_is_not_shown(program, word):
    result = program.run("simulate", "127.0.0.1:1", "t", "-X", word)
    result.fails("ANT-U009", "afka")
    assert MARKER not in result.out + result.err


def ends_with_core(process):
    """Aborts a process that may write a core file of any size; tells whether the kernel has written one."""
    resource.prlimit(process.pid, resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    process.send_signal(signal.SIGABRT)
    return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT).si_code == os.CLD_DUMPED


def test_no_core_file_and_no_look_into_the_memory(case):
    case.prepare()
    with subprocess.Popen(["sleep", "60"], cwd=case.folder) as other:
        if not ends_with_core(other):
            pytest.skip("this machine writes no core files at all")
    speed = case.start_speed().wait_for("is given")
    if os.geteuid() != 0:
        with pytest.raises(PermissionError):
            pathlib.Path(f"/proc/{speed.process.pid}/environ").read_bytes()
    assert not ends_with_core(speed.process)
    assert speed.process.wait() == -signal.SIGABRT
    assert not [*(case.folder / "run-1").glob("core*")]


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


@pytest.mark.parametrize("way", ["--password-file", "PGPASSFILE"])
@pytest.mark.parametrize("size", [1024, 5000])
def test_a_password_as_long_as_a_token(case, size, way):
    """Tokens of clouds have some thousand bytes."""
    case.provision()
    role, password = f"long_{case.database}", "x" * size
    case.execute(f"CREATE ROLE {role} LOGIN SUPERUSER PASSWORD '{password}'")
    path = case.folder / "password"
    path.write_text(password if way == "--password-file" else f"*:*:*:*:{password}")
    path.chmod(0o600)
    options, environment = (["--password-file", path], {}) if way == "--password-file" else ([], {way: str(path)})
    result = case.program.run("status", case.login[0], role, "-", *options, environment=environment)
    case.execute(f"DROP ROLE {role}")
    assert result.code == 0, result.err


def test_a_role_gets_the_whole_password_of_its_file(case):
    path = case.folder / "password"
    path.write_text("x" * 1500 + "\n")
    path.chmod(0o600)
    case.provision("--reader-password-file", path)
    words = f"{case.postgres.conninfo(case.database)} user=antenna_reader password={'x' * 1500}"
    psycopg.connect(words).close()


@pytest.mark.parametrize(
    "password", [f"{dashes}{MARKER}" for dashes in ("-", "--", "---", "-h", "-V", "-X", "--jso", "-=")]
)
@pytest.mark.parametrize("command", ["provision", "status", "verify", "notify", "doctor", "speed"])
def test_a_password_that_begins_with_a_dash_is_not_shown(program, command, password):
    before = ["127.0.0.1:1", "t"] * (command == "speed")
    table = ["bytes"] * (command == "speed")
    after = ["/nowhere"] * (command == "speed")
    login = ["jdbc:postgresql://127.0.0.1:1/x", *table, "u", password]
    for arguments in ([*before, *login, *after], [*before, *login, *after, "--log-level", "debug"]):
        result = program.run(command, *arguments)
        assert result.code == 2
        assert MARKER not in result.out + result.err
    result = program.run(command, "--", *before, *login, *after)
    assert MARKER not in result.out + result.err


def test_a_password_that_begins_with_a_dash_can_be_given(case):
    role, password = f"dash_{case.database}", "-dash"
    case.provision()
    case.execute(f"CREATE ROLE {role} LOGIN SUPERUSER PASSWORD '{password}'")
    for login in ([role, f"--jdbc-password={password}"], ["--", role, password]):
        result = case.program.run("status", case.login[0], *login)
        assert result.code == 0, result.err
    case.execute(f"DROP ROLE {role}")


@pytest.mark.parametrize("mode,warns", [(0o600, False), (0o640, False), (0o644, True)])
def test_a_password_file_that_others_can_read(program, tmp_path, mode, warns):
    path = tmp_path / "password"
    path.write_text("x\n")
    path.chmod(mode)
    result = program.run("status", "jdbc:postgresql://127.0.0.1:1/x", "u", "-", "--password-file", path)
    assert ("every user of this machine may read the password file" in result.err) == warns


# Has what a shell, an address, a template or a reader of lines might change, and blanks at both ends.
AWKWARD = " -p@ss:w/rd?#%41;'\"\\$HOME\t\r\x0b\u2028é "


def test_each_reader_of_a_password_file_finds_the_same(case, tmp_path):
    role, path, line = f"awkward_{case.database}", tmp_path / "password", AWKWARD.encode()
    case.provision()
    case.execute(sql.SQL("CREATE ROLE {} LOGIN SUPERUSER PASSWORD {}").format(sql.Identifier(role), AWKWARD))
    for content in (line, line + b"\n", line + b"\r\n", b"\xef\xbb\xbf" + line + b"\n", line + b"\nmore\n"):
        path.write_bytes(content)
        assert case.program.run("status", case.login[0], role, "-", "--password-file", path).code == 0, content
        spark = types.SimpleNamespace(jdbc_password="-", password_file=path)
        assert postgres.password_of(spark) == {"password": AWKWARD}, content
        assert read_password(path) == AWKWARD, content
    uri = importer.database_uri(importer.parse_database("postgresql://db.example.org/antenna"), AWKWARD)
    assert urllib.parse.unquote(urllib.parse.urlsplit(uri).password) == AWKWARD
    case.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))
