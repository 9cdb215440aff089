"""The image `antenna` for arm64, run by the composition under qemu, beside servers of this machine.

Its last stage is built on a Debian for arm64, with the package of the cross-build in the place of the other stages.
"""

import subprocess

import pytest
from composition import JOBS
from container_engine import Engine
from debian import CHECKOUT
from images import Store
from waiting import wait_until

pytestmark = pytest.mark.timeout(900)

BASES = {"12-slim": CHECKOUT / ".deps" / "arm64-image"}


@pytest.fixture(scope="module")
def image(package, tmp_path_factory):
    # A machine without systemd forgets at each start that qemu runs these programs.
    subprocess.run(["update-binfmts", "--enable", "qemu-aarch64"], check=True)
    with Store(tmp_path_factory.mktemp("images"), BASES, "arm64") as store:
        yield store.build("antenna", f"--build-context=package={package.parent}", REVISION="1234567")


@pytest.fixture(scope="module")
def engine(image, home):
    with Engine({"antenna": image}, home / "composition") as engine:
        for name in ("antennas", *JOBS):
            engine.up(name)
        yield engine


def test_it_is_for_arm64_and_so_is_its_program(image, engine):
    assert image.architecture == "arm64"
    assert engine.run("provision", "--version").startswith("antenna ")
    words = ("readelf", "--file-header", image.mount() / "usr/bin/antenna")
    assert "AArch64" in subprocess.run(words, check=True, capture_output=True, text=True).stdout


def test_both_layers_work_and_lose_nothing(engine):
    for name in JOBS:
        wait_until(lambda name=name: engine.is_healthy(name), f"{name} is healthy", 60)
    for table in ("bytes", "bytes_hourly"):
        wait_until(lambda table=table: engine.rows(table), f"{table} has rows", 120)
    engine.stop_layers()
    engine.run("batch", "verify")
