"""Fixtures of the tests of what is deployed."""

import contextlib
import functools
import subprocess

import pytest
from debian import CHECKOUT, PRISTINE, RELEASES, Debian
from images import Store


@pytest.fixture(scope="session")
def package():
    """The Debian package for this machine's release, made of what is built."""
    command = ["make", "--no-print-directory", "-o", "build", "-o", "setup-package", "deb"]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (path,) = (CHECKOUT / "build").glob("antenna_*.deb")
    return path


@pytest.fixture(scope="session")
def clean_folder(tmp_path_factory):
    """The folder of a clean Debian by its release; it has the lists of its packages."""
    with contextlib.ExitStack() as made:

        @functools.cache
        def find(release):
            debian = Debian(tmp_path_factory.mktemp("clean") / release, PRISTINE / release)
            made.callback(debian.close)
            debian.apt("update")
            return debian.folder

        yield find


@pytest.fixture
def debian(clean_folder, tmp_path):
    """A clean Debian 12."""
    with contextlib.closing(Debian(tmp_path / "debian", clean_folder("bookworm"))) as debian:
        yield debian


@pytest.fixture(scope="session")
def store(tmp_path_factory):
    with Store(tmp_path_factory.mktemp("images")) as store:
        yield store


@pytest.fixture(scope="session", params=RELEASES)
def release(request):
    return request.param


@pytest.fixture(scope="session")
def release_package(store, release):
    """The package for a release, built from nothing in a clean Debian of that release, as the Dockerfile says."""
    (path,) = store.build("package", DEBIAN=str(RELEASES[release])).mount().glob("antenna_*.deb")
    return path
