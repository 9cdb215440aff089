"""The units of systemd: systemd itself reads them, and finds them closed."""

import configparser
import pathlib
import re
import shutil
import subprocess

import pytest
from program import BINARY, CHECKOUT, environment

pytestmark = pytest.mark.timeout(60)

UNITS = CHECKOUT / "deploy" / "systemd"
CONFIGURATION = CHECKOUT / "deploy" / "config"
INSTANCES = {
    "antenna-speed@.service": "antenna-speed@devices.service",
    "antenna-batch.service": "antenna-batch.service",
    "antenna-notify.service": "antenna-notify.service",
    "kafka.service": "kafka.service",
}

# What runs as a service: its unit, and the file of its configuration in /etc/antenna.
SERVICES = {
    "speed": ("antenna-speed@.service", "speed-NAME.ini"),
    "batch": ("antenna-batch.service", "batch.ini"),
    "notify": ("antenna-notify.service", "notify.ini"),
}

# Of 100, which a unit with every right has; systemd's word for less than 20 is OK.
EXPOSURE_MAX = 15


@pytest.fixture
def units(tmp_path):
    """The units with the paths of what they run here, as if it were installed."""
    programs = {"antenna": BINARY, "java": shutil.which("java")}
    for name, instance in INSTANCES.items():
        text = (UNITS / name).read_text()
        (tmp_path / instance).write_text(re.sub(r"(?m)^(Exec\w+=)(\w+)", lambda m: f"{m[1]}{programs[m[2]]}", text))
    return [tmp_path / instance for instance in INSTANCES.values()]


def analyze(*words):
    done = subprocess.run(["systemd-analyze", *words], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def settings(name):
    """What a unit says, without comments; a key may come several times."""
    text = (UNITS / name).read_text()
    return [line.partition("=")[::2] for line in text.splitlines() if re.match(r"\w+=", line)]


def test_systemd_reads_the_units(units):
    code, said = analyze("verify", "--man=no", *units)
    assert code == 0, said
    assert "antenna" not in said, said


def test_the_units_are_closed(units):
    for unit in units:
        code, said = analyze("security", "--offline=true", f"--threshold={EXPOSURE_MAX}", unit)
        assert code == 0, said


def test_all_services_are_closed_in_the_same_way():
    def sandbox(name):
        found = settings(name)
        begin = found.index(("NoNewPrivileges", "yes"))
        return found[begin:]

    assert sandbox("antenna-speed@.service") == sandbox("antenna-batch.service") == sandbox("antenna-notify.service")


def test_the_users_file_is_read(tmp_path):
    (tmp_path / "etc").mkdir()
    command = ["systemd-sysusers", f"--root={tmp_path}", "--replace=/usr/lib/sysusers.d/antenna.conf", "-"]
    done = subprocess.run(
        command, input=(UNITS / "antenna.sysusers").read_text(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"^antenna:x:\d+:\d+:", (tmp_path / "etc" / "passwd").read_text(), re.MULTILINE)


@pytest.mark.parametrize("command", SERVICES)
def test_the_example_is_read_as_the_unit_gives_it(command, tmp_path):
    """All is understood: what fails is only that the database of the example is not there."""
    password = tmp_path / "password"
    password.write_text("secret\n")
    example = tmp_path / "config"
    text = (CONFIGURATION / f"{command}.ini").read_text()
    text = text.replace("/run/credentials/antenna-notify.service/secret", str(password))
    example.write_text(re.sub(r"(?m)^(jdbc-uri) = .*|^(storage-\w+) = .*", _elsewhere(tmp_path), text))
    execute = dict(settings(SERVICES[command][0]))["ExecStart"]
    words = execute.replace("%d", str(tmp_path)).replace("%i-%H", "devices-host").split()
    done = subprocess.run(
        [BINARY, *words[1:]],
        capture_output=True,
        text=True,
        check=False,
        env=environment({"ANTENNA_LISTEN": "0"}),
        cwd=tmp_path,
    )
    assert done.returncode == 5, done.stderr
    assert "could not connect to PostgreSQL" in done.stderr


def _elsewhere(folder):
    """Puts a port where nobody listens, and a folder that is there, in the place of the example's."""

    def replace(match):
        if match[1]:
            return "jdbc-uri = jdbc:postgresql://127.0.0.1:1/antenna"
        return f"{match[2]} = {folder}"

    return replace


def test_variables_of_all_services_come_from_one_file_that_may_be_missing():
    for unit, _ in SERVICES.values():
        assert dict(settings(unit))["EnvironmentFile"] == "-/etc/default/antenna"


def test_examples_name_what_the_units_read():
    for command, (_, unit) in SERVICES.items():
        text = (CONFIGURATION / f"{command}.ini").read_text()
        assert f"/etc/antenna/{unit}" in text
        assert f"/etc/antenna/{command}.password" in text
        configparser.ConfigParser().read_string("[x]\n" + text)


def test_every_unit_is_tested():
    assert {path.name for path in pathlib.Path(UNITS).glob("*.service")} == set(INSTANCES)
