"""Refused logins, in any language and by any pooler: those that pass are waited for, the others end a job with 3."""

import contextlib
import os
import signal
import subprocess

import events
import pytest
from case import Case
from refuser import Refuser
from stack import Postgres, running
from waiting import wait_until

pytestmark = pytest.mark.timeout(60)

# Who answers: the answer, and the error code of a command that gets it.
ANSWERS = {
    "English, starting": (("57P03", "the database system is starting up"), "ANT-P001"),
    "German, starting": (("57P03", "das Datenbanksystem startet"), "ANT-P001"),
    "French, starting": (("57P03", "le système de bases de données se lance"), "ANT-P001"),
    "Spanish, stopping": (("57P03", "el sistema de base de datos está apagándose"), "ANT-P001"),
    "Japanese, starting": (("57P03", "データベースシステムは起動処理中です"), "ANT-P001"),
    "Russian, starting": (("57P03", "система баз данных запускается", "ВАЖНО"), "ANT-P001"),
    "German, too many": (("53300", "tut mir leid, schon zu viele Verbindungen"), "ANT-P002"),
    "Spanish, slots": (("53300", "las conexiones restantes están reservadas a superusuarios"), "ANT-P002"),
    "German, terminated": (
        ("57P01", "Verbindung wird abgebrochen aufgrund von Anweisung des Administrators"),
        "ANT-P001",
    ),
    "German, crash": (("57P02", "breche Verbindung ab wegen Absturz eines anderen Serverprozesses"), "ANT-P001"),
    "German, out of memory": (("53200", "Speicher aufgebraucht"), "ANT-P001"),
    "German, no connections allowed": (
        ("55000", "Datenbank »x« akzeptiert gegenwärtig keine Verbindungen"),
        "ANT-P001",
    ),
    "PgBouncer, full": (("08P01", "no more connections allowed (max_client_conn)"), "ANT-P002"),
    "PgBouncer, full by user": (("08P01", "client connections exceeded (max_user_client_connections)"), "ANT-P002"),
    "PgBouncer, server away": (
        ("08P01", "server login has been failing, cached error: connect failed (server_login_retry)"),
        "ANT-P001",
    ),
    "PgBouncer 1.12, server away": (("08P01", "pgbouncer cannot connect to server"), "ANT-P001"),
    "PgBouncer, waiting": (("08P01", "query_wait_timeout"), "ANT-P001"),
    "PgBouncer, paused": (("08P01", "database is paused/disabled"), "ANT-P001"),
    "PgCat, no server": (("58000", "could not get connection from the pool - AllServersDown"), "ANT-P001"),
    "Odyssey, no server": (("08006", "odyssey: c2f4: failed to get remote server XX"), "ANT-P001"),
    "Supavisor, full": (("XX000", "Max client connections reached"), "ANT-P001"),
    "Pgpool-II, failover": (("XX000", "failed to create a backend connection"), "ANT-P001"),
    "Pgpool-II, full": (("53300", "Sorry, too many clients already"), "ANT-P002"),
    "RDS Proxy, full": (("53300", "Timed-out waiting to acquire database connection"), "ANT-P002"),
    "Neon, compute away": (("XX000", "Couldn't connect to compute node"), "ANT-P001"),
    "wrong password": (("28P01", 'password authentication failed for user "antenna"'), "ANT-P004"),
    "German, wrong password": (("28P01", "Passwort-Authentifizierung für Benutzer »a« fehlgeschlagen"), "ANT-P004"),
    "Russian, wrong password": (("28P01", "пользователь не прошёл проверку подлинности", "ВАЖНО"), "ANT-P004"),
    "German, no such database": (("3D000", "Datenbank »x« existiert nicht"), "ANT-P006"),
    "German, pg_hba.conf": (("28000", "kein pg_hba.conf-Eintrag für Host »127.0.0.1«"), "ANT-P004"),
    "German, no right": (("42501", "keine Berechtigung für Datenbank x"), "ANT-P015"),
    "PgBouncer, wrong password": (("08P01", "password authentication failed"), "ANT-P004"),
    "PgBouncer, no such database": (("08P01", "no such database: x"), "ANT-P006"),
    "Supavisor, no such user": (("XX000", "Tenant or user not found"), "ANT-P004"),
}


@pytest.fixture
def refuser(postgres):
    with contextlib.closing(Refuser(postgres.port)) as refuser:
        yield refuser


@pytest.mark.parametrize("who", ANSWERS)
def test_the_exit_code_follows_from_the_sqlstate(program, refuser, who):
    refuser.answer, code = ANSWERS[who]
    result = program.run("status", f"jdbc:postgresql://127.0.0.1:{refuser.port}/x", "antenna", "secret")
    result.fails(code, "could not connect to PostgreSQL", refuser.answer[0], refuser.answer[1], "hint: ")


