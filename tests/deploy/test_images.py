"""The images and the composition: linted, and their steps run in a clean Debian, without a container engine."""

import json
import os
import re
import shlex
import subprocess

import events
import pytest
import yaml
from composition import COMPOSE, DOCKER, DOCKERFILE, question, services
from debian import CHECKOUT, SYSUSERS, Debian
from network import Network
from scraper import Scraper
from stack import free_port


def lines_of(stage):
    """What the Dockerfile says in a stage, a line an instruction."""
    text = re.search(rf"(?ms)^FROM \S+ AS {stage}\n(.*?)(?=^FROM |\Z)", DOCKERFILE.read_text())[1]
    return re.sub(r"\\\n\s*", "", text)


def steps(stage):
    """The commands that RUN gives to the shell in a stage, without the mounts of BuildKit."""
    return [re.sub(r"--mount=\S+\s+", "", step) for step in re.findall(r"(?m)^RUN (.*)$", lines_of(stage))]


@pytest.mark.share
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


# What the images of Debian's small one leave out.
SLIM = """\
path-exclude /usr/share/doc/*
path-include /usr/share/doc/*/copyright
path-exclude /usr/share/man/*
"""


@pytest.fixture
def image(package, debian):
    """What RUN makes of a clean Debian in the image `antenna`, with the package where the mount would have it."""
    (debian.folder / "etc" / "dpkg" / "dpkg.cfg.d" / "docker").write_text(SLIM)
    (debian.folder / "build").mkdir()
    (debian.folder / "build" / package.name).write_bytes(package.read_bytes())
    for step in steps("antenna"):
        debian.run("sh", "-c", step)
    return debian


@pytest.mark.timeout(300)
def test_the_image_has_the_program_and_what_it_needs(image):
    done = image.run("setpriv", "--reuid=antenna", "--regid=antenna", "--clear-groups", "antenna", "--version")
    assert done.stdout.startswith("antenna ")
    assert image.run("stat", "-c", "%U %a", "/var/lib/antenna").stdout.strip() == "antenna 750"
    assert not (image.folder / "usr" / "share" / "doc" / "antenna" / "README.md").exists()


# What a container engine does: volumes, a read-only root, and a user without capabilities.
CONFINE = """\
mount --bind "$ROOT" "$ROOT"
for volume in $VOLUMES; do mount --bind "${volume%:*}" "$ROOT${volume#*:}"; done
for folder in $TMPFS; do mount -t tmpfs tmpfs "$ROOT$folder"; done
mount -o remount,bind,ro "$ROOT"
mount -t proc proc "$ROOT/proc"
set -- --no-new-privs --bounding-set=-all "$@"
exec chroot "$ROOT" setpriv --reuid="${OWNER%:*}" --regid="${OWNER#*:}" --clear-groups "$@"
"""


