"""Each command of each document is run by a test, or is on the list of those that cannot be, with the reason.

What needs hours of a certain kind is run by the tests that make them; the commands of `antenna` that need only servers,
tables and files are run here, as they stand there but for the addresses.
"""

import re
import subprocess

import pytest
from documents import blocks, documents
from place import Place
from program import CHECKOUT
from waiting import wait_until

pytestmark = pytest.mark.timeout(120)

# Documents whose commands are all run, in their order, by a test of their own.
RUN_AS_A_WHOLE = {"docs/first-hour.md": "test_first_hour.py"}

# A block that needs one of these is not run from the document.
NOT_RUN = {
    "docker": "there is no container engine; tests/deploy reads the composition and takes the steps of the images",
    "gcloud": "needs a project of Google Cloud",
    "terraform": "needs a project of Google Cloud; tests/deploy checks the configuration",
    "kubectl": "needs a cluster; tests/deploy prints the Secrets, builds the manifests and runs their containers",
    "sudo": "changes the machine; tests/deploy does the same on a Debian of its own that has booted",
    "spark-submit": "needs a cluster; tests/scale has one, and runs the commands for a single machine",
    "/srv/spark": "needs an archive of the Spark job; tests/scale/test_from_spark.py has one",
    "mail.example.org": "needs a mail server; test_notify.py has one",
    "hooks.example.org": "needs a web server; test_webhook.py has one",
    "case $?": "is the end of a script; test_status.py has the exit codes",
    "make": "takes hours, or runs these tests; that the target is there is tested below",
}

# The languages of blocks; commands are in the first.
LANGUAGES = {"sh", "sql", "ini", "json", "yaml", "hcl", ""}

# What runs until it is stopped, and what tells that it is at work.
SERVICES = {
    r"antenna speed (?!.*--until-end)": "is given",
    r"antenna batch .*--follow": "recomputed",
    r"antenna simulate (?!.*--count)": "sends to topic",
    r"antenna status .*--watch": "q ends it",
}
CONTROL_C = "\x03"

TESTS = CHECKOUT / "tests"
ASKED = re.compile(r'block_with\("([^"]+)"(?:, "\w+")?(?:, document="([^"]+)")?\)|blocks\("([^"]+)"')


def commands_of(block):
    """The commands of a block."""
    return [line for line in block.text.replace("\\\n", " ").splitlines() if line and not line.startswith("#")]


def asked_for():
    """What tests take out of documents: (document, words that a block contains or the heading that it is below)."""
    found = set()
    for path in TESTS.glob("*/*.py"):
        for words, document, title in ASKED.findall(path.read_text()):
            found.add(("docs/recipes.md", title) if title else (document or "docs/operators.md", words))
    return found


ASKED_FOR = asked_for()


def is_asked_for(block):
    """Whether a test takes this block out of its document."""
    asked = [words for document, words in ASKED_FOR if document == block.document]
    return any(words == block.heading or words in block.text for words in asked)


def obstacles(block):
    """Those of NOT_RUN that a block needs."""
    return [words for words in NOT_RUN if re.search(rf"(?<![\w.-]){re.escape(words)}(?![\w.-])", block.text)]


def runs_here(block):
    """Whether a test below runs the block: it has only commands of the program, and none of NOT_RUN."""
    own = all(command.lstrip().startswith("antenna ") for command in commands_of(block))
    return own and "…" not in block.text and not obstacles(block)


def all_blocks(language):
    """The blocks of all documents that are not run as a whole."""
    return [block for name in documents() if name not in RUN_AS_A_WHOLE for block in blocks(name, language)]


def test_no_command_is_left_out():
    left = [b for b in all_blocks("sh") if not (runs_here(b) or is_asked_for(b) or obstacles(b))]
    assert not left, "run them in a test, or say in NOT_RUN why not"
    assert not [block for block in all_blocks("sql") if not is_asked_for(block)]


def test_exceptions_are_still_in_the_documents():
    """A reason whose command has left the documents leaves, too."""
    used = {words for block in all_blocks("sh") for words in obstacles(block)}
    assert used == NOT_RUN.keys()


def test_commands_are_in_blocks_of_their_language():
    fences = {
        language
        for name in documents()
        for language in re.findall(r"^ *```(\w+)", (CHECKOUT / name).read_text(), re.MULTILINE)
    }
    assert fences <= LANGUAGES


def make_targets():
    """What the documents tell to make, with its variables."""
    texts = [(CHECKOUT / name).read_text() for name in documents()]
    inline = [words for text in texts for words in re.findall(r"`make ([^`…]+)`", text)]
    lines = [line for block in all_blocks("sh") for line in commands_of(block)]
    return sorted(
        {*inline, *(line.removeprefix("make ").partition("#")[0].strip() for line in lines if line[:5] == "make ")}
    )


def test_make_targets_exist():
    targets = make_targets()
    assert len(targets) > 20
    for target in targets:
        command = f"make --dry-run {target}"
        done = subprocess.run(["bash", "-c", command], cwd=CHECKOUT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{command}: {done.stderr}"


def run(session, command):
    """Runs a command to its end, or as a service until it is at work."""
    sign = next((sign for pattern, sign in SERVICES.items() if re.match(pattern, command.lstrip())), None)
    session.begin(command + "\n")
    if sign:
        wait_until(lambda: sign in session.text, f'"{sign}" of {command}')
        session.terminal.press(CONTROL_C)
    assert session.end() == 0, f"{command}\n{session.text}"


@pytest.mark.parametrize(
    "block",
    [block for block in all_blocks("sh") if runs_here(block) and not is_asked_for(block)],
    ids=lambda block: f"{block.document}-{block.heading}",
)
def test_commands_of_the_program(used, block):
    place = Place(used)
    with place.session() as session:
        for command in commands_of(block):
            if "--follow" in command:
                place.make_work()
            run(session, place.own(command))