def start_services(case, port):
    """The speed layer and the batch layer's service, once both have worked."""
    (case.root / "data").mkdir(parents=True)
    uri = f"jdbc:postgresql://127.0.0.1:{port}/{case.database}"
    services = [
        case.start_speed(uri=uri),
        case.program.start(*case.batch_arguments("-", "--follow", "--interval", "100ms", uri=uri)),
    ]
    case.wait_until_read(services[0])
    services[1].wait_for("runs hours as they are sealed")
    return services


def test_services_wait_for_what_passes(case, refuser):
    case.prepare()
    case.produce(events.draw(100))
    services = start_services(case, refuser.port)
    passing = ("German, starting", "Russian, starting", "PgBouncer, server away", "Supavisor, full")
    for count, who in enumerate(passing, 1):
        refuser.answer, _ = ANSWERS[who]
        begin = refuser.refused
        case.end_sessions()
        wait_until(lambda begin=begin: refuser.refused >= begin + 8, "logins are refused")
        refuser.answer = None
        for service in services:
            service.wait_for("goes on", count=count)
    for service in services:
        service.terminate()
    case.check_exact()


def test_services_end_by_a_wrong_password(case, refuser):
    case.prepare()
    case.produce(events.draw(100))
    services = start_services(case, refuser.port)
    refuser.answer, code = ANSWERS["German, wrong password"]
    case.end_sessions()
    for service in services:
        service.wait().fails(code, refuser.answer[1], "check jdbc-user and jdbc-password")


class German(Postgres):
    """A server that speaks German."""

    language = "de_DE.UTF-8"

    def _prepare(self):
        super()._prepare()
        locale = self.home / "locale" / self.language
        if not locale.exists():
            locale.parent.mkdir()
            subprocess.run(["localedef", "-i", "de_DE", "-f", "UTF-8", locale], check=True, capture_output=True)

    def _command(self):
        return [*super()._command(), "-c", f"lc_messages={self.language}"]

    def _process_options(self):
        return super()._process_options() | {"env": os.environ | {"LOCPATH": str(self.home / "locale")}}

    def begin_to_stop(self):
        """It waits for the sessions that it has, and refuses new ones."""
        os.kill(self.pid(), signal.SIGTERM)


@pytest.fixture
def german(home):
    server = German(home / "german", tied=True, durable=False)
    with running(server):
        yield server


def test_services_wait_for_a_german_server_that_restarts(kafka, german, program, tmp_path):
    with contextlib.closing(Case(kafka, german, program, tmp_path)) as case:
        case.prepare()
        case.produce(events.draw(100))
        services = start_services(case, german.port)
        case.disconnect()
        with case.connect() as session:
            german.begin_to_stop()
            session.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'antenna'")
            refusal = "FATAL:  das Datenbanksystem fährt herunter"
            wait_until(lambda: german.log.read_text().count(refusal) >= 8, "logins are refused")
        wait_until(lambda: not german.is_running(), "the server has stopped")
        german.start()
        for service in services:
            service.wait_for("goes on")
            service.terminate()
        case.check_exact()


@contextlib.contextmanager
def rotating(case, role, path):
    """First in PostgreSQL, and in the file once the services were refused."""
    case.execute(f"ALTER ROLE {role} PASSWORD 'new'")
    case.end_sessions()
    yield
    new = path.with_suffix(".new")
    new.write_text("new\n")
    new.rename(path)


@pytest.fixture
def password_file(case):
    """The role that has its password in a file, and the file."""
    role, path = f"rotated_{case.database}", case.folder / "password"
    case.execute(f"CREATE ROLE {role} SUPERUSER LOGIN PASSWORD 'old'")
    path.write_text("old\n")
    path.chmod(0o600)
    yield role, path
    case.execute(f"DROP ROLE {role}")


def test_services_go_on_with_a_new_password(case, password_file):
    role, path = password_file
    case.prepare()
    case.produce(events.draw(100))
    (case.root / "data").mkdir(parents=True)
    options = ("--password-file", path)
    services = [
        case.start_speed(*options, user=role, password="-"),
        case.program.start(
            *case.batch_arguments("-", "--follow", "--interval", "100ms", *options, user=role, password="-")
        ),
    ]
    case.wait_until_read(services[0])
    services[1].wait_for("runs hours as they are sealed")
    with rotating(case, role, path):
        for service in services:
            service.wait_for("with the password that it finds")
    for service in services:
        service.wait_for("goes on")
        service.terminate()
    case.check_exact()
