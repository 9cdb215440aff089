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

NAMED = re.compile(r"(?:(?:data|ephemeral)\.)?\b(?:google|random)_\w+\.\w+|\blocal\.\w+|\bvar\.\w+")


def plain(value):
    """A value of the parser's as Terraform has it: strings without their quotes."""
    if isinstance(value, dict):
        return {plain(name): plain(one) for name, one in value.items() if not name.startswith("__")}
    if isinstance(value, list):
        return [plain(one) for one in value]
    return value[1:-1] if isinstance(value, str) and value.startswith('"') else value


def blocks():
    """{name: body} of all blocks, named as expressions name them: var.x, local.x, type.x, data.type.x."""
    found = {}
    for path in sorted(GCP.glob("*.tf")):
        with open(path) as file:
            parsed = plain(hcl2.load(file))
        for one in parsed.get("variable", []):
            found |= {f"var.{name}": body for name, body in one.items()}
        for one in parsed.get("locals", []):
            found |= {f"local.{name}": body for name, body in one.items()}
        for one in parsed.get("output", []):
            found |= {f"output.{name}": body for name, body in one.items()}
        for kind in ("resource", "data", "ephemeral"):
            prefix = "" if kind == "resource" else f"{kind}."
            for one in parsed.get(kind, []):
                found |= {
                    f"{prefix}{first}.{name}": body for first, named in one.items() for name, body in named.items()
                }
    return found


BLOCKS = blocks()
REFERENCES = {name: set(NAMED.findall(json.dumps(body, default=str))) for name, body in BLOCKS.items()}


def of_type(kind):
    """The bodies of the resources of a type by name."""
    return {name.partition(".")[2]: body for name, body in BLOCKS.items() if name.startswith(f"{kind}.")}


def attributes(body):
    """All names and values in a block, those of its own blocks included."""
    if isinstance(body, dict):
        for name, value in body.items():
            yield name, value
            yield from attributes(value)
    elif isinstance(body, list):
        for one in body:
            yield from attributes(one)


def test_the_database_has_the_version_of_the_composition():
    version = of_type("google_sql_database_instance")["main"]["database_version"].removeprefix("POSTGRES_")
    assert services()["postgres"]["image"] == f"postgres:{version}"


def test_all_that_is_named_is_there_and_no_setting_is_unused():
    named = set().union(*REFERENCES.values())
    named |= {"var.project", "var.region", "var.zone"}  # the provider's block
    assert named <= BLOCKS.keys()
    assert {name for name in BLOCKS if name.startswith(("var.", "local."))} <= named


def test_the_template_is_given_what_it_uses():
    wanted = set(re.findall(r"\$\{(?:base64encode\()?(\w+)", TEMPLATE.read_text()))
    assert BLOCKS["local.settings"].keys() == wanted == SETTINGS.keys()


def test_secrets_are_neither_in_state_nor_in_plans():
    names = {name for body in BLOCKS.values() for name, _ in attributes(body)}
    assert not names & {"password", "secret_data", "root_password"}
    assert {"password_wo", "secret_data_wo"} <= names
    assert "random_password.made" not in BLOCKS


def test_nothing_is_open_to_everybody():
    ranges = {name: body["source_ranges"] for name, body in of_type("google_compute_firewall").items()}
    assert ranges == {"ssh": ["35.235.240.0/20"], "kafka": "${var.antenna_ranges}"}
    assert BLOCKS["var.antenna_ranges"]["default"] == []
    (interface,) = of_type("google_compute_instance")["main"]["network_interface"]
    assert "access_config" not in interface
    (settings,) = of_type("google_sql_database_instance")["main"]["settings"]
    assert settings["ip_configuration"][0]["ipv4_enabled"] is False


def test_machine_has_few_rights():
    roles = {body["role"] for name, body in BLOCKS.items() if "_iam_" in name}
    assert roles == {"roles/secretmanager.secretAccessor", "roles/storage.objectViewer"}
    assert not of_type("google_project_iam_member") | of_type("google_project_iam_binding")


def test_resources_depend_on_their_api():
    waiting = {"google_project_service.used"}
    while more := {name for name, named in REFERENCES.items() if named & waiting} - waiting:
        waiting |= more
    assert not {name for name in BLOCKS if name.startswith("google_")} - waiting


def test_persistent_resources_are_protected():
    disks = of_type("google_compute_disk")
    assert disks.keys() == {"archive", "kafka"}
    assert all(disk["lifecycle"] == [{"prevent_destroy": True}] for disk in disks.values())


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
