"""Completions, in a real bash and a real zsh."""

import contextlib
import subprocess

import pytest
from program import CHECKOUT
from shell import Shell
from test_command_line import ARGUMENTS
from test_manual import options_of

pytestmark = pytest.mark.timeout(60)

FOLDER = CHECKOUT / "build" / "completions"
END = "\nend\n"
KILL_LINE = "\x15"
COMPLETE = "\t"
SHOW = "\x14"

COMMANDS = set(ARGUMENTS)
LEVELS = {"error", "warning", "info", "debug"}
FILES = {"users.csv", "a folder"}

# bash: what it would offer for a line.
OFFER = r"""
source "$0"
COMP_LINE=$1 COMP_POINT=${#1} COMPREPLY=()
_antenna antenna "" ""
printf '%s\n' "${COMPREPLY[@]}"
"""

# bash: a key writes the line as it is after completion into a file.
BASH_START = f"""
PS1=
source {FOLDER}/antenna.bash
show() {{ printf '%s\\nend\\n' "$READLINE_LINE" >line; }}
bind -x '"\\C-t": show'
printf 'end\\n' >ready
"""

# zsh: each match that completion adds goes into a file, and "end" when it is through.
ZSH_START = f"""
PS1= RPS1= PROMPT_EOL_MARK=
unsetopt beep auto_list
bindkey -e
fpath=({FOLDER} $fpath)
autoload -Uz compinit && compinit -u -D
compadd() {{
    local -a matches
    if [[ ${{@[1,(i)(-|--)]}} != *-[OAD]\\ * ]]; then
        builtin compadd -A matches "$@"
        print -rl -- $matches >>offers
    fi
    builtin compadd "$@"
}}
finish() {{ print -r -- $'\\nend' >>offers; }}
# zsh forgets both lists after each completion.
begin() {{ comppostfuncs=(finish) }}
complete-and-clear() {{ compprefuncs=(begin); zle expand-or-complete; zle kill-whole-line }}
zle -N complete-and-clear
bindkey '^I' complete-and-clear
zle-line-init() {{ print end >ready }}
zle -N zle-line-init
"""


@pytest.fixture
def folder(tmp_path):
    """A folder with something to offer."""
    (tmp_path / "users.csv").touch()
    (tmp_path / "a folder").mkdir()
    return tmp_path


class Bash:
    """Completion as bash does it."""

    def __init__(self, folder):
        self._folder = folder

    def offers(self, line):
        """What is offered for a line."""
        command = ["bash", "--norc", "-c", OFFER, FOLDER / "antenna.bash", line]
        result = subprocess.run(command, capture_output=True, text=True, check=True, cwd=self._folder)
        assert not result.stderr, result.stderr
        return set(result.stdout.splitlines()) - {""}

    def close(self):
        """Nothing is left."""


class Zsh:
    """Completion as zsh does it."""

    def __init__(self, folder):
        home = folder / ".home"
        home.mkdir()
        (home / ".zshrc").write_text(ZSH_START)
        self._path = folder / "offers"
        self._terminal = Shell(["zsh", "-i"], folder, {"ZDOTDIR": str(home)})
        self._terminal.wait_for(folder / "ready", "end\n")
        (folder / "ready").unlink()

    def offers(self, line):
        """What is offered for a line."""
        self._path.unlink(missing_ok=True)
        self._terminal.press(line + COMPLETE)
        words = self._terminal.wait_for(self._path, END).replace("\\", "").splitlines()
        return {word.rstrip("/=") for word in words} - {"", "offers"}

    def close(self):
        """Ends it."""
        self._terminal.close()


@pytest.fixture(params=[Bash, Zsh], ids=["bash", "zsh"])
def shell(request, folder):
    with contextlib.closing(request.param(folder)) as shell:
        yield shell


def test_commands(shell):
    assert shell.offers("antenna ") - {"--help", "--version"} == COMMANDS
    assert shell.offers("antenna s") == {"simulate", "speed", "status"}
    assert shell.offers("antenna config ") == COMMANDS
    assert shell.offers("antenna config sp") == {"speed"}


def test_every_option(shell, program):
    for command in ARGUMENTS:
        options = {f"--{name}" for name in options_of(program, command) - {"command"}}
        assert {word for word in shell.offers(f"antenna {command} --") if word.startswith("--")} == options, command


def test_options_of_a_command_within_config(shell):
    assert shell.offers("antenna config speed --roll") == {"--roll-rows", "--roll-bytes", "--roll-age"}


def test_words_of_a_value(shell):
    assert shell.offers("antenna speed --log-level ") == LEVELS
    assert shell.offers("antenna speed --log-level=") == LEVELS
    assert shell.offers("antenna speed --workers 2 --log-level w") == {"warning"}


def test_files_and_folders(shell):
    assert shell.offers("antenna provision --users ") >= FILES
    assert shell.offers("antenna provision --users=us") == {"users.csv"}
    assert "users.csv" not in shell.offers("antenna speed --storage-root ")
    assert shell.offers("antenna speed --storage-root a") == {"a folder"}


def test_arguments_by_their_place(shell):
    """Addresses have marks at which shells break words, and values of options are no arguments."""
    before = "antenna speed localhost:9092 devices --workers 2 jdbc:postgresql://h:5432/d?sslmode=require bytes me -"
    found = shell.offers(f"{before} ")
    assert "a folder" in found
    assert "users.csv" not in found
    assert shell.offers("antenna speed ") & (FILES | COMMANDS) == set()


def test_completions_that_bash_inserts(folder):
    start = folder / "start"
    start.write_text(BASH_START)
    terminal = Shell(["bash", "--rcfile", start, "-i"], folder)
    with contextlib.closing(terminal):
        terminal.wait_for(folder / "ready", "end\n")
        for typed, expected in [
            ("antenna sta", "antenna status "),
            ("antenna speed --log-level=wa", "antenna speed --log-level=warning "),
            ("antenna speed h:1 t --until", "antenna speed h:1 t --until-end "),
            ("antenna provision --users us", "antenna provision --users users.csv "),
            ("antenna speed --storage-root a", "antenna speed --storage-root a\\ folder/"),
        ]:
            (folder / "line").unlink(missing_ok=True)
            terminal.press(KILL_LINE + typed + COMPLETE + SHOW)
            assert terminal.wait_for(folder / "line", END) == expected


def test_they_are_scripts_without_faults():
    subprocess.run(["bash", "-n", FOLDER / "antenna.bash"], check=True)
    subprocess.run(["zsh", "-n", FOLDER / "_antenna"], check=True)
