"""Checks the prose that people read: words, the length of sentences, and headings.

words.csv, beside this file, has a row for each word to avoid: a regular expression, which matches whole words in any
case, and the words to use. Words are checked in documents, in the help of make, and in comments and texts of src; the
rest in documents only. Code in a document, between backticks or in a block, is no prose.
"""

import csv
import pathlib
import re
import subprocess
import sys
from typing import NamedTuple

ROOT = pathlib.Path(__file__).resolve().parents[2]
WORDS = pathlib.Path(__file__).with_name("words.csv")
# What `make bench` writes, and migrations, which nobody changes once they are released.
LEFT_OUT = ("bench/results/", "src/postgres/sql/migrations/0")
SENTENCE_WORDS_MAX = 40

CODE_IN_TEXT = re.compile(r"(`+).+?\1")
LINK = re.compile(r"!?\[([^]]*)\]\([^)]*\)")
LIST_ITEM = re.compile(r"^\s*([-*]|\d+\.)\s+")
SENTENCE_END = re.compile(r"(?<=[\w)*\"][.!?])\s+|(?<=:)\s+(?=[A-Z])")
WORD = re.compile(r"[^\W_][\w'’.,/-]*")
RIDDLE = re.compile(r"(?:\d+\. )?(?:the|what|when|how|why|who|where|it|they|nothing)\b.*(?<!\?)", re.IGNORECASE)

C_PROSE = re.compile(r"""'(?:\\.|[^'\\])'|(/\*.*?\*/|//[^\n]*)|"((?:\\.|[^"\\\n])*)\"""", re.DOTALL)
INCLUDE = re.compile(r"^#include .*$", re.MULTILINE)
SQL_PROSE = re.compile(r"--([^\n]*)")
MAKE_PROSE = re.compile(r"^#([^\n]*)|## ([^\n]*)", re.MULTILINE)


class Piece(NamedTuple):
    """A run of prose: the line that it begins at, its text without line breaks, and the level of a heading."""

    line: int
    text: str
    level: int = 0


def read_words():
    """(pattern, words to use) of each row of words.csv."""
    with WORDS.open(newline="", encoding="utf-8") as file:
        return [(re.compile(rf"\b(?:{row['avoid']})\b", re.IGNORECASE), row["use"]) for row in csv.DictReader(file)]


def plain(text):
    """A line of Markdown as it is read: code becomes X, links become their text."""
    return LINK.sub(lambda link: "" if link[0][0] == "!" else link[1], CODE_IN_TEXT.sub("X", text))


def markdown_pieces(text):
    """The headings, paragraphs, list items and table cells of a document."""
    text = re.sub(r"<!--.*?-->", lambda comment: "\n" * comment[0].count("\n"), text, flags=re.DOTALL)
    begin, lines, fence = 0, [], False

    def flush():
        if lines:
            yield Piece(begin, " ".join(plain(" ".join(lines)).split()))
        lines.clear()

    for number, line in enumerate(text.splitlines(), 1):
        is_fence = line.lstrip().startswith("```")
        if is_fence or fence or not line.strip() or line[0] in "#|" or LIST_ITEM.match(line):
            yield from flush()
        if is_fence:
            fence = not fence
        elif fence or not line.strip() or re.fullmatch(r"[|\s:-]+", line):
            continue
        elif line[0] == "#":
            yield Piece(number, line.lstrip("#").strip(), len(line) - len(line.lstrip("#")))
        elif line[0] == "|":
            yield from (Piece(number, cell.strip()) for cell in plain(line).replace(r"\|", " ").strip("|").split("|"))
        else:
            begin = begin if lines else number
            lines.append(LIST_ITEM.sub("", line).strip())
    yield from flush()


def joined(found):
    """Pieces of (line, text), of which those of neighbouring lines are one."""
    begin, end, texts = 0, 0, []
    for line, text in found:
        if texts and line != end + 1:
            yield Piece(begin, " ".join(texts))
            texts = []
        if not texts:
            begin = line
        texts.append(" ".join(text.split()))
        end = line
    if texts:
        yield Piece(begin, " ".join(texts))


def c_pieces(text):
    """The comments and texts of a C file."""
    lines, text = [], INCLUDE.sub("", text)
    for found in C_PROSE.finditer(text):
        begin = text.count("\n", 0, found.start()) + 1
        prose = re.sub(r"^\s*(/\*+|\*(?!/)|//)|\*/", "", found[1], flags=re.MULTILINE) if found[1] else found[2]
        if found[1] or (prose and " " in prose.strip()):  # a text of one word is a name
            lines.extend(enumerate(re.sub(r"\\[nt]", " ", prose).split("\n"), begin))
    return joined(lines)


def pieces_by(pattern):
    """A reader of the comments that a pattern's groups find."""

    def read(text):
        found = ((text.count("\n", 0, one.start()) + 1, one[one.lastindex]) for one in pattern.finditer(text))
        return joined(found)

    return read


READERS = {
    ".md": markdown_pieces,
    ".c": c_pieces,
    ".h": c_pieces,
    ".sql": pieces_by(SQL_PROSE),
    "": pieces_by(MAKE_PROSE),
}


def words_to_avoid(pieces, words):
    """(line, message) of each word to avoid."""
    for piece in pieces:
        text = CODE_IN_TEXT.sub("X", piece.text)
        for pattern, use in words:
            for found in pattern.finditer(text):
                yield piece.line, f'"{found[0]}": write {use}: … {text[max(found.start() - 30, 0) :][:80]}'


def long_sentences(pieces):
    """(line, message) of each sentence that is too long."""
    for piece in pieces:
        for sentence in SENTENCE_END.split(piece.text):
            count = len(WORD.findall(sentence))
            if count > SENTENCE_WORDS_MAX:
                yield piece.line, f"a sentence of {count} words, more than {SENTENCE_WORDS_MAX}: {sentence[:60]}…"


def bad_headings(pieces):
    """(line, message) of each heading that is there twice, or, below the title, that nobody searches for."""
    lines = {}
    for piece in pieces:
        if not piece.level:
            continue
        key = piece.text.lower()
        if key in lines:
            yield piece.line, f'the heading "{piece.text}" is in line {lines[key]}, too'
        lines.setdefault(key, piece.line)
        if piece.level > 1 and RIDDLE.fullmatch(piece.text):
            yield piece.line, f'the heading "{piece.text}": write a noun or a task, or a question in full'


def check(name, text, words):
    """All messages for a file, in the order of its lines."""
    suffix = pathlib.PurePath(name).suffix
    pieces = list(READERS[suffix](text))
    found = [*words_to_avoid(pieces, words)]
    if suffix == ".md":
        found += [*long_sentences(pieces), *bad_headings(pieces)]
    return [f"{name}:{line}: {message}" for line, message in sorted(found)]


def main():
    """Prints each breach; returns the exit code."""
    names = ["*.md", "Makefile", "src/*.c", "src/*.h", "src/*.sql"]
    listed = subprocess.run(["git", "ls-files", *names], cwd=ROOT, capture_output=True, text=True, check=True)
    words = read_words()
    breaches = [
        message
        for name in listed.stdout.split()
        if not name.startswith(LEFT_OUT)
        for message in check(name, (ROOT / name).read_text(encoding="utf-8"), words)
    ]
    print("\n".join(breaches))
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
