"""The Spark engine as an operator runs it: spark-submit, on this machine or on a standalone cluster of two workers."""

import contextlib
import json
import os
import pathlib
import signal
import subprocess
import urllib.request

from program import CHECKOUT, DIE_WITH_PARENT, Running, environment
from stack import Service, free_port, running
from waiting import wait_until

SPARK = CHECKOUT / ".deps" / "spark"
PYTHON = SPARK / "venv" / "bin" / "python"
ENGINE = CHECKOUT / "engines" / "spark"
SUBMIT_SECONDS = 300
CLUSTER_SECONDS = 120
JAVA_OPTIONS = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"


def spark_home():
    """Spark itself, which pyspark brings."""
    return next(SPARK.glob("venv/lib/python3*/site-packages/pyspark"))


def spark_environment():
    """What Spark's programs need besides ours."""
    return {
        "SPARK_HOME": str(spark_home()),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "PYSPARK_PYTHON": str(PYTHON),
        "PYSPARK_DRIVER_PYTHON": str(PYTHON),
        "PYTHONPATH": "",
    }


class Submitted(Running):
    """A job in the background, in a process group of its own: Java, the driver's Python and its workers."""

    def __init__(self, folder, command):
        folder.mkdir(parents=True)
        self.out_path = folder / "out"
        self.err_path = folder / "err"
        with open(self.out_path, "wb") as out, open(self.err_path, "wb") as err:
            self.process = subprocess.Popen(
                [*DIE_WITH_PARENT, *map(str, command)],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                env=environment(spark_environment() | {"TMPDIR": str(folder)}),
                cwd=folder,
                start_new_session=True,
            )

    @property
    def err(self):
        """Both streams: spark-submit gives what the driver says on stderr to its own stdout."""
        return super().err + self.out_path.read_text(errors="replace")

    def kill(self):
        """Ends all of it at once."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


class Spark:
    """Submits the engine's jobs, and ends what is left of them."""

    def __init__(self, folder, master="local[2]", settings=None):
        """`settings`: {name: value} that the cluster has besides."""
        self._folder = folder
        self._master = master
        self._settings = settings or {}
        self._started = []

    def _command(self, script, arguments):
        settings = {
            "spark.ui.enabled": "false",
            "spark.log.level": "WARN",
            "spark.driver.host": "127.0.0.1",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.local.dir": self._folder / "local",
            "spark.sql.warehouse.dir": self._folder / "warehouse",
            "spark.driver.extraJavaOptions": JAVA_OPTIONS,
            "spark.executor.extraJavaOptions": JAVA_OPTIONS,
        } | self._settings
        return [
            *(spark_home() / "bin" / "spark-submit", "--master", self._master),
            *("--driver-memory", "1g", "--executor-memory", "512m", "--executor-cores", "1"),
            *("--jars", ",".join(map(str, sorted(SPARK.glob("jars/*.jar"))))),
            *(word for name, value in settings.items() for word in ("--conf", f"{name}={value}")),
            *(ENGINE / script, *arguments),
        ]

    def start(self, script, *arguments):
        """Submits a job in the background."""
        assert PYTHON.exists(), f"{PYTHON} is missing: run make setup-spark"
        submitted = Submitted(self._folder / f"spark-{len(self._started)}", self._command(script, arguments))
        self._started.append(submitted)
        return submitted

    def run(self, script, *arguments):
        """Submits a job and waits for its end."""
        return self.start(script, *arguments).wait(SUBMIT_SECONDS)

    def speed(self, case, *options):
        """Runs the speed layer to the topic's end."""
        result = self.run("speed.py", *case.speed_arguments("--until-end", *options)[1:])
        assert result.code == 0, f"exit code {result.code}:\n{result.err}"
        return result

    def start_speed(self, case, *options, **changes):
        """Starts it in the background, with changes as in Case.speed_arguments."""
        return self.start("speed.py", *case.speed_arguments(*options, **changes)[1:])

    def batch(self, case, hour):
        """Runs the batch layer for an hour."""
        result = self.run("batch.py", *case.batch_arguments(hour)[1:])
        assert result.code == 0, f"exit code {result.code}:\n{result.err}"
        return result

    def close(self):
        """Kills what still runs."""
        for submitted in self._started:
            submitted.kill()


class Cluster:
    """A standalone cluster of two workers, each with one core and a folder of its own."""

    def __init__(self, folder):
        self.master = f"spark://127.0.0.1:{free_port()}"
        self._page = f"http://127.0.0.1:{free_port()}/json/"
        self.folders = [folder / f"worker-{number}" for number in (1, 2)]
        page = ("--webui-port", self._page.split(":")[2].split("/")[0])
        place = ("--host", "127.0.0.1", "--port", self.master.rpartition(":")[2])
        self._servers = [self._service(folder, "master", "master.Master", *place, *page)]
        for worker in self.folders:
            size = ("--cores", "1", "--memory", "1g", "--webui-port", str(free_port()), "--work-dir", worker)
            self._servers.append(
                self._service(folder, worker.name, "worker.Worker", self.master, "--host", "127.0.0.1", *size)
            )

    def _service(self, folder, name, program, *arguments):
        command = [spark_home() / "bin" / "spark-class", f"org.apache.spark.deploy.{program}", *arguments]
        variables = spark_environment() | {"SPARK_DAEMON_MEMORY": "256m", "SPARK_DAEMON_JAVA_OPTS": JAVA_OPTIONS}
        return Service(folder / "cluster", name, command, variables, tied=True)

    def _count_workers(self):
        try:
            with urllib.request.urlopen(self._page, timeout=2) as answer:
                return json.load(answer)["aliveworkers"]
        except OSError:
            return 0

    @contextlib.contextmanager
    def running(self):
        """Runs it, with both workers there."""
        with running(*self._servers):
            wait_until(lambda: self._count_workers() == len(self.folders), "both workers are there", CLUSTER_SECONDS)
            yield self

    def executors(self):
        """How many executors ran on each worker."""
        return [len([*pathlib.Path(folder).glob("app-*/*/stderr")]) for folder in self.folders]
