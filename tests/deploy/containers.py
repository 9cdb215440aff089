"""Containers, run by crun as a container engine has it run them.

They see a root and volumes of their own, no other processes, and the network that they are given. There are no limits
of memory and processors, and no filter of system calls.
"""

import json
import os
import subprocess

from program import DIE_WITH_PARENT
from waiting import PATIENCE

# crun refuses a machine with both versions of cgroups, although it is to leave them alone: it is shown one.
CRUN = ("unshare", "--mount", "sh", "-euc", 'mount -t cgroup2 cgroup2 /sys/fs/cgroup; exec "$@"', "sh", "crun")
INIT = "/usr/bin/tini-static"
INIT_INSIDE = "/sbin/docker-init"
NAMESPACES = ("pid", "mount", "ipc", "uts")

# What an engine leaves to root that is told to give up nothing is not needed here: all our services give up all.
NO_CAPABILITIES = {name: [] for name in ("bounding", "effective", "inheritable", "permitted", "ambient")}

SYSTEM_MOUNTS = [
    {"destination": "/proc", "type": "proc", "source": "proc"},
    {"destination": "/sys", "type": "sysfs", "source": "sysfs", "options": ["nosuid", "nodev", "noexec", "ro"]},
    {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755", "size=64k"]},
    {"destination": "/dev/shm", "type": "tmpfs", "source": "shm", "options": ["nosuid", "nodev", "mode=1777"]},
]


def bind(source, target, may_write):
    """A mount of one of our files or folders."""
    return {
        "destination": target,
        "type": "bind",
        "source": str(source),
        "options": ["bind", "rw" if may_write else "ro"],
    }


def tmpfs(target):
    """A mount of a folder in memory."""
    return {"destination": target, "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "nodev", "mode=1777"]}


class Container:
    """One container; it ends with us."""

    def __init__(self, name, folder, root, network):
        """`root`: the folder with its files; `network`: the process whose network it is in."""
        self._name = name
        self.folder = folder
        self._network = network
        self._running = None
        self._process = None
        self.root = root
        self.log = folder / "log"
        folder.mkdir()

    def start(self, words, user, environment, mounts, may_write):
        """Starts its process, as user and group by number; `may_write`: its root."""
        uid, _, gid = user.partition(":")
        self._process = {
            "user": {"uid": int(uid), "gid": int(gid)},
            # -p: as an engine that ends takes its containers with it
            "args": [INIT_INSIDE, "-p", "SIGKILL", "--", *words],
            "env": [f"{name}={value}" for name, value in environment.items()],
            "cwd": "/",
            "capabilities": NO_CAPABILITIES,
            "noNewPrivileges": True,
        }
        config = {
            "ociVersion": "1.0.2",
            "process": self._process,
            "root": {"path": str(self.root), "readonly": not may_write},
            "hostname": self._name,
            "mounts": [*SYSTEM_MOUNTS, bind(INIT, INIT_INSIDE, False), *mounts],
            "linux": {
                "namespaces": [
                    *({"type": kind} for kind in NAMESPACES),
                    {"type": "network", "path": f"/proc/{self._network}/ns/net"},
                ]
            },
        }
        (self.folder / "config.json").write_text(json.dumps(config))
        with open(self.log, "ab") as log:
            self._running = subprocess.Popen(
                [*DIE_WITH_PARENT, *self._crun("run", "--bundle", self.folder)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def is_running(self):
        """Whether it was started and has not ended."""
        return self._running is not None and self._running.poll() is None

    def wait(self, seconds):
        """Waits for its end; returns the exit code."""
        return self._running.wait(seconds * PATIENCE)

    def stop(self, seconds):
        """Asks it to stop; returns the exit code."""
        subprocess.run(self._crun("kill", after=("TERM",)), check=True)
        return self.wait(seconds)

    def kill(self):
        """Ends it at once, unless it has ended."""
        if self.is_running():
            subprocess.run(self._crun("kill", after=("KILL",)), check=False)
            self._running.wait()

    def run(self, words):
        """Runs a command in it as its own process is; returns how that ended."""
        path = self.folder / "exec.json"
        path.write_text(json.dumps(self._process | {"args": words}))
        command = self._crun("exec", "--process", path)
        return subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)

    def text(self):
        """What it has printed."""
        return self.log.read_text(errors="replace")

    def _crun(self, command, *options, after=()):
        states = self.folder.parent / "crun"
        words = ("--root", states, "--cgroup-manager=disabled", command, *options, self._name, *after)
        return [*CRUN, *map(os.fspath, words)]
