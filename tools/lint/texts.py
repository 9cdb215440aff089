"""Checks tracked texts: links between documents lead somewhere, and nothing names one machine or a package registry."""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
LINK = re.compile(r"\]\(([^)#\s]+)(#[^)]*)?\)")

# Written so that this file does not match itself.
FORBIDDEN = {
    "the path of one machine": re.compile(r"(?<![\w.])/(?:work|root|home/[a-z]+)/"),
    "a package registry": re.compile(r"(registry\.npmjs|pypi|pythonhosted|repo1?\.maven|deb\.debian)\.(org|com)"),
}


def broken_links(path, text):
    """A message for each relative link of a Markdown file that leads nowhere."""
    for target, _ in LINK.findall(text):
        if "://" not in target and not (path.parent / target).exists():
            yield f"{path.relative_to(ROOT)}: the link to {target} leads nowhere"


def main():
    """Prints each breach; returns the exit code."""
    names = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    breaches = []
    for name in names.stdout.split():
        path = ROOT / name
        if path.is_dir():  # a link to one
            continue
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue
        if path.suffix == ".md":
            breaches.extend(broken_links(path, text))
        for number, line in enumerate(text.splitlines(), 1):
            for what, pattern in FORBIDDEN.items():
                if pattern.search(line):
                    breaches.append(f"{name}:{number}: names {what}: {line.strip()}")
    print("\n".join(breaches))
    return 1 if breaches else 0


sys.exit(main())