class Confined:
    """The image, run as the services of the composition are, in the network of this machine."""

    def __init__(self, image, folder):
        self._image = image
        self._folder = folder
        folder.mkdir()

    def volume(self, name, target):
        """The folder of a volume, which begins as what the image has there."""
        folder = self._folder / name
        inside = self._image.folder / target.lstrip("/")
        if not folder.exists():
            inside.mkdir(parents=True, exist_ok=True)
            subprocess.run(["cp", "-a", inside, folder], check=True)
        return folder

    def run(self, name, *more, without=(), **variables):
        """Runs a service with more words, without others, and with other variables; returns what it prints."""
        service = services()[name]
        assert service["read_only"] and service["cap_drop"] == ["ALL"]
        targets = dict(volume.split(":")[:2] for volume in service["volumes"])
        words = [word.replace("$$", "$") for word in service.get("entrypoint", ["antenna"]) + service["command"]]
        done = subprocess.run(
            ["unshare", "--mount", "--pid", "--fork", "sh", "-euc", CONFINE, "sh"]
            + [word for word in words if word not in without]
            + list(more),
            env={
                "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
                "ROOT": str(self._image.folder),
                "VOLUMES": " ".join(f"{self.volume(volume, target)}:{target}" for volume, target in targets.items()),
                "TMPFS": " ".join(service["tmpfs"]),
                "OWNER": service.get("user", "10001:10001"),
                **(service.get("environment", {}) | variables),
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.mark.timeout(300)
def test_each_service_works_with_what_the_composition_gives_it(image, case, tmp_path):
    """From passwords to both layers; the first batch finds an archive that it cannot spill to."""
    case.create_topic()
    confined = Confined(image, tmp_path / "volumes")
    confined.run("passwords")
    passwords = [confined.run("passwords", role) for role in ("owner", "speed", "batch", "reader", "superset")]
    assert len(set(passwords)) == 5
    database = {"ANTENNA_JDBC_URI": case.postgres.jdbc_uri(case.database)}
    case.execute(f"CREATE ROLE owner SUPERUSER LOGIN PASSWORD '{passwords[0].strip()}'")
    confined.run("provision", **database)
    service = ("--follow", "--listen=9187")
    confined.run("batch", "--pending", without=service, **database)
    case.produce(events.draw(500))
    speed = ("--until-end", f"--topic={case.topic}")
    confined.run("speed", *speed, without=service, **database, ANTENNA_KAFKA_SERVER=case.kafka.address)
    confined.run("batch", "--pending", without=service, **database)
    case.root = confined.volume("archive", "/var/lib/antenna")
    case.check_layers()


@pytest.mark.timeout(300)
def test_the_image_can_ask_whether_a_job_can_work(image, case, proxy):
    """What the image asks the jobs, while PostgreSQL is there and while it is not."""
    case.prepare()
    speed = case.start_speed("--listen", "0", uri=case.login[0].replace(str(case.postgres.port), str(proxy.port)))
    scraper = Scraper(speed)
    words = [re.sub(r":\d+/", f":{scraper.url.port}/", word) for word in question()]
    scraper.wait_until_ready()
    assert image.run(*words).stdout == "ok\n"
    proxy.lead_to(free_port())
    case.end_sessions()
    scraper.wait_until_not_ready("worker 1 waits: ")
    asked = image.run(*words, check=False)
    assert asked.returncode != 0
    assert "worker 1 waits: " in asked.stdout
    proxy.lead_to(case.postgres.port)
    scraper.wait_until_ready()
    speed.terminate()


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
    debian.install(package, SYSUSERS)
    assert debian.run("antenna", "--version").stdout.startswith("antenna ")


# Of the image `dashboards`, where its PATH has it.
ENTRY = "/usr/local/bin/dashboards"


@pytest.fixture
def dashboards(debian, tmp_path):
    """What RUN and COPY make of a clean Debian in the image `dashboards`, with Superset from another."""
    for path in ("tools/make-venv", "third_party/superset"):
        (debian.folder / "src" / path).parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["cp", "-a", CHECKOUT / path, debian.folder / "src" / path], check=True)
    for step in steps("superset"):
        debian.run("bash", "-euo", "pipefail", "-c", f"cd /src && {step}")
    image = Debian(tmp_path / "dashboards")
    for step in steps("dashboards"):
        image.run("sh", "-c", step)
    (image.folder / "usr" / "share" / "antenna").mkdir()
    for source, target in (
        (debian.folder / "opt" / "superset", "opt/superset"),
        (CHECKOUT / "serving" / "superset", "usr/share/antenna/superset"),
        (DOCKER / "dashboards", ENTRY.lstrip("/")),
    ):
        subprocess.run(["cp", "-a", source, image.folder / target], check=True)
    return image


@pytest.mark.timeout(2400)
def test_the_dashboards_are_served_where_nothing_is(dashboards):
    """As the image's user, until its health check finds them; in a network of their own, for the port is always one."""
    (dashboards.folder / "var" / "lib" / "superset" / "password").write_text("secret\n")
    asked = shlex.join(json.loads(re.search(r"(?m)^HEALTHCHECK [^[]*(\[.*\])$", lines_of("dashboards"))[1]))
    serve = f"{ENTRY} & until {asked}; do kill -0 $! || exit 1; sleep 1; done; kill $! && wait $!"
    user = ("setpriv", "--reuid=10001", "--regid=10001", "--clear-groups")
    variables = ("env", "HOME=/var/lib/superset", "SUPERSET_PASSWORD_FILE=/var/lib/superset/password")
    with Network() as network:
        served = network.call(dashboards.run, *user, *variables, "bash", "-ec", serve)
    assert "Listening at: http://0.0.0.0:8088" in served.stderr
    wrong = dashboards.run(*user, ENTRY, "nonsense", check=False)
    assert (wrong.returncode, wrong.stderr) == (2, "usage: dashboards [import]\n")
