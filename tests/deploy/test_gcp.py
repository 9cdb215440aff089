"""The Terraform of deploy/gcp: it parses, names nothing that is not there, opens nothing, keeps no secret in its state.

What only Google Cloud can tell is told by nobody here.
"""

import base64
import json
import re
import shutil
import subprocess

import hcl2
import pytest
import yaml
from composition import services
from gcp import GCP, SETTINGS, TEMPLATE, render

pytestmark = pytest.mark.share

FSTAB_GENERATOR = "/lib/systemd/system-generators/systemd-fstab-generator"

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


def references():
    """{block: the blocks that it names}, with locals as `local.name`."""
    found = {}
    for path in FILES:
        parsed = parse(path)
        for kind in ("resource", "data", "ephemeral"):
            for block in parsed.get(kind, []):
                for first, rest in block.items():
                    for name, body in rest.items():
                        prefix = "" if kind == "resource" else f"{kind}."
                        found[f"{prefix}{unquote(first)}.{unquote(name)}"] = body
        for block in parsed.get("locals", []):
            found |= {f"local.{name}": body for name, body in block.items()}
    pattern = r"(?:(?:data|ephemeral)\.)?\b(?:google|random)_\w+\.\w+|\blocal\.\w+"
    return {name: set(re.findall(pattern, json.dumps(body, default=str))) for name, body in found.items()}


def test_everything_of_googles_waits_for_its_api():
    names = references()
    waiting = {"google_project_service.used"}
    while more := {name for name, named in names.items() if named & waiting} - waiting:
        waiting |= more
    assert not {name for name in names if name.startswith("google_")} - waiting


def test_what_outlives_the_machine_is_not_destroyed():
    disks = {}
    for block in parse(GCP / "machine.tf")["resource"]:
        for first, rest in block.items():
            if unquote(first) == "google_compute_disk":
                disks |= {unquote(name): body["lifecycle"][0]["prevent_destroy"] for name, body in rest.items()}
    assert disks == {"archive": True, "kafka": True}


# What Terraform can do without the provider of Google's.
by_terraform = pytest.mark.skipif(shutil.which("terraform") is None, reason="terraform is not on this machine")


def terraform(*words, code=0, text=None):
    done = subprocess.run(["terraform", *words], input=text, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


@by_terraform
def test_the_format_is_terraforms():
    terraform(f"-chdir={GCP}", "fmt", "-check", "-diff")


@by_terraform
@pytest.mark.parametrize(
    ("name", "code"),
    [("antenna", 0), ("antenna-2", 0), ("a" * 21, 0), ("short", 1), ("antenna-", 1), ("2antenna", 1), ("a" * 22, 1)],
)
def test_the_name_is_one_for_a_service_account(name, code, tmp_path):
    shutil.copy(GCP / "variables.tf", tmp_path)
    given = {"project": "telco", "region": "r", "zone": "r-a", "package": "p", "users": "u", "name": name}
    words = [f"-var={key}={value}" for key, value in given.items()]
    said = terraform(f"-chdir={tmp_path}", "plan", "-no-color", *words, code=code)
    assert ("Invalid value for variable" in said) == (code == 1)


@by_terraform
def test_terraform_makes_the_same_of_the_template(tmp_path):
    (tmp_path / "settings.json").write_text(json.dumps(SETTINGS))
    expression = f'base64encode(templatefile("{TEMPLATE}", jsondecode(file("{tmp_path}/settings.json"))))'
    made = terraform(f"-chdir={tmp_path}", "console", text=expression)
    assert base64.b64decode(re.search(r'"(.*)"', made)[1]).decode() == render()


def test_the_files_of_the_machine_are_those_that_the_units_read():
    paths = {entry["path"] for entry in yaml.safe_load(render())["write_files"]}
    assert {"/etc/antenna/speed-devices.ini", "/etc/antenna/batch.ini", "/etc/kafka/server.properties"} <= paths


def test_systemd_grows_the_file_systems_of_grown_disks(tmp_path):
    lines = [" ".join(mount) for mount in yaml.safe_load(render())["mounts"]]
    (tmp_path / "fstab").write_text("\n".join(lines) + "\n")
    units = tmp_path / "units"
    units.mkdir()
    environment = {"SYSTEMD_FSTAB": str(tmp_path / "fstab")}
    subprocess.run([FSTAB_GENERATOR, units, units, units], check=True, env=environment)
    for name in ("antenna", "kafka"):
        assert (units / f"var-lib-{name}.mount.wants" / f"systemd-growfs@var-lib-{name}.service").exists()


def test_the_setup_is_given_its_settings():
    """Each variable that the script takes from machine.env is written there."""
    script = (GCP / "setup").read_text()
    entries = {entry["path"]: entry for entry in yaml.safe_load(render())["write_files"]}
    given = set(re.findall(r"(?m)^(\w+)=", entries["/etc/antenna/machine.env"]["content"]))
    assert set(re.findall(r"\$([A-Z_]+)", script)) == given
    subprocess.run(["bash", "-n", GCP / "setup"], check=True)
