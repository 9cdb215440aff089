"""What the demo runs, all of it in one folder: the servers, the speed layer and the antennas."""

import datetime
import getpass
import os
import pathlib
import secrets
import shlex
import shutil
import subprocess
import sys

import psycopg
from mail import Mail
from stack import Job, Kafka, Postgres, ServerError, Service, Superset, configured_port

CHECKOUT = pathlib.Path(__file__).resolve().parents[1]
PROGRAM = CHECKOUT / "build" / "antenna"
USERS = CHECKOUT / "demo" / "users.csv"
TOPIC = "devices"

# Not below the checkout: a server that root starts runs as another user, who may not be able to enter that.
HOME = pathlib.Path(os.environ.get("DEMO_HOME", f"/var/tmp/antenna-demo-{getpass.getuser()}"))

# What a shell reads to have all settings of the demo.
ENVIRONMENT = HOME / "environment"

# Whom notices come from, and who is told of silent antennas.
SENDER = "quota@example.org"
OPERATOR = "operator@example.org"

# A minute, the default, would be a long time to look at an empty archive.
ROLL_AGE = "10s"

# Sets Superset up where it is not yet, starts it and loads the dashboards.
DASHBOARD = f'cd "{CHECKOUT}" && tools/setup dashboard && "$0" serving/superset/run.py start'


