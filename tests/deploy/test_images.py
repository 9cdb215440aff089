"""The images and the composition: built by the Dockerfile, and run as the composition says.

What is another than with Docker: buildah runs the steps, with chroot and on this machine's network, and crun the
containers, without a filter of system calls and without cgroups. Debian's images are made here (images.py), those of
Kafka and PostgreSQL are the servers of all tests (container_engine.py), and names are in /etc/hosts, as there is no
name server. No service is restarted, and no port is published.
"""

import os
import re
import subprocess

import pytest
import yaml
from composition import COMPOSE, DOCKER, DOCKERFILE, JOBS, services
from container_engine import Engine
from debian import CHECKOUT
from waiting import wait_until

# The images are built in the first of these tests.
pytestmark = pytest.mark.timeout(2400)

OWN_IMAGES = {"antenna": "antenna", "antenna-dashboards": "dashboards"}


@pytest.mark.share
def test_hadolint_reports_nothing():
    # DL3008 wants versions of Debian's packages, which its archive drops as soon as there are newer ones.
    done = subprocess.run(
        ["hadolint", "--ignore=DL3008", DOCKERFILE],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PATH": f"{CHECKOUT}/.deps/venv/bin:{os.environ['PATH']}"},
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_composition_is_one():
    # Debian's docker-compose is older than the key that names the project.
    text = COMPOSE.read_text().replace("\nname: antenna\n", "\n")
    command = ["docker-compose", "-f", "-", "config"]
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False, cwd=DOCKER)
    assert done.returncode == 0, done.stderr
    assert set(yaml.safe_load(done.stdout)["services"]) == set(services())


@pytest.fixture(scope="module")
def images(store):
    return {name: store.build(target, REVISION="1234567") for name, target in OWN_IMAGES.items()}


def label(image, name):
    return image.config["Labels"][f"org.opencontainers.image.{name}"]


def test_the_images_say_what_they_are(images):
    for image in images.values():
        assert label(image, "title").startswith("antenna")
        assert label(image, "description")
        assert label(image, "licenses") == "Apache-2.0"
        assert label(image, "revision") == "1234567"
        assert image.config["User"] == "10001:10001"


@pytest.fixture(scope="module")
def engine(images, home):
    with Engine(images, home / "composition") as engine:
        for name in services():
            engine.up(name)
        yield engine


def test_the_program_has_the_version_that_the_images_say_and_no_documents(images, engine):
    said = engine.run("provision", "--version")
    for image in images.values():
        assert said.startswith(f"antenna {label(image, 'version')}\n")
    assert not list(images["antenna"].mount().glob("usr/share/doc/antenna/*.md"))


def test_the_composition_works_up_to_the_dashboards(engine):
    """The import asks for the rows of each chart."""
    for table in ("bytes", "bytes_hourly"):
        wait_until(lambda table=table: engine.rows(table), f"{table} has rows", 120)
    said = engine.run("dashboards", "import")
    assert "error" not in said
    empty = set(re.findall(r'chart "(.*)" has no rows', said))
    assert "Bytes per app over time" not in empty, said
    assert engine.run("passwords", "superset").strip()


def test_health_checks_report_what_works(engine):
    """Each is asked while what it needs is there, while it is away, and when it is back."""
    for name in (*JOBS, "superset"):
        wait_until(lambda name=name: engine.is_healthy(name), f"{name} is healthy")
    for server, needed_by, word in (("kafka", {"speed"}, "Kafka"), ("postgres", {"speed", "batch"}, "PostgreSQL")):
        engine.running[server].kill()
        for name in needed_by:
            wait_until(lambda name=name: not engine.is_healthy(name), f"{name} misses {server}", 60)
            assert word in engine.ask(name).stdout
        assert all(engine.is_healthy(name) for name in set(JOBS) - needed_by)
        engine.running[server].start()
        for name in JOBS:
            wait_until(lambda name=name: engine.is_healthy(name), f"{name} has {server} again", 120)
    assert engine.running["antennas"].is_running()


def test_a_stop_is_clean_and_nothing_is_lost(engine):
    """All ends by the signal that an engine sends, with exit code 0, and what the antennas have sent is there."""
    engine.stop_layers()
    assert engine.stop("superset") == 0, engine.running["superset"].text()
    engine.run("batch", "verify")
