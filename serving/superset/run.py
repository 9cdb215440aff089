"""`make dashboard` and `make dashboard-stop`: a Superset on this machine that shows a database of antenna.

Without settings it shows the demo's database. Settings come from the environment:
  DATABASE_URI         another database, such as postgresql://db.example.org:5432/antenna
  DATABASE_PASSWORD    password of the role antenna_reader there, or DATABASE_PASSWORD_FILE
  DASHBOARD_PORT       port of 127.0.0.1 (default: 8088 when it is free)
  DASHBOARD_HOME       folder of its metadata and of the password of its user admin; not for the demo's

Exit codes: 0 it runs, 1 failed, 2 usage, 3 a wrong setting, 5 Superset does not answer.
"""

import getpass
import os
import pathlib
import subprocess
import sys

CHECKOUT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(CHECKOUT / folder) for folder in ("tools", "demo")]

from stack import ServerError, Superset, configured_port  # noqa: E402
from world import HOME as DEMO_HOME  # noqa: E402
from world import World  # noqa: E402

HOME = pathlib.Path(os.environ.get("DASHBOARD_HOME", f"/var/tmp/antenna-dashboard-{getpass.getuser()}"))
IMPORT = pathlib.Path(__file__).resolve().parent / "import"

# Exit codes of the import.
WRONG_SETTING = 3
CHART_ERROR = 4
UNAVAILABLE = 5


def find_database():
    """The folder of the instance, and the settings of the import for the database. Raises ServerError."""
    if os.environ.get("DATABASE_URI"):
        return HOME, {}
    world = World()
    if not world.postgres.is_running() or not world.reader_password_file.exists():
        raise ServerError(
            f"no demo runs in {DEMO_HOME}, and DATABASE_URI is not set: run make demo first, or name a database that "
            "antenna provision --reader-password-file has prepared"
        )
    database = {
        "DATABASE_URI": world.postgres.jdbc_uri(),
        "DATABASE_PASSWORD_FILE": str(world.reader_password_file),
        "DATABASE_PASSWORD": "",
    }
    return DEMO_HOME, database


def open_instance(home):
    """The Superset of a folder: as it runs, else on the port that is wanted. Raises ServerError."""
    server = Superset(home)
    return server if server.is_running() else Superset(home, configured_port("DASHBOARD_PORT"))


def load(server, database):
    """Loads the dashboards; returns the exit code of the import."""
    settings = {
        "SUPERSET_URL": server.url,
        "SUPERSET_USER": server.user,
        "SUPERSET_PASSWORD": server.password,
        "SUPERSET_PROVIDER": "db",
    }
    return subprocess.run([sys.executable, IMPORT], env=os.environ | settings | database, check=False).returncode


def start():
    """Starts Superset, or finds it running, and loads the dashboards; returns the exit code. Raises ServerError."""
    home, database = find_database()
    server = open_instance(home)
    server.start()
    code = load(server, database)
    if code not in (0, CHART_ERROR):
        print(f"dashboard: Superset runs at {server.url} without current dashboards, see above", file=sys.stderr)
        return code if code in (WRONG_SETTING, UNAVAILABLE) else 1
    print(f"log in as {server.user} with the password {server.password}, which is kept in {server.password_file}")
    return 0


def stop():
    """Stops what runs; its metadata and its password stay for the next start. Raises ServerError."""
    running = [server for server in map(Superset, (DEMO_HOME, HOME)) if server.is_running()]
    for server in running:
        server.stop()
        print(f"stopped Superset at {server.url}; {server.home} is kept")
    if not running:
        print("no Superset of make dashboard runs")
    return 0


def main():
    """Does what the argument says; returns the exit code."""
    actions = {"start": start, "stop": stop}
    if len(sys.argv) != 2 or sys.argv[1] not in actions:
        print("usage: run.py start|stop", file=sys.stderr)
        return 2
    try:
        return actions[sys.argv[1]]()
    except ServerError as error:
        print(f"dashboard: {error}", file=sys.stderr)
        return 3


if __name__ == "__main__":
    sys.exit(main())
