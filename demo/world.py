"""What the demo runs, all of it in one folder: the servers, the speed layer and the antennas."""

import datetime
import getpass
import os
import pathlib
import shutil
import subprocess

import psycopg
from stack import Kafka, Postgres, ServerError, Service

CHECKOUT = pathlib.Path(__file__).resolve().parents[1]
PROGRAM = CHECKOUT / "build" / "antenna"
USERS = CHECKOUT / "demo" / "users.csv"
TOPIC = "devices"

# Not below the checkout: a server that root starts runs as another user, who may not be able to enter that.
HOME = pathlib.Path(os.environ.get("DEMO_HOME", f"/var/tmp/antenna-demo-{getpass.getuser()}"))

# A minute, the default, would be a long time to look at an empty archive.
ROLL_AGE = "10s"


def configured_port(server):
    """The port in DEMO_KAFKA_PORT or DEMO_POSTGRES_PORT; None, which means any free one, when it is not set.

    Raises ServerError when it is no port.
    """
    variable = f"DEMO_{server}_PORT"
    text = os.environ.get(variable)
    if not text:
        return None
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise ServerError(f'{variable} is "{text}", which is no port: set it to a number from 1 to 65535, or unset it')
    return int(text)


class World:
    """The servers and the services of the demo, running or not."""

    def __init__(self):
        """Finds what an earlier run has left in HOME, if any."""
        self.kafka = Kafka(HOME, configured_port("KAFKA"))
        self.postgres = Postgres(HOME, configured_port("POSTGRES"))
        self.archive = HOME / "archive"
        self.ledger = HOME / "ledger.csv"
        self.late_ledger = HOME / "late-ledger.csv"
        self.speed = self._service("speed", self.kafka.address, TOPIC, *self._database("bytes"), self.archive)
        self.batch = self._service("batch", *self._batch_arguments(), "--follow")

    def antennas(self, *options):
        """The simulator as a service with these options."""
        return self._service("simulate", self.kafka.address, TOPIC, *options)

    def processes(self):
        """All that may run, in the order in which it is to be stopped."""
        return [self.antennas(), self.batch, self.speed, self.kafka, self.postgres]

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
        """Creates the tables and loads the sample users."""
        self.run("provision", *self._login(), "--users", USERS)

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

    def connect(self):
        """A connection to the database by psycopg, which knows nothing of the program."""
        return psycopg.connect(self.postgres.conninfo(), autocommit=True)

    def describe(self):
        """Where everything is, as text for a terminal."""
        login = f"-h 127.0.0.1 -p {self.postgres.port} -U {self.postgres.user} {self.postgres.database}"
        return "\n".join(
            [
                f"Kafka        {self.kafka.address}, topic {TOPIC}",
                f"PostgreSQL   PGPASSWORD=$(cat {self.postgres.password_file}) psql {login}",
                f"archive      {self.archive}/data",
                f"logs         {HOME}/*.log",
            ]
        )

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
