"""The documents, and the blocks of commands, SQL and configuration in them."""

import dataclasses
import re
import subprocess
import textwrap

from program import CHECKOUT

DOCS = CHECKOUT / "docs"

# A heading outside of blocks, a block, or a picture.
PARTS = re.compile(
    r"^#+ (?P<heading>[^\n]+)$"
    r"|^(?P<indent> *)```(?P<language>\w*)\n(?P<text>.*?)^ *```$"
    r"|!\[[^]]*\]\((?P<picture>[^)]+)\)",
    re.DOTALL | re.MULTILINE,
)


@dataclasses.dataclass(frozen=True)
class Block:
    """A block of a document; `picture` is the one that follows it before the next block, relative to the document."""

    document: str
    heading: str
    language: str
    text: str
    picture: str | None = None


def documents():
    """The names of all documents of the checkout, relative to it."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"]
    return subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=True).stdout.split()


def blocks(document, language="sh", heading=None):
    """The blocks of a document, relative to the checkout, in a language, below a heading or all."""
    found, current = [], ""
    for part in PARTS.finditer((CHECKOUT / document).read_text()):
        if part["heading"]:
            current = part["heading"]
        elif part["picture"]:
            if found:
                found[-1] = dataclasses.replace(found[-1], picture=found[-1].picture or part["picture"])
        else:
            found.append(Block(document, current, part["language"], textwrap.dedent(part["text"])))
    return [block for block in found if block.language == language and heading in (None, block.heading)]


def block_with(words, language="sql", document="docs/operators.md"):
    """The one block of a document in a language that contains these words."""
    found = [block.text for block in blocks(document, language) if words in block.text]
    assert len(found) == 1, f'{len(found)} blocks of {document} with "{words}"'
    return found[0]
