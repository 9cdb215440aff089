"""serving/superset/import and make dashboard: idempotent, and clear about what is wrong."""

import contextlib
import http.server
import json
import subprocess
import threading

import pytest
from documents import block_with
from program import CHECKOUT, environment
from stack import free_port

pytestmark = pytest.mark.timeout(300)

RUN = CHECKOUT / "serving" / "superset" / "run.py"


def says(done, code, *words):
    """Asserts the exit code, and that these words are on stderr."""
    assert done.returncode == code, done.stdout + done.stderr
    for word in words:
        assert word in done.stderr, done.stderr
    assert "Traceback" not in done.stderr


def test_a_second_run_changes_nothing(importer, shown):
    first, second = importer.run(shown), importer.run(shown)
    assert first.stdout == second.stdout
    assert second.stderr == "", "every chart has rows"
    says(second, 0)


def test_the_commands_of_the_guide(importer, superset, shown, tmp_path):
    (tmp_path / "reader.password").write_text(importer.password)
    text = block_with("serving/superset/import", "sh", document="docs/dashboards.md")
    for example, own in (
        ("https://superset.example.org", superset.url),
        ("postgresql://db.example.org:5432/antenna", shown.postgres.jdbc_uri(shown.database).removeprefix("jdbc:")),
        ("=admin-password", f"={superset.password_file}"),
        ("=reader.password", f"={tmp_path / 'reader.password'}"),
    ):
        assert example in text
        text = text.replace(example, own)
    done = subprocess.run(
        ["bash", "-euc", text], cwd=CHECKOUT, env=environment(), capture_output=True, text=True, check=False
    )
    says(done, 0)
    assert "charts have rows" in done.stdout


def test_the_password_is_shown_nowhere(importer, superset, shown):
    done = importer.run(shown)
    assert importer.password not in done.stdout + done.stderr + superset.log.read_text()
    folder = superset.password_file.parent
    assert not [path for path in folder.iterdir() if importer.password.encode() in path.read_bytes()]
    assert folder.stat().st_mode & 0o777 == 0o700
    assert superset.password_file.stat().st_mode & 0o777 == 0o600


def test_charts_without_rows_are_named(importer, shown, empty):
    try:
        says(
            importer.run(empty), 0, 'chart "User bytes" has no rows', 'chart "Hours: what each layer holds" has no rows'
        )
    finally:
        says(importer.run(shown), 0)


def test_views_that_are_missing_are_named(importer, shown, empty):
    empty.execute("ALTER VIEW antenna.quota_now RENAME TO gone")
    try:
        says(importer.run(empty), 4, 'chart "Quota in this hour" has an error', "quota_now")
    finally:
        empty.execute("ALTER VIEW antenna.gone RENAME TO quota_now")
        says(importer.run(shown), 0)


@pytest.mark.parametrize("trouble", ["down", "password", "name"])
def test_database_out_of_reach(importer, shown, trouble):
    changes = {
        "down": {"DATABASE_URI": f"postgresql://127.0.0.1:{free_port()}/antenna"},
        "password": {"DATABASE_PASSWORD": "wrong"},
        "name": {"DATABASE_URI": shown.postgres.jdbc_uri("nowhere")},
    }
    try:
        says(importer.run(shown, **changes[trouble]), 3, "cannot connect to the database at 127.0.0.1:", "hint: ")
    finally:
        says(importer.run(shown), 0)


def test_superset_out_of_reach(importer, shown):
    address = f"http://127.0.0.1:{free_port()}"
    says(importer.run(shown, SUPERSET_URL=address), 5, f"could not reach Superset at {address}", "hint: ")


def test_wrong_credentials(importer, shown):
    wrong = {"SUPERSET_PASSWORD_FILE": None, "SUPERSET_PASSWORD": "wrong"}
    says(importer.run(shown, **wrong), 3, 'refused the login of "admin"', "hint: check SUPERSET_USER")


@pytest.mark.parametrize("name", ["SUPERSET_URL", "SUPERSET_PASSWORD_FILE", "DATABASE_URI", "DATABASE_PASSWORD"])
def test_missing_settings(importer, shown, name):
    says(importer.run(shown, **{name: None}), 3, f"{name.removesuffix('_FILE')} is not set", "hint: ")


def test_no_address_of_a_database(importer, shown):
    done = importer.run(shown, DATABASE_URI="postgresql://me:secret@/")
    says(done, 3, "is no address of a PostgreSQL database")
    assert "secret" not in done.stderr


@contextlib.contextmanager
def pretend(version):
    """An HTTP server that tells this version, or has no such page."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200 if version else 404)
            self.end_headers()
            self.wfile.write(json.dumps({"version_string": version}).encode())

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_an_older_superset(importer, shown):
    with pretend("4.1.2") as address:
        says(importer.run(shown, SUPERSET_URL=address), 3, "is version 4.1.2", "need 6.1 or newer", "hint: upgrade")
    with pretend(None) as address:
        says(importer.run(shown, SUPERSET_URL=address), 3, "does not tell its version", "older than 6.1")


def test_make_dashboard_finds_the_instance(importer, superset, shown):
    done = importer.run(shown, (RUN, "start"), DASHBOARD_HOME=str(superset.home))
    says(done, 0)
    assert f"{superset.url}/superset/dashboard/total-bytes/" in done.stdout
    assert superset.password in done.stdout


def test_make_dashboard_when_the_port_is_taken(importer, shown, tmp_path):
    taken = {"DASHBOARD_HOME": str(tmp_path), "DASHBOARD_PORT": str(shown.postgres.port)}
    says(importer.run(shown, (RUN, "start"), **taken), 3, f"cannot listen on 127.0.0.1:{shown.postgres.port}", "in use")
    says(importer.run(shown, (RUN, "start"), **taken | {"DASHBOARD_PORT": "http"}), 3, 'DASHBOARD_PORT is "http"')


def test_make_dashboard_without_a_demo(importer, shown, tmp_path):
    done = importer.run(shown, (RUN, "start"), DATABASE_URI=None, DEMO_HOME=str(tmp_path / "none"))
    says(done, 3, "no demo runs in", "run make demo first")
