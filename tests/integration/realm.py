"""A Kerberos realm of the tests' own: its KDC on loopback, and the keytabs of a broker and of a client."""

import os
import pathlib
import secrets
import socket
import subprocess

from stack import free_port
from stack.process import Process

UNPACKED = pathlib.Path(__file__).resolve().parents[2] / ".deps" / "unpacked"
LIBRARIES = UNPACKED / "usr" / "lib" / "x86_64-linux-gnu"

NAME = "ANTENNA.TEST"
BROKER = "kafka/localhost"
CLIENT = "antenna"

CONFIGURATION = """\
[libdefaults]
default_realm = {realm}
dns_lookup_kdc = false
dns_canonicalize_hostname = false
rdns = false
udp_preference_limit = 1
[realms]
{realm} = {{
  kdc = 127.0.0.1:{port}
}}
"""

KDC_CONFIGURATION = """\
[kdcdefaults]
kdc_listen = ""
kdc_tcp_listen = 127.0.0.1:{port}
[realms]
{realm} = {{
  database_module = files
  key_stash_file = {home}/stash
}}
[dbmodules]
db_module_dir = {libraries}/krb5/plugins/kdb
files = {{
  db_library = db2
  database_name = {home}/principal
}}
"""


class Realm(Process):
    """The realm; `configuration` is its krb5.conf, `broker` and `client` are keytabs."""

    name = "kdc"

    def __init__(self, home):
        super().__init__(home, tied=True)
        self._port = free_port()
        self.configuration = self.home / "krb5.conf"
        self.broker = self.home / "broker.keytab"
        self.client = self.home / "client.keytab"
        self._programs = self.home / "bin"

    @property
    def environment(self):
        """Variables of a client, which finds kinit and the module of SASL, and has tickets of its own."""
        return {
            "KRB5_CONFIG": str(self.configuration),
            "KRB5CCNAME": f"FILE:{self.home}/tickets",
            "SASL_PATH": str(LIBRARIES / "sasl2"),
            "PATH": f"{self._programs}:{os.environ['PATH']}",
        }

    def forget_tickets(self):
        """Removes what clients have got."""
        (self.home / "tickets").unlink(missing_ok=True)

    def _process_options(self):
        own = {
            "KRB5_CONFIG": str(self.configuration),
            "KRB5_KDC_PROFILE": str(self.home / "kdc.conf"),
            "LD_LIBRARY_PATH": str(LIBRARIES),
        }
        return {"env": os.environ | own}

    def _run(self, program, *words):
        path = UNPACKED / "usr" / "sbin" / program
        subprocess.run([path, "-r", NAME, *words], check=True, capture_output=True, **self._process_options())

    def _prepare(self):
        if self.configuration.exists():
            return
        values = {"realm": NAME, "port": self._port, "home": self.home, "libraries": LIBRARIES}
        self.configuration.write_text(CONFIGURATION.format(**values))
        (self.home / "kdc.conf").write_text(KDC_CONFIGURATION.format(**values))
        self._programs.mkdir()
        kinit = self._programs / "kinit"
        kinit.write_text(f'#!/bin/sh\nLD_LIBRARY_PATH={LIBRARIES} exec {UNPACKED}/usr/bin/kinit "$@"\n')
        kinit.chmod(0o755)
        self._run("kdb5_util", "-P", secrets.token_hex(12), "create", "-s")
        for principal, keytab in ((BROKER, self.broker), (CLIENT, self.client)):
            self._run("kadmin.local", "addprinc", "-randkey", principal)
            self._run("kadmin.local", "ktadd", "-k", keytab, principal)

    def _command(self):
        return [str(UNPACKED / "usr" / "sbin" / "krb5kdc"), "-n", "-r", NAME]

    def _is_ready(self):
        try:
            socket.create_connection(("127.0.0.1", self._port), timeout=1).close()
        except OSError:
            return False
        return True
