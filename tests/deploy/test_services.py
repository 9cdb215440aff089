"""The package's services under a systemd of their own: real sandbox, real watchdog, real restarts."""

import contextlib
import datetime
import json
import shutil

import events
import pytest
from debian import Debian, repack
from machine import Machine
from proxy import Proxy
from stack import free_port
from waiting import wait_until

pytestmark = pytest.mark.timeout(600)

SPEED, BATCH = "antenna-speed@devices.service", "antenna-batch.service"
TABLES = """\
user-metadata-table = user_metadata
bytes-hourly-table = bytes_hourly
user-quota-limit-table = user_quota_limit
"""

# The unit's own times are longer than a test may last.
HASTE = """\
[Service]
RestartSec=200ms
WatchdogSec=5s
"""


def write(path, text, mode=0o644):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)


def configure(debian, case, **changes):
    """Configuration and passwords as the operator writes them; a role and its password a layer."""
    folder = debian.folder / "etc" / "antenna"
    address = case.postgres.jdbc_uri(case.database)
    speed = {
        "kafka-server": case.kafka.address,
        "topic": case.topic,
        "jdbc-uri": address,
        "jdbc-user": "antenna_speed",
        "storage-root": "/var/lib/antenna",
        "roll-age": "1s",
        "kafka-property": "session.timeout.ms=2000",
    } | changes
    batch = {
        "storage-path": "/var/lib/antenna/data",
        "jdbc-uri": address,
        "jdbc-user": "antenna_batch",
        "interval": "1s",
    }
    write(folder / "speed-devices.ini", "".join(f"{name} = {value}\n" for name, value in speed.items()), 0o600)
    write(folder / "batch.ini", "".join(f"{name} = {value}\n" for name, value in batch.items()) + TABLES, 0o600)
    for layer in ("speed", "batch"):
        write(folder / f"{layer}.password", f"{layer}-secret\n", 0o600)
        case.provision(f"--{layer}-password-file", folder / f"{layer}.password")
    for unit in (SPEED, BATCH):
        write(debian.folder / "etc" / "systemd" / "system" / f"{unit}.d" / "haste.conf", HASTE)


@pytest.fixture(scope="module")
def installed_folder(clean_folder, package, tmp_path_factory):
    folder = tmp_path_factory.mktemp("installed") / "debian"
    with contextlib.closing(Debian(folder, clean_folder("bookworm"))) as debian:
        debian.install(package, "systemd-sysv")
        yield folder


@pytest.fixture
def installed(installed_folder, tmp_path):
    with contextlib.closing(Debian(tmp_path / "debian", installed_folder)) as debian:
        yield debian


@contextlib.contextmanager
def booted(debian, tmp_path):
    """The machine with both layers enabled: they come up with it."""
    debian.run("systemctl", "enable", SPEED, BATCH)
    with Machine(debian, tmp_path / "console") as machine:
        try:
            yield machine
        finally:
            for unit in (SPEED, BATCH):
                print(f"--- {unit}\n{machine.journal(unit)}")


def wait_until_active(machine, unit):
    wait_until(lambda: machine.show(unit, "ActiveState") == "active", f"{unit} is active", 60)


def committed(case):
    return case.value("SELECT coalesce(sum(records_totalled), 0) FROM antenna.progress")


def test_both_layers_come_up_with_the_machine(installed, case, tmp_path):
    case.create_topic()
    configure(installed, case, **{"log-format": "text"})
    write(installed.folder / "etc" / "default" / "antenna", "ANTENNA_LOG_FORMAT=json\n")
    case.root = installed.folder / "var" / "lib" / "antenna"
    case.produce(events.draw(500))
    with booted(installed, tmp_path) as machine:
        for unit in (SPEED, BATCH):
            wait_until_active(machine, unit)
        wait_until(lambda: committed(case) == 500, "all is committed")
        wait_until(lambda: len(case.query("SELECT DISTINCT date FROM bytes_hourly")) == 2, "both hours are batched", 60)
        assert machine.show(SPEED, "StatusText")
        machine.run("systemctl", "stop", SPEED, BATCH)
        for unit in (SPEED, BATCH):
            assert machine.show(unit, "Result") == "success"
            assert machine.show(unit, "NRestarts") == "0"
            said = [json.loads(line) for line in machine.journal(unit).splitlines() if line.startswith("{")]
            assert said, "the variable goes before the configuration"
            assert {line["command"] for line in said} == {"speed" if unit == SPEED else "batch"}
    case.check_layers()
    hour = datetime.datetime(2022, 2, 20, 9)
    assert any(key[0] == hour for key in case.totals("bytes_hourly"))


