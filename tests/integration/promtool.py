"""Prometheus' own tool, which judges metrics and alerts."""

import subprocess

from program import CHECKOUT

PROMTOOL = CHECKOUT / ".deps" / "unpacked" / "usr" / "bin" / "promtool"


def check(*arguments, text=None):
    """Asserts that promtool has nothing to say against its input."""
    done = subprocess.run([PROMTOOL, *arguments], input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
