"""The machine in Google Cloud, from its user-data to totals: a Debian that has booted, with a network of its own.

A stub of curl gives Google's answers. All else is what runs there: cloud-init, the package, Kafka, the services, and
PostgreSQL by TLS.
"""

import base64
import hashlib
import json
import shutil
import subprocess

import pytest
import yaml
from debian import CHECKOUT, repack
from gcp import GCP, render
from machine import Machine
from waiting import wait_until

pytestmark = pytest.mark.timeout(600)

METADATA = "http://metadata.google.internal/computeMetadata/v1/instance"
SECRETS = "https://secretmanager.googleapis.com/v1/projects/telco/secrets"
PARTS = "https://storage.googleapis.com/storage/v1/b/telco-antenna-parts/o"
ROLES = ("owner", "speed", "batch", "reader")
UNITS = ("kafka", "antenna-speed@devices", "antenna-batch")

CURL = """\
#!/usr/bin/python3
import json, pathlib, shutil, sys

(address,) = [word for word in sys.argv if word.startswith("http")]
if "googleapis.com" in address:
    assert sys.stdin.read() == "Authorization: Bearer of the machine\\n"
else:
    assert "Metadata-Flavor: Google" in sys.argv
answer = pathlib.Path(json.loads(pathlib.Path("/srv/google/answers").read_text())[address])
if "-o" in sys.argv:
    shutil.copy(answer, sys.argv[sys.argv.index("-o") + 1])
else:
    print(answer.read_text())
"""


@pytest.fixture(scope="module")
def kafka_archive():
    """Kafka's server as make kafka-archive packs it."""
    subprocess.run(["make", "--no-print-directory", "-o", "setup-test", "kafka-archive"], cwd=CHECKOUT, check=True)
    return CHECKOUT / "build" / "kafka.tar.gz"


