"""`make install`: what is where, and that the program runs there without the checkout."""

import os
import re
import shutil
import subprocess

import pytest
from program import BINARY, CHECKOUT, environment
from test_manual import NAMES

pytestmark = [
    pytest.mark.timeout(60),
    pytest.mark.skipif(BINARY.parent != CHECKOUT / "build", reason="only what make build has built is installed"),
]

WANTED = {
    "bin/antenna",
    "share/bash-completion/completions/antenna",
    "share/zsh/vendor-completions/_antenna",
    *(f"share/man/man1/{name}.1" for name in NAMES),
    "lib/antenna/libduckdb.so",
    "lib/systemd/system/antenna-batch.service",
    "lib/systemd/system/antenna-notify.service",
    "lib/systemd/system/antenna-speed@.service",
    "lib/sysusers.d/antenna.conf",
    "share/antenna/superset/import",
    "share/antenna/users.csv",
    "share/doc/antenna/bench/results/table.md",
    "share/doc/antenna/deploy/monitoring/alerts.yml",
    "share/doc/antenna/deploy/monitoring/grafana.json",
    "share/doc/antenna/third_party/sbom.cdx.json",
    "share/doc/antenna/LICENSE",
    "share/doc/antenna/copyright",
    "share/doc/antenna/docs/first-hour/start.svg",
    "share/doc/antenna/docs/operators.md",
    "share/doc/antenna/examples/batch.ini",
    "share/doc/antenna/examples/notify.ini",
    "share/doc/antenna/examples/speed.ini",
}

LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


def install(stage, prefix):
    """Installs below `prefix`, staged; returns the folder that stands for the prefix."""
    command = ["make", "--no-print-directory", "-o", "build", "install", f"prefix={prefix}", f"DESTDIR={stage}"]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return stage / prefix.lstrip("/")


def run(program, *words):
    return subprocess.run([program, *words], capture_output=True, text=True, check=True, env=environment()).stdout


@pytest.mark.parametrize("prefix", ["/usr", "/opt/telco/antenna"])
def test_all_is_below_the_prefix(tmp_path, prefix):
    place = install(tmp_path, prefix)
    files = {str(path.relative_to(place)) for path in place.rglob("*") if path.is_file()}
    assert files >= WANTED
    below = [path for path in tmp_path.rglob("*") if path.is_file() and not path.is_relative_to(place)]
    assert below == []


def test_links_of_documents_lead_somewhere(tmp_path):
    """Those to what is not installed are plain text; all others are as in the checkout."""
    documents = install(tmp_path, "/usr") / "share" / "doc" / "antenna"
    unlinked = 0
    for document in documents.rglob("*.md"):
        links = LINK.findall((CHECKOUT / document.relative_to(documents)).read_text())
        leading = [link for link in links if "://" in link or (document.parent / link).exists()]
        assert LINK.findall(document.read_text()) == leading, document
        unlinked += len(links) - len(leading)
    assert unlinked


def test_it_runs_where_it_was_moved_to(tmp_path):
    place = install(tmp_path / "stage", "/usr")
    moved = tmp_path / "elsewhere"
    shutil.move(place, moved)
    assert run(moved / "bin" / "antenna", "--version").startswith("antenna ")
    duckdb = re.search(r"libduckdb\.so => (\S+)", run("ldd", moved / "bin" / "antenna"))[1]
    assert os.path.samefile(duckdb, moved / "lib" / "antenna" / "libduckdb.so")
    assert str(CHECKOUT) not in run("readelf", "--dynamic", moved / "bin" / "antenna")


def test_the_dashboards_are_loaded_from_where_they_are(tmp_path):
    place = install(tmp_path, "/usr")
    assert "SUPERSET_URL" in run(place / "share" / "antenna" / "superset" / "import", "--help")
    assets = {path.name for path in (CHECKOUT / "serving" / "superset" / "assets").rglob("*.yaml")}
    assert {path.name for path in place.rglob("*.yaml")} == assets
