"""Loads the dashboards into a Superset and asks for the rows of each chart; see docs/dashboards.md.

Settings come from the environment:
  SUPERSET_URL         address of Superset, such as http://localhost:8088
  SUPERSET_USER        who logs in (default: admin); needs the role Admin
  SUPERSET_PASSWORD    the password, or SUPERSET_PASSWORD_FILE: a file whose first line it is
  SUPERSET_PROVIDER    db (default) or ldap
  DATABASE_URI         the database as Superset reaches it, such as postgresql://db.example.org:5432/antenna;
                       a JDBC address is understood; the role is antenna_reader unless the address names another
  DATABASE_PASSWORD    the role's password, or DATABASE_PASSWORD_FILE

Exit codes: 0 done, 3 a wrong setting, 4 a chart has an error, 5 Superset does not answer. Charts without rows are
named, as their tables are empty until the jobs have run.
"""

import io
import json
import os
import pathlib
import re
import sys
import urllib.parse
import zipfile

from client import Client, Refused, Trouble
from passwords import read_password
from queries import build_request, count_rows

ASSETS = pathlib.Path(__file__).resolve().parent / "assets"
DATABASE = "databases/antenna.yaml"
ROLE = "antenna_reader"
DRIVER = "postgresql+psycopg2"


def setting(name, fallback=None):
    """A variable of the environment. Raises Trouble when it is missing and has no fallback."""
    value = os.environ.get(name) or fallback
    if not value:
        raise Trouble(f"{name} is not set\nrun serving/superset/import --help to see what it reads")
    return value


def secret(name):
    """A password: NAME, or the first line of the file that NAME_FILE names. Raises Trouble."""
    path = os.environ.get(f"{name}_FILE")
    if os.environ.get(name) or not path:
        return setting(name)
    try:
        password = read_password(path)
    except OSError as error:
        raise Trouble(f'could not read {name}_FILE "{path}": {error.strerror}\ncheck its path and rights') from None
    except ValueError:
        raise Trouble(f'the first line of {name}_FILE "{path}" is not UTF-8\nsave the file as UTF-8') from None
    if not password:
        raise Trouble(f'the first line of {name}_FILE "{path}" is empty\nput the password there')
    return password


def parse_database(text):
    """The parts of DATABASE_URI. Raises Trouble."""
    address = urllib.parse.urlsplit(text.removeprefix("jdbc:"))
    scheme = address.scheme.partition("+")[0]
    if scheme not in ("postgresql", "postgres") or not address.hostname or len(address.path) < 2:
        raise Trouble(
            f'DATABASE_URI "{re.sub("//[^/@]*@", "//…@", text)}" is no address of a PostgreSQL database\n'
            "write postgresql://host:port/database"
        )
    return address


def database_uri(address, password):
    """The address as SQLAlchemy writes it, with role and password."""
    driver = address.scheme if "+" in address.scheme else DRIVER
    role = address.username or ROLE
    host = address.netloc.rpartition("@")[2]
    login = f"{role}:{urllib.parse.quote(password, safe='')}"
    return urllib.parse.urlunsplit((driver, f"{login}@{host}", address.path, address.query, ""))


def make_bundle(uri):
    """The assets as a zip file for Superset's import, with the real address of the database.

    The password is inside the address there, because Superset's own log keeps the other fields of the form.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as bundle:
        for path in sorted(ASSETS.rglob("*.yaml")):
            name = path.relative_to(ASSETS).as_posix()
            text = path.read_text(encoding="utf-8")
            if name == DATABASE:
                text = re.sub(r"(?m)^sqlalchemy_uri: .*$", lambda _: f"sqlalchemy_uri: {json.dumps(uri)}", text)
            bundle.writestr(f"assets/{name}", text)
    return buffer.getvalue()


def find_uuids(kind):
    """The identity of each asset of a kind, such as charts, in the order of the files' names."""
    texts = [path.read_text(encoding="utf-8") for path in sorted((ASSETS / kind).rglob("*.yaml"))]
    return [re.search(r"(?m)^uuid: (\S+)$", text)[1] for text in texts]


def load(client, uri):
    """Imports the assets. Raises Trouble."""
    try:
        client.upload("/api/v1/assets/import/", "bundle", make_bundle(uri))
    except Refused as error:
        forbidden = error.status == 403
        hint = "log in as a user with the role Admin" if forbidden else "the log of Superset says more"
        raise Trouble(f"Superset at {client.url} did not take the dashboards: {error}\n{hint}") from None


def check_database(client, address):
    """Has Superset connect to the database. Raises Trouble."""
    uuid = find_uuids("databases")[0]
    try:
        databases = client.get("/api/v1/database/?q=(page_size:1000,columns:!(id,uuid))")["result"]
        number = next(database["id"] for database in databases if database["uuid"] == uuid)
        client.get(f"/api/v1/database/{number}/schemas/?q=(force:!t)")
    except Refused as error:
        raise Trouble(
            "the dashboards are loaded, but Superset cannot connect to the database at "
            f"{address.netloc.rpartition('@')[2]}{address.path}: {error}\n"
            "check that PostgreSQL runs and is reached from Superset's machine, that antenna provision "
            "--reader-password-file has made the role, DATABASE_URI and DATABASE_PASSWORD"
        ) from None


def check_chart(client, uuid):
    """The name of a chart, how many rows it has, and its error, if any."""
    try:
        chart = client.get(f"/api/v1/chart/{uuid}")["result"]
    except Refused as error:
        return uuid, 0, f"is not there: {error}"
    try:
        return chart["slice_name"], count_rows(client.post("/api/v1/chart/data", build_request(chart))), None
    except Refused as error:
        return chart["slice_name"], 0, f"has an error: {error}"


def check_charts(client):
    """Asks for the rows of every chart and names those without; returns whether none has an error."""
    checked = [check_chart(client, uuid) for uuid in find_uuids("charts")]
    for name, rows, error in checked:
        if not rows:
            print(f'chart "{name}" {error or "has no rows: its tables or views are empty so far"}', file=sys.stderr)
    print(f"{sum(rows > 0 for _, rows, _ in checked)} of {len(checked)} charts have rows")
    return not any(error for _, _, error in checked)


def show_dashboards(client):
    """Prints where the dashboards are."""
    for uuid in find_uuids("dashboards"):
        dashboard = client.get(f"/api/v1/dashboard/{uuid}")["result"]
        print(f"{dashboard['dashboard_title']:13}{client.url}/superset/dashboard/{dashboard['slug']}/")


def run():
    """Imports and checks. Raises Trouble."""
    address = parse_database(setting("DATABASE_URI"))
    uri = database_uri(address, address.password or secret("DATABASE_PASSWORD"))
    user, provider = setting("SUPERSET_USER", "admin"), setting("SUPERSET_PROVIDER", "db")
    client = Client(setting("SUPERSET_URL"), user, secret("SUPERSET_PASSWORD"), provider)
    load(client, uri)
    check_database(client, address)
    answered = check_charts(client)
    show_dashboards(client)
    return 0 if answered else 4


def main():
    """Runs it; returns the exit code."""
    if len(sys.argv) > 1:
        print(__doc__)
        return 0 if sys.argv[1:] in (["--help"], ["-h"]) else 2
    try:
        return run()
    except (Trouble, Refused) as error:
        message, _, hint = str(error).partition("\n")
        print(f"import: {message}", file=sys.stderr)
        if hint:
            print(f"import: hint: {hint}", file=sys.stderr)
        return getattr(error, "exit_code", Trouble.exit_code)
