"""Systems that run as services on a topic to which messages are sent meanwhile."""

import subprocess
import time

from lab import PROGRAM
from peers import script_command
from stack import ServerError, Service
from systems import SPARK_TABLE, SYSTEMS, spark_command, spark_environment
from workloads import ledger_sums

PATIENCE_SECONDS = 120


def antenna_service(lab, topic):
    """`antenna speed` as a service that keeps its name in the group over restarts, a job a topic."""
    uri, user, password = lab.login
    root = lab.home / "live" / topic
    options = ["--job", topic, "--instance-id", topic]
    words = [PROGRAM, "speed", lab.kafka.address, topic, uri, "bytes", user, password, root, *options]
    return Service(lab.home, "antenna-live", words, lab.environment, tied=True)


def spark_service(lab, topic):
    """bench/spark_speed.py that goes on, with a micro-batch as soon as the one before is done."""
    arguments = [lab.kafka.address, topic, SPARK_TABLE, lab.home / "live" / topic, "--live"]
    return Service(
        lab.home, "spark-live", spark_command("spark_speed.py", lab, *arguments), spark_environment(), tied=True
    )


def script_service(lab, topic):
    """bench/script_speed.py that goes on."""
    words = script_command(lab, topic, topic, lab.home / "live" / topic)
    return Service(lab.home, "script-live", words, {}, tied=True)


# Name: how to make the service, and the table that it writes.
SERVICES = {
    "antenna": (antenna_service, "bytes"),
    "script": (script_service, "bytes"),
    "Spark": (spark_service, SPARK_TABLE),
}


def services_of(bench):
    """The names of the services to measure."""
    chosen = [SYSTEMS[name] for name in ("script", "spark") if name in bench.systems]
    names = ["antenna", *(system.name for system in chosen if system.is_available())]
    return [name for name in SERVICES if name in names]


def wait_until(condition, service, what, pause=0.1):
    """Polls until the condition holds. Raises ServerError when the service ends first or it takes too long."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        if not service.is_running() or time.monotonic() > deadline:
            raise ServerError(f"{what}; {service.log_tail()}")
        time.sleep(pause)


class Sender:
    """`antenna simulate` that sends so many messages a second in the background, to a topic that may be new."""

    def __init__(self, lab, topic, rate, seconds, options=()):
        """Begins to send. Options of the simulator may name the population and the time of the events."""
        self._seconds = seconds
        self._ledger = lab.home / f"{topic}.csv"
        self._log = lab.home / "simulate-live.log"
        words = [PROGRAM, "simulate", lab.kafka.address, topic, "--rate", rate, "--duration", f"{seconds}s"]
        with open(self._log, "wb") as log:
            self._process = subprocess.Popen(
                list(map(str, [*words, *options, "--ledger", self._ledger])),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def finish(self):
        """Waits for the end; returns all bytes that were sent. Raises ServerError."""
        if self._process.wait(self._seconds + PATIENCE_SECONDS):
            raise ServerError(f"the load could not be sent: {self._log.read_text()}")
        return ledger_sums(self._ledger)["bytes_total"]

    def end(self):
        """Ends it at once, if it still sends."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()


def user_bytes(lab, table):
    """All bytes in a table."""
    return lab.query(f"SELECT coalesce(sum(value), 0)::bigint FROM {table} WHERE type = 'user_bytes_total'")[0]
