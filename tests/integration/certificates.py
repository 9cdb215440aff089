"""Certificates that the tests make: good ones and bad ones, signed by a CA of their own."""

import subprocess

EC_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
LOOPBACK = "IP:127.0.0.1"


def openssl(*words):
    """Runs openssl(1)."""
    subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)


class Authority:
    """A certificate authority in a folder; its certificate is `path`."""

    def __init__(self, folder, name):
        self._folder = folder
        self._key = folder / f"{name}.key"
        self.path = folder / f"{name}.pem"
        openssl("req", "-x509", *EC_KEY, "-keyout", self._key, "-out", self.path, "-subj", f"/CN={name}", "-days", 2)

    def sign(self, name, names=LOOPBACK, days=2):
        """Makes a key and its certificate for hosts, expired with negative `days`; returns (key, certificate)."""
        key, request, certificate = (self._folder / f"{name}.{kind}" for kind in ("key", "request", "pem"))
        openssl(
            *("req", *EC_KEY, "-keyout", key, "-out", request),
            *("-subj", f"/CN={name}", "-addext", f"subjectAltName={names}"),
        )
        openssl(
            *("x509", "-req", "-in", request, "-CA", self.path, "-CAkey", self._key, "-CAcreateserial"),
            *("-copy_extensions", "copy", "-days", days, "-out", certificate),
        )
        return key, certificate


class Certificates:
    """What each test needs: the CA that signed, one that did not, and pairs (key, certificate) of servers."""

    def __init__(self, folder):
        authority = Authority(folder, "authority")
        self.authority = authority.path
        self.stranger = Authority(folder, "stranger").path
        self.trusted = authority.sign("trusted")
        self.expired = authority.sign("expired", days=-1)
        self.elsewhere = authority.sign("elsewhere", names="DNS:elsewhere.example")
