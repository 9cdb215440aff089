"""The check of prose finds each kind of fault, and passes good prose and code."""

import pytest
from lint import prose, texts

WORDS = prose.read_words()

pytestmark = pytest.mark.core


def found(name, text):
    """What the check says of a file, without its name."""
    return [message.removeprefix(f"{name}:") for message in prose.check(name, text, WORDS)]


FAULTS = {
    "a word": ("a.md", "Mend the disk.\n", '1: "Mend": write fix or repair'),
    "words over a line break": ("a.md", "What is\nto be done.\n", '1: "is to be": write must'),
    "in a cell of a table": ("a.md", "| a | b |\n| --- | --- |\n| 1 | made anew |\n", '3: "anew": write again'),
    "in an item of a list": ("a.md", "1. All is well,\n   but for this.\n", '1: "but for": write except'),
    "in the text of a link": ("a.md", "[whoever](b.md)\n", '1: "whoever": write the actor'),
    "in a comment of C": ("a.c", "int a;\n\n/* The caller mends\n * it. */\n", '3: "mends": write fix'),
    "in a comment of C behind code": ("a.h", "int a; // it tells\n", '1: "tells": write report'),
    "in a text of C": ("a.c", 'puts("look at it, and mend it");\n', '1: "mend": write fix'),
    "in a text of C over lines": ("a.c", 'puts("what is to "\n     "be done");\n', '1: "is to be": write must'),
    "behind a quote character of C": ("a.c", "char a = '\"'; /* anew */\n", '1: "anew": write again'),
    "in a comment of SQL": ("a.sql", "SELECT 1; -- tells\n", '1: "tells": write report'),
    "in the help of make": ("Makefile", "all: ## tells it\n", '1: "tells": write report'),
    "a long sentence": ("a.md", f"{'word ' * 41}.\n", "1: a sentence of 41 words, more than 40"),
    "a long sentence in a cell": ("a.md", f"| a | {'word ' * 41}|\n", "1: a sentence of 41 words, more than 40"),
    "a heading twice": ("a.md", "## Logs\n\n## logs\n", '3: the heading "logs" is in line 1, too'),
    "a riddle for a heading": ("a.md", "## The proof\n", '1: the heading "The proof": write a noun'),
    "a numbered riddle": ("a.md", "## 3. What it says\n", '1: the heading "3. What it says": write a noun'),
}


@pytest.mark.parametrize(("name", "text", "message"), FAULTS.values(), ids=FAULTS)
def test_faults_are_found(name, text, message):
    (only,) = found(name, text)
    assert only.startswith(message)


GOOD = {
    "code in a document": ("a.md", "The key `mend` is JSON.\n\n```sh\nmend anew\n```\n"),
    "the target of a link and the text of a picture": ("a.md", "[this](mend.md) ![is to be](a.png)\n"),
    "a comment of Markdown": ("a.md", "<!-- tells\nanew -->\nText.\n"),
    "words that begin alike": ("a.md", "The amendment mentions a foreteller.\n"),
    "sentences with many words together": ("a.md", f"{'word ' * 39}end. {'Word ' * 39}end.\n"),
    "a title": ("a.md", "# The first hour\n"),
    "a heading that is a question": ("a.md", "## What happens to a late event?\n"),
    "headings in different documents, or in code": ("a.md", "## Logs\n\n```sh\n## Logs\n```\n"),
    "code of C": ("a.c", "int standing = mend(anew);\n"),
    "a name in a text of C": ("a.c", 'json_set(object, "mend", text);\n'),
    "code in a heading": ("a.md", "### `antenna.offenders`\n\n### `antenna.hourly`\n"),
    "code in a comment of C": ("a.c", "/* `standing` is the status. */\n"),
    "code of SQL": ("a.sql", "SELECT tells FROM offenders;\n"),
    "a long sentence outside of documents": ("a.c", f"/* {'word ' * 60} */\n"),
}


@pytest.mark.parametrize(("name", "text"), GOOD.values(), ids=GOOD)
def test_good_prose_passes(name, text):
    assert found(name, text) == []


def test_each_pattern_finds_something():
    """A row of words.csv with an error in its expression would find nothing."""
    examples = """mend; anew; is to be; are what they are to be; whoever; look for whatever; but for; of which more;
    as well as may be; with such; tells; how far it is; hours are run; runs an hour; written down; the begin; begin of;
    that are no events; no events; stands in; the world; mistake; standing; inquirer; cut off; talk; graver; offender;
    let go; gives up its partitions; who has it; dearest; hence; in the place of"""
    text = " ".join(examples.split())
    assert not [pattern.pattern for pattern, _ in WORDS if not pattern.search(text)]


@pytest.mark.parametrize(
    ("heading", "anchor"),
    [
        ("Views of the schema `antenna`", "views-of-the-schema-antenna"),
        ("`antenna.rejected_count`", "antennarejected_count"),
        ("Good fit, bad fit", "good-fit-bad-fit"),
        ("1. Start everything", "1-start-everything"),
    ],
)
def test_anchors_are_those_of_github(heading, anchor):
    assert texts.anchor(heading) == anchor


def test_links_to_headings_are_checked(tmp_path, monkeypatch):
    monkeypatch.setattr(texts, "ROOT", tmp_path)
    (tmp_path / "b.md").write_text("# B\n\n```sh\n# no heading\n```\n\n## Rerun a day\n")
    text = "# A\n\n[1](#a) [2](#b) [3](b.md#rerun-a-day) [4](b.md#no-heading) [5](c.md) [6](https://example.org/#x)\n"
    (tmp_path / "a.md").write_text(text)
    assert list(texts.broken_links(tmp_path / "a.md", text)) == [
        "a.md: it has no heading for the link to #b",
        "a.md: b.md has no heading for the link to #no-heading",
        "a.md: the link to c.md leads nowhere",
    ]
