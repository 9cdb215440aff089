"""Manual pages: right by mandoc and by groff, and complete."""

import re
import subprocess

import pytest
from program import CHECKOUT
from test_command_line import ARGUMENTS

pytestmark = pytest.mark.timeout(60)

PAGES = CHECKOUT / "build" / "man"
NAMES = ["antenna", *(f"antenna-{command}" for command in ARGUMENTS)]


def options_of(program, command):
    """The long options that --help tells, and the arguments, which are options too."""
    text = program.run(command, "--help").out
    return set(re.findall(r"^  (?:-\w, |    )--([\w-]+)", text, re.MULTILINE)) | set(ARGUMENTS[command])


def read(command, *words):
    """What a program prints without a word of complaint."""
    result = subprocess.run([*command, *words], capture_output=True, text=True, check=False, env={"LC_ALL": "C.UTF-8"})
    assert (result.returncode, result.stderr) == (0, ""), result.stdout + result.stderr
    return re.sub(r".\x08", "", result.stdout)


def test_there_is_one_for_each_command():
    assert sorted(path.name for path in PAGES.iterdir()) == sorted(f"{name}.1" for name in NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_they_are_right(name):
    # Of other pages that it refers to, mandoc knows those that are installed only.
    read(["mandoc", "-Tlint", "-Wwarning"], PAGES / f"{name}.1")
    read(["/usr/bin/env", "MANWIDTH=80", "man", "--warnings", "--local-file"], PAGES / f"{name}.1")


@pytest.mark.parametrize("command", ARGUMENTS)
def test_they_are_complete(program, command):
    text = read(["mandoc", "-Tutf8"], PAGES / f"antenna-{command}.1")
    for option in options_of(program, command) - set(ARGUMENTS[command]):
        assert re.search(rf"--{option}(?![\w-])", text), option
    for argument in ARGUMENTS[command]:
        assert argument in text
    for part in ("NAME", "SYNOPSIS", "DESCRIPTION", "EXIT STATUS", "EXAMPLES", "SEE ALSO"):
        assert re.search(rf"^{part}$", text, re.MULTILINE), part


def test_the_first_names_all_commands():
    text = read(["mandoc", "-Tutf8"], PAGES / "antenna.1")
    for command in ARGUMENTS:
        assert f"antenna-{command}(1)" in text
