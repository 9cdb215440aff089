"""The Debian package in clean Debians: what it needs, what it makes, and what is left of it."""

import contextlib
import re

import events
import pytest
from debian import RELEASES, SYSUSERS, Debian, repack
from test_install import WANTED

# The first test of a release builds its package.
pytestmark = pytest.mark.timeout(1500)


@pytest.fixture
def clean(clean_folder, release, tmp_path):
    with contextlib.closing(Debian(tmp_path / "debian", clean_folder(release))) as debian:
        yield debian


@pytest.fixture(scope="session")
def installed_folder(clean_folder, release, release_package, tmp_path_factory):
    folder = tmp_path_factory.mktemp("installed") / "debian"
    with contextlib.closing(Debian(folder, clean_folder(release))) as debian:
        debian.install(release_package, SYSUSERS)
        yield folder


@pytest.fixture
def installed(installed_folder, tmp_path):
    """A Debian of the release with its package."""
    with contextlib.closing(Debian(tmp_path / "debian", installed_folder)) as debian:
        yield debian


def test_lintian_reports_nothing(release_package, clean):
    """That of the release; what it is told to overlook has its reason in deploy/debian."""
    clean.apt("install", "lintian")
    done = clean.judge(release_package)
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr


def test_it_is_installed_and_both_layers_work(release, installed, case):
    assert installed.run("antenna", "--version").stdout.startswith("antenna ")
    assert f"~debian{RELEASES[release]}" in installed.run("dpkg-query", "-W", "antenna").stdout
    case.create_topic()
    case.produce([*events.draw(500), b"nonsense"])
    case.root = installed.folder / "var" / "lib" / "antenna"
    arguments = case.speed_arguments("--until-end", root="/var/lib/antenna")
    installed.run("antenna", "provision", *case.login)
    installed.run("install", "-d", "-o", "antenna", "-g", "antenna", "/var/lib/antenna")
    antenna = ("setpriv", "--reuid=antenna", "--regid=antenna", "--clear-groups", "antenna")
    installed.run(*antenna, *arguments)
    installed.run(*antenna, *case.batch_arguments("-", "--pending", path="/var/lib/antenna/data"))
    case.check_layers()


def test_it_is_complete(installed):
    assert "antenna" in installed.run("id", "antenna").stdout
    assert len(re.findall(r"(?m)^antenna:", installed.text("etc/passwd"))) == 1
    assert installed.run("dpkg", "--verify", "antenna").stdout == ""
    listed = installed.run("dpkg", "--listfiles", "antenna").stdout.split()
    assert {path.removesuffix(".gz") for path in listed} >= {f"/usr/{path}" for path in WANTED}
    plain = [path for path in listed if re.search(r"/man1/.*\.1$|/changelog\.Debian$", path)]
    assert plain == []
    documents = "usr/share/doc/antenna"
    licences = installed.text(f"{documents}/copyright") + installed.text(f"{documents}/librdkafka-licences.txt")
    for holder in ("Magnus Edenhill", "Stichting DuckDB Foundation"):
        assert holder in licences


def test_an_upgrade_keeps_what_an_operator_has_made(release_package, clean, tmp_path):
    clean.install(repack(release_package, tmp_path, "0.0.9-1"), SYSUSERS)
    password = clean.folder / "etc" / "antenna" / "speed.password"
    password.write_text("secret\n")
    user = clean.run("id", "antenna").stdout
    clean.install(release_package)
    assert not (clean.folder / "usr" / "share" / "antenna" / "repacked").exists()
    assert password.read_text() == "secret\n"
    assert clean.run("id", "antenna").stdout == user
    assert clean.run("dpkg", "--verify", "antenna").stdout == ""


def test_purging_leaves_nothing(installed):
    configuration = installed.folder / "etc" / "antenna"
    (configuration / "speed.password").write_text("secret\n")
    (installed.folder / "etc" / "default" / "antenna").write_text("ANTENNA_LOG_FORMAT=json\n")
    (installed.folder / "var" / "lib" / "antenna" / "data").mkdir(parents=True)
    installed.apt("remove", "antenna")
    assert (configuration / "speed.password").exists()
    assert installed.run("sh", "-c", "command -v antenna", check=False).returncode
    installed.apt("purge", "antenna")
    assert installed.paths_of("antenna") == []
    for path in ("etc/passwd", "etc/group", "etc/shadow"):
        assert "antenna" not in installed.text(path)


def test_an_archive_outlives_a_purge(installed):
    archive = installed.folder / "var" / "lib" / "antenna" / "data" / "year=2022"
    archive.mkdir(parents=True)
    (archive / "x.parquet").touch()
    done = installed.apt("purge", "antenna")
    assert "the archive in /var/lib/antenna" in done.stdout + done.stderr
    assert (archive / "x.parquet").exists()
    assert "antenna" in installed.run("id", "antenna").stdout