class Google:
    """What the machine asks Google for."""

    def __init__(self, debian):
        self._folder = debian.folder / "srv" / "google"
        self._folder.mkdir()
        self._answers = {}
        curl = debian.folder / "usr" / "local" / "bin" / "curl"
        curl.write_text(CURL)
        curl.chmod(0o755)
        self.answer(
            f"{METADATA}/service-accounts/default/token", json.dumps({"access_token": "of the machine"}).encode()
        )

    def answer(self, address, content):
        """Gives an answer, in place of an earlier one."""
        path = self._folder / hashlib.sha256(address.encode()).hexdigest()
        path.write_bytes(content)
        self._answers[address] = f"/srv/google/{path.name}"
        (self._folder / "answers").write_text(json.dumps(self._answers))

    def keep_passwords(self, version):
        """Makes new passwords; returns that of the owner."""
        for role in ROLES:
            data = base64.b64encode(f"{role}-{version}".encode()).decode()
            address = f"{SECRETS}/antenna-{role}-password/versions/latest:access"
            self.answer(address, json.dumps({"payload": {"data": data}}).encode())
        return f"owner-{version}"

    def keep_parts(self, paths):
        """Takes the parts; returns their checksums."""
        for path, name in paths.items():
            self.answer(f"{PARTS}/{name}?alt=media", path.read_bytes())
        return "".join(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {name}\n" for path, name in paths.items())


def prepare(debian, *packages):
    """Installs cloud-init and what the machine has it install, without starting anything."""
    policy = debian.folder / "usr" / "sbin" / "policy-rc.d"
    policy.write_text("#!/bin/sh\nexit 101\n")
    policy.chmod(0o755)
    debian.apt("install", "cloud-init", *packages)
    policy.unlink()


def write_files(debian, data):
    """What cloud-init writes at the machine's first start."""
    (debian.folder / "srv" / "user-data").write_text(data)
    debian.run("cloud-init", "--file", "/srv/user-data", "single", "--name", "write_files", "--frequency", "always")


def ask(machine, statement, database="antenna"):
    return machine.run("runuser", "-u", "postgres", "--", "psql", "-XAtq", "-d", database, "-c", statement)


def as_in_the_guide(machine, command):
    return machine.run("sh", "-euc", f". /etc/antenna/machine.env && {command}")


def wait_until_totalled(machine, count):
    """Sends 1000 events, and waits until so many are totalled in all; all units are there."""
    as_in_the_guide(machine, 'antenna simulate "$KAFKA_SERVER" "$TOPIC" --rate max --count 1000')
    rows = "SELECT coalesce(sum(records_totalled), 0) FROM antenna.progress"
    wait_until(lambda: ask(machine, rows) == str(count), "all is totalled", 60)
    for unit in UNITS:
        assert machine.show(unit, "ActiveState") == "active"
    password = "--password-file /etc/antenna/batch.password"
    assert "devices" in as_in_the_guide(machine, f'antenna status "$DATABASE_URI" antenna_batch - {password}')


def test_cloud_init_understands_the_machine(debian):
    prepare(debian)
    (debian.folder / "srv" / "user-data").write_text(render())
    done = debian.run("cloud-init", "schema", "--config-file", "/srv/user-data", check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Valid" in done.stdout


RESTARTS = "/srv/restarts"


@pytest.fixture
def started(debian):
    """Runs the machine's start script in a Debian without cloud-init; returns exit code and number of restarts."""
    reboot = debian.folder / "usr" / "sbin" / "reboot"
    reboot.write_text(f"#!/bin/sh\necho >>{RESTARTS}\n")
    reboot.chmod(0o755)
    shutil.copy(GCP / "startup", debian.folder / "srv")

    def start(check=True):
        done = debian.run("/srv/startup", check=check)
        restarts = debian.folder / RESTARTS.lstrip("/")
        return done.returncode, len(restarts.read_text()) if restarts.exists() else 0

    return start


def test_the_start_script_installs_cloud_init_and_restarts_once(debian, started):
    assert started() == (0, 1)
    assert debian.text("etc/cloud/cloud.cfg.d/99-network.cfg") == "network: {config: disabled}\n"
    assert debian.run("cloud-init", "--version").returncode == 0
    assert started() == (0, 1)


def test_a_start_without_packages_restarts_nothing(debian, started):
    sources = debian.folder / "etc" / "apt" / "sources.list"
    sources.rename(sources.with_suffix(".away"))
    assert started(check=False) == (100, 0)
    sources.with_suffix(".away").rename(sources)
    assert started() == (0, 1)


def test_the_machine_sets_itself_up_and_takes_in_what_is_changed(package, kafka_archive, debian, tmp_path):
    google = Google(debian)
    prepare(debian, *yaml.safe_load(render())["packages"], "postgresql", "systemd-sysv")
    users = CHECKOUT / "demo" / "users.csv"
    parts = {package: "antenna.deb", kafka_archive: "kafka.tar.gz", users: "users.csv"}
    settings = {
        "kafka_host": "localhost",
        "database_uri": "jdbc:postgresql://127.0.0.1:5432/antenna?sslmode=verify-ca&sslrootcert=/etc/antenna/ca.pem",
        "authority": debian.text("etc/ssl/certs/ssl-cert-snakeoil.pem"),
        "checksums": google.keep_parts(parts),
    }
    write_files(debian, render(**settings))
    debian.install(package)
    with Machine(debian, tmp_path / "console", "--private-network") as machine:
        password = google.keep_passwords(1)
        ask(machine, f"CREATE ROLE owner LOGIN CREATEROLE PASSWORD '{password}'", "postgres")
        ask(machine, "CREATE DATABASE antenna OWNER owner", "postgres")
        machine.run("antenna-setup", "install")
        wait_until_totalled(machine, 1000)
        assert machine.run("stat", "-c", "%u", "/var/lib/antenna", "/var/lib/kafka").split() == ["901", "902"]

        ask(machine, f"ALTER ROLE owner PASSWORD '{google.keep_passwords(2)}'")
        parts = {repack(package, tmp_path): "antenna.deb", kafka_archive: "kafka.tar.gz", users: "users.csv"}
        changed = settings | {"checksums": google.keep_parts(parts), "workers": "1", "hours": "24"}
        google.answer(f"{METADATA}/attributes/user-data", render(**changed).encode())
        machine.run("antenna-setup")
        machine.run("test", "-e", "/usr/share/antenna/repacked")
        assert "workers = 1\n" in debian.text("etc/antenna/speed-devices.ini")
        assert debian.text("etc/antenna/speed.password") == "speed-2"
        wait_until_totalled(machine, 2000)
        for port in (9187, 9188):
            assert machine.run("/usr/bin/curl", "-sS", f"http://127.0.0.1:{port}/readyz") == "ok"
