"""Other ways to do the job of `antenna speed`: a script of one's own, and Flink SQL."""

import string

from lab import CHECKOUT
from stack import ServerError

PEERS = CHECKOUT / ".deps" / "peers"
SCRIPT = CHECKOUT / "bench" / "script_speed.py"
FLINK_SQL = CHECKOUT / "bench" / "flink_speed.sql"
FLINK_MEMORY = "6g"
# What Flink's own configuration opens for Java 17, of the packages that this job needs.
FLINK_OPENS = ("java.base/java.lang", "java.base/java.nio", "java.base/java.time", "java.base/java.util")


class Peer:
    """A system that writes the table of `antenna`."""

    table = "bytes"
    archives = True
    takes_malformed = False  # neither rejects just what antenna rejects
    options = ()

    def is_available(self):
        """Whether `tools/setup peers` has been run."""
        return (CHECKOUT / ".deps" / "stamp" / "peers").exists()


class Script(Peer):
    """bench/script_speed.py, in one process."""

    name = "script"

    def run(self, lab, load, job, root):
        """Reads the load; returns its Usage."""
        return lab.run(*script_command(lab, load.topic, job, root), "--until-end")


def script_command(lab, topic, job, root):
    """The words that run the script."""
    return [PEERS / "venv" / "bin" / "python", SCRIPT, lab.kafka.address, topic, lab.postgres.conninfo(), job, root]


class Flink(Peer):
    """bench/flink_speed.sql by Flink's SQL client, in one process with two slots."""

    name = "Flink"

    def run(self, lab, load, job, root):
        """Reads the load; returns its Usage. Raises ServerError when a statement fails."""
        home = lab.home / "flink"
        home.mkdir(exist_ok=True)
        (home / "config.yaml").write_text("{}\n")  # the client wants one
        statements = home / "job.sql"
        statements.write_text(
            string.Template(FLINK_SQL.read_text()).substitute(
                kafka=lab.kafka.address,
                topic=load.topic,
                jdbc_uri=lab.postgres.jdbc_uri(),
                table=self.table,
                user=lab.postgres.user,
                password=lab.postgres.password,
                job=job,
                root=root,
            )
        )
        usage = lab.run(*flink_command(statements), environment={"FLINK_CONF_DIR": str(home), "TZ": "UTC"})
        if "[ERROR]" in usage.said:
            raise ServerError(f"{FLINK_SQL.name} failed:\n{usage.said}")
        return usage


def flink_command(statements):
    """The words that run a file of statements."""
    flink = next((PEERS / "venv" / "lib").glob("python3*/site-packages/pyflink"))
    classes = [flink / "lib" / "*", flink / "opt" / "*", PEERS / "jars" / "*"]
    return [
        *("java", f"-Xmx{FLINK_MEMORY}", "-XX:+UseParallelGC", "-Duser.timezone=UTC"),
        *(f"--add-opens={package}=ALL-UNNAMED" for package in FLINK_OPENS),
        *("-cp", ":".join(map(str, classes)), "org.apache.flink.table.client.SqlClient", "embedded", "-f", statements),
    ]
