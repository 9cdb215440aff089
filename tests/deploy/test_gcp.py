"""The Terraform of deploy/gcp: it parses, names nothing that is not there, opens nothing, keeps no secret in its state.

What only Google Cloud can tell is told by nobody here.
"""

import re
import shutil
import subprocess

import hcl2
import pytest
import yaml
from composition import services
from gcp import GCP, TEMPLATE, render

pytestmark = pytest.mark.share

FILES = sorted(GCP.glob("*.tf"))
TEXT = "\n".join(path.read_text() for path in FILES)


def parse(path):
    with open(path) as file:
        return hcl2.load(file)


def unquote(name):
    return name.strip('"')


def declared(kind):
    """The names of all blocks of a kind: variables, outputs; of resources `type.name`."""
    names = set()
    for path in FILES:
        for block in parse(path).get(kind, []):
            for first, rest in block.items():
                if first.startswith("__"):
                    continue
                if kind in ("resource", "data", "ephemeral"):
                    names |= {f"{unquote(first)}.{unquote(name)}" for name in rest if not name.startswith("__")}
                else:
                    names.add(unquote(first))
    return names


def used(pattern):
    return set(re.findall(pattern, TEXT))


def test_the_database_has_the_version_of_the_composition():
    version = re.search(r'database_version += "POSTGRES_(\d+)"', TEXT)[1]
    assert services()["postgres"]["image"] == f"postgres:{version}"


def test_every_variable_is_declared_and_used():
    assert used(r"\bvar\.(\w+)") == declared("variable")


def test_every_local_is_declared_and_used():
    assert used(r"\blocal\.(\w+)") == declared("locals")


def test_every_resource_that_is_named_is_there():
    names = used(r"\b(google_\w+\.\w+)\.?") | used(r"\b(random_\w+\.\w+)\.?")
    assert names <= declared("resource") | declared("data") | declared("ephemeral")


def test_the_template_is_given_what_it_uses():
    block = re.search(r"(?s)\n  settings = \{\n(.*?)\n  \}", TEXT)[1]
    given = set(re.findall(r"(?m)^    (\w+) +=", block))
    wanted = set(re.findall(r"\$\{(?:base64encode\()?(\w+)", TEMPLATE.read_text()))
    assert given == wanted


def test_secrets_are_neither_in_state_nor_in_plans():
    assert not re.search(r"\b(password|secret_data|root_password)\s*=", TEXT)
    assert 'resource "random_password"' not in TEXT
    assert len(used(r"(\w+_wo)\s*=")) == 2


def test_nothing_is_open_to_everybody():
    assert "0.0.0.0/0" not in TEXT
    assert "::/0" not in TEXT
    assert "access_config" not in TEXT
    assert "ipv4_enabled    = false" in TEXT


def test_the_machine_may_do_little():
    roles = used(r'role\s+= "([^"]+)"')
    assert roles == {"roles/secretmanager.secretAccessor", "roles/storage.objectViewer"}
    assert "google_project_iam" not in TEXT


@pytest.mark.skipif(shutil.which("terraform") is None, reason="terraform is not on this machine")
def test_the_format_is_terraforms():
    command = ["terraform", f"-chdir={GCP}", "fmt", "-check", "-diff"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_files_of_the_machine_are_those_that_the_units_read():
    paths = {entry["path"] for entry in yaml.safe_load(render())["write_files"]}
    assert {"/etc/antenna/speed-devices.ini", "/etc/antenna/batch.ini", "/etc/kafka/server.properties"} <= paths


def test_the_setup_is_given_its_settings():
    """Each variable that the script takes from machine.env is written there."""
    script = (GCP / "setup").read_text()
    entries = {entry["path"]: entry for entry in yaml.safe_load(render())["write_files"]}
    given = set(re.findall(r"(?m)^(\w+)=", entries["/etc/antenna/machine.env"]["content"]))
    assert set(re.findall(r"\$([A-Z_]+)", script)) == given
    subprocess.run(["bash", "-n", GCP / "setup"], check=True)
