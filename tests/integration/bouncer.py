"""PgBouncer in front of a PostgreSQL."""

import os
import shutil

from stack.postgres import server_user
from stack.server import Server


class Bouncer(Server):
    """Pools by `mode`, or else by that of its database or user; `settings` are more lines of its configuration."""

    name = "bouncer"

    def __init__(self, home, postgres, mode, database_mode=None, user_mode=None, **settings):
        super().__init__(home, tied=True)
        self._postgres = postgres
        self._database_mode = database_mode or mode
        self._user_mode = user_mode
        self._settings = {"pool_mode": mode} | settings
        self._owner = server_user()

    def jdbc_uri(self, database):
        """The address as JDBC writes it."""
        return f"jdbc:postgresql://{self.address}/{database}"

    def _prepare(self):
        super()._prepare()
        (self.home / "users").write_text(f'"{self._postgres.user}" "{self._postgres.password}"\n')
        settings = {
            "listen_addr": "127.0.0.1",
            "listen_port": self.port,
            "unix_socket_dir": "",
            "auth_type": "plain",
            "auth_file": self.home / "users",
        } | self._settings
        (self.home / "configuration").write_text(
            f"[databases]\n* = host=127.0.0.1 port={self._postgres.port} pool_mode={self._database_mode}\n"
            + (f"[users]\n{self._postgres.user} = pool_mode={self._user_mode}\n" if self._user_mode else "")
            + "[pgbouncer]\n"
            + "".join(f"{name} = {value}\n" for name, value in settings.items())
        )
        if self._owner:
            for path in (self.home, *self.home.iterdir()):
                os.chown(path, self._owner.pw_uid, self._owner.pw_gid)

    def _command(self):
        return [shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin"), str(self.home / "configuration")]

    def _process_options(self):
        if not self._owner:
            return {}
        return {"user": self._owner.pw_uid, "group": self._owner.pw_gid, "extra_groups": []}

    def _is_ready(self):
        return "process up" in self.log.read_text()
