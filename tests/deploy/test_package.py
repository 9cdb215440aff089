"""The Debian package in a clean Debian: what it needs, what it makes, and what is left of it."""

import re
import subprocess

import pytest
from debian import CHECKOUT, SYSUSERS
from test_install import WANTED

pytestmark = pytest.mark.timeout(300)


def field(package, name):
    done = subprocess.run(["dpkg-deb", "--field", package, name], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_it_says_what_it_needs(package):
    needed = field(package, "Depends")
    for name in ("libc6", "libpq5", "libjansson4", "libinih1", "libmimalloc2.0", "libssl3", "libstdc++6"):
        assert f"{name} (" in needed or f"{name}," in f"{needed},", needed
    assert "duckdb" not in needed
    assert field(package, "Architecture") == "amd64"


def test_it_is_refused_without_libraries(package, tmp_path):
    """As where dpkg-shlibdeps is missing, of which CPack only prints a message."""
    words = ("-D", "CPACK_DEBIAN_PACKAGE_SHLIBDEPS=OFF", "-B", tmp_path)
    done = subprocess.run(
        ["cpack", "--config", "build/CPackConfig.cmake", *words],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0, done.stdout
    assert "install dpkg-dev" in done.stdout + done.stderr
    assert not list(tmp_path.glob("antenna_*.deb"))


def test_lintian_has_nothing_to_say(package):
    words = ("lintian", "--fail-on", "error,warning", "--allow-root", package)
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr


def test_it_is_installed_and_runs(package, debian):
    debian.install(package, SYSUSERS)
    assert debian.run("antenna", "--version").stdout.startswith("antenna ")
    assert "antenna" in debian.run("id", "antenna").stdout
    assert len(re.findall(r"(?m)^antenna:", debian.text("etc/passwd"))) == 1
    assert debian.run("dpkg", "--verify", "antenna").stdout == ""
    listed = debian.run("dpkg", "--listfiles", "antenna").stdout.split()
    assert {path.removesuffix(".gz") for path in listed} >= {f"/usr/{path}" for path in WANTED}
    assert not [path for path in listed if re.search(r"/man1/.*\.1$", path)]
    licences = debian.text("usr/share/doc/antenna/copyright") + debian.text(
        "usr/share/doc/antenna/librdkafka-licences.txt"
    )
    for holder in ("Magnus Edenhill", "Stichting DuckDB Foundation"):
        assert holder in licences


def test_purging_leaves_nothing(package, debian):
    debian.install(package, SYSUSERS)
    configuration = debian.folder / "etc" / "antenna"
    (configuration / "speed.password").write_text("secret\n")
    (debian.folder / "etc" / "default" / "antenna").write_text("ANTENNA_LOG_FORMAT=json\n")
    (debian.folder / "var" / "lib" / "antenna" / "data").mkdir(parents=True)
    for _ in range(2):  # installing it again over itself is an upgrade
        debian.install(package)
    debian.apt("remove", "antenna")
    assert (configuration / "speed.password").exists()
    debian.apt("purge", "antenna")
    assert debian.paths_of("antenna") == []
    for path in ("etc/passwd", "etc/group", "etc/shadow"):
        assert "antenna" not in debian.text(path)


def test_an_archive_outlives_a_purge(package, debian):
    debian.install(package, SYSUSERS)
    archive = debian.folder / "var" / "lib" / "antenna" / "data" / "year=2022"
    archive.mkdir(parents=True)
    (archive / "x.parquet").touch()
    done = debian.apt("purge", "antenna")
    assert "the archive in /var/lib/antenna" in done.stdout + done.stderr
    assert (archive / "x.parquet").exists()
    assert "antenna" in debian.run("id", "antenna").stdout
