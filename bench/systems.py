"""The systems that read a topic into totals and archive: each is run to the topic's end, and says what it used."""

import subprocess
import time

from lab import CHECKOUT, PROGRAM, Usage
from peers import Flink, Script
from workloads import START

SPARK = CHECKOUT / ".deps" / "spark"
DROP = CHECKOUT / "build" / "bench-drop"
SPARK_TABLE = "bytes_spark"
SPARK_MEMORY = "6g"
# What took least CPU for the city, of 2 and 4 partitions, of two garbage collectors, and with and without keeping the
# parsed batch.
SPARK_SHUFFLE_PARTITIONS = 2
SPARK_JAVA_OPTIONS = "-Duser.timezone=UTC -XX:+UseParallelGC"


class Antenna:
    """`antenna speed --until-end` with some options."""

    table = "bytes"
    takes_malformed = True

    def __init__(self, name, options=(), archives=True):
        """`archives`: whether it writes Parquet with these options."""
        self.name = name
        self.options = list(options)
        self.archives = archives

    def is_available(self):
        """Make has built it."""
        return True

    def run(self, lab, load, job, root):
        """Reads the load; returns its Usage."""
        return lab.run(*self._command(lab, load, job, root))

    def _command(self, lab, load, job, root):
        uri, user, password = lab.login
        return (
            *(PROGRAM, "speed", lab.kafka.address, load.topic, uri, self.table, user, password, root),
            *("--until-end", "--job", job, *self.options),
        )


class Group(Antenna):
    """Several processes of one job, which share the topic's partitions."""

    def __init__(self, processes):
        """So many of them."""
        super().__init__(f"{processes} processes")
        self._processes = processes

    def run(self, lab, load, job, root):
        """Reads the load; returns the Usage of all together, from the first start to the last end."""
        begin = time.monotonic()
        usages = lab.run_together(*[self._command(lab, load, job, root)] * self._processes)
        return Usage(
            wall=time.monotonic() - begin,
            cpu=sum(usage.cpu for usage in usages),
            memory=sum(usage.memory for usage in usages),
            load=usages[0].load,
            others=usages[0].others,
            said="".join(usage.said for usage in usages),
        )


class Drop:
    """The ceiling: librdkafka reads, and drops what it reads."""

    name = "consume and drop"
    table = None
    archives = False
    takes_malformed = True
    options = ()

    def is_available(self):
        """Builds the program."""
        subprocess.run(
            ["cmake", "--build", CHECKOUT / "build", "--target", "bench-drop"], capture_output=True, check=True
        )
        return True

    def run(self, lab, load, _job, _root):
        """Reads the load; returns its Usage. Raises RuntimeError when it has read another number of messages."""
        usage = lab.run(DROP, lab.kafka.address, load.topic)
        if int(usage.said.split()[0]) != load.sent:
            raise RuntimeError(f"bench-drop read {usage.said}, not {load.sent}")
        return usage


class Spark:
    """bench/spark_speed.py by spark-submit, in one process of two threads."""

    name = "Spark"
    table = SPARK_TABLE
    archives = True
    takes_malformed = True

    def __init__(self, options=()):
        """`options`: more options of bench/spark_speed.py."""
        self.options = list(options)

    def is_available(self):
        """Whether `tools/setup spark` has been run."""
        return (CHECKOUT / ".deps" / "stamp" / "spark").exists()

    def run(self, lab, load, _job, root):
        """Reads the load; returns its Usage."""
        options = [*self.options, *(["--strict"] if load.workload.malformed else [])]
        return lab.run(
            *spark_command("spark_speed.py", lab, lab.kafka.address, load.topic, self.table, root, *options),
            environment=spark_environment(),
        )


def warm_up(bench, system):
    """Lets a system read little: the broker's first group takes seconds, which are nobody's figure."""
    system.run(bench.lab, bench.loads.get(START), "warm-up", bench.lab.home / "archive" / "warm-up")


def spark_command(script, lab, *arguments):
    """The words that run a script of this folder by Spark; it gets the database's address and login first."""
    settings = {
        "spark.sql.shuffle.partitions": SPARK_SHUFFLE_PARTITIONS,
        "spark.sql.session.timeZone": "UTC",
        "spark.ui.enabled": "false",
        "spark.log.level": "WARN",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.local.dir": lab.home / "spark",
        "spark.sql.warehouse.dir": lab.home / "spark",
        "spark.driver.extraJavaOptions": SPARK_JAVA_OPTIONS,
    }
    submit = next(SPARK.glob("venv/lib/python3*/site-packages/pyspark/bin/spark-submit"))
    login = [lab.postgres.jdbc_uri(), lab.postgres.user, lab.postgres.password_file]
    return [
        *(submit, "--master", "local[2]", "--driver-memory", SPARK_MEMORY),
        *("--jars", ",".join(map(str, sorted(SPARK.glob("jars/*.jar"))))),
        *(word for name, value in settings.items() for word in ("--conf", f"{name}={value}")),
        *(CHECKOUT / "bench" / script, *login, *arguments),
    ]


def spark_environment():
    """The environment of spark-submit."""
    home = next(SPARK.glob("venv/lib/python3*/site-packages/pyspark"))
    python = str(SPARK / "venv" / "bin" / "python")
    return {
        "SPARK_HOME": str(home),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "PYSPARK_PYTHON": python,
        "PYSPARK_DRIVER_PYTHON": python,
        "PYTHONPATH": "",
        "TZ": "UTC",
    }


SMALL_MEMORY = [
    *("--roll-rows", "75000", "--roll-bytes", "16MiB"),
    *("-X", "queued.max.messages.kbytes=512", "-X", "fetch.message.max.bytes=65536"),
]
SYSTEMS = {
    "antenna": Antenna("antenna"),
    "no-archive": Antenna("antenna, no archive", ["--no-archive"], archives=False),
    "small-memory": Antenna("antenna, small memory", SMALL_MEMORY),
    "drop": Drop(),
    "script": Script(),
    "flink": Flink(),
    "spark": Spark(),
}
