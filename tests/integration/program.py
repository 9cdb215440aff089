"""The program under test, in the foreground and in the background."""

import dataclasses
import os
import pathlib
import re
import signal
import subprocess

from waiting import PATIENCE, wait_until

CHECKOUT = pathlib.Path(__file__).resolve().parents[2]
BINARY = CHECKOUT / os.environ.get("ANTENNA", "build/antenna")

# The exit code of each error code.
PAGE = (CHECKOUT / "docs" / "errors.md").read_text()
EXIT_CODES = {code: int(exit_code) for code, exit_code in re.findall(r"^\| `(ANT-\w+)` \| .*? \| (\d) \|", PAGE, re.M)}

# Exit code of a finding of the sanitizers and of valgrind, which no command of ours returns.
SANITIZER_EXIT = 99

SANITIZER_OPTIONS = {
    # What a test preloads comes before the sanitizer's own library.
    "ASAN_OPTIONS": f"exitcode={SANITIZER_EXIT}:verify_asan_link_order=0",
    "LSAN_OPTIONS": f"exitcode={SANITIZER_EXIT}:suppressions={CHECKOUT}/tests/leak_sanitizer.txt:print_suppressions=0",
    "TSAN_OPTIONS": f"exitcode={SANITIZER_EXIT}:suppressions={CHECKOUT}/tests/thread_sanitizer.txt",
    "UBSAN_OPTIONS": f"exitcode={SANITIZER_EXIT}:halt_on_error=1:print_stacktrace=1",
}

# The kernel ends what we start when we end, however that happens. Whoever runs the tests may ignore signals, as nohup
# does, and what we start must not inherit that.
DIE_WITH_PARENT = ["env", "--default-signal", "setpriv", "--pdeathsig", "KILL"]


@dataclasses.dataclass
class Result:
    """How a run ended."""

    code: int
    out: str
    err: str

    def fails(self, code, *words):
        """Asserts that it failed with this code, its exit code, one message, a hint or not, and these words in them."""
        errors = [line.partition(" error ")[2] for line in self.err.splitlines() if " error " in line]
        messages = [line for line in errors if ": hint: " not in line]
        assert len(messages) == 1, f"not one message:\n{self.err}"
        assert re.findall(r": (ANT-\w+): ", messages[0])[:1] == [code], f"not {code}:\n{self.err}"
        assert self.code == EXIT_CODES[code], f"exit code {self.code} of {code}:\n{self.err}"
        said = "\n".join(errors)
        for word in words:
            assert word in said, f'"{word}" is not said:\n{said}'
        return self


def environment(changes=None):
    """Ours without the settings of the program and of libpq, and with changes."""
    names = ("ANTENNA_", "PG")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(names)}
    return kept | SANITIZER_OPTIONS | {"HOME": "/nonexistent"} | (changes or {})


class Running:
    """A process in the background; `via` are words that run it elsewhere, as the same process."""

    def __init__(self, folder, arguments, changes=None, out=None, via=()):
        folder.mkdir(parents=True, exist_ok=True)
        self.out_path = folder / "out"
        self.err_path = folder / "err"
        with open(self.out_path, "wb") as own_out, open(self.err_path, "wb") as err:
            self.process = subprocess.Popen(
                [*DIE_WITH_PARENT, *via, BINARY, *map(str, arguments)],
                stdin=subprocess.DEVNULL,
                stdout=out or own_out,
                stderr=err,
                env=environment(changes),
                cwd=folder,
            )

    @property
    def err(self):
        return self.err_path.read_text(errors="replace")

    def is_running(self):
        return self.process.poll() is None

    def said(self, text, count=1):
        """Whether the text stands on stderr so many times."""
        return self.err.count(text) >= count

    def wait_for(self, text, seconds=30, count=1):
        """Waits until the text stands on stderr; fails when the process ends before."""

        def look():
            assert self.said(text, count) or self.is_running(), f'ended without saying "{text}":\n{self.err}'
            return self.said(text, count)

        wait_until(look, f'"{text}" on stderr:\n{self.err}', seconds)
        return self

    def wait(self, seconds=60):
        """Waits for the end and returns the result."""
        try:
            code = self.process.wait(seconds * PATIENCE)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still running after {seconds} s:\n{self.err}") from None
        result = Result(code, self.out_path.read_text(errors="replace"), self.err)
        assert code != SANITIZER_EXIT, f"the sanitizers found something:\n{self.err}"
        return result

    def terminate(self, seconds=60):
        """Asks for a clean stop and expects it."""
        self.process.send_signal(signal.SIGTERM)
        result = self.wait(seconds)
        assert result.code == 0, f"exit code {result.code} after SIGTERM:\n{result.err}"
        return result

    def kill(self):
        """Ends it at once."""
        self.process.kill()
        self.process.wait()


class Program:
    """Starts `antenna` and ends what is left of it."""

    def __init__(self, folder):
        self._folder = folder
        self._started = []

    def start(self, *arguments, environment=None, out=None, via=()):
        """Starts a command in the background, with changes of the environment, and `via` as in Running."""
        running = Running(self._folder / f"run-{len(self._started)}", arguments, environment, out, via)
        self._started.append(running)
        return running

    def run(self, *arguments, environment=None, out=None, seconds=60):
        """Runs a command to its end."""
        return self.start(*arguments, environment=environment, out=out).wait(seconds)

    def close(self):
        """Kills what still runs."""
        for running in self._started:
            if running.is_running():
                running.kill()
            assert running.process.returncode != SANITIZER_EXIT, running.err
