"""Where the commands of documents are run."""

import contextlib
import os
import pathlib
import re
import shutil
import tempfile

import events
from documents import block_with
from program import BINARY, CHECKOUT
from session import Session


class Place:
    """Where a document's example is run: a case's servers, tables and files in the place of those of the example."""

    def __init__(self, case):
        self.case = case
        folder = case.folder
        (folder / "bin").mkdir()
        (folder / "bin" / "antenna").symlink_to(BINARY)
        (folder / "etc").mkdir()
        for name in ("etc/speed.password", "etc/batch.password"):
            (folder / name).write_text(f"{self.case.postgres.password}\n")
        for name in ("speed.password", "batch.password", "reader.password"):
            (folder / name).write_text("of a role\n")
        (folder / "etc" / "kafka.ini").touch()
        (folder / "etc" / "antenna.ini").write_text(self.own(block_with("[doctor]", "ini")))
        shutil.copy(CHECKOUT / "demo" / "users.csv", folder)

    def own(self, text):
        """A text of a document with the addresses of this place."""
        uri, user, _ = self.case.login
        for pattern, own in (
            (r"jdbc:postgresql://(localhost|db\.example\.org):5432/\w+(\?[^\s']*)?", uri),
            (r"(localhost|kafka\.example\.org):9092", self.case.kafka.address),
            (r"\bdevices\b", self.case.topic),
            (r"(?:/var/lib|~)/antenna", str(self.case.root)),
            (r"/usr/share/antenna/users\.csv", "users.csv"),
            (r"/etc/antenna", str(self.case.folder / "etc")),
            (r" (owner|postgres|antenna(_\w+)?) -", f" {user} -"),
            (r"(?m)^(jdbc-user =) .*", rf"\1 {user}"),
        ):
            text = re.sub(pattern, own, text)
        return text

    def make_work(self):
        """Has an hour changed by a late event, so that the batch layer has something to do."""
        self.case.produce(events.draw(1, seed=7))
        self.case.speed()

    @contextlib.contextmanager
    def session(self, start=None, changes=None):
        """A shell there, or in another folder, whose program logs in as the tests do."""
        own = {
            "PATH": f"{self.case.folder / 'bin'}:{os.environ['PATH']}",
            "PGPASSWORD": self.case.postgres.password,
            "ANTENNA_TOPIC": self.case.topic,
        }
        folder = pathlib.Path(tempfile.mkdtemp(dir=self.case.folder))
        session = Session(folder, start or self.case.folder, own | (changes or {}), columns=200)
        try:
            yield session
        finally:
            session.close()
