"""The images of deploy/docker/Dockerfile, built by buildah in a store of their own.

Debian's images come from a registry that tests do not reach. In their place and under their names are clean Debians of
the same releases, without the documents that the small images leave out, and with the authorities that this machine
trusts. All else is done as the Dockerfile says.
"""

import json
import os
import pathlib
import shutil
import subprocess

from composition import DOCKERFILE
from debian import CHECKOUT, PRISTINE, RELEASES, copy_root

# The clean Debians in the place of Debian's images, by the tag of those.
BASES = {f"{number}-slim": PRISTINE / release for release, number in RELEASES.items()}

# What Debian's small images leave out, and what they keep of it.
LEFT_OUT = [f"/usr/share/{name}" for name in ("doc", "info", "lintian/overrides", "locale", "man")]
KEPT = "copyright"

# The authorities that this machine trusts, among them those of a network that ends TLS on the way.
AUTHORITIES = pathlib.Path("/etc/ssl/certs/ca-certificates.crt")
AUTHORITIES_INSIDE = "/etc/authorities.crt"


def make_slim(folder):
    """Removes the documents of a Debian, and keeps dpkg from installing such."""
    rules = [f"path-exclude {path}/*" for path in LEFT_OUT] + [f"path-include {LEFT_OUT[0]}/*/{KEPT}"]
    (folder / "etc/dpkg/dpkg.cfg.d/docker").write_text("\n".join(rules) + "\n")
    found = [f"{folder}{path}" for path in LEFT_OUT if os.path.isdir(f"{folder}{path}")]
    subprocess.run(["find", *found, "!", "-type", "d", "!", "-name", KEPT, "-delete"], check=True)


class Store:
    """Use it as a context manager: it removes what was built."""

    def __init__(self, folder, bases=BASES, architecture=None):
        """`architecture`: None for this machine's."""
        self._folder = folder
        self._bases = bases
        self._platform = ("--arch", architecture) if architecture else ()
        self._options = ("--storage-driver", "overlay", "--root", folder / "root", "--runroot", folder / "run")

    def __enter__(self):
        for tag, origin in self._bases.items():
            self._add_base(origin, f"docker.io/library/debian:{tag}")
        return self

    def __exit__(self, *_):
        self.run("rm", "--all")
        shutil.rmtree(self._folder)

    def run(self, *words):
        """Runs a command of buildah; returns what it prints."""
        command = ["buildah", *self._options, *words]
        environment = os.environ | {"BUILDAH_ISOLATION": "chroot", "TMPDIR": str(self._folder)}
        done = subprocess.run(
            list(map(str, command)), capture_output=True, text=True, env=environment, check=False, cwd=CHECKOUT
        )
        assert done.returncode == 0, f"{command}:\n{done.stdout}\n{done.stderr}"
        return done.stdout.strip()

    def build(self, target, *options, **arguments):
        """Builds a target of the Dockerfile with arguments; what was built before for another is not built again."""
        given = [*self._platform, *options, *(f"--build-arg={name}={value}" for name, value in arguments.items())]
        name = f"{target}:{'-'.join(arguments.values()) or 'latest'}"
        words = ("--layers", "--format=docker", "--pull-never", f"--ignorefile={DOCKERFILE}.dockerignore")
        self.run("bud", *words, "--file", DOCKERFILE, "--target", target, "--tag", name, *given, ".")
        return Image(self, name)

    def _add_base(self, origin, name):
        container = self.run("from", *self._platform, "scratch")
        folder = pathlib.Path(self.run("mount", container))
        copy_root(origin, folder)
        make_slim(folder)
        if AUTHORITIES.exists():
            shutil.copy(AUTHORITIES, folder / AUTHORITIES_INSIDE.lstrip("/"))
            for variable in ("NODE_EXTRA_CA_CERTS", "PIP_CERT", "SSL_CERT_FILE"):
                self.run("config", "--env", f"{variable}={AUTHORITIES_INSIDE}", container)
        self.run("commit", "--rm", container, name)


class Image:
    """One that was built."""

    def __init__(self, store, name):
        self._store = store
        self._name = name
        described = json.loads(store.run("inspect", "--type=image", name))["Docker"]
        self.config = described["config"]
        self.architecture = described["architecture"]

    def mount(self):
        """A folder with its files, which may be changed."""
        container = self._store.run("from", "--pull-never", self._name)
        return pathlib.Path(self._store.run("mount", container))
