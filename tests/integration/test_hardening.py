"""What makes a defect hard to exploit is in the program, and holds while it runs."""

import os
import pathlib
import re
import subprocess

import pytest
from program import BINARY, CHECKOUT

pytestmark = pytest.mark.timeout(60)


def readelf(*options):
    return subprocess.run(["readelf", "-W", *options, BINARY], check=True, capture_output=True, text=True).stdout


def test_it_is_loaded_at_a_place_that_nobody_knows():
    assert "DYN (Position-Independent Executable file)" in readelf("--file-header")


def test_tables_of_addresses_are_read_only():
    assert "GNU_RELRO" in readelf("--program-headers")
    assert "BIND_NOW" in readelf("--dynamic")


def test_no_segment_is_both_writable_and_executable():
    flags = re.findall(r"^ +([A-Z_]+) +(?:0x\w+ +){5}([R ][W ][E ])", readelf("--program-headers"), re.MULTILINE)
    assert {"LOAD", "GNU_STACK"} <= {name for name, _ in flags}
    assert not [name for name, flag in flags if "W" in flag and "E" in flag]


@pytest.mark.skipif(BINARY.parent != CHECKOUT / "build", reason="they are only in an optimised build")
def test_our_code_and_librdkafka_are_compiled_with_checks():
    """The stack protector, and the checked forms of functions: of two one is ours alone, one librdkafka's alone."""
    symbols = readelf("--dyn-syms")
    for name in ("__stack_chk_fail", "__vsnprintf_chk", "__explicit_bzero_chk", "__poll_chk"):
        assert name in symbols, name


def test_large_frames_are_probed():
    """gcc's -fstack-clash-protection touches each page of a frame: `or $0x0` of eight bytes below the stack pointer."""
    code = subprocess.run(["objdump", "-d", "--no-show-raw-insn", BINARY], check=True, capture_output=True, text=True)
    assert re.search(r"orq +\$0x0,\(%rsp\)", code.stdout)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may look into a process that may not be dumped")
def test_no_memory_is_both_writable_and_executable(case):
    case.prepare()
    speed = case.start_speed("--roll-age", "100ms")
    case.produce([b"nonsense"])
    case.simulate("--count", "2000", "--rate", "max")
    case.wait_until_read(speed)
    maps = pathlib.Path(f"/proc/{speed.process.pid}/maps").read_text().splitlines()
    assert [line for line in maps if "libduckdb" in line]
    assert not [line for line in maps if re.search(r" .w.*x", line.partition("-")[2][:30])]
    speed.terminate()