class World:
    """The servers and the services of the demo, running or not."""

    def __init__(self):
        """Finds what an earlier run has left in HOME, if any."""
        self.kafka = Kafka(HOME, configured_port("DEMO_KAFKA_PORT"))
        self.postgres = Postgres(HOME, configured_port("DEMO_POSTGRES_PORT"))
        self.superset = Superset(HOME)
        self.mail = Mail(HOME, configured_port("DEMO_SMTP_PORT"))
        self.reader_password_file = HOME / "reader-password"
        self.archive = HOME / "archive"
        self.ledger = HOME / "ledger.csv"
        self.late_ledger = HOME / "late-ledger.csv"
        self.dashboard = Job(HOME, "dashboard", ["bash", "-ec", DASHBOARD, sys.executable])
        self.speed = self._service("speed", self.kafka.address, TOPIC, *self._database("bytes"), self.archive)
        self.batch = self._service("batch", *self._batch_arguments(), "--follow")

    def antennas(self, *options):
        """The simulator as a service with these options."""
        return self._service("simulate", self.kafka.address, TOPIC, *options)

    def processes(self):
        """All that may run, in the order in which it is to be stopped."""
        jobs = [self.antennas(), self.dashboard, self.superset, self.batch, self.speed]
        return [*jobs, self.mail, self.kafka, self.postgres]

    def is_running(self):
        """Whether any of it runs."""
        return any(process.is_running() for process in self.processes())

    def stop(self):
        """Stops all that runs, cleanly, and removes the folder."""
        for process in self.processes():
            process.stop()
        shutil.rmtree(HOME, ignore_errors=True)

    def run(self, command, *arguments, code=0):
        """Runs a command of the program to its end, shows it and what it prints. Raises ServerError."""
        words = [command, *map(str, arguments)]
        print("$ antenna " + " ".join(words), flush=True)
        done = subprocess.run([PROGRAM, *words], env=os.environ | self._environment(), check=False)
        if done.returncode != code:
            raise ServerError(f"antenna {command} ended with exit code {done.returncode} instead of {code}")

    def provision(self):
        """Creates the tables, loads the sample users and makes the role that dashboards read as."""
        self.reader_password_file.touch(mode=0o600)
        self.reader_password_file.write_text(secrets.token_hex(12) + "\n")
        self.run("provision", *self._login(), "--users", USERS, "--reader-password-file", self.reader_password_file)

    def simulate(self, *options):
        """Sends messages until the options say it is done."""
        self.run("simulate", self.kafka.address, TOPIC, *options)

    def batch_pending(self):
        """Batches every hour that is complete and has no run, or was changed after it."""
        self.run("batch", *self._batch_arguments(), "--pending")

    def verify(self, end, code=0):
        """Has the program compare the hours before `end`, a naive datetime in UTC, and expects an exit code."""
        last = end - datetime.timedelta(hours=1)
        options = ["--storage-path", self.archive / "data", "--to", f"{last:%Y-%m-%dT%H}:00:00Z", "--deep"]
        self.run("verify", *self._login(), *options, code=code)

    def notify(self):
        """Sends each notice that is due to the demo's mail server, and shows what came there."""
        options = [
            "--smtp-url",
            f"smtp://{self.mail.address}",
            "--plain-text",
            "--sender",
            SENDER,
            "--operator",
            OPERATOR,
        ]
        self.run("notify", *self._login(), *options)
        print(self.mail.log.read_text(), end="")

    def doctor(self):
        """Has the program examine everything that the jobs need. Raises ServerError when something would stop them."""
        options = ["--kafka-server", self.kafka.address, "--topic", TOPIC, "--storage-root", self.archive]
        self.run("doctor", *self._login(), *options)

    def write_settings(self):
        """Writes what a shell needs to go on by hand: `environment`, and the configuration files that it names."""
        settings = {
            "kafka-server": self.kafka.address,
            "topic": TOPIC,
            "jdbc-uri": self.postgres.jdbc_uri(),
            "jdbc-user": self.postgres.user,
            "password-file": self.postgres.password_file,
            "storage-root": self.archive,
            "storage-path": self.archive / "data",
        }
        lines = [*(f"{name} = {value}" for name, value in settings.items()), "[speed]", f"roll-age = {ROLL_AGE}"]
        lines += ["[notify]", f"smtp-url = smtp://{self.mail.address}", "plain-text = true", f"sender = {SENDER}"]
        lines += [f"operator = {OPERATOR}"]
        (HOME / "antenna.ini").write_text("\n".join(lines) + "\n")
        (HOME / "kcat.conf").write_text(f"bootstrap.servers={self.kafka.address}\n")
        exports = {
            "DEMO_HOME": HOME,
            "ANTENNA_CONFIG": HOME / "antenna.ini",
            "KCAT_CONFIG": HOME / "kcat.conf",
            "PGHOST": "127.0.0.1",
            "PGPORT": self.postgres.port,
            "PGUSER": self.postgres.user,
            "PGDATABASE": self.postgres.database,
        }
        lines = [f"export {name}={shlex.quote(str(value))}" for name, value in exports.items()]
        lines.append(f"export PGPASSWORD=$(cat {shlex.quote(str(self.postgres.password_file))})")
        lines.append(f"export PATH={shlex.quote(str(PROGRAM.parent))}:$PATH")
        ENVIRONMENT.write_text("\n".join(lines) + "\n")

    def connect(self):
        """A connection to the database by psycopg, which knows nothing of the program."""
        return psycopg.connect(self.postgres.conninfo(), autocommit=True)

    def describe(self):
        """Where everything is, as text for a terminal."""
        places = [
            f"Kafka        {self.kafka.address}, topic {TOPIC}",
            f"PostgreSQL   {self.postgres.address}, database {self.postgres.database}, user {self.postgres.user}",
            f"archive      {self.archive}/data",
            f"mails        {self.mail.log}",
            f"logs         {HOME}/*.log",
        ]
        superset = Superset(HOME)
        if superset.is_running():
            places.append(f"dashboards   {superset.url}, user {superset.user}, password {superset.password}")
        places.append(
            f"a look       . {ENVIRONMENT}; then antenna status, psql, kcat -C -t {TOPIC}: docs/first-hour.md"
        )
        return "\n".join(places)

    def superset_url(self):
        """The address of Superset, on the port that its job has found."""
        return Superset(HOME).url

    def _login(self):
        return self.postgres.jdbc_uri(), self.postgres.user, "-"

    def _database(self, table):
        address, user, password = self._login()
        return address, table, user, password

    def _batch_arguments(self):
        address, user, password = self._login()
        tables = ("user_metadata", "bytes_hourly", "user_quota_limit")
        return (self.archive / "data", "-", address, *tables, user, password)

    def _environment(self):
        return {"ANTENNA_PASSWORD_FILE": str(self.postgres.password_file)}

    def _service(self, command, *arguments):
        options = ["--roll-age", ROLL_AGE] if command == "speed" else []
        return Service(HOME, command, [PROGRAM, command, *arguments, *options], self._environment())
