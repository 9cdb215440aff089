"""Pages of results: a table whose rows are written when a run ends; those of what was not run stay as they are."""

import datetime
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[1]
RELEASE_TESTS = ROOT / "docs" / "release-tests.md"
VERSIONS = ROOT / "docs" / "versions.md"


def tested_commit():
    """The commit that is tested; `-dirty` behind it says that there were changes beside these pages."""
    describe = ["git", "describe", "--always", "--abbrev=10"]
    pages = [f":!{page.relative_to(ROOT)}" for page in (RELEASE_TESTS, VERSIONS)]
    changes = ["git", "status", "--porcelain", "--", ".", *pages]
    name, changed = (
        subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
        for command in (describe, changes)
    )
    return f"{name}-dirty" if changed else name


def today():
    """The day in UTC."""
    return datetime.datetime.now(datetime.UTC).date()


def read_rows(page, pattern):
    """The rows of a page's table by what the pattern's group finds in them."""
    text = page.read_text(encoding="utf-8") if page.exists() else ""
    return {found[1]: found[0] for found in re.finditer(pattern, text, re.MULTILINE)}
