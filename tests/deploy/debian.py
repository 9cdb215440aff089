"""A clean Debian in a folder of its own, entered by chroot."""

import os
import pathlib
import shutil
import subprocess

CHECKOUT = pathlib.Path(__file__).resolve().parents[2]
PRISTINE = CHECKOUT / ".deps" / "root"
# What brings systemd-sysusers without the whole of systemd.
SYSUSERS = "systemd-standalone-sysusers"

APT = ("apt-get", "-y", "-q", "--no-install-recommends")

# Folders in which the tools of packages keep notes about whatever was installed.
NOTES = ("var/log", "var/cache", "var/lib/apt", "var/lib/dpkg")
KERNEL = ("proc", "sys", "dev")

# The authorities that this machine trusts, among them those of a network that ends TLS on the way.
AUTHORITIES = pathlib.Path("/etc/ssl/certs/ca-certificates.crt")
AUTHORITIES_INSIDE = "/etc/authorities.crt"


class Debian:
    """A copy of the Debian that tools/setup has made."""

    def __init__(self, folder):
        assert PRISTINE.exists(), f"{PRISTINE} is missing: run tools/setup deploy"
        self.folder = folder
        subprocess.run(["cp", "-a", "--reflink=auto", PRISTINE, folder], check=True)
        shutil.copy("/etc/resolv.conf", folder / "etc" / "resolv.conf")
        if AUTHORITIES.exists():
            shutil.copy(AUTHORITIES, folder / AUTHORITIES_INSIDE.lstrip("/"))
        self.apt("update")

    def run(self, *words, check=True):
        """Runs a command in there, with a /proc of its own."""
        inside = 'mount -t proc proc "$0/proc" && exec chroot "$0" "$@"'
        environment = {
            "PATH": os.defpath + ":/usr/sbin:/sbin",
            "LC_ALL": "C.UTF-8",
            "DEBIAN_FRONTEND": "noninteractive",
            "NODE_EXTRA_CA_CERTS": AUTHORITIES_INSIDE,
            "PIP_CERT": AUTHORITIES_INSIDE,
        }
        done = subprocess.run(
            ["unshare", "--mount", "--pid", "--fork", "sh", "-ec", inside, self.folder, *map(str, words)],
            capture_output=True,
            text=True,
            env=environment,
            check=False,
        )
        assert done.returncode == 0 or not check, f"{words} failed:\n{done.stdout}\n{done.stderr}"
        return done

    def apt(self, *words):
        """Runs apt-get without questions."""
        return self.run(*APT, *words)

    def install(self, package, *more):
        """Installs a package's file, with what it needs and more packages."""
        shutil.copy(package, self.folder / "tmp" / package.name)
        done = self.apt("install", f"/tmp/{package.name}", *more)
        (self.folder / "tmp" / package.name).unlink()
        return done

    def text(self, path):
        """The text of a file in there."""
        return (self.folder / path).read_text()

    def paths_of(self, word):
        """Where the word is a part of a name, but for the notes of apt and dpkg."""
        left_out = " -o ".join(f"-path ./{folder}" for folder in (*NOTES, *KERNEL))
        command = f"cd '{self.folder}' && find . \\( {left_out} \\) -prune -o -name '*{word}*' -print"
        done = subprocess.run(["sh", "-ec", command], capture_output=True, text=True, check=True)
        return done.stdout.split()
