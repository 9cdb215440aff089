"""The build as a packager does it: CMake without a preset, with flags and a compiler of the packager's own."""

import subprocess

import pytest
from debian import CHECKOUT

pytestmark = pytest.mark.timeout(600)


def said(*words):
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


def test_a_build_without_a_preset_is_optimised_and_hardened_and_takes_warnings(tmp_path):
    """The warning is one that our code has many of."""
    said("cmake", "-G", "Ninja", "-S", CHECKOUT, "-B", tmp_path, "-DCMAKE_C_FLAGS=-Wpadded")
    assert "[-Wpadded]" in said("cmake", "--build", tmp_path, "--target", "antenna")
    assert said(tmp_path / "antenna", "--version").startswith("antenna ")
    # One of libc's checked functions that librdkafka does not call.
    assert "__explicit_bzero_chk" in said("readelf", "--dyn-syms", "-W", tmp_path / "antenna")
