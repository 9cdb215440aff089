"""The Debian package for arm64, made by the cross-build."""

import subprocess

import pytest
from debian import CHECKOUT

pytestmark = pytest.mark.timeout(300)


def said(*words):
    return subprocess.run(words, cwd=CHECKOUT, check=True, capture_output=True, text=True).stdout


def test_it_says_what_it_is_and_needs(package):
    assert said("dpkg-deb", "--field", package, "Architecture").strip() == "arm64"
    needed = said("dpkg-deb", "--field", package, "Depends")
    for name in ("libc6", "libcurl4", "libinih1", "libmimalloc2.0", "libpq5", "libsasl2-2", "libssl3", "libstdc++6"):
        assert f"{name} (" in needed or f"{name}," in f"{needed},", needed
    assert "duckdb" not in needed


def test_all_of_it_is_for_arm64(package, tmp_path):
    said("dpkg-deb", "--extract", package, tmp_path)
    for name in ("bin/antenna", "lib/antenna/libduckdb.so"):
        header = said("readelf", "-h", tmp_path / "usr" / name)
        assert "Machine:                           AArch64" in header
        assert "no symbols" in said("sh", "-c", f"nm {tmp_path / 'usr' / name} 2>&1")


def test_apt_finds_what_it_needs(package):
    words = ("tools/arm64", "apt-get", "install", "--simulate", "--no-install-recommends", package)
    assert "Inst antenna" in said(*words)


def test_the_program_runs(package):
    lines = said("tools/arm64", "qemu-aarch64-static", package.parent / "antenna", "--version").splitlines()
    assert lines[0].startswith("antenna ")
    assert any(line.startswith("DuckDB v") for line in lines)
