"""Fixtures of the tests of what is deployed."""

import subprocess

import pytest
from debian import CHECKOUT, Debian


@pytest.fixture(scope="session")
def package():
    """The Debian package, made anew from what is built."""
    build = CHECKOUT / "build"
    for path in build.glob("antenna_*.deb"):
        path.unlink()
    command = ["make", "--no-print-directory", "-o", "build", "deb"]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (path,) = build.glob("antenna_*.deb")
    return path


@pytest.fixture
def debian(tmp_path):
    return Debian(tmp_path / "debian")
