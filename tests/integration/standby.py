"""A PostgreSQL that follows another."""

import os
import shutil
import subprocess

from stack import Postgres
from stack.postgres import find_programs


class Standby(Postgres):
    """A copy of a running server that follows it."""

    def __init__(self, home, primary):
        super().__init__(home, tied=True, durable=False)
        self._primary = primary

    def _prepare(self):
        if not self._folder.exists():
            self._copy()
        super()._prepare()

    def _copy(self):
        if self._owner:
            os.chown(self.home, self._owner.pw_uid, self._owner.pw_gid)
        shutil.copy(self._primary.password_file, self._password_file)
        subprocess.run(
            [
                *(
                    find_programs() / "pg_basebackup",
                    "-D",
                    self._folder,
                    "-R",
                    "-X",
                    "stream",
                    "-c",
                    "fast",
                    "--no-sync",
                ),
                *("-d", self._primary.conninfo("replication")),
            ],
            check=True,
            capture_output=True,
            **self._process_options(),
        )

    def promote(self):
        """Makes it a server of its own."""
        subprocess.run(
            [find_programs() / "pg_ctl", "promote", "-w", "-D", self._folder],
            check=True,
            capture_output=True,
            **self._process_options(),
        )