def test_an_upgrade_restarts_what_runs_and_a_removal_stops_it(package, debian, case, tmp_path):
    debian.install(repack(package, tmp_path, "0.0.9-1"), "systemd-sysv")
    shutil.copy(package, debian.folder / "srv")
    case.create_topic()
    configure(debian, case)
    case.root = debian.folder / "var" / "lib" / "antenna"
    case.produce(events.draw(100, seed=1))
    with booted(debian, tmp_path) as machine:
        for unit in (SPEED, BATCH):
            wait_until_active(machine, unit)
        former = {unit: machine.show(unit, "MainPID") for unit in (SPEED, BATCH)}
        machine.run("dpkg", "--install", f"/srv/{package.name}")
        for unit in (SPEED, BATCH):
            wait_until_active(machine, unit)
            assert machine.show(unit, "MainPID") not in (former[unit], "0")
            assert machine.show(unit, "NRestarts") == "0"
        case.produce(events.draw(100, seed=2))
        wait_until(lambda: committed(case) == 200, "it reads on", 60)
        machine.run("dpkg", "--remove", "antenna")
        for unit in (SPEED, BATCH):
            assert machine.show(unit, "ActiveState") == "inactive"
    case.check_exact()


def test_hanging_job_is_restarted(installed, case, tmp_path):
    case.create_topic()
    configure(installed, case)
    case.root = installed.folder / "var" / "lib" / "antenna"
    with booted(installed, tmp_path) as machine:
        wait_until_active(machine, SPEED)
        case.produce(events.draw(100, seed=1))
        machine.run("systemctl", "kill", "--signal=STOP", SPEED)
        wait_until(lambda: machine.show(SPEED, "NRestarts") == "1", "the watchdog has ended it", 60)
        case.produce(events.draw(100, seed=2))
        wait_until(lambda: committed(case) == 200, "it reads on", 60)
        wait_until_active(machine, SPEED)
        machine.run("systemctl", "stop", SPEED)
    case.check_exact()


@pytest.mark.parametrize(
    ("code", "changes"),
    [("2", {"memory-limit": "120MiB", "workers": "8"}), ("3", {"jdbc-table": "nowhere"})],
    ids=["usage", "configuration"],
)
def test_what_an_operator_must_fix_is_not_retried(installed, case, tmp_path, code, changes):
    case.create_topic()
    configure(installed, case, **changes)
    with booted(installed, tmp_path) as machine:
        wait_until(lambda: machine.show(SPEED, "ActiveState") == "failed", "the unit has failed", 60)
        assert machine.show(SPEED, "ExecMainStatus") == code
        assert machine.show(SPEED, "NRestarts") == "0"
        assert "hint" in machine.journal(SPEED)


def test_an_outage_at_the_start_is_retried_until_it_ends(installed, case, tmp_path):
    case.create_topic()
    proxy = Proxy(free_port())
    configure(installed, case, **{"jdbc-uri": f"jdbc:postgresql://127.0.0.1:{proxy.port}/{case.database}"})
    with contextlib.closing(proxy), booted(installed, tmp_path) as machine:
        wait_until(lambda: int(machine.show(SPEED, "NRestarts")) > 5, "the unit is restarted", 60)
        # 0 while it runs again
        wait_until(lambda: machine.show(SPEED, "ExecMainStatus") == "5", "it ends as in an outage", 60)
        proxy.lead_to(case.postgres.port)
        wait_until_active(machine, SPEED)
        machine.run("systemctl", "stop", SPEED)


def test_nothing_but_the_archive_can_be_written(installed, case, tmp_path):
    case.create_topic()
    configure(installed, case, **{"storage-root": "/srv/archive"})
    (installed.folder / "srv" / "archive").mkdir(mode=0o777)
    (installed.folder / "srv" / "archive").chmod(0o777)
    with booted(installed, tmp_path) as machine:
        wait_until(lambda: machine.show(SPEED, "ActiveState") == "failed", "the unit has failed", 60)
        assert "Read-only file system" in machine.journal(SPEED)
