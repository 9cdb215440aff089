"""Clean Debians in folders of their own, entered by chroot."""

import os
import pathlib
import re
import shutil
import subprocess

CHECKOUT = pathlib.Path(__file__).resolve().parents[2]
PRISTINE = CHECKOUT / ".deps" / "root"
RELEASES = {"bookworm": 12, "trixie": 13}
# What brings systemd-sysusers without the whole of systemd.
SYSUSERS = "systemd-standalone-sysusers"

APT = ("apt-get", "-y", "-q", "--no-install-recommends")

# Folders in which the tools of packages keep notes about whatever was installed.
NOTES = ("var/log", "var/cache", "var/lib/apt", "var/lib/dpkg")
KERNEL = ("proc", "sys", "dev")


def copy_root(origin, folder):
    """Copies a Debian to a folder that is not there yet, or into one that is empty."""
    assert origin.exists(), f"{origin} is missing: run tools/setup deploy"
    subprocess.run(["cp", "-aT", "--reflink=auto", origin, folder], check=True)


def repack(package, folder, version=None):
    """The package with another content, and another version if one is given; returns its path."""
    raw = folder / "raw"
    subprocess.run(["dpkg-deb", "--raw-extract", package, raw], check=True)
    (raw / "usr" / "share" / "antenna" / "repacked").touch()
    if version:
        control = raw / "DEBIAN" / "control"
        control.write_text(re.sub(r"(?m)^Version: .*$", f"Version: {version}", control.read_text()))
    subprocess.run(["dpkg-deb", "--build", "-Znone", raw, folder / "repacked.deb"], check=True)
    return folder / "repacked.deb"


class Debian:
    """A copy of another; in the end `close` it, as it is large."""

    def __init__(self, folder, origin):
        """`origin`: the folder of the other."""
        self.folder = folder
        copy_root(origin, folder)
        shutil.copy("/etc/resolv.conf", folder / "etc" / "resolv.conf")

    def close(self):
        """Removes it."""
        shutil.rmtree(self.folder)

    def run(self, *words, check=True):
        """Runs a command in there, with a /proc of its own."""
        inside = 'mount -t proc proc "$0/proc" && exec chroot "$0" "$@"'
        environment = {
            "PATH": os.defpath + ":/usr/sbin:/sbin",
            "LC_ALL": "C.UTF-8",
            "DEBIAN_FRONTEND": "noninteractive",
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

    def judge(self, package):
        """Has lintian judge a package's file."""
        shutil.copy(package, self.folder / "tmp" / package.name)
        return self.run("lintian", "--fail-on", "error,warning", "--allow-root", f"/tmp/{package.name}", check=False)

    def text(self, path):
        """The text of a file in there."""
        return (self.folder / path).read_text()

    def paths_of(self, word):
        """Where the word is a part of a name, but for the notes of apt and dpkg."""
        left_out = " -o ".join(f"-path ./{folder}" for folder in (*NOTES, *KERNEL))
        command = f"cd '{self.folder}' && find . \\( {left_out} \\) -prune -o -name '*{word}*' -print"
        done = subprocess.run(["sh", "-ec", command], capture_output=True, text=True, check=True)
        return done.stdout.split()
