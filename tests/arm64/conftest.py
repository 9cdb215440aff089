"""What the cross-build for arm64 makes."""

import subprocess

import pytest
from debian import CHECKOUT


@pytest.fixture(scope="session")
def package():
    """Its Debian package, in the folder of the build."""
    folder = CHECKOUT / "build" / "arm64"
    for path in folder.glob("antenna_*.deb"):
        path.unlink()
    subprocess.run(["make", "--no-print-directory", "-o", "build-arm64", "deb-arm64"], cwd=CHECKOUT, check=True)
    (path,) = folder.glob("antenna_*.deb")
    return path
