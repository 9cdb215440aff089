"""The images and the composition: linted, and their steps run in a clean Debian, without a container engine."""

import os
import re
import subprocess

import pytest
import yaml
from debian import CHECKOUT

DOCKER = CHECKOUT / "deploy" / "docker"
DOCKERFILE = DOCKER / "Dockerfile"
COMPOSE = DOCKER / "compose.yaml"


def services():
    return yaml.safe_load(COMPOSE.read_text())["services"]


def steps(stage):
    """The commands that RUN gives to the shell in a stage, without the mounts of BuildKit."""
    text = re.search(rf"(?ms)^FROM \S+ AS {stage}\n(.*?)(?=^FROM |\Z)", DOCKERFILE.read_text())[1]
    joined = re.sub(r"\\\n\s*", "", text)
    return [re.sub(r"--mount=\S+\s+", "", step) for step in re.findall(r"(?m)^RUN (.*)$", joined)]


def test_hadolint_has_nothing_to_say():
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


def test_only_the_dashboards_are_published_and_on_loopback():
    published = {name: service["ports"] for name, service in services().items() if service.get("ports")}
    assert published == {"superset": ["127.0.0.1:8088:8088"]}


def test_no_password_is_in_the_files():
    for service in services().values():
        for name, value in service.get("environment", {}).items():
            assert "PASSWORD" not in name or str(value).startswith("/passwords/"), name


def test_what_is_waited_for_is_there():
    for name, service in services().items():
        for other, how in service.get("depends_on", {}).items():
            assert other in services(), f"{name} waits for {other}"
            if how["condition"] == "service_completed_successfully":
                assert services()[other].get("restart", "no") == "no"


@pytest.mark.parametrize(
    ("name", "missing"),
    [
        ("antennas", "kafka:9092"),
        ("provision", "/usr/share/doc/antenna/examples/users.csv"),
        ("speed", "/passwords/speed"),
        ("batch", "/var/lib/antenna/data"),
    ],
)
def test_options_of_the_jobs_are_options(program, name, missing):
    """The program takes each command line of the composition; what is missing here is what the containers have."""
    service = services()[name]
    variables = {key: str(value) for key, value in service.get("environment", {}).items()}
    program.run(*service["command"], environment=variables).fails(3, missing)


@pytest.mark.timeout(300)
def test_the_steps_of_the_image_run(package, debian):
    """What RUN does in the image `antenna`, in a clean Debian with the package where the mount would have it."""
    (debian.folder / "build").mkdir()
    (debian.folder / "build" / package.name).write_bytes(package.read_bytes())
    for step in steps("antenna"):
        debian.run("sh", "-c", step)
    done = debian.run("setpriv", "--reuid=antenna", "--regid=antenna", "--clear-groups", "antenna", "--version")
    assert done.stdout.startswith("antenna ")
    assert debian.run("stat", "-c", "%U %a", "/var/lib/antenna").stdout.strip() == "antenna 750"
    users = debian.text("usr/share/doc/antenna/examples/users.csv")
    assert users.startswith("id,name,email,quota")


def copy_context(target):
    """What the build gets of the repository: the paths that .dockerignore lets through."""
    lines = (DOCKER / "Dockerfile.dockerignore").read_text().splitlines()
    paths = [line[1:] for line in lines if line.startswith("!")]
    target.mkdir()
    subprocess.run(["cp", "-a", "--parents", *paths, target], cwd=CHECKOUT, check=True)


@pytest.mark.timeout(2400)
def test_the_program_is_built_where_nothing_is(debian):
    """What RUN does in the stage `build`: the whole set-up of a new machine, and the package."""
    copy_context(debian.folder / "src")
    for step in steps("build"):
        debian.run("bash", "-euo", "pipefail", "-c", f"cd /src && {step}")
    (package,) = (debian.folder / "src" / "build").glob("antenna_*.deb")
    debian.run("dpkg", "-i", "--force-depends", f"/src/build/{package.name}")
    assert debian.run("antenna", "--version").stdout.startswith("antenna ")
