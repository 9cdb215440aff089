"""Checks tracked texts: links between documents lead to a file and, with #, to one of its headings, and nothing names
one machine or a package registry."""

import functools
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
LINK = re.compile(r"\]\(([^)#\s]*)(?:#([^)\s]*))?\)")
CODE_BLOCK = re.compile(r"^ *```.*?^ *```$", re.DOTALL | re.MULTILINE)
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)

# Written so that this file does not match itself.
FORBIDDEN = {
    "the path of one machine": re.compile(r"(?<![\w.])/(?:work|root|home/[a-z]+)/"),
    "a package registry": re.compile(r"(registry\.npmjs|pypi|pythonhosted|repo1?\.maven|deb\.debian)\.(org|com)"),
}


def anchor(heading):
    """What GitHub makes of a heading for a link to it."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


@functools.cache
def anchors(path):
    """The anchors of a document's headings."""
    return {anchor(heading) for heading in HEADING.findall(CODE_BLOCK.sub("", path.read_text(encoding="utf-8")))}


def broken_links(path, text):
    """A message for each relative link of a Markdown file that leads nowhere."""
    for target, heading in LINK.findall(text):
        if "://" in target:
            continue
        place = path.parent / target if target else path
        if not place.exists():
            yield f"{path.relative_to(ROOT)}: the link to {target} leads nowhere"
        elif heading and place.suffix == ".md" and heading not in anchors(place):
            yield f"{path.relative_to(ROOT)}: {target or 'it'} has no heading for the link to #{heading}"


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


if __name__ == "__main__":
    sys.exit(main())
