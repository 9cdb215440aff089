"""A packager's build: CMake without a preset, with the packager's own flags and compiler."""

import re
import shutil
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


@pytest.mark.share
@pytest.mark.parametrize("patches", ["", f"patches={64 * '0'}\n"], ids=["none", "others"])
def test_a_librdkafka_without_our_patches_is_refused(tmp_path, patches):
    """As a system's is, and one that was made before a patch was changed."""
    parts = tmp_path / "parts"
    shutil.copytree(CHECKOUT / ".deps" / "librdkafka", parts / "librdkafka")
    description = parts / "librdkafka" / "lib" / "pkgconfig" / "rdkafka.pc"
    description.write_text(re.sub(r"(?m)^patches=.*\n", patches, description.read_text()))
    words = ("cmake", "-G", "Ninja", "-S", CHECKOUT, "-B", tmp_path / "build", f"-DANTENNA_PARTS={parts}")
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    words = " ".join(done.stderr.split())
    assert f'no librdkafka with the patches of third_party/librdkafka: "{description}" has patches="' in words
    assert "hint: run tools/setup build" in words
